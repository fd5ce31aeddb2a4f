"""Decides on operations that Carnet does not carry out.

It is decided if the catalogue has an action of exactly its name and the resource is known for certain: the action has
none, or the request's own members make the ARN. INVARIANT: nothing is guessed. If AWS could decide differently, because
it reads more of the request, no decision is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

from carnet.access.authorize import Check, Decided, authorize
from carnet.access.gather import carried_by
from carnet.access.request_context import caller_context
from carnet.audit.steps import Arrived
from carnet.base.arns import parse_arn
from carnet.catalog.apis import ApiOperation, NamedResource, Permission
from carnet.directory.snapshot import Snapshot
from carnet.identity.caller import AccountCaller
from carnet.policy.compile import Engine
from carnet.policy.decision import Layer
from carnet.policy.patterns import ascii_lower
from carnet.policy.unknown_keys import depends_on_unknown

Member = Callable[[str], str | None]
"""A member of the request's input to its text; None if the request does not have it."""

_SIGNS = "[A-Za-z0-9_.+=@,-]"
_NAME = re.compile(_SIGNS + "{1,256}", re.ASCII)
"""What stands in an ARN as it is. A colon, a slash or a wildcard in a name would make it the ARN of something else."""
LONGEST_ARN = 2_048
"""As many characters as AWS's APIs take: every pattern of every policy is held against them."""
_VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)
_ARN = "arn:"
_PARTS = {"Region": r"[a-z0-9-]*", "Account": r"[0-9]{12}"}
_OF_MEMBERS = ("requesttag/", "tagkeys", "resourcetag/", "resourceorg")
"""Global condition keys, in lower case and without their prefix, whose values come from members and resources that are
not read here."""


class NotDecided(Struct, frozen=True, kw_only=True):
    """No decision was made: `reason` is a clause that says why."""

    reason: str


def decide(
    engine: Engine,
    snapshot: Snapshot,
    caller: AccountCaller,
    arrived: Arrived,
    asked: ApiOperation | None,
    member: Member,
) -> Decided | NotDecided:
    """Decide on the operation by the caller's policies, if it is known for certain what the request asks for."""
    if asked is None:
        return NotDecided(reason="which operation is asked is not known")
    if asked.permission is None:
        return NotDecided(reason=f"no action has the name of the operation {asked.name}")
    view = snapshot.accounts[caller.principal.account]
    account = view.account
    resource = resource_of(asked.permission, member, (account.partition, caller.region, account.id))
    if resource is None:
        return NotDecided(reason=f"the request does not tell which resource {asked.permission.action} is decided on")
    arn = parse_arn(resource)
    if arn is not None and arn.account not in ("", account.id):
        return NotDecided(reason=f"the resource is of account {arn.account}, whose policies have a say")
    policies, keys = carried_by(snapshot, caller.credential)
    context = caller_context(keys, caller, arrived.http, arrived.time)
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    shown = f'"{resource}"' if asked.permission.action.startswith("s3:") else None
    check = Check(action=asked.permission.action, resource=resource, resource_account=account.id, shown=shown)
    decided = authorize(engine, snapshot, caller.principal, policies, context, check)
    if decided.decision.layer is Layer.RESOURCE and not decided.decision.allowed:
        return NotDecided(reason=f"the resource's own policy decides on {asked.permission.action} first")
    if depends_on_unknown(decided.request, decided.policies, _is_unknown):
        return NotDecided(reason=f"policies have conditions on what {asked.permission.action} brings")
    return decided


def resource_of(permission: Permission, member: Member, place: tuple[str, str, str]) -> str | None:
    """The ARN of the resource, or `*`; None if the members do not tell it. `place` is partition, Region, account."""
    if permission.without_resource:
        return "*"
    arns = [value for name in permission.arn_members if (value := member(name)) and value.startswith(_ARN)]
    if arns:
        known = any(_pattern(arn, place[0]).fullmatch(arns[0]) for arn in permission.arns if "*" not in arn)
        return arns[0] if len(arns) == 1 and known and len(arns[0]) <= LONGEST_ARN else None
    named = [one for one in permission.named if all(map(member, one.members.values()))]
    return _arn_from(named[0], member, place) if len(named) == 1 else None


def _arn_from(named: NamedResource, member: Member, place: tuple[str, str, str]) -> str | None:
    """The ARN of a resource of one type; None if its name has characters that an ARN would not show as they are."""
    given = {variable: member(name) or "" for variable, name in named.members.items()}
    if not all(map(_NAME.fullmatch, given.values())):
        return None
    values = {**given, "Partition": place[0], "Region": place[1], "Account": place[2]}
    return _VARIABLE.sub(lambda found: values[found[1]], named.arn)


@lru_cache(1024)
def _pattern(arn: str, partition: str) -> re.Pattern[str]:
    """What the ARNs of one type match."""
    parts = _VARIABLE.split(arn)
    literal, variables = parts[::2], parts[1::2]
    places = {"Partition": re.escape(partition), **_PARTS}
    filled = [places.get(name, f"{_SIGNS}+") for name in variables]
    return re.compile(
        "".join(re.escape(text) + rest for text, rest in zip(literal, [*filled, ""], strict=True)), re.ASCII
    )


def _is_unknown(key: str) -> bool:
    """Whether AWS may set the condition key for a request in which this server does not."""
    prefix, _, name = ascii_lower(key).partition(":")
    return prefix != "aws" or name.startswith(_OF_MEMBERS)
