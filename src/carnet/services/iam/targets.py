"""The resources that IAM's operations act on, for `on=` of an operation.

What exists is matched by its ARN, with its path, and brings its tags; what does not by the ARN that it would have at
the path `/`. A denial shows the name as the caller gave it, so that nobody learns from it what exists and where.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from carnet.access.gather import find_managed_policy
from carnet.base.arns import iam_arn, parse_arn
from carnet.base.faults import Denied, Fault, Invalid, Missing, Refused, Unmodifiable
from carnet.catalog.service_linked_roles import LinkedRole
from carnet.catalog.service_linked_roles import linked_role as linked_role_of
from carnet.directory.named import Named
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.entity import Entity
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import AWS_ACCOUNT, ManagedPolicy
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.role import SERVICE_LINKED_PATH, Role
from carnet.entities.role_deletion import RoleDeletion, deletion_task
from carnet.entities.saml_provider import SamlProvider
from carnet.entities.server_certificate import ServerCertificate
from carnet.entities.user import User
from carnet.identity.principals import ASSUMED_ROOT
from carnet.policy.request import PrincipalKind
from carnet.services.iam import certificate_sentences, password_sentences, provider_sentences, sentences
from carnet.services.iam.policy_arns import parse_policy_arn
from carnet.services.operation import Call
from carnet.services.target import Target

E = TypeVar("E", bound=Entity)
One = TypeVar("One")
Other = TypeVar("Other")


def user(call: Call, given: Any) -> Target[User]:
    """The user called UserName."""
    return _target_named(call, User.resource_type, call.view.of(User), given["UserName"], sentences.user_missing)


def user_or_caller(call: Call, given: Any) -> Target[User | Account]:
    """The user called UserName; without a name the caller, or the account for its root user.

    A session has no user. The error says so, if a policy for `*` allows the action.
    """
    if "UserName" in given:
        named = user(call, given)
        return named.finding(named.found)
    principal = call.caller.principal
    if principal.kind is PrincipalKind.ROOT:
        return Target(arn=call.view.account.root_arn, account=call.account, found=(call.view.account,))
    caller = call.view.of(User).get(principal.id)
    if caller is None:
        return Target(arn="*", account=call.account, found=Invalid(sentences.USER_NAME_NEEDED))
    return _target_of(caller, shown=_name_in_denial(User.resource_type, caller.name))


def password_holder(call: Call, given: Any) -> Target[User | Account]:
    """The user called UserName; without one the calling user, or of a session of AssumeRoot the root user.

    A root user without such a session has to name a user.
    """
    target = user_or_caller(call, given)
    if "UserName" in given:
        return target  # a user, even if a root user asks
    session = call.caller.credential.session
    if session is not None and session.kind == ASSUMED_ROOT:
        return target
    return _user_among(target)


def _user_among(target: Target[User | Account]) -> Target[User | Account]:
    if isinstance(target.found, Fault) or isinstance(target.found[0], User):
        return target
    return target.finding(Invalid(sentences.USER_NAME_NEEDED))


def calling_user(call: Call, given: Any) -> Target[User]:
    """The calling user. The root user and roles get an error, as they are no users."""
    target = user_or_caller(call, {})
    holder = None if isinstance(target.found, Fault) else target.found[0]
    users_only = Refused("InvalidUserType", password_sentences.USERS_ONLY)
    return target.finding((holder,) if isinstance(holder, User) else users_only)


def user_or_all(call: Call, given: Any) -> Target[User | Account | None]:
    """The user called UserName, or the caller; with AllUsers, all users (None). Raises Invalid if both are given."""
    if not given.get("AllUsers"):
        target = user_or_caller(call, given)
        return target.finding(target.found)
    if "UserName" in given:
        raise Invalid(sentences.ALL_USERS_OR_ONE)
    return _at_path(call, User.resource_type, "/", "*").finding((None,))


def access_key(call: Call, given: Any) -> Target[AccessKey]:
    """The access key AccessKeyId, which is decided by the user, or root, who holds it.

    Whoever asks for a key that the account does not have is denied, so that nobody learns if another account has it.
    """
    key_id: str = given["AccessKeyId"]
    shown = f"access key {key_id}"
    key = call.view.of(AccessKey).get(key_id)
    if key is not None and key.of_root:
        return Target(arn=call.view.account.root_arn, account=call.account, found=(key,), shown=shown)
    holder = call.view.of(User).get(key.owner) if key is not None else None
    if key is None or holder is None:
        denied = Denied(sentences.access_key_of_others(call.caller.principal.arn, key_id))
        return Target(arn="*", account=call.account, found=denied, shown=shown)
    return Target(arn=holder.arn, account=holder.account, found=(key,), tags=holder.tags, shown=shown)


def group(call: Call, given: Any) -> Target[Group]:
    """The group called GroupName."""
    return _target_named(call, Group.resource_type, call.view.of(Group), given["GroupName"], sentences.group_missing)


def group_and_user(call: Call, given: Any) -> Target[Group, User]:
    """The group called GroupName, which policies decide on, and the user called UserName, whose absence is reported
    first."""
    member = user(call, given)
    target = _both(group(call, given), member)
    return target.finding(member.found) if isinstance(member.found, Fault) else target


def role(call: Call, given: Any) -> Target[Role]:
    """The role called RoleName."""
    return _target_named(call, Role.resource_type, call.view.of(Role), given["RoleName"], sentences.role_missing)


def role_to_change(call: Call, given: Any) -> Target[Role]:
    """The role called RoleName, to change. Roles of AWS's own services can only be changed by AWS."""
    target = role(call, given)
    if isinstance(target.found, Fault) or not (target.found[0].linked_service or target.found[0].is_reserved):
        return target
    return target.finding(Unmodifiable(sentences.role_protected(target.found[0].name)))


