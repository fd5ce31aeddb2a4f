"""Buckets that were claimed when a process died: their upstream is asked whether it has made them.

All of them are settled at the first request; one that was too new then, when a request names it.
"""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

from carnet.base.clock import Clock
from carnet.base.faults import Fault
from carnet.entities.bucket import Bucket, BucketState
from carnet.gateway.buckets.owners import Buckets
from carnet.gateway.s3.arriving import s3_service
from carnet.gateway.s3.presence import is_there
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.exchange import AnotherAccount, Asking, Exchange, NotListed

_LOG = logging.getLogger("carnet.gateway")


class Settling:
    """Of the buckets that one upstream has or has not made."""

    def __init__(self, buckets: Buckets, exchange: Exchange, clock: Clock) -> None:
        self._buckets = buckets
        self._exchange = exchange
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def all(self) -> None:
        """Settle what is pending, as far as its upstream tells."""
        for bucket in tuple(self._buckets.pending()):
            try:
                await self.met(bucket)
            except (UpstreamFailed, AnotherAccount, NotListed, Fault) as problem:
                _LOG.warning("nobody knows yet whether the bucket %s was made: %s", bucket.name, problem)

    async def met(self, bucket: Bucket | None) -> None:
        """Settle a bucket that a request names, if it is pending.

        Raises UpstreamFailed if the upstream does not answer that, AnotherAccount, NotListed, Unavailable.
        """
        if bucket is None or bucket.state is not BucketState.PENDING:
            return
        if bucket.upstream != self._exchange.settings.name:
            return
        async with self._one_at_a_time:
            await self._buckets.settle(bucket, self._is_there, self._clock())

    async def _is_there(self, bucket: Bucket) -> bool:
        response = await self._exchange.send(
            s3_service().operations["HeadBucket"],
            {"Bucket": bucket.name},
            Asking(
                account=bucket.account,
                region=bucket.region,
                host=urlsplit(self._exchange.settings.url).netloc,
            ),
        )
        return await is_there(response, self._exchange.settings)
