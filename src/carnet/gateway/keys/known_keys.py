"""Remembers for a while which key of AWS KMS encrypts a queue, a topic, a table or a stream.

Otherwise the upstream would be asked for every message and every item.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html: other attributes are
heeded within 60 seconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from carnet.base.clock import Clock

HEEDED = timedelta(seconds=60)
_MOST = 10_000
CHANGES_KEY = frozenset(
    (
        *(("dynamodb", name) for name in ("CreateTable", "DeleteTable", "UpdateTable")),
        *(("dynamodb", name) for name in ("RestoreTableFromBackup", "RestoreTableToPointInTime")),
        *(("kinesis", name) for name in ("CreateStream", "DeleteStream")),
        *(("kinesis", name) for name in ("StartStreamEncryption", "StopStreamEncryption")),
        *(("sns", name) for name in ("CreateTopic", "DeleteTopic", "SetTopicAttributes")),
        *(("sqs", name) for name in ("CreateQueue", "DeleteQueue", "SetQueueAttributes")),
    )
)
"""Operations after which a resource may have another key."""


class KnownKeys:
    """By the ARNs of resources. What is asked for through this server to be changed is forgotten at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, tuple[datetime, str | None]] = {}

    async def of(self, arn: str, ask: Callable[[], Awaitable[str | None]]) -> str | None:
        """The key, as the resource names it; None if it has none. Raises what `ask` raises."""
        known, now = self._known.get(arn), self._clock()
        if known is not None and now < known[0] + HEEDED:
            return known[1]
        key = await ask()
        self.forget(arn)
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[arn] = now, key
        return key

    def forget(self, arn: str) -> None:
        """What the resource says may be another key now."""
        self._known.pop(arn, None)
