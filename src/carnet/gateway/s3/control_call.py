"""A request to Amazon S3's control API, and the changes that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import Struct

from carnet.directory.snapshot import Snapshot
from carnet.entities.access_point import AccessPoint
from carnet.entities.bucket import Bucket
from carnet.entities.public_access_block import AccountPublicAccess
from carnet.gateway.checks.check import Check, Scope
from carnet.policy.request import Principal, Value

Members = Mapping[str, Any]
Kept = AccessPoint | AccountPublicAccess | Bucket


class Asked(Struct, frozen=True, kw_only=True):
    """A request, at one revision."""

    snapshot: Snapshot
    members: Members
    """The input, by the model's names."""
    scope: Scope
    """Where, and by which account, which is that of what is asked for."""
    principal: Principal
    """The principal of the caller."""
    now: datetime
    keys: Mapping[str, Value]
    """Condition keys of the connection and the signature."""
    drawn: str
    """34 lower-case letters and digits that nobody has seen."""


class Edit(NamedTuple):
    """The state before, and the state that replaces it."""

    before: Kept | None
    after: Kept | None
    answer: Members = MappingProxyType({})


Checks = Callable[[Asked], Iterator[Check]]
"""What a request needs, first of all on what it is about. May raise S3Fault."""


class Rule(NamedTuple):
    """One operation. `read` or `write` is given; either may raise S3Fault and Refused, once it is allowed."""

    checks: Checks
    read: Callable[[Asked], Members] | None = None
    write: Callable[[Asked], Edit] | None = None


def of_account(action: str) -> Checks:
    """An action without a resource."""

    def checks(asked: Asked) -> Iterator[Check]:
        keys = {**asked.keys, "s3:ResourceAccount": asked.scope.account}
        yield Check(action=f"s3:{action}", resource="*", account=asked.scope.account, keys=keys)

    return checks
