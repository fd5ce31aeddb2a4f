"""IAM's error sentences, word for word as AWS writes them: clients search them for names and reasons."""

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
    """What an attachment to a policy that does not exist is told."""
    return f"Policy {arn} does not exist or is not attachable."


def boundary_not_attachable(arn: str) -> str:
    """What a permissions boundary that does not exist is told."""
    return f"Scope ARN: {arn} does not exist or is not attachable."


def inline_policy_missing(holder: str, name: str) -> str:
    """`holder` is user, group or role."""
    return f"The {holder} policy with name {name} cannot be found."


def access_key_missing(key_id: str) -> str:
    return f"The Access Key with id {key_id} cannot be found."


def virtual_mfa_device_missing(serial: str) -> str:
    """What removing, deactivating or tagging a device that does not exist is told."""
    return f"MFA Device with serial number {serial} does not exist."


def mfa_device_missing(serial: str) -> str:
    """What enabling a device that does not exist is told."""
    return f"VirtualMFADevice with serial number {serial} does not exist."


MFA_DEVICE_IS_NO_SECURITY_KEY = (
    "The MFA device serial number sent in the request is invalid or not supported by this API. Currently, only hardware"
    " FIDO security keys are supported. Please use the compatible device or API."
)
"""What asking for the metadata of a virtual device is told."""
MFA_DEVICE_NOT_OF_USER = "MFA Device invalid for user."
"""What is told of a device that does not exist, or is not enabled for the user."""


def ssh_public_key_missing(key_id: str) -> str:
    return f"The Public Key with id {key_id} cannot be found."


def signing_certificate_missing(certificate_id: str) -> str:
    return f"The Certificate with id {certificate_id} cannot be found."


def service_specific_credential_missing(credential_id: str) -> str:
    return f"No such credential {credential_id} exists"


def server_certificate_missing(name: str) -> str:
    return f"The Server Certificate with name {name} cannot be found."


def login_profile_missing(user: str) -> str:
    return f"Login Profile for User {user} cannot be found."


def saml_provider_missing(arn: str) -> str:
    return f"Manifest not found for arn {arn}"


def oidc_provider_missing(arn: str) -> str:
    return f"OpenIDConnect Provider not found for arn {arn}"


def oidc_provider_to_remove_missing(arn: str) -> str:
    return f"OpenId connect Provider {arn} cannot be found."


def account_alias_missing(alias: str) -> str:
    return f"The account alias with name {alias} cannot be found."


def password_policy_missing(account: str) -> str:
    return f"The Password Policy with domain name {account} cannot be found."


POLICY_OF_PASSWORDS_TO_REMOVE_MISSING = "The account policy with name PasswordPolicy cannot be found."


DELETION_MISSING = "Cannot find deletion status for given id."


def role_template_missing(arn: str) -> str:
    return f"Role template not found in repository: {arn}"


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


MFA_DEVICE_EXISTS = "MFA device already exists."
MFA_DEVICE_OF_OTHERS = "MFA Device is already in use."


def mfa_device_enabled(user: str) -> str:
    """What enabling a device is told that is enabled for the same user."""
    return f"MFA Device for user {user} already exists."


def login_profile_exists(user: str) -> str:
    return f"Login Profile for user {user} already exists."


def saml_provider_exists(name: str) -> str:
    return f"SAMLProvider with name {name} already exists."


def server_certificate_exists(name: str) -> str:
    return f"The Server Certificate with name {name} already exists."


def issuer_exists(name: str) -> str:
    return f"Provider with url https://{name} already exists."


def account_alias_exists(alias: str) -> str:
    return f"The account alias {alias} already exists."


# DeleteConflict

DELETE_LOGIN_PROFILE_FIRST = "Cannot delete entity, must delete login profile first."
DELETE_CERTIFICATES_FIRST = "Cannot delete entity, must delete certificates first."
REMOVE_REFERENCED_FIRST = "Cannot delete entity, must remove referenced objects first."
DELETE_ACCESS_KEYS_FIRST = "Cannot delete entity, must delete access keys first."
REMOVE_TOKENS_FIRST = "Cannot delete entity, must remove tokens from principal first."
DEACTIVATE_MFA_DEVICE_FIRST = "MFA VirtualDevice in use. Must deactivate first."
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


def saml_keys_full(most: int) -> str:
    return f"Private key limit of {most} is reached."


TAGS_FULL = "The number of tags has reached the maximum limit."

# ValidationError and InvalidInput

ARN_NOT_PARSED = "Invalid ARN:  Could not be parsed!"
ARN_PARTITION = "Invalid ARN partition"
AWS_PATH_RESERVED = "Paths beginning with '/aws-reserved' are reserved for AWS services"
PATH_RESERVED = "Paths beginning with '/aws-service-role' are reserved for AWS Service Linked Roles"
USER_NAME_NEEDED = "Must specify userName when calling with non-User credentials"
PASSWORD_NEEDED = (
    "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null"  # noqa: S105
)
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
ISSUER_URL = "Invalid Open ID Connect Provider URL"
THUMBPRINTS_EMPTY = "Thumbprint list must contain at least one entry."
THUMBPRINTS_FULL = "Thumbprint list must contain fewer than 5 entries."
THUMBPRINT = "A thumbprint must be the 40 hexadecimal digits of a certificate's SHA-1."


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