def new_linked_role(call: Call, given: Any) -> Target[LinkedRole]:
    """The service-linked role to create, of the service AWSServiceName."""
    service: str = given["AWSServiceName"]
    linked = linked_role_of(service)
    name = linked.named(given.get("CustomSuffix")) if linked is not None else "AWSServiceRoleFor"
    target = _at_path(call, Role.resource_type, f"{SERVICE_LINKED_PATH}{service}/", name)
    return target.finding(Denied(sentences.linked_role_unknown(service)) if linked is None else (linked,))


def linked_role(call: Call, given: Any) -> Target[Role]:
    """The service-linked role called RoleName; another role counts as missing."""
    target = role(call, given)
    if isinstance(target.found, Fault) or target.found[0].linked_service is not None:
        return target
    return target.finding(Missing(sentences.role_missing(target.found[0].name)))


def deleted_linked_role(call: Call, given: Any) -> Target[RoleDeletion]:
    """The role of the deletion DeletionTaskId. Raises Refused (InvalidInput) unless that is the id of a deletion."""
    task = deletion_task(given["DeletionTaskId"])
    if task is None:
        raise Refused("InvalidInput", sentences.TASK_ID_INVALID)
    deletion = call.view.of(RoleDeletion).get(task.id)
    known = deletion is not None and deletion.task_id == given["DeletionTaskId"]
    target = _at_path(call, Role.resource_type, f"{SERVICE_LINKED_PATH}{task.service}/", task.role)
    return target.finding((deletion,) if deletion is not None and known else Missing(sentences.DELETION_MISSING))


def instance_profile(call: Call, given: Any) -> Target[InstanceProfile]:
    """The instance profile called InstanceProfileName."""
    return _target_named(
        call,
        InstanceProfile.resource_type,
        call.view.of(InstanceProfile),
        given["InstanceProfileName"],
        sentences.instance_profile_missing,
    )


def server_certificate(call: Call, given: Any) -> Target[ServerCertificate]:
    """The server certificate called ServerCertificateName."""
    return _target_named(
        call,
        ServerCertificate.resource_type,
        call.view.of(ServerCertificate),
        given["ServerCertificateName"],
        certificate_sentences.server_certificate_missing,
    )


