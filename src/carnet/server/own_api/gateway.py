"""The services behind the gateway: which there are, whether they answer, and buckets that are taken over from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple, Protocol

from msgspec import Meta

from carnet.base.faults import Invalid, Missing
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import Bucket, BucketState, DefaultKey
from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, OwnWriteCall, Told, Turn
from carnet.services.preparing import Pool, Preparation
from carnet.store.unit_of_work import UnitOfWork

_POOL = Pool(name="adoptions", size=1, waiting=4, seconds=20)
_MOST_NAMED = 1_000


class FoundBucket(NamedTuple):
    """A bucket that an upstream has."""

    region: str
    default_key: DefaultKey | None = None
    refused: str | None = None
    """Why it is nobody's to take, if the upstream tells of it what is not decided here."""


class Behind(Protocol):
    """What stands behind the gateway of this process."""

    def told(self) -> Sequence[Mapping[str, Any]]:
        """The upstreams, each with `name`, `url`, `mode`, `services`, and whether it is `reachable`. It blocks."""

    async def buckets(self, upstream: str, account: str, names: Sequence[str]) -> Mapping[str, FoundBucket]:
        """Buckets that the upstream has, by their names; all if none are named.

        Raises Missing, Invalid and Unavailable.
        """

    def adopt(
        self, unit: UnitOfWork, snapshot: Snapshot, call: OwnWriteCall, upstream: str, found: Mapping[str, FoundBucket]
    ) -> Mapping[str, Any]:
        """Make the buckets those of `call.account`, as far as they are nobody's."""


class Adopting(Input, frozen=True, kw_only=True):
    """Which buckets become the account's."""

    upstream: str
    buckets: Annotated[tuple[str, ...], Meta(max_length=_MOST_NAMED)] = ()
    """None: all that the upstream has."""


def get_gateway(call: OwnCall) -> Told:
    """Each upstream, with how many buckets it has, and which claims on names are not settled."""
    if call.parts.behind is None:
        return {"upstreams": []}
    every = [bucket for view in call.snapshot.accounts.values() for bucket in view.of(Bucket)]
    return {"upstreams": [one | _of_buckets(one["name"], every) for one in map(dict, call.parts.behind.told())]}


def _of_buckets(upstream: str, every: Sequence[Bucket]) -> dict[str, Any]:
    here = [bucket for bucket in every if bucket.upstream == upstream]
    pending = sorted(bucket.name for bucket in here if bucket.state is BucketState.PENDING)
    return {"buckets": len(here) - len(pending), "pendingBuckets": pending}


async def _found(call: OwnCall, given: Adopting) -> Mapping[str, FoundBucket]:
    """What the upstream has of it: asked before the transaction."""
    behind, account = call.parts.behind, call.account or ""
    if behind is None:
        raise Invalid("There is no gateway: carnet serve --upstream or --upstreams makes one.")
    if call.snapshot.account(account) is None:
        raise Missing(f"There is no account {account}.")
    return await behind.buckets(given.upstream, account, given.buckets)


def adopt_buckets(call: OwnWriteCall) -> Told:
    """Make buckets that an upstream has the account's. Those that are the account's already stay as they are."""
    assert call.parts.behind is not None, "`_found` refuses that"
    if call.snapshot.account(call.account or "") is None:
        raise Missing(f"There is no account {call.account}.")
    return call.parts.behind.adopt(call.store, call.snapshot, call, call.given.upstream, call.prepared)


ENDPOINTS = (
    Endpoint(
        name="GetGateway",
        method="GET",
        path="gateway",
        scope=OperatorScope.STATUS_READ,
        resource=None,
        body=get_gateway,
        turn=Turn.IN_THREAD,
    ),
    Endpoint(
        name="AdoptBuckets",
        method="POST",
        path="accounts/{account}/adopted-buckets",
        scope=OperatorScope.GATEWAY_WRITE,
        resource=None,
        body=adopt_buckets,
        turn=Turn.IN_TRANSACTION,
        given=Adopting,
        prepare=Preparation(pool=_POOL, work=_found),
        audited=dict,
    ),
)
