"""What an operator does with the gateway: ask whether its upstreams answer, and adopt the buckets of one."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from carnet.base.clock import Clock
from carnet.base.faults import Invalid, Missing, Refused, Unavailable
from carnet.base.http import HttpResponse
from carnet.base.partitions import DEFAULT_PARTITION
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import DEFAULT_REGION, Bucket, BucketState, DefaultKey, ObjectOwnership, bucket_arn
from carnet.entities.public_access_block import EVERYTHING_BLOCKED
from carnet.gateway.buckets.access_points import would_be_taken_for
from carnet.gateway.buckets.acl import private
from carnet.gateway.buckets.default_key import names_key, read_key
from carnet.gateway.buckets.new_bucket import check_name, region_of
from carnet.gateway.checks.check import Scope
from carnet.gateway.policies.reread import reread
from carnet.gateway.s3.arriving import s3_service
from carnet.gateway.upstreams.configured import UpstreamSettings
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.exchange import AnotherAccount, Asking, Exchange
from carnet.server.own_api.upstreams import FoundBucket
from carnet.store.unit_of_work import UnitOfWork

_S3 = "s3"
_LOCATION = re.compile(rb"<LocationConstraint(?:\s[^>]*)?>\s*([A-Za-z0-9-]{1,32})\s*</LocationConstraint>")
DEFAULT_KEY = "a key of AWS KMS encrypts its objects by default, and the permission to use it is not decided here"
_SECONDS = 2.0
_SUCCESS, _NOT_THERE = 200, 404


class OperatedGateway:
    """The gateway's side of `server.own_api.upstreams.Upstreams`."""

    def __init__(self, upstreams: Sequence[UpstreamSettings], clock: Clock) -> None:
        self._exchanges = {one.name: Exchange(one, clock) for one in upstreams}

    def told(self) -> Sequence[Mapping[str, Any]]:
        """The upstreams, and whether they take connections. It waits some seconds for those that do not."""
        return [
            {
                "name": one.settings.name,
                "url": one.settings.url,
                "mode": one.settings.mode.value,
                "services": sorted(one.settings.services),
                "reachable": _is_reachable(one.settings.url),
            }
            for one in self._exchanges.values()
        ]

    async def buckets(self, upstream: str, account: str, names: Sequence[str]) -> Mapping[str, FoundBucket]:
        """Buckets that the upstream has, by their names; all if none are named.

        Raises Invalid, Missing and Unavailable.
        """
        exchange = self._exchanges.get(upstream)
        if exchange is None or _S3 not in exchange.settings.services:
            raise Missing(f"There is no upstream {upstream} with buckets: {', '.join(self._with_buckets()) or 'none'}.")
        try:
            found = names or [one["Name"] for one in (await _ask_members(exchange, "ListBuckets", account))["Buckets"]]
            return {name: await _find_bucket(exchange, name, account) for name in dict.fromkeys(found)}
        except AnotherAccount as problem:
            raise Invalid(f"{problem}.") from problem
        except UpstreamFailed as problem:
            raise Unavailable(f"{upstream}: {problem}.") from problem

    def _with_buckets(self) -> list[str]:
        return sorted(name for name, one in self._exchanges.items() if _S3 in one.settings.services)

    def adopt(
        self,
        unit: UnitOfWork,
        snapshot: Snapshot,
        upstream: str,
        found: Mapping[str, FoundBucket],
        *,
        account: str,
        now: datetime,
    ) -> Mapping[str, Any]:
        """Adopt buckets: returns those `adopted`, those that are `already` the account's, and those `refused`, by name,
        with the reason. A refused bucket stays unreachable."""
        partition = snapshot.accounts[account].account.partition
        told: dict[str, Any] = {"adopted": [], "already": [], "refused": {}}
        for name, one in sorted(found.items()):
            known = snapshot.named(Bucket, bucket_arn(partition, name))
            if known is not None and (known.account, known.upstream) == (account, upstream):
                told["already"].append(name)
                continue
            why = _why_taken(snapshot, known, name) or one.refused
            if why is not None:
                told["refused"][name] = why
                continue
            told["adopted"].append(name)
            unit.add(
                Bucket(
                    partition=partition,
                    name=name,
                    account=account,
                    region=one.region,
                    created=now,
                    state=BucketState.OWNED,
                    upstream=upstream,
                    ownership=ObjectOwnership.ENFORCED,
                    block=EVERYTHING_BLOCKED,
                    acl=private(account),
                    default_key=one.default_key,
                )
            )
        return told

    def close(self) -> None:
        """End the connections that nobody uses."""
        for exchange in self._exchanges.values():
            exchange.close()


