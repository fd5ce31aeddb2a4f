"""The kinds of IAM entities, as the families of operations (tags, inline policies, attachments, boundaries) need them.

A kind knows which input member names an entity, how it is found, and what is said if its name is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from carnet.base.faults import AlreadyExists, Refused, Unmodifiable
from carnet.entities.entity import Entity, name_key
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.mfa_device import MfaDevice, key_of_serial
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.role import RESERVED_PATH, RESERVED_ROLE, SERVICE_LINKED_PATH, Role
from carnet.entities.saml_provider import SamlProvider
from carnet.entities.server_certificate import ServerCertificate
from carnet.entities.user import User
from carnet.services.iam import (
    certificate_sentences,
    mfa_sentences,
    mfa_targets,
    provider_sentences,
    sentences,
    targets,
)
from carnet.services.operation import Names, WriteCall

_RESERVED_PATH = SERVICE_LINKED_PATH.removesuffix("/")

E = TypeVar(
    "E",
    bound=User
    | Group
    | Role
    | ManagedPolicy
    | InstanceProfile
    | MfaDevice
    | OidcProvider
    | SamlProvider
    | ServerCertificate,
)


def name_in_arn(arn: str) -> str:
    """The last part of the ARN; for kinds whose names are unique without the path."""
    return arn.rpartition("/")[2]


def name_behind_type(arn: str) -> str:
    """Everything after the type; for kinds whose names contain slashes and that have no path."""
    return arn.partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[E]):
    """One kind of IAM entity."""

    entity: type[E]
    word: str
    """As AWS's names of operations and quotas have it: `User`."""
    member: str
    """The input member that names an existing one: `UserName`."""
    target: Names[E]
    """Its existing entities, for `on=` of an operation."""
    to_change: Names[E]
    """Those that callers may change, for `on=` of an operation that changes more than tags."""
    taken: Callable[[str], str]
    key_in: Callable[[str], str] = name_in_arn
    """The unique name of the entity that an ARN names."""
    tag_key: Callable[[str], str] = name_key
    """The form under which two keys of its tags are the same: of users and roles without case, of others as written."""

    def add(self, call: WriteCall, entity: E) -> None:
        """Create the entity. Raises AlreadyExists, and Refused for a path or a name that AWS reserves for its own
        services."""
        _check_path(entity.path)
        _check_name(entity)
        try:
            call.store.add(entity)
        except AlreadyExists as fault:
            raise AlreadyExists(self.taken(entity.name)) from fault

    def save(self, call: WriteCall, before: E, after: E) -> None:
        """Store what has changed, and nothing if nothing has; raises as `add` does for a new name or path.

        Raises Unmodifiable for what an AWS service has made and keeps to itself: even its tags.
        """
        _check_open(before)
        if after == before:
            return
        if after.path != before.path:
            _check_path(after.path)
        try:
            call.store.save(after)
        except AlreadyExists as fault:
            raise AlreadyExists(self.taken(after.name)) from fault


def _check_path(path: str) -> None:
    if path.startswith(_RESERVED_PATH):
        raise Refused("InvalidInput", sentences.PATH_RESERVED)
    if path.startswith(RESERVED_PATH.removesuffix("/")):
        raise Refused("InvalidInput", sentences.AWS_PATH_RESERVED)


def _check_name(entity: object) -> None:
    if isinstance(entity, Role):
        reserved = entity.name_key.startswith(name_key(RESERVED_ROLE))
    else:
        reserved = isinstance(entity, SamlProvider) and entity.is_reserved
    if reserved and isinstance(entity, Entity):
        raise Refused("InvalidInput", sentences.name_reserved(entity.name))


def _check_open(entity: object) -> None:
    if isinstance(entity, Role) and entity.is_reserved:
        raise Unmodifiable(sentences.role_protected(entity.name))
    if isinstance(entity, SamlProvider) and entity.is_reserved:
        raise Unmodifiable(provider_sentences.provider_protected(entity.name))


USERS: Kind[User] = Kind(
    entity=User,
    word="User",
    member="UserName",
    target=targets.user,
    to_change=targets.user,
    taken=sentences.user_exists,
)
GROUPS: Kind[Group] = Kind(
    entity=Group,
    word="Group",
    member="GroupName",
    target=targets.group,
    to_change=targets.group,
    taken=sentences.group_exists,
)
ROLES: Kind[Role] = Kind(
    entity=Role,
    word="Role",
    member="RoleName",
    target=targets.role,
    to_change=targets.role_to_change,
    taken=sentences.role_exists,
)
POLICIES: Kind[ManagedPolicy] = Kind(
    entity=ManagedPolicy,
    word="Policy",
    member="PolicyArn",
    target=targets.policy_to_change,
    to_change=targets.policy_to_change,
    taken=sentences.policy_exists,
    tag_key=str,
)
"""Customer-managed policies; AWS's own cannot be changed."""
INSTANCE_PROFILES: Kind[InstanceProfile] = Kind(
    entity=InstanceProfile,
    word="InstanceProfile",
    member="InstanceProfileName",
    target=targets.instance_profile,
    to_change=targets.instance_profile,
    taken=sentences.instance_profile_exists,
    tag_key=str,
)
MFA_DEVICES: Kind[MfaDevice] = Kind(
    entity=MfaDevice,
    word="MFADevice",
    member="SerialNumber",
    target=mfa_targets.device,
    to_change=mfa_targets.device,
    taken=lambda name: mfa_sentences.MFA_DEVICE_EXISTS,
    key_in=lambda serial: key_of_serial(serial) or "",
    tag_key=str,
)
SAML_PROVIDERS: Kind[SamlProvider] = Kind(
    entity=SamlProvider,
    word="SAMLProvider",
    member="SAMLProviderArn",
    target=targets.saml_provider,
    to_change=targets.saml_provider_to_change,
    taken=provider_sentences.saml_provider_exists,
    tag_key=str,
)
SERVER_CERTIFICATES: Kind[ServerCertificate] = Kind(
    entity=ServerCertificate,
    word="ServerCertificate",
    member="ServerCertificateName",
    target=targets.server_certificate,
    to_change=targets.server_certificate,
    taken=certificate_sentences.server_certificate_exists,
    tag_key=str,
)
OIDC_PROVIDERS: Kind[OidcProvider] = Kind(
    entity=OidcProvider,
    word="OpenIDConnectProvider",
    member="OpenIDConnectProviderArn",
    target=targets.oidc_provider,
    to_change=targets.oidc_provider,
    taken=provider_sentences.issuer_exists,
    key_in=name_behind_type,
    tag_key=str,
)
