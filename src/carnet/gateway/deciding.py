"""Decides what a request needs, one check after the other, at one revision of the directory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from carnet.access import authorize as access
from carnet.access.authorize import Decided
from carnet.access.gather import NOBODYS, carried_by
from carnet.access.request_context import anonymous_context, caller_context
from carnet.audit.steps import Arrived
from carnet.directory.snapshot import Snapshot
from carnet.entities.object_acl import ObjectAcl
from carnet.gateway.check import Check, Sought, SoughtBy
from carnet.gateway.grants import grant_policies
from carnet.gateway.resource_policies import policies_of
from carnet.identity.caller import AccountCaller, Anonymous
from carnet.policy.patterns import ascii_lower
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Value
from carnet.policy.unknown_keys import IsUnknown, deciding_keys
from carnet.services.execution import Execution

_LONGEST_NAMES = 200
_OPEN = re.compile(r"\$\{.*|<key>|(?<=/)tag-key$")
"""How the Service Authorization Reference writes that any name stands there."""
_NAMED_BY = (SoughtBy.KMS_ALIAS, SoughtBy.SECRET)


class Resolved(NamedTuple):
    """A check whose resource is known."""

    check: Check
    resource: str
    account: str
    keys: Mapping[str, Value] = MappingProxyType({})
    """The condition keys of the resource that look-ups have told; they are not among `Check.unknown` any more."""
    acl: ObjectAcl | None = None
    """Of an object, if it has another than the default; `account` is its owner's then."""

    @property
    def holder(self) -> str:
        """The account under which an upstream has it: an object is in the bucket of one, whoever owns it."""
        return self.account if self.acl is None else self.acl.account


class NotKnown(Exception):
    """The policies ask for what is not known of the request, so that nothing is decided: for `keys`, in lower case."""

    def __init__(self, check: Check, keys: Iterable[str]) -> None:
        self.keys = frozenset(map(ascii_lower, keys))
        names = ", ".join(sorted(self.keys))
        super().__init__(
            f"policies have conditions on what is not known of a request for {check.action}: {names[:_LONGEST_NAMES]}"
        )


def decide(
    execution: Execution,
    snapshot: Snapshot,
    caller: AccountCaller | Anonymous,
    arrived: Arrived,
    resolved: Iterable[Resolved],
    instead: tuple[ResourcePolicy, ...] | None = None,
) -> list[Decided]:
    """Every check up to the first that is denied, which is the last of the list then.

    `instead` is what is decided by in the place of the resource's own policies. Raises NotKnown, and Unavailable if an
    organization cannot be read.
    """
    parts = execution.parts
    policies, context = _brought(snapshot, caller, arrived)
    made: list[Decided] = []
    for one in resolved:
        check, resource, account, found, _ = one
        asked = access.Check(
            action=check.action,
            resource=resource,
            resource_account=account,
            keys=check.keys,
            resource_keys=found,
            shown=_shown(check, account, caller),
            policies=_policies(snapshot, one, caller) if instead is None else instead,
        )
        decided = access.authorize(parts.engine, snapshot, caller.principal, policies, context, asked)
        if missing := deciding_keys(decided.request, decided.policies, among(check.unknown)):
            raise NotKnown(check, missing)
        made.append(decided)
        if not isinstance(caller, Anonymous):
            parts.last_used.note_attempt((caller.principal, check.action, arrived.time, caller.region))
        if not decided.decision.allowed:
            break
    return made


def _policies(snapshot: Snapshot, one: Resolved, caller: AccountCaller | Anonymous) -> tuple[ResourcePolicy, ...]:
    """Those of the resource, and the grants on a key that allow the caller this."""
    found = policies_of(snapshot, one.resource, one.account, caller.principal, one.check.action, one.acl)
    return (*found, *grant_policies(snapshot, one.check, one.resource, one.account, caller.principal))


def _shown(check: Check, account: str, caller: AccountCaller | Anonymous) -> str | None:
    """What a denial names instead of the ARN: of another account's resource what the caller has called it.

    Which key an alias of another account is of, whoever may not have it is not told.
    """
    sought = check.resource
    if isinstance(sought, Sought) and sought.by in _NAMED_BY and account != caller.principal.account:
        return sought.text
    return None


def _brought(snapshot: Snapshot, caller: AccountCaller | Anonymous, arrived: Arrived) -> tuple[Policies, Context]:
    """What the caller brings along, whatever it asks for. Who is nobody in particular has no policies."""
    if isinstance(caller, Anonymous):
        policies, keys = NOBODYS
        return policies, anonymous_context(keys, caller, arrived.http, arrived.time)
    policies, keys = carried_by(snapshot, caller.credential)
    return policies, caller_context(keys, caller, arrived.http, arrived.time)


@lru_cache(1024)
def among(keys: frozenset[str]) -> IsUnknown:
    """Whether a key is one of these, of which some end in what is open (`aws:ResourceTag/${TagKey}`)."""
    names = [_OPEN.split(ascii_lower(key)) for key in keys]
    whole = {parts[0] for parts in names if len(parts) == 1}
    open_ = tuple([parts[0] for parts in names if len(parts) > 1])
    return lambda key: ascii_lower(key) in whole or ascii_lower(key).startswith(open_)
