"""What a document wants an installation to hold.

A member that the document does not have is None here, and is left as it is. One that it has is wanted to be exactly so:
what else is there of it goes away. Only access keys are never taken away, and passwords never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from carnet.entities.entity import Documents, Tags
from carnet.identity.new_access_key import GivenKey


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKey:
    """An access key of a user or of the root user."""

    place: str
    """Its path in the document, as jq writes paths: `.Accounts[0].RootAccessKeys[0]`."""
    given: GivenKey
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPassword:
    """The first password of a user. A user that has one keeps it, whatever it is."""

    text: str = field(repr=False)
    reset_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One entry of an account; `place` is its path in the document."""

    word: ClassVar[str]
    """What a plan calls its kind."""

    place: str
    account: str
    """The id of its account."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAccount(Wanted):
    """An account; its `name` is its id, which is never left out."""

    word: ClassVar[str] = "account"

    title: str | None = None
    email: str | None = None
    alias: str | None = None
    password_policy: Mapping[str, bool | int] | None = None
    """By the names of UpdateAccountPasswordPolicy; empty if AWS's default shall be in force."""
    root_keys: tuple[WantedKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPolicy(Wanted):
    """A customer-managed policy, of which the version in force is wanted to have this document."""

    word: ClassVar[str] = "policy"

    path: str | None = None
    description: str | None = None
    document: str
    tags: Tags | None = None
    unique_id: str | None = None
    """The id that it gets if it is new; None for one that is drawn."""
    earlier: tuple[str, ...] = ()
    """Documents of the versions before the one in force, the oldest first: a policy that is new gets them too."""
    later: tuple[str, ...] = ()
    """Documents of the versions after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedHolder(Wanted):
    """What users, groups and roles have in common."""

    path: str | None = None
    attached: tuple[str, ...] | None = None
    """ARNs of managed policies."""
    inline: Documents | None = None
    unique_id: str | None = None
    """As `WantedPolicy.unique_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedGroup(WantedHolder):
    word: ClassVar[str] = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPrincipal(WantedHolder):
    """A user or a role."""

    boundary: str | None = None
    """ARN of the permissions boundary; empty if there shall be none."""
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedUser(WantedPrincipal):
    word: ClassVar[str] = "user"

    groups: tuple[str, ...] | None = None
    """Names of groups."""
    keys: tuple[WantedKey, ...] = ()
    password: WantedPassword | None = None


NO_LIMIT = -1
"""`max_signin_seconds` of a role that shall have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRole(WantedPrincipal):
    word: ClassVar[str] = "role"

    trust: str
    trust_later: bool = False
    """Whether the trust policy names a role that comes no earlier: then a role that is new trusts nobody for the time
    being, and its `WantedTrust` comes last."""
    description: str | None = None
    max_session_seconds: int | None = None
    max_signin_seconds: int | None = None
    """NO_LIMIT if there shall be none."""
    profiles: tuple[WantedProfile, ...] | None = None


ContextProvider = Mapping[str, object]
"""The settings of trusted identity propagation, as CreateOpenIDConnectProvider takes them; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedOidcProvider(Wanted):
    """An OpenID Connect provider; its `name` is the issuer's URL without `https://`."""

    word: ClassVar[str] = "OpenID Connect provider"

    client_ids: tuple[str, ...] | None = None
    thumbprints: tuple[str, ...] | None = None
    context_provider: ContextProvider | None = None
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSamlProvider(Wanted):
    """A SAML provider, whose private keys are not wanted here: they are secret."""

    word: ClassVar[str] = "SAML provider"

    document: str
    """Its metadata."""
    context_provider: ContextProvider | None = None
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedProfile:
    """An instance profile that holds a role."""

    name: str
    path: str | None = None
    tags: Tags | None = None
    unique_id: str | None = None
    """As `WantedPolicy.unique_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTrust(Wanted):
    """The trust policy of a role, once all that it may name is there."""

    word: ClassVar[str] = "role"

    trust: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All that a document wants, each entry after those that it rests on."""

    entries: tuple[Wanted, ...]
    left_out: tuple[str, ...] = ()
    """What it holds and what is not made of it, a sentence each."""
