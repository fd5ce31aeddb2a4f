"""The services behind the gateway: which there are, whether they answer, and buckets that are taken over from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from carnet.base.faults import Invalid, Missing
from carnet.entities.bucket import Bucket, BucketState
from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, OwnWriteCall, Told, Turn
from carnet.server.own_api.upstreams import FoundBucket
from carnet.services.preparing import Pool, Preparation

_POOL = Pool(name="adoptions", size=1, waiting=4, seconds=20)
_MOST_NAMED = 1_000


class Adopting(Input, frozen=True, kw_only=True):
    """Which buckets become the account's."""

    upstream: str
    buckets: Annotated[tuple[str, ...], Meta(max_length=_MOST_NAMED)] = ()
    """None: all that the upstream has."""


def get_gateway(call: OwnCall) -> Told:
    """Each upstream, with how many buckets it has, and which claims on names are not settled."""
    if call.parts.upstreams is None:
        return {"upstreams": []}
    every = [bucket for view in call.snapshot.accounts.values() for bucket in view.of(Bucket)]
    return {"upstreams": [one | _of_buckets(one["name"], every) for one in map(dict, call.parts.upstreams.told())]}


def _of_buckets(upstream: str, every: Sequence[Bucket]) -> dict[str, Any]:
    here = [bucket for bucket in every if bucket.upstream == upstream]
    pending = sorted(bucket.name for bucket in here if bucket.state is BucketState.PENDING)
    return {"buckets": len(here) - len(pending), "pendingBuckets": pending}


async def _find_buckets(call: OwnCall, given: Adopting) -> Mapping[str, FoundBucket]:
    """What the upstream has of it: asked before the transaction."""
    upstreams, account = call.parts.upstreams, call.account or ""
    if upstreams is None:
        raise Invalid("There is no gateway: carnet serve --upstream or --upstreams makes one.")
    if call.snapshot.account(account) is None:
        raise Missing(f"There is no account {account}.")
    return await upstreams.buckets(given.upstream, account, given.buckets)


def adopt_buckets(call: OwnWriteCall) -> Told:
    """Make buckets that an upstream has the account's. Those that are the account's already stay as they are."""
    assert call.parts.upstreams is not None, "`_find_buckets` refuses that"
    account = call.named_account
    if call.snapshot.account(account) is None:
        raise Missing(f"There is no account {account}.")
    return call.parts.upstreams.adopt(
        call.store, call.snapshot, call.given.upstream, call.prepared, account=account, now=call.now
    )


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
        prepare=Preparation(pool=_POOL, work=_find_buckets),
        audited=dict,
    ),
)