SAML_KEY_INVALID = "Invalid private key."
SAML_KEY_NOT_REMOVED = "Failed to remove private key."
SAML_KEY_UNKNOWN = "Failed to remove private key because the Key ID does not match a private key."
SAML_KEYS_ADDED_AND_REMOVED = (
    "Unable to add and remove private keys in the same request. Set a value for only one of the two parameters."
)
SAML_NO_KEY = "Unable to set assertion encryption mode to Required because no private key is provided."
"""What a provider to create is told."""
SAML_NO_KEY_PRESENT = "Failed to set assertion encryption mode to Required because no private key is present."
SAML_NO_UPDATES = "Unable to update identity provider. No updates are defined for metadata or encryption assertion."


def saml_metadata_invalid(why: str) -> str:
    """AWS's sentence, and what is wrong."""
    return f"Could not parse metadata: {why}."


def arn_not_valid(arn: str) -> str:
    """What an ARN of another kind of thing is told."""
    return f"ARN {arn} is not valid."


MARKER_OF_OTHER_FILTER = "Marker and Filter do not match"

# InvalidAuthenticationCode

MFA_CODE_INVALID = "Authentication code for device is not valid."
MFA_CODES_PAUSED = "Too many authentication codes for the device were not valid. Try again in a minute."

# NotSupportedService


def credential_service_unknown(service: str) -> str:
    return f"No such service {service} is supported for Service Specific Credentials"


# OrganizationNotFoundException

NO_ORGANIZATION = "The request was rejected because no organization is associated with your account."

# Of centralized root access

NOT_MANAGEMENT_ACCOUNT = (
    "The request was rejected because the account making the request is not the management account for the "
    "organization."
)
NOT_ROOT_ADMINISTRATOR = (
    "The request was rejected because the account making the request is not the management account or delegated "
    "administrator account for centralized root access."
)
NOT_ALL_FEATURES = "The request was rejected because your organization does not have All features enabled."
ROOT_PASSWORD_GIVEN = "The root user sets its password itself: Password must be omitted."  # noqa: S105


def no_trusted_access(account: str) -> str:
    """What the features of centralized root access are told if the organization does not trust IAM."""
    return f"Trusted Access for IAM not enabled by organization of input account {account}."


# FeatureEnabled and FeatureDisabled, of outbound web identity federation


def federation_enabled_already(account: str) -> str:
    return f"Outbound identity federation is already enabled for account {account}"


def federation_disabled_already(account: str) -> str:
    return f"Outbound identity federation is already disabled for account {account}"


def federation_disabled(account: str) -> str:
    return f"Outbound identity federation is disabled for account {account}"


# AccessDenied


def linked_role_unknown(service: str) -> str:
    """What a service is told that has no service-linked role, or none that is known here."""
    return f"Cannot find Service Linked Role template for {service}"


def access_key_of_others(caller: str, key_id: str) -> str:
    """What asking about a key that the account does not have is told."""
    return f"User: {caller} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {key_id}"


MFA_NEEDED_FOR_OWN_DEVICES = (
    "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this"
    " user."
)
OLD_PASSWORD_WRONG = "The old password was incorrect."  # noqa: S105 - a sentence

# InvalidUserType, PasswordPolicyViolation, EntityTemporarilyUnmodifiable

USERS_ONLY = "Only IAM Users can change their own password."
PASSWORD_AGAINST_POLICY = "Password does not conform to the account password policy."  # noqa: S105 - a sentence
PASSWORD_USED_BEFORE = "Policy constraint violation with password reuse prevention during password change."  # noqa: S105 - a sentence


def login_profile_changing(user: str) -> str:
    """What a call is told whose password was hashed while another call changed the user's."""
    return f"Login Profile for User {user} cannot be modified while login profile is being created."


# MalformedPolicyDocument, PolicyNotAttachable, UnmodifiableEntity


def principal_invalid(arn: str) -> str:
    return f'Invalid principal in policy: "AWS":"{arn}"'


def service_invalid(name: str) -> str:
    """What a trust policy with a service that does not exist is told."""
    return f'Invalid principal in policy: "SERVICE":"{name}"'


def service_policy(holder: str) -> str:
    """What attaching a policy that AWS keeps for service-linked roles is told; `holder` is User, Group or Role."""
    return f"Cannot attach a Service Role Policy to a Customer {holder}."


def provider_protected(name: str) -> str:
    return f"Cannot perform the operation on the protected SAML provider '{name}' - it is only modifiable by AWS"


def name_reserved(name: str) -> str:
    return f"The name {name} is reserved for AWS services."


def role_protected(name: str) -> str:
    return f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"


def linked_duration_fixed(name: str) -> str:
    return f"{name} is an AWS service linked role, max session duration cannot be changed."


def tag_characters(member: str) -> str:
    """A key or a value of a tag holds a character that IAM's model does not let through."""
    pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]" + ("+" if member == "key" else "*")
    return (
        f"1 validation error detected: Value at 'tags.1.member.{member}' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}"
    )
