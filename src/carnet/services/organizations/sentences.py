"""The error sentences of Organizations, with its error codes and their Reason.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from carnet.base.faults import Denied, Invalid, Refused, TooMany

NO_PATTERN = "You provided a value that does not match the required pattern."
PARTY_TYPE = "You specified an invalid party type as the target parameter."
TARGET_NOT_SUPPORTED = "You specified a target that is not currently supported."
UNITS_FULL = "You have exceeded the number of organizational units that you can have in an organization."
TOO_DEEP = "You have exceeded the maximum depth of organizational units that you can have in an organization."
TAGS_FULL = "You have exceeded the number of tags allowed on this resource."
POLICIES_FULL = "You have exceeded the number of policies that you can have in an organization."
POLICY_TOO_LONG = "You have exceeded the maximum policy size."
TARGET_FULL = "You have attached the maximum number of policies to the specified target."
LAST_POLICY = (
    "You cannot remove the last policy attached to the specified target. You must have at least one attached at all"
    " times."
)
AWS_POLICY = "You can't modify or delete a policy that is managed by AWS."
NON_DETACHABLE = "You can't detach this AWS managed policy."
DUPLICATE_TAG_KEYS = "Your request includes duplicate tag keys."
ACCOUNTS_FULL = "You have exceeded the allowed number of AWS accounts."
MANAGEMENT_STAYS_OPEN = "You can't close the management account with this API."
NEEDS_ALL_FEATURES = "To complete this operation, you must first enable all features in the organization."
TOO_MANY_CLOSED = "You have exceeded close account quota for the past 30 days."
CLOSED_STAYS = "You can't remove the account: it is closed."
ADMINISTRATOR_STAYS = "You can't remove the account: it is a delegated administrator. Deregister it first."
NO_GOVCLOUD = "The management account has no associated account in the AWS GovCloud (US) Region."
ROLE_NAME_TAKEN = "You specified a role name that is reserved: a new account has a role of that name already."
RESERVED_TAG_KEY = "You specified a tag key that is reserved: keys that begin with aws: are for AWS."


ALL_FEATURES_NEEDED = "You can perform this operation only in an organization that has all features enabled."
DEREGISTER_FIRST = "Deregister every delegated administrator of the service before you disable its access."
UNKNOWN_SERVICE = "You specified an unrecognized service principal."
NOT_THE_MANAGEMENT_ACCOUNT = "You cannot register the management account as a delegated administrator."
NOT_A_SUSPENDED_ACCOUNT = "You cannot register a suspended account as a delegated administrator."
TOO_MANY_ADMINISTRATORS = (
    "You attempted to register more delegated administrators than allowed for the service principal."
)
ENABLE_ACCESS_FIRST = "You must enable service access before you delegate an administrator for this service."
ENABLE_ACCESS_OF_TYPE_FIRST = "Enable the access of the service before you enable its policy type."
DISABLE_TYPE_FIRST = "Disable the policy type of the service before you disable its access."


NO_RESOURCE_POLICY = "This resource-based policy contains invalid JSON."
INVALID_PRINCIPAL = "You specified a principal that is invalid or is not in your organization."
TAGS_OF_A_NEW_POLICY = "Adding tags on updating an existing resource-based policy is not supported."


def not_in_use() -> Refused:
    return Refused("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")


def not_for_this_account() -> Denied:
    """The error for an operation that policies may allow, but not from the account's place in the organization."""
    return Denied("You don't have permissions to access this resource.")


def already_in_organization() -> Refused:
    return Refused("AlreadyInOrganizationException", "The provided account is already a member of an organization.")


def not_empty() -> Refused:
    message = "To delete an organization you must first remove all member accounts (except the master)."
    return Refused("OrganizationNotEmptyException", message)


def unit_missing() -> Refused:
    return Refused("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")


def unit_not_empty() -> Refused:
    message = (
        "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and"
        " try the operation again."
    )
    return Refused("OrganizationalUnitNotEmptyException", message)