def instance_profile_and_role(call: Call, given: Any) -> Target[InstanceProfile, Role]:
    """The instance profile called InstanceProfileName, which policies decide on, and the role called RoleName."""
    return _both(instance_profile(call, given), role_to_change(call, given))


def policy(call: Call, given: Any) -> Target[ManagedPolicy]:
    """The managed policy PolicyArn, to read: the account's own or AWS's. Raises Invalid unless it is a policy ARN."""
    target = policy_to_change(call, given)
    if target.account != AWS_ACCOUNT:
        return target
    found = find_managed_policy(call.view, target.arn)
    return replace(target, account=call.account, found=target.found if found is None else (found,))


def policy_to_change(call: Call, given: Any) -> Target[ManagedPolicy]:
    """The managed policy PolicyArn, to change. Those of AWS belong to another account, which no identity policy
    reaches."""
    text: str = given["PolicyArn"]
    arn = parse_policy_arn(text)
    found, shown = call.view.policy(text), _name_in_denial(ManagedPolicy.resource_type, text)
    if found is not None:
        return _target_of(found, shown=shown)
    return Target(arn=text, account=arn.account, found=Missing(sentences.policy_missing(text)), shown=shown)


def _with_version(find: Callable[[Call, Any], Target[ManagedPolicy]]) -> Callable[[Call, Any], Target[ManagedPolicy]]:
    def target(call: Call, given: Any) -> Target[ManagedPolicy]:
        """The policy PolicyArn; without one, the error is that its version VersionId does not exist."""
        found = find(call, given)
        missed = isinstance(found.found, Missing)
        return (
            found.finding(Missing(sentences.policy_version_missing(found.arn, given["VersionId"]))) if missed else found
        )

    return target


policy_of_version = _with_version(policy)
policy_of_version_to_change = _with_version(policy_to_change)


def saml_provider(call: Call, given: Any) -> Target[SamlProvider]:
    """The SAML provider SAMLProviderArn. Raises Refused unless that is the ARN of a SAML provider."""
    return _provider(call, SamlProvider, given["SAMLProviderArn"], provider_sentences.saml_provider_missing)


def saml_provider_to_change(call: Call, given: Any) -> Target[SamlProvider]:
    """As `saml_provider`, to change. Those of AWS's own services can only be changed by AWS."""
    target = saml_provider(call, given)
    if isinstance(target.found, Fault) or not target.found[0].is_reserved:
        return target
    return target.finding(Unmodifiable(provider_sentences.provider_protected(target.found[0].name)))


def oidc_provider(call: Call, given: Any) -> Target[OidcProvider]:
    """The provider OpenIDConnectProviderArn. Raises Refused unless that is the ARN of one."""
    return _provider(call, OidcProvider, given["OpenIDConnectProviderArn"], provider_sentences.oidc_provider_missing)


def oidc_provider_to_remove(call: Call, given: Any) -> Target[OidcProvider]:
    """As `oidc_provider`, to remove: AWS has another sentence if it does not exist."""
    missing = provider_sentences.oidc_provider_to_remove_missing
    return _provider(call, OidcProvider, given["OpenIDConnectProviderArn"], missing)


def new_provider(call: Call, resource_type: str, name: str) -> Target[()]:
    """The identity provider to create."""
    return _at_path(call, resource_type, "/", name)


def new_user(call: Call, given: Any) -> Target[()]:
    """The user to create."""
    return _at_path(call, User.resource_type, given.get("Path", "/"), given["UserName"])


def new_group(call: Call, given: Any) -> Target[()]:
    """The group to create."""
    return _at_path(call, Group.resource_type, given.get("Path", "/"), given["GroupName"])


def new_role(call: Call, given: Any) -> Target[()]:
    """The role to create."""
    return _at_path(call, Role.resource_type, given.get("Path", "/"), given["RoleName"])


def new_policy(call: Call, given: Any) -> Target[()]:
    """The customer-managed policy to create."""
    name: str = given["PolicyName"]
    target = _at_path(call, ManagedPolicy.resource_type, given.get("Path", "/"), name)
    return replace(target, shown=_name_in_denial(ManagedPolicy.resource_type, name))


