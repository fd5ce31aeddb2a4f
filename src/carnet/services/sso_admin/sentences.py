"""The error sentences of IAM Identity Center, in AWS's words as far as they are known."""

from __future__ import annotations

from carnet.base.faults import AlreadyExists, Denied, InUse, Invalid, Missing
from carnet.entities.permission_set import PermissionSet, PolicyReference

NO_ACCOUNT_INSTANCE = "Permission sets are not supported in account instances of IAM Identity Center."
PERMISSION_SETS_FIXED = "PermissionSetsEnabled can only be true, and an account instance has no permission sets here."
NO_NETWORKS = "The network of an instance cannot be restricted here: this server is in no VPC."
NO_CUSTOMER_KEYS = (
    "KeyType must be AWS_OWNED_KMS_KEY, without KmsKeyArn: this server seals what it stores with keys of its own."
)
DURATION = "SessionDuration must be between PT1H and PT12H."
_NOT_IN_MANAGEMENT = (
    "A delegated administrator cannot administer access to the management account, "
    "nor permission sets that are provisioned in it."
)
POLICY_MISSING = "Policy does not exist or is not attachable."


def not_reached() -> Denied:
    """The same for an instance that does not exist and for one that the caller cannot access."""
    return Denied("The account of the caller does not administer this instance of IAM Identity Center.")


def not_in_management() -> Denied:
    return Denied(_NOT_IN_MANAGEMENT)


def permission_set_missing(permission_set: str) -> Missing:
    return Missing(f"Could not find PermissionSet with id {permission_set}")


def permission_set_exists(name: str) -> AlreadyExists:
    return AlreadyExists(f"PermissionSet with name {name} already exists.")


def permission_set_in_use() -> InUse:
    return InUse("PermissionSet has ApplicationProfile associated with it")


def managed_attached(one: PermissionSet, arn: str) -> AlreadyExists:
    return AlreadyExists(
        f"Permission set with id {one.id} already has a typed link attachment to a manageable policy with {arn}"
    )


def managed_missing(one: PermissionSet, arn: str) -> Missing:
    return Missing(f"Could not find ManagedPolicy {arn} attached to PermissionSet with id {one.id}")


def customer_attached(one: PermissionSet, reference: PolicyReference) -> AlreadyExists:
    return AlreadyExists(
        f"Permission set with id {one.id} already has a typed link attachment to a manageable policy with "
        f"{reference.path}{reference.name}"
    )


def customer_missing(one: PermissionSet, reference: PolicyReference) -> Missing:
    return Missing(
        f"Could not find customer managed policy {reference.path}{reference.name} attached to "
        f"PermissionSet with id {one.id}"
    )


def inline_too_long(size: int, most: int) -> Invalid:
    """A ValidationException, although it is about a quota."""
    return Invalid(
        f"Current size of the non-whitespace characters present in the InlinePolicy Document is {size} bytes which has "
        f"exceeded the maximum limit of {most} bytes"
    )


def inline_missing(one: PermissionSet) -> Missing:
    return Missing(f"Could not find inline policy of PermissionSet with id {one.id}")


def boundary_missing(one: PermissionSet) -> Missing:
    return Missing(f"Could not find permissions boundary of PermissionSet with id {one.id}")


def account_missing(account: str) -> Missing:
    return Missing(f"Could not find account {account} in the organization of the instance.")


def request_missing(request: str) -> Missing:
    return Missing(f"Could not find a request with id {request}")


def one_change_at_once() -> Invalid:
    return Invalid(
        "A request must change something, and of EncryptionConfiguration, PermissionSetsEnabled and "
        "NetworkConfiguration it can change one."
    )


def not_found_status(why: str) -> str:
    """The FailureReason of a request."""
    return f"Received a 404 status error: {why}"


def assignment_missing() -> str:
    return not_found_status("Assignment not found.")


def provision_missing(account: str) -> str:
    return not_found_status(f"Permission set provision not found in AWS account {account}.")


def policy_unsupported(arn: str) -> str:
    return not_found_status(f"Not supported policy {arn}.")


def assignee_missing(principal_type: str, principal: str, identity_store: str) -> str:
    return not_found_status(f"the {principal_type} assignee {principal} was not found in directory {identity_store}")
