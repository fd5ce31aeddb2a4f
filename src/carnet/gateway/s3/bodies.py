"""Bodies of requests to Amazon S3: objects' content is streamed, everything else is read whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any, NamedTuple, Self

from carnet.base.http import ByteStream
from carnet.gateway.payload import CheckedBody, ExpectedBody, another_length
from carnet.gateway.s3.faults import S3Fault, slow_down
from carnet.gateway.s3_sentences import UPLOAD_TOO_LARGE, XML_MALFORMED
from carnet.server.limits import BodyBudget

MOST_WHOLE = 2 * 1024 * 1024
"""Bytes of a body that is read whole: a list of 1,000 keys to delete, each character of them percent-encoded or in
XML's own form, is shorter."""
MOST_CONTENT = 5 * 1024 * 1024 * 1024
_MOST_SPOOLED = 2 * MOST_CONTENT
_IN_MEMORY, _PIECE = 256 * 1024, 256 * 1024


class Upload:
    """The content of an object on its way: so many bytes, of which the last come once all of them proved right."""

    def __init__(self, body: ByteStream, expected: ExpectedBody) -> None:
        """Raises S3Fault for content that is longer than Amazon S3 takes at once."""
        if expected.length > MOST_CONTENT:
            raise S3Fault("EntityTooLarge", UPLOAD_TOO_LARGE)
        self.length = expected.length
        self.content = CheckedBody(body, expected)


async def whole_body(body: ByteStream, expected: ExpectedBody, budget: BodyBudget, *, proven: bool) -> bytes:
    """A body that is no object's content, once it proved right. Raises S3Fault, PayloadRefused, RequestRefused."""
    if expected.is_nothing:
        await _refuse_more(body)
        return b""
    if expected.length > MOST_WHOLE:
        raise S3Fault("MalformedXML", XML_MALFORMED)
    if not budget.take(expected.length, proven=proven):
        raise slow_down()
    try:
        return b"".join([piece async for piece in CheckedBody(body, expected)])
    finally:
        budget.give_back(expected.length)


async def _refuse_more(body: ByteStream) -> None:
    """Raises PayloadRefused if there is a body after all."""
    async for _ in body:
        raise another_length()


class Incoming(NamedTuple):
    """A body of which no more is known than that it is no longer than that."""

    length: int
    content: ByteStream


class Spool:
    """How much content may lie in files of this process, for upstreams that must not see a body before it is whole."""

    def __init__(self, most: int = _MOST_SPOOLED) -> None:
        self._most = most
        self._held = 0

    async def take(self, upload: Upload | Incoming) -> Spooled:
        """All of the content, once it is verified.

        Raises S3Fault if there is no room, and what the content raises.
        """
        if self._held + upload.length > self._most:
            raise slow_down()
        self._held += upload.length
        spooled = Spooled(self, upload.length)
        try:
            async for piece in upload.content:
                await spooled.put(piece)
        except BaseException:
            await spooled.aclose()
            raise
        return spooled

    def give_back(self, count: int) -> None:
        self._held -= count


class Spooled:
    """A `ByteStream` of content in a file; short content stays in memory."""

    def __init__(self, spool: Spool, length: int) -> None:
        self._spool = spool
        self._length = length
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._begun = False
        self.count = 0
        """Bytes of it."""

    async def put(self, piece: bytes) -> None:
        """Add content."""
        self.count += len(piece)
        await self._on_disk(self._file.write, piece)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._begun:
            self._begun = True
            self._file.seek(0)
        piece: bytes = await self._on_disk(self._file.read, _PIECE)
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Delete it."""
        if not self._file.closed:
            self._file.close()
            self._spool.give_back(self._length)

    async def _on_disk(self, work: Callable[[Any], Any], given: bytes | int) -> Any:
        return work(given) if self._length <= _IN_MEMORY else await asyncio.to_thread(work, given)