def _why_taken(snapshot: Snapshot, known: Bucket | None, name: str) -> str | None:
    if known is not None:
        return "another account or upstream has a bucket of that name"
    point = would_be_taken_for(snapshot, name)
    return f"a host with that name is of the access point {point.arn}" if point is not None else None


def _is_reachable(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_SECONDS).close()
    except OSError:
        return False
    return True


def _why_not(name: str) -> str | None:
    try:
        check_name(name)
    except Refused:
        return "AWS takes it for no bucket's name, or it is the beginning of paths of Carnet's own"
    return None


async def _ask_members(exchange: Exchange, name: str, account: str, **given: Any) -> dict[str, Any]:
    """The members of an answer. Raises as `_ask`, and UpstreamFailed for what is no answer of the operation."""
    answer = await _ask(exchange, name, account, **given)
    return reread(s3_service().operations[name], answer, answer.body)


async def _ask(exchange: Exchange, name: str, account: str, **given: Any) -> HttpResponse:
    """A success. Raises UpstreamFailed, AnotherAccount, and Missing for what is not there."""
    asked = s3_service().operations[name]
    host = urlsplit(exchange.settings.url).netloc
    asking = Asking(account=account, region=DEFAULT_REGION, host=host)
    answer = await exchange.look_up(asked, given, asking, listed=False)
    if answer.status == _NOT_THERE:
        raise Missing(f"{exchange.settings.name} has no bucket {given.get('Bucket', '')}.")
    if answer.status != _SUCCESS:
        raise UpstreamFailed(f"it answers {name} with status {answer.status}", sent=True)
    return answer


async def _find_bucket(exchange: Exchange, name: str, account: str) -> FoundBucket:
    """Raises what `_ask_members` raises, also Missing."""
    why = _why_not(name)
    if why is not None:
        return FoundBucket(DEFAULT_REGION, refused=why)  # asking for it might be another request
    region = _region(await _ask(exchange, "GetBucketLocation", account, Bucket=name))
    try:
        return FoundBucket(region, await _default_key(exchange, name, account, region))
    except _Unread as problem:
        return FoundBucket(region, refused=str(problem))


def _region(told: HttpResponse) -> str:
    """By the answer of GetBucketLocation, whose root is what the model takes for a member."""
    found = _LOCATION.search(told.body)
    return region_of(found[1].decode("ascii")) if found is not None else DEFAULT_REGION


class _Unread(Exception):
    """Why the default encryption key of a bucket is not known, or not decided on here."""


async def _default_key(exchange: Exchange, name: str, account: str, region: str) -> DefaultKey | None:
    """INVARIANT: nothing is encrypted with a key on which nothing was decided. Raises AnotherAccount, _Unread."""
    if not exchange.settings.does(_S3, "GetBucketEncryption"):
        return None  # it knows of none
    try:
        told = await _ask_members(exchange, "GetBucketEncryption", account, Bucket=name)
    except Missing:
        return None
    except UpstreamFailed as problem:
        raise _Unread(f"what encrypts its objects by default is not known: {problem}") from problem
    if not told.get("ServerSideEncryptionConfiguration"):
        raise _Unread("what encrypts its objects by default is not known: it tells no rule")
    if names_key(told) and not exchange.settings.profile.tells_keys:
        raise _Unread(DEFAULT_KEY)
    try:
        return read_key(told, Scope(partition=DEFAULT_PARTITION, region=region, account=account))
    except Refused as refused:
        raise _Unread(f"{DEFAULT_KEY}: {refused}") from refused
