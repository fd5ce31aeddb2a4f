"""IAM's error sentences, word for word as AWS writes them: clients search them for names and reasons.

Those of MFA devices, passwords, providers, certificates, templates and reports are in the modules beside this one.
"""

from __future__ import annotations

# NoSuchEntity


def user_missing(name: str) -> str:
    return f"The user with name {name} cannot be found."


def group_missing(name: str) -> str:
    return f"The group with name {name} cannot be found."


def role_missing(name: str) -> str:
    return f"The role with name {name} cannot be found."


def instance_profile_missing(name: str) -> str:
    return f"Instance Profile {name} cannot be found."


def role_not_in_profile(role: str, profile: str) -> str:
    return f"Role {role} in Instance Profile {profile} cannot be found."


def policy_missing(arn: str) -> str:
    return f"Policy {arn} was not found."


def policy_version_missing(arn: str, version: str) -> str:
    return f"Policy {arn} version {version} does not exist or is not attachable."


def policy_not_attachable(arn: str) -> str:
    """The sentence for attaching a policy that does not exist."""
    return f"Policy {arn} does not exist or is not attachable."


def boundary_not_attachable(arn: str) -> str:
    """The sentence for a permissions boundary that does not exist."""
    return f"Scope ARN: {arn} does not exist or is not attachable."


def inline_policy_missing(holder: str, name: str) -> str:
    """`holder` is user, group or role."""
    return f"The {holder} policy with name {name} cannot be found."


def access_key_missing(key_id: str) -> str:
    return f"The Access Key with id {key_id} cannot be found."


def service_specific_credential_missing(credential_id: str) -> str:
    return f"No such credential {credential_id} exists"


def account_alias_missing(alias: str) -> str:
    return f"The account alias with name {alias} cannot be found."


DELETION_MISSING = "Cannot find deletion status for given id."


# EntityAlreadyExists


def user_exists(name: str) -> str:
    return f"User with name {name} already exists."


def group_exists(name: str) -> str:
    return f"Group with name {name} already exists."


def role_exists(name: str) -> str:
    return f"Role with name {name} already exists."


def instance_profile_exists(name: str) -> str:
    return f"Instance Profile {name} already exists."


def policy_exists(name: str) -> str:
    return f"A policy called {name} already exists. Duplicate names are not allowed."


def account_alias_exists(alias: str) -> str:
    return f"The account alias {alias} already exists."


# DeleteConflict

DELETE_LOGIN_PROFILE_FIRST = "Cannot delete entity, must delete login profile first."
DELETE_CERTIFICATES_FIRST = "Cannot delete entity, must delete certificates first."
REMOVE_REFERENCED_FIRST = "Cannot delete entity, must remove referenced objects first."
DELETE_ACCESS_KEYS_FIRST = "Cannot delete entity, must delete access keys first."
REMOVE_TOKENS_FIRST = "Cannot delete entity, must remove tokens from principal first."
DELETE_POLICIES_FIRST = "Cannot delete entity, must delete policies first."
DETACH_POLICIES_FIRST = "Cannot delete entity, must detach all policies first."
REMOVE_USERS_FIRST = "Cannot delete entity, must remove users from group first."
REMOVE_FROM_PROFILES_FIRST = "Cannot delete entity, must remove roles from instance profile first."
POLICY_IN_USE = "Cannot delete a policy attached to entities."
VERSIONS_FIRST = (
    "This policy has more than one version. Before you delete a policy, you must delete the policy's versions."
    " The default version is deleted with the policy."
)
DEFAULT_VERSION_STAYS = "Cannot delete the default version of a policy."

# LimitExceeded


def quota(name: str, most: int) -> str:
    """`name` is the quota's, such as UsersPerAccount or PolicySize."""
    return f"Cannot exceed quota for {name}: {most}"


def inline_size(holder: str, name: str, most: int) -> str:
    """`holder` is user, group or role."""
    return f"Maximum policy size of {most} bytes exceeded for {holder} {name}"


def white_space(told: str, characters: int, most: int) -> str:
    """Of documents that are not too long themselves, for which `told` is the sentence. AWS has no such bound."""
    return f"{told}. Of the {characters} characters of white space, {most} are not counted"


def versions_full(most: int) -> str:
    return (
        f"A managed policy can have up to {most} versions. Before you create a new version, you must delete an"
        " existing version."
    )


TAGS_FULL = "The number of tags has reached the maximum limit."

# ValidationError and InvalidInput

