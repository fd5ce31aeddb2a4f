"""The body of a request to Amazon S3 while it passes through: it is checked against what the head says about it.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

import hmac
import re
from collections import deque
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Self

from msgspec import Struct

from carnet.base.http import ByteStream, RequestHead
from carnet.gateway.checksums import ALGORITHMS, HEADER, Checksum, read_checksum
from carnet.gateway.s3_sentences import LENGTH_MISSING
from carnet.sigv4.chunks import ChunkReader, ChunkSigning, announced_trailers, malformed_trailer
from carnet.sigv4.payload import CHUNKED_PAYLOADS, SIGNED_CHUNKS, UNSIGNED_PAYLOAD, PayloadRefused

HOLD_BACK: Final = 64 * 1024
"""How many bytes are held back until the whole body is verified. Without them no upstream has a complete body."""
_OF_NOTHING = frozenset((sha256().hexdigest(), UNSIGNED_PAYLOAD))
"""The payload hashes that a signature may have for an empty body."""
_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)
_NOT_ALGORITHMS = ("algorithm", "mode", "type")
"""Headers that begin like a checksum's, but are none."""


class ExpectedBody(Struct, frozen=True, kw_only=True):
    """What the head of a request says about its body."""

    payload: str
    """The payload hash of the signature, as in `sigv4.verify.SignedHead.payload`."""
    chunks: ChunkSigning | None
    """None if the body is not in chunks, and for an anonymous caller, whose chunks are not signed."""
    length: int
    """The decoded length in bytes, without the chunks' framing."""
    trailers: frozenset[str] = frozenset()
    checksums: Mapping[str, bytes] = {}
    """By the name of the algorithm."""
    md5: bytes | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether the head says only that there is no body."""
        told = self.trailers or self.checksums or self.md5 is not None
        return not self.length and not told and self.payload in _OF_NOTHING


def expected_body(
    head: RequestHead, payload: str, chunks: ChunkSigning | None, *, checksums: bool = True
) -> ExpectedBody:
    """Read it from the head. Raises PayloadRefused if the head does not say enough, or contradicts itself.

    `checksums` is False for an operation whose checksum headers are not about its own body (CompleteMultipartUpload).
    """
    chunked = payload in CHUNKED_PAYLOADS
    trailers = announced_trailers(head.header("x-amz-trailer"))
    if trailers and (not chunked or payload == SIGNED_CHUNKS):
        raise malformed_trailer()
    given = _checksums(head, trailers) if checksums else {}
    return ExpectedBody(
        payload=payload,
        chunks=chunks,
        length=_length(head, chunked=chunked),
        trailers=trailers,
        checksums=given,
        md5=_md5(head),
    )


def _length(head: RequestHead, *, chunked: bool) -> int:
    name = "x-amz-decoded-content-length" if chunked else "content-length"
    text = head.header(name)
    if text is None and not chunked and head.header("transfer-encoding") is None:
        return 0
    if text is None or not _LENGTH.fullmatch(text):
        raise PayloadRefused("MissingContentLength", LENGTH_MISSING)
    return int(text)


def _checksums(head: RequestHead, trailers: frozenset[str]) -> dict[str, bytes]:
    given: dict[str, bytes] = {}
    for name, text in head.headers:
        algorithm = _algorithm_of(name) if name.startswith(HEADER) else None
        if algorithm is None:
            continue
        value = read_checksum(text, ALGORITHMS[algorithm][1])
        if value is None:
            raise PayloadRefused("InvalidRequest", f"Value for {name} header is invalid.")
        if given or trailers:
            raise _several()
        given[algorithm] = value
    if sum(_algorithm_of(name) is not None for name in trailers) > 1:
        raise _several()
    return given


def _several() -> PayloadRefused:
    return PayloadRefused(
        "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
    )


def _algorithm_of(header: str) -> str | None:
    """The algorithm whose checksum a header tells; None for another header.

    Raises PayloadRefused (InvalidRequest) for one that is not known.
    """
    if not header.startswith(HEADER) or header.removeprefix(HEADER) in _NOT_ALGORITHMS:
        return None
    algorithm = header.removeprefix(HEADER)
    if algorithm not in ALGORITHMS:
        raise PayloadRefused("InvalidRequest", "The algorithm type you specified in x-amz-checksum- header is invalid.")
    return algorithm


def _md5(head: RequestHead) -> bytes | None:
    text = head.header("content-md5")
    if text is None:
        return None
    value = read_checksum(text, ALGORITHMS["md5"][1])
    if value is None:
        raise PayloadRefused("InvalidDigest", "The Content-MD5 you specified was invalid.")
    return value


class CheckedBody:
    """A `ByteStream` of the decoded bytes of a body.

    INVARIANT: the last `HOLD_BACK` bytes, or a whole shorter body, are handed out only after length, hash, signatures
    and checksums have been verified. Otherwise PayloadRefused is raised in their place, so that the body that is sent
    on is shorter than was declared.
    """

    def __init__(self, body: ByteStream, expected: ExpectedBody) -> None:
        self._body = body
        self._expected = expected
        self._reader = _chunk_reader(expected)
        self._sums = _sums(expected)
        self._hash = None if expected.payload in (UNSIGNED_PAYLOAD, *CHUNKED_PAYLOADS) else sha256()
        self._count = 0
        self._waiting: deque[bytes] = deque()
        self._held = 0
        self._proved = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes, at least one. Raises PayloadRefused, and what the body itself raises."""
        while not self._proved and not self._has_more_than_held_back():
            try:
                piece = await anext(self._body)
            except StopAsyncIteration:
                self._prove()
                break
            self._take(piece if self._reader is None else self._reader.feed(piece))
        if not self._waiting:
            raise StopAsyncIteration
        piece = self._waiting.popleft()
        self._held -= len(piece)
        return piece

    async def aclose(self) -> None:
        """Take no more of the body."""
        await self._body.aclose()

    def _has_more_than_held_back(self) -> bool:
        return bool(self._waiting) and self._held - len(self._waiting[0]) >= HOLD_BACK

    def _take(self, data: bytes) -> None:
        if not data:
            return
        self._count += len(data)
        if self._count > self._expected.length:
            raise another_length()
        if self._hash is not None:
            self._hash.update(data)
        for checksum in self._sums.values():
            checksum.update(data)
        self._waiting.append(data)
        self._held += len(data)

    def _prove(self) -> None:
        expected = self._expected
        if self._reader is not None:
            self._reader.close()
        if self._count != expected.length:
            raise another_length()
        if self._hash is not None and not hmac.compare_digest(self._hash.hexdigest(), expected.payload):
            raise PayloadRefused(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )
        for name, told in self._given_checksums().items():
            if self._sums[name].digest() != told:
                shown = "Content-MD5" if name == "content-md5" else name.upper()
                raise PayloadRefused("BadDigest", f"The {shown} you specified did not match what we received.")
        self._proved = True

    def _given_checksums(self) -> dict[str, bytes]:
        """The checksums in the headers and in the trailers."""
        told = dict(self._expected.checksums)
        if self._expected.md5 is not None:
            told["content-md5"] = self._expected.md5
        for header, text in ({} if self._reader is None else self._reader.trailers).items():
            algorithm = _algorithm_of(header)
            if algorithm is not None:
                value = read_checksum(text, ALGORITHMS[algorithm][1])
                if value is None:
                    raise PayloadRefused("InvalidRequest", f"Value for {header} trailing header is invalid.")
                told[algorithm] = value
        return told


def _chunk_reader(expected: ExpectedBody) -> ChunkReader | None:
    if expected.payload not in CHUNKED_PAYLOADS:
        return None
    return ChunkReader(expected.payload, expected.chunks, trailers=expected.trailers)


def _sums(expected: ExpectedBody) -> dict[str, Checksum]:
    """The checksums to compute, by the name of their header."""
    algorithms = {*expected.checksums, *filter(None, map(_algorithm_of, expected.trailers))}
    begun = {algorithm: ALGORITHMS[algorithm][0]() for algorithm in algorithms}
    if expected.md5 is not None:
        begun["content-md5"] = ALGORITHMS["md5"][0]()
    return begun


def another_length() -> PayloadRefused:
    """The refusal of a body that is longer or shorter than its head says."""
    return PayloadRefused(
        "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"
    )
