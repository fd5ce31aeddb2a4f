"""What an operator is told of the upstreams of the gateway, and may do with their buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import DefaultKey
from carnet.store.unit_of_work import UnitOfWork


class FoundBucket(NamedTuple):
    """A bucket that an upstream has."""

    region: str
    default_key: DefaultKey | None = None
    refused: str | None = None
    """Why it is nobody's to take, if the upstream tells of it what is not decided here."""


class Upstreams(Protocol):
    """The upstreams of the gateway of this process."""

    def told(self) -> Sequence[Mapping[str, Any]]:
        """The upstreams, each with `name`, `url`, `mode`, `services`, and whether it is `reachable`. It blocks."""

    async def buckets(self, upstream: str, account: str, names: Sequence[str]) -> Mapping[str, FoundBucket]:
        """Buckets that the upstream has, by their names; all if none are named.

        Raises Missing, Invalid and Unavailable.
        """

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
        """Make the buckets those of the account, as far as they are nobody's."""
