"""Principal and NotPrincipal elements as sets, so that a long list of principals costs no more than a short one."""

from __future__ import annotations

from collections.abc import Iterator

from carnet.base.arns import parse_arn, root_arn
from carnet.policy.principals import ANYONE, Named, NamedPrincipal, PrincipalElement, PrincipalType
from carnet.policy.request import Principal, PrincipalKind

_FEDERATED = (PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML)


class CompiledPrincipals:
    """Whom an element names."""

    __slots__ = ("_accounts", "_arns", "_by_type", "_ids", "_negated", "everyone")

    def __init__(self, element: PrincipalElement) -> None:
        aws = [value for value in element.values if value.type is PrincipalType.AWS]
        anyone = any(value.text == ANYONE for value in element.values)
        self._negated = element.negated
        self.everyone = not element.negated and any(value.text == ANYONE for value in aws)
        """Whether the element names every principal there is, itself."""
        self._accounts = frozenset(value.text for value in aws)
        self._arns = {value.text: frozenset((value.text,)) for value in aws if _is_by_arn(value)}
        self._ids = _texts_by_id([value for value in aws if not _is_by_arn(value)])
        self._by_type = {
            kind: frozenset(value.text for value in element.values if value.type is kind) for kind in PrincipalType
        }
        if anyone:
            self._by_type[PrincipalType.AWS] = frozenset((ANYONE,))

    def names(self, principal: Principal, *, bounded: bool) -> Named:
        """How the element names `principal`; `bounded` if a permissions boundary is attached to it."""
        grades = set(self._grades(principal))
        if not self._negated:
            return max(grades, default=Named.NOT)
        if bounded:
            return Named.DIRECTLY
        exempt = self._lists_anyone or all(name in grades for name in _names_of(principal))
        return Named.NOT if exempt else Named.DIRECTLY

    @property
    def _lists_anyone(self) -> bool:
        return ANYONE in self._by_type[PrincipalType.AWS]

    def _grades(self, principal: Principal) -> Iterator[Named]:
        """How the element's values name the principal, without regard to NotPrincipal."""
        own_accounts = _accounts_of(principal)
        if not own_accounts.isdisjoint(self._accounts) or self._lists(PrincipalType.CANONICAL_USER, principal):
            yield Named.ACCOUNT
        if self._holds(principal.arn, principal.id, own_accounts) or self._lists_anyone or self._provides(principal):
            yield Named.DIRECTLY
        if self._holds_role(principal, own_accounts):
            yield Named.ROLE

    def _holds(self, arn: str, unique_id: str, own_accounts: frozenset[str]) -> bool:
        """Whether a value other than the account's own name is that ARN or is bound to that id."""
        return bool(self._arns.get(arn, _NONE) - own_accounts) or bool(self._ids.get(unique_id, _NONE) - own_accounts)

    def _holds_role(self, principal: Principal, own_accounts: frozenset[str]) -> bool:
        arn, issuer_id = principal.issuer_arn, principal.issuer_id
        by_arn = arn != principal.arn and bool(self._arns.get(arn, _NONE) - own_accounts)
        return by_arn or (issuer_id != principal.id and bool(self._ids.get(issuer_id, _NONE) - own_accounts))

    def _lists(self, kind: PrincipalType, principal: Principal) -> bool:
        return bool(principal.canonical_user) and principal.canonical_user in self._by_type[kind]

    def _provides(self, principal: Principal) -> bool:
        if principal.kind is PrincipalKind.SERVICE:
            return principal.provider in self._by_type[PrincipalType.SERVICE]
        return principal.kind in _FEDERATED and principal.provider in self._by_type[PrincipalType.FEDERATED]


_NONE: frozenset[str] = frozenset()


def _is_by_arn(value: NamedPrincipal) -> bool:
    return value.bound_id is None and value.text.startswith("arn:")


def _texts_by_id(values: list[NamedPrincipal]) -> dict[str, frozenset[str]]:
    texts: dict[str, frozenset[str]] = {}
    for value in values:
        wanted = value.text if value.bound_id is None else value.bound_id
        texts[wanted] = texts.get(wanted, _NONE) | {value.text}
    return texts


def _accounts_of(principal: Principal) -> frozenset[str]:
    """The two ways to write the account of a principal that has an ARN."""
    arn = parse_arn(principal.arn)
    if arn is None or not principal.account:
        return _NONE
    return frozenset((principal.account, root_arn(arn.partition, principal.account)))


def _names_of(principal: Principal) -> Iterator[Named]:
    """Every name that NotPrincipal has to list before it exempts the principal."""
    if principal.account:
        yield Named.ACCOUNT
    if principal.role_arn:
        yield Named.ROLE
    if principal.kind is not PrincipalKind.ROOT:
        yield Named.DIRECTLY
