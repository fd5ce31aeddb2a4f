"""Decides what a request needs, one check after the other, at one revision of the directory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from carnet.access import authorize as access
from carnet.access.authorize import Decided
from carnet.access.gather import NOBODYS, carried_by
from carnet.access.request_context import anonymous_context, caller_context
from carnet.audit.steps import Arrived
from carnet.directory.snapshot import Snapshot
from carnet.gateway.check import Check
from carnet.gateway.resource_policies import policies_of
from carnet.identity.caller import AccountCaller, Anonymous
from carnet.policy.patterns import ascii_lower
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context
from carnet.policy.unknown_keys import IsUnknown, depends_on_unknown
from carnet.services.execution import Execution


class Resolved(NamedTuple):
    """A check whose resource is known."""

    check: Check
    resource: str
    account: str


class NotKnown(Exception):
    """The policies ask for what is not known of the request, so that nothing is decided."""


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
    for check, resource, account in resolved:
        asked = access.Check(
            action=check.action,
            resource=resource,
            resource_account=account,
            keys=check.keys,
            policies=policies_of(snapshot, resource, account, caller.principal) if instead is None else instead,
        )
        decided = access.authorize(parts.engine, snapshot, caller.principal, policies, context, asked)
        if depends_on_unknown(decided.request, decided.policies, _among(check.unknown)):
            raise NotKnown(f"policies have conditions on what is not known of a request for {check.action}")
        made.append(decided)
        if not isinstance(caller, Anonymous):
            parts.last_used.note_attempt((caller.principal, check.action, arrived.time, caller.region))
        if not decided.decision.allowed:
            break
    return made


def _brought(snapshot: Snapshot, caller: AccountCaller | Anonymous, arrived: Arrived) -> tuple[Policies, Context]:
    """What the caller brings along, whatever it asks for. Who is nobody in particular has no policies."""
    if isinstance(caller, Anonymous):
        policies, keys = NOBODYS
        return policies, anonymous_context(keys, caller, arrived.http, arrived.time)
    policies, keys = carried_by(snapshot, caller.credential)
    return policies, caller_context(keys, caller, arrived.http, arrived.time)


def _among(keys: frozenset[str]) -> IsUnknown:
    """Whether a key is one of these, of which some end in what is open (`aws:ResourceTag/${TagKey}`)."""
    names = [ascii_lower(key).partition("${") for key in keys]
    whole = {name for name, is_open, _ in names if not is_open}
    open_ = tuple([name for name, is_open, _ in names if is_open])
    return lambda key: ascii_lower(key) in whole or ascii_lower(key).startswith(open_)
