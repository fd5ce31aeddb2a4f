"""The order in which entries are made: each after what it must find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from carnet.base.arns import parse_arn
from carnet.base.faults import Malformed
from carnet.entities.entity import name_key
from carnet.policy.document import Grammar, parse
from carnet.policy.principals import PrincipalType
from carnet.provisioning.wanted import (
    Wanted,
    WantedAccount,
    WantedGroup,
    WantedOidcProvider,
    WantedPolicy,
    WantedRole,
    WantedSamlProvider,
    WantedTrust,
    WantedUser,
)

_RANKS: tuple[type[Wanted], ...] = (
    *(WantedAccount, WantedPolicy, WantedGroup, WantedUser),
    *(WantedOidcProvider, WantedSamlProvider, WantedRole),
)


def in_order(entries: Sequence[Wanted]) -> tuple[Wanted, ...]:
    """Accounts before policies, groups, users, identity providers and roles, and trust policies last that name roles
    made no earlier.

    The principals of a trust policy must exist when it is saved, and roles may trust each other, in any account.
    """
    ranked = sorted(entries, key=lambda entry: _RANKS.index(type(entry)))
    roles = [entry for entry in ranked if isinstance(entry, WantedRole)]
    others = [entry for entry in ranked if not isinstance(entry, WantedRole)]
    rank = {(role.account, name_key(role.name)): number for number, role in enumerate(roles)}
    placed = [
        replace(role, trust_later=any(rank.get(named, -1) >= number for named in _named_roles(role.trust)))
        for number, role in enumerate(roles)
    ]
    trusts = [
        WantedTrust(place=role.place, account=role.account, name=role.name, trust=role.trust)
        for role in placed
        if role.trust_later
    ]
    return (*others, *placed, *trusts)


def _named_roles(trust: str) -> Iterator[tuple[str, str]]:
    """(account, name) of the roles whose ARNs, or those of their sessions, a trust policy names."""
    try:
        named = parse(trust, Grammar.TRUST).principals(PrincipalType.AWS)
    except Malformed:
        return  # which is told when the role is made
    for principal in named:
        arn = parse_arn(principal)
        if arn is None:
            continue
        kind, _, rest = arn.resource.partition("/")
        if kind == "role":
            yield arn.account, name_key(rest.rpartition("/")[2])
        elif kind == "assumed-role":
            yield arn.account, name_key(rest.partition("/")[0])
