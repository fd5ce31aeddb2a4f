"""The Principal and NotPrincipal elements: whom a resource-based policy names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum, StrEnum

from msgspec import Struct

from carnet.base.arns import ACCOUNT_ID, parse_arn, root_arn
from carnet.policy.request import Principal, PrincipalKind

ANYONE = "*"
_DASHED_ACCOUNT = re.compile(r"([0-9]{4})-([0-9]{4})-([0-9]{4})", re.ASCII)
UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,127}(:[\w+=,.@-]{2,64})?", re.ASCII)
_SERVICE = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_PROVIDER = re.compile(r"[A-Za-z0-9:/._-]+", re.ASCII)
_CANONICAL_USER = re.compile(r"[0-9a-f]{64}", re.ASCII)
_RESOURCES = {
    "iam": re.compile(r"root|user/.+|role/.+", re.DOTALL),
    "sts": re.compile(r"(assumed-role|federated-user)/.+", re.DOTALL),
}


class PrincipalType(StrEnum):
    """The names that stand inside a Principal element."""

    AWS = "AWS"
    SERVICE = "Service"
    FEDERATED = "Federated"
    CANONICAL_USER = "CanonicalUser"


class Named(IntEnum):
    """How closely an element names the caller. A statement counts with its closest name."""

    NOT = 0
    ACCOUNT = 1
    """By its account, which delegates to the account's identity-based policies."""
    ROLE = 2
    """By the role, or the user, that it is a session of: the boundary and the session's policies stay in force."""
    DIRECTLY = 3
    """Itself: the user, the session, the service, or everyone."""


class NamedPrincipal(Struct, frozen=True, kw_only=True):
    """One value of a Principal element.

    `bound_id` is the unique id that an ARN stood for when the policy was saved; the value then means that user or
    role and no other of the same name.
    """

    type: PrincipalType
    text: str
    bound_id: str | None = None

    def names(self, principal: Principal) -> Named:
        """How this value names `principal`."""
        if self.type is PrincipalType.AWS:
            return self._aws(principal)
        if self.type is PrincipalType.SERVICE:
            return self._match_provider(principal, PrincipalKind.SERVICE)
        if self.type is PrincipalType.FEDERATED:
            return self._match_provider(principal, PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML)
        matches = bool(principal.canonical_user) and principal.canonical_user == self.text
        return Named.ACCOUNT if matches else Named.NOT

    def _match_provider(self, principal: Principal, *kinds: PrincipalKind) -> Named:
        return Named.DIRECTLY if principal.kind in kinds and principal.provider == self.text else Named.NOT

    def _aws(self, principal: Principal) -> Named:
        if self.text == ANYONE:
            return Named.DIRECTLY
        if self.text in _accounts(principal):
            return Named.ACCOUNT
        own, issuer = (principal.arn, principal.issuer_arn) if self._by_arn else (principal.id, principal.issuer_id)
        wanted = self.text if self.bound_id is None else self.bound_id
        if wanted == own:
            return Named.DIRECTLY
        return Named.ROLE if wanted == issuer else Named.NOT

    @property
    def _by_arn(self) -> bool:
        return self.bound_id is None and self.text.startswith("arn:")


class PrincipalElement(Struct, frozen=True, kw_only=True):
    """`Principal`, or if `negated`, `NotPrincipal`."""

    values: tuple[NamedPrincipal, ...]
    negated: bool = False

    def names(self, principal: Principal, *, bounded: bool) -> Named:
        """How the element names `principal`; `bounded` if a permissions boundary is attached to it.

        NotPrincipal exempts whoever is listed by every name it has: a session of a role by account, role and session.
        It never exempts a principal that has a permissions boundary.
        """
        if self.negated:
            exempt = not bounded and self._exempts(principal)
            return Named.NOT if exempt else Named.DIRECTLY
        return max((value.names(principal) for value in self.values), default=Named.NOT)

    def _exempts(self, principal: Principal) -> bool:
        grades = {value.names(principal) for value in self.values}
        if any(value.text == ANYONE for value in self.values):
            return True
        return _names_of(principal) <= grades


def principal_text(kind: PrincipalType, written: str) -> str:
    """A value of a Principal element as it is compared: an account id may be written with dashes."""
    dashed = _DASHED_ACCOUNT.fullmatch(written) if kind is PrincipalType.AWS else None
    return "".join(dashed.groups()) if dashed is not None else written


def principal_problem(value: NamedPrincipal) -> str | None:
    """AWS's sentence for a value that can name nobody; None for a good one."""
    if value.type is PrincipalType.AWS:
        good = value.text == ANYONE or bool(ACCOUNT_ID.fullmatch(value.text)) or _is_principal_name(value.text)
    else:
        good = bool(_SYNTAX[value.type].fullmatch(value.text))
    return None if good else f'Invalid principal in policy: "{value.type.upper()}":"{value.text}"'


_SYNTAX = {
    PrincipalType.SERVICE: _SERVICE,
    PrincipalType.FEDERATED: _PROVIDER,
    PrincipalType.CANONICAL_USER: _CANONICAL_USER,
}


def _is_principal_name(text: str) -> bool:
    arn = parse_arn(text)
    if arn is None:
        return bool(UNIQUE_ID.fullmatch(text))
    kinds = _RESOURCES.get(arn.service)
    return bool(kinds and kinds.fullmatch(arn.resource)) and "*" not in text and "?" not in text


def _accounts(principal: Principal) -> tuple[str, ...]:
    """The two ways to write the account of a principal that has one."""
    arn = parse_arn(principal.arn)
    return (principal.account, root_arn(arn.partition, principal.account)) if arn and principal.account else ()


def _names_of(principal: Principal) -> frozenset[Named]:
    return frozenset(_each_name(principal))


def _each_name(principal: Principal) -> Iterator[Named]:
    if principal.account:
        yield Named.ACCOUNT
    if principal.role_arn:
        yield Named.ROLE
    if principal.kind is not PrincipalKind.ROOT:
        yield Named.DIRECTLY