def unit_exists() -> Refused:
    return Refused("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")


def root_missing() -> Refused:
    return Refused("RootNotFoundException", "You specified a root that doesn't exist.")


def parent_missing() -> Refused:
    return Refused("ParentNotFoundException", "You specified a parent that doesn't exist.")


def source_missing() -> Refused:
    return Refused("SourceParentNotFoundException", "You specified a source parent that doesn't exist.")


def destination_missing() -> Refused:
    return Refused("DestinationParentNotFoundException", "You specified a destination parent that doesn't exist.")


def child_missing() -> Refused:
    return Refused("ChildNotFoundException", "You specified a child that doesn't exist.")


def account_missing() -> Refused:
    return Refused("AccountNotFoundException", "You specified an account that doesn't exist.")


def already_registered() -> Refused:
    message = "The provided account is already a delegated administrator for your organization."
    return Refused("AccountAlreadyRegisteredException", message)


def not_registered() -> Refused:
    message = "The provided account is not a registered delegated administrator for your organization."
    return Refused("AccountNotRegisteredException", message)


def target_missing() -> Refused:
    return Refused("TargetNotFoundException", "You specified a target that doesn't exist.")


def resource_policy_missing() -> Refused:
    return Refused("ResourcePolicyNotFoundException", "No resource-based policy found.")


def account_closed() -> Refused:
    return Refused("AccountAlreadyClosedException", "You attempted to close an account that is already closed.")


def management_stays() -> Refused:
    message = (
        "You can't remove a management account from an organization. If you want the management account to become a"
        " member account in another organization, you must first delete the current organization of the management"
        " account."
    )
    return Refused("MasterCannotLeaveOrganizationException", message)


def account_request_missing() -> Refused:
    message = "We can't find a create account request with the CreateAccountRequestId that you specified."
    return Refused("CreateAccountStatusNotFoundException", message)


def account_there() -> Refused:
    return Refused("DuplicateAccountException", "That account is already present in the specified destination.")


def policy_type_enabled() -> Refused:
    return Refused("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")


def policy_type_not_enabled() -> Refused:
    message = "This operation can be performed only for enabled policy types."
    return Refused("PolicyTypeNotEnabledException", message)


def policy_type_not_available() -> Refused:
    message = "You can't use the specified policy type with the feature set currently enabled for this organization."
    return Refused("PolicyTypeNotAvailableForOrganizationException", message)


def policy_missing() -> Refused:
    return Refused("PolicyNotFoundException", "You specified a policy that doesn't exist.")


def policy_exists() -> Refused:
    return Refused("DuplicatePolicyException", "A policy with the specified name and type already exists.")


def policy_in_use() -> Refused:
    return Refused("PolicyInUseException", "The specified policy is in use and cannot be deleted.")


def policy_attached() -> Refused:
    """AWS's own sentence, which is that of a duplicate policy."""
    message = "A policy with the specified name and type already exists."
    return Refused("DuplicatePolicyAttachmentException", message)


def policy_not_attached() -> Refused:
    return Refused("PolicyNotAttachedException", "The policy isn't attached to the specified target.")


def effective_policy_missing() -> Refused:
    message = (
        "The specified policy type is not enabled. Enable that policy type on your organization root and then retry."
    )
    return Refused("EffectivePolicyNotFoundException", message)


def constraint(reason: str, message: str) -> TooMany:
    """A ConstraintViolationException."""
    return TooMany(message, {"Reason": reason})


def invalid(reason: str, message: str = "You specified an invalid value.") -> Invalid:
    """An InvalidInputException."""
    return Invalid(message, {"Reason": reason})


def not_delegable(action: str) -> Invalid:
    message = f"{action} is not a supported action for this resource-based policy."
    return invalid("UNSUPPORTED_ACTION_IN_RESOURCE_POLICY", message)