def new_instance_profile(call: Call, given: Any) -> Target[()]:
    """The instance profile to create."""
    return _at_path(call, InstanceProfile.resource_type, given.get("Path", "/"), given["InstanceProfileName"])


def new_saml_provider(call: Call, given: Any) -> Target[()]:
    """The SAML provider to create."""
    return _at_path(call, SamlProvider.resource_type, "/", given["Name"])


def new_server_certificate(call: Call, given: Any) -> Target[()]:
    """The server certificate to upload."""
    return _at_path(call, ServerCertificate.resource_type, given.get("Path", "/"), given["ServerCertificateName"])


def list_server_certificates(call: Call, given: Any) -> Target[()]:
    """All server certificates below PathPrefix."""
    return _below(call, ServerCertificate.resource_type, given)


def list_users(call: Call, given: Any) -> Target[()]:
    """All users below PathPrefix."""
    return _below(call, User.resource_type, given)


def list_groups(call: Call, given: Any) -> Target[()]:
    """All groups below PathPrefix."""
    return _below(call, Group.resource_type, given)


def list_roles(call: Call, given: Any) -> Target[()]:
    """All roles below PathPrefix."""
    return _below(call, Role.resource_type, given)


def list_instance_profiles(call: Call, given: Any) -> Target[()]:
    """All instance profiles below PathPrefix."""
    return _below(call, InstanceProfile.resource_type, given)


def list_policies(call: Call, given: Any) -> Target[()]:
    """All managed policies, which is an action without a resource type."""
    return Target(arn="*", account=call.account, found=(), shown=f"policy path {given.get('PathPrefix', '/')}")


def _provider(call: Call, kind: type[E], text: str, missing: Callable[[str], str]) -> Target[E]:
    """The identity provider of an ARN; `missing` makes the error for an ARN that no provider has."""
    arn, beginning = parse_arn(text), f"{kind.resource_type}/"
    if arn is None or (arn.service, arn.region) != ("iam", "") or not arn.resource.startswith(beginning):
        raise Refused("InvalidInput", sentences.arn_not_valid(text))
    found = call.view.of(kind).named(arn.resource.removeprefix(beginning))
    if found is not None and found.arn == text:
        return _target_of(found, shown=text)
    return Target(arn=text, account=arn.account, found=Missing(missing(text)))


def _target_of(entity: E, *, shown: str) -> Target[E]:
    return Target(arn=entity.arn, account=entity.account, found=(entity,), tags=entity.tags, shown=shown)


def _target_named(
    call: Call, resource_type: str, entities: Named[E], name: str, missing: Callable[[str], str]
) -> Target[E]:
    """The entity called `name`; `missing` makes the error for a name that no entity has."""
    entity, shown = entities.named(name), _name_in_denial(resource_type, name)
    if entity is not None:
        return _target_of(entity, shown=shown)
    arn = iam_arn(call.partition, call.account, f"{resource_type}/{name}")
    return Target(arn=arn, account=call.account, found=Missing(missing(name)), shown=shown)


def _both(first: Target[One], second: Target[Other]) -> Target[One, Other]:
    """The first target, and what the second one finds besides."""
    if isinstance(first.found, Fault):
        return first.finding(first.found)
    return first.finding(second.found if isinstance(second.found, Fault) else (*first.found, *second.found))


def _name_in_denial(resource_type: str, name: str) -> str:
    """AWS's form of a name without a path in a denial: `instance profile web`."""
    return f"{resource_type.replace('-', ' ')} {name}"


def _at_path(call: Call, resource_type: str, path: str, name: str) -> Target[()]:
    account = call.view.account
    arn = iam_arn(account.partition, account.id, f"{resource_type}{path}{name}")
    return Target(arn=arn, account=account.id, found=())


def _below(call: Call, resource_type: str, given: Any) -> Target[()]:
    return _at_path(call, resource_type, given.get("PathPrefix", "/"), "")