ARN_NOT_PARSED = "Invalid ARN:  Could not be parsed!"
ARN_PARTITION = "Invalid ARN partition"
AWS_PATH_RESERVED = "Paths beginning with '/aws-reserved' are reserved for AWS services"
PATH_RESERVED = "Paths beginning with '/aws-service-role' are reserved for AWS Service Linked Roles"
USER_NAME_NEEDED = "Must specify userName when calling with non-User credentials"
SESSION_DURATION_OR_NONE = (
    "MaxSigninSessionDuration cannot be specified together with ResetMaxSigninSessionDuration set to true."
)
ALL_USERS_OR_ONE = "UserName cannot be specified together with AllUsers."
ALIAS_LIKE_ACCOUNT_ID = "The account alias must not be 12 digits, which would be taken for an account id."
TAGS_EMPTY = "Tags must not be empty."
TAG_KEYS_EMPTY = "Tag keys must not be empty."
DUPLICATE_TAG_KEYS = "Duplicate tag keys found."
DUPLICATE_TAG_KEYS_WITHOUT_CASE = f"{DUPLICATE_TAG_KEYS} Please note that Tag keys are case insensitive."
RESERVED_TAG_KEY = "Tag keys beginning with aws: are reserved for system use."
TASK_ID_INVALID = "Invalid task id"
PROPERTIES_EMPTY = (
    "1 validation error detected: Value at 'properties' failed to satisfy constraint: Member must not be null"
)
PROPERTY_NAMESPACES = "All properties must belong to the same namespace"


def status_not_settable(status: str) -> str:
    return f"Operation does not support status {status}"


def property_name(key: str) -> str:
    return f"Property key must be in format Namespace/PropertyName: {key}"


def namespace_unsupported(namespace: str) -> str:
    return f"Unsupported namespace: {namespace}"


def property_needed(namespace: str, name: str) -> str:
    return f"{namespace} namespace requires {name} property"


def property_not_boolean(name: str) -> str:
    return f"{name} must be 'true' or 'false'"


def linked_role_exists(name: str) -> str:
    return f"Service role name {name} has been taken in this account, please try a different suffix."


def suffix_not_allowed(service: str) -> str:
    return f"Custom suffix is not allowed for {service}"


def linked_name_long(name: str, most: int) -> str:
    return f"Service role name {name} is longer than {most} characters, please try a shorter suffix."


def arn_not_valid(arn: str) -> str:
    """The sentence for an ARN of another resource type."""
    return f"ARN {arn} is not valid."


MARKER_OF_OTHER_FILTER = "Marker and Filter do not match"

# NotSupportedService


def credential_service_unknown(service: str) -> str:
    return f"No such service {service} is supported for Service Specific Credentials"


# FeatureEnabled and FeatureDisabled, of outbound web identity federation


def federation_enabled_already(account: str) -> str:
    return f"Outbound identity federation is already enabled for account {account}"


def federation_disabled_already(account: str) -> str:
    return f"Outbound identity federation is already disabled for account {account}"


def federation_disabled(account: str) -> str:
    return f"Outbound identity federation is disabled for account {account}"


# AccessDenied


def linked_role_unknown(service: str) -> str:
    """The sentence for a service that has no service-linked role, or none that is known here."""
    return f"Cannot find Service Linked Role template for {service}"


def access_key_of_others(caller: str, key_id: str) -> str:
    """The error for asking about an access key that the account does not have."""
    return f"User: {caller} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {key_id}"


# MalformedPolicyDocument, PolicyNotAttachable, UnmodifiableEntity


def principal_invalid(arn: str) -> str:
    return f'Invalid principal in policy: "AWS":"{arn}"'


def service_invalid(name: str) -> str:
    """The sentence for a trust policy with a service that does not exist."""
    return f'Invalid principal in policy: "SERVICE":"{name}"'


def service_policy(holder: str) -> str:
    """The sentence for attaching a policy of AWS's service-linked roles; `holder` is User, Group or Role."""
    return f"Cannot attach a Service Role Policy to a Customer {holder}."


def name_reserved(name: str) -> str:
    return f"The name {name} is reserved for AWS services."


def role_protected(name: str) -> str:
    return f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"


def linked_duration_fixed(name: str) -> str:
    return f"{name} is an AWS service linked role, max session duration cannot be changed."


def tag_characters(member: str) -> str:
    """The sentence for a tag whose key or value contains a character that IAM's model does not allow."""
    pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]" + ("+" if member == "key" else "*")
    return (
        f"1 validation error detected: Value at 'tags.1.member.{member}' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}"
    )
