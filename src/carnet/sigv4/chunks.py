"""Bodies in chunks (`aws-chunked`): decoded as they arrive, each chunk's signature checked at its end.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

from __future__ import annotations

import hmac
import re
from enum import Enum
from hashlib import sha256
from typing import Final

from msgspec import Struct

from carnet.base.keyed_hash import KeyedHash
from carnet.sigv4.payload import SIGNED_CHUNKS, UNSIGNED_CHUNKS_AND_TRAILER, PayloadRefused, wrong_chunk

LEAST_CHUNK: Final = 8192
"""Bytes of every chunk but the last one with data, as AWS wants it: a body of tiny chunks costs more than it brings."""
_LONGEST_LINE = 1024
_MOST_TRAILERS = 16
_EMPTY = sha256(b"").hexdigest()
_SIGNED_LINE = re.compile(rb"([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})")
_UNSIGNED_LINE = re.compile(rb"([0-9a-fA-F]{1,16})")
_TRAILER = re.compile(rb"([A-Za-z0-9-]{1,128}):[\t ]*([!-~](?:[\t -~]{0,510}[!-~])?)[\t ]*")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"


class ChunkSigning(Struct, frozen=True, kw_only=True):
    """What the signatures of chunks are made with: each of them covers the one before."""

    key: KeyedHash
    """The signing key of the request's scope."""
    signed: str
    """When the request was signed, as X-Amz-Date says it."""
    scope: str
    seed: str
    """The signature of the request's head, in hexadecimal."""

    def chunk(self, previous: str, digest: str) -> str:
        """The signature of a chunk whose data has the SHA-256 `digest`."""
        return self._signature("AWS4-HMAC-SHA256-PAYLOAD", previous, f"{_EMPTY}\n{digest}")

    def trailer(self, previous: str, lines: bytes) -> str:
        """The signature of the trailing headers, of which `lines` has one `name:value` on each line."""
        return self._signature("AWS4-HMAC-SHA256-TRAILER", previous, sha256(lines).hexdigest())

    def _signature(self, algorithm: str, previous: str, rest: str) -> str:
        text = f"{algorithm}\n{self.signed}\n{self.scope}\n{previous}\n{rest}"
        return self.key.hexdigest(text.encode("ascii"))


class _At(Enum):
    SIZE = 0
    DATA = 1
    DATA_END = 2
    TRAILER = 3
    END = 4


class ChunkReader:
    """Takes a body in chunks out of its frame.

    INVARIANT: bytes are handed out before the signature of their chunk has come, for a chunk may be large. Nothing of
    the body may count before `close` has returned.
    """

    def __init__(self, payload: str, signing: ChunkSigning | None, *, trailers: frozenset[str]) -> None:
        """`payload` is what the head says of the body, one of `CHUNKED_PAYLOADS`; `trailers` are the names, in lower
        case, that its x-amz-trailer announces.

        Raises PayloadRefused (SignatureDoesNotMatch) for chunks that are to be signed, if nobody has signed the head.
        """
        if signing is None and payload != UNSIGNED_CHUNKS_AND_TRAILER:
            raise wrong_chunk()
        self.trailers: dict[str, str] = {}
        """What stood behind the body, by name in lower case."""
        self._signing = None if payload == UNSIGNED_CHUNKS_AND_TRAILER else signing
        self._with_trailer = payload != SIGNED_CHUNKS
        self._announced = trailers
        self._previous = "" if signing is None else signing.seed
        self._at = _At.SIZE
        self._held = bytearray()
        """Less than a line, or what has come behind it."""
        self._left = 0
        """Bytes of the chunk that are still to come."""
        self._last = False
        """Whether a chunk has been too short for another to follow."""
        self._claimed = ""
        self._digest = sha256()
        self._trailer_lines = b""

    def feed(self, data: bytes) -> bytes:
        """The body's bytes that are in `data`. Raises PayloadRefused."""
        self._held += data
        decoded = bytearray()
        while self._held and self._step(decoded):
            pass
        return bytes(decoded)

    def close(self) -> None:
        """Raises PayloadRefused unless the body is there whole."""
        if self._at is not _At.END:
            raise PayloadRefused("IncompleteBody", "The request body terminated unexpectedly")

    def _step(self, decoded: bytearray) -> bool:
        """Read one element of what is held; False if it is not there whole."""
        match self._at:
            case _At.DATA:
                self._take_data(decoded)
                return True
            case _At.END:
                raise _malformed_chunks()
            case at:
                line = self._line()
                if line is None:
                    return False
                if at is _At.SIZE:
                    self._begin_chunk(line)
                elif at is _At.DATA_END:
                    self._end_data(line)
                else:
                    self._take_trailer(line)
                return True

    def _line(self) -> bytes | None:
        """The next line, without its end; None if that has not come."""
        end = self._held.find(b"\r\n", 0, _LONGEST_LINE)
        if end < 0:
            if len(self._held) >= _LONGEST_LINE:
                raise _malformed_chunks()
            return None
        line = bytes(self._held[:end])
        del self._held[: end + 2]
        return line

    def _begin_chunk(self, line: bytes) -> None:
        form = _UNSIGNED_LINE if self._signing is None else _SIGNED_LINE
        given = form.fullmatch(line)
        if given is None:
            raise _malformed_chunks()
        self._left = int(given[1], 16)
        if self._signing is not None:
            self._claimed = given[2].decode("ascii")
            self._digest = sha256()
        if self._left:
            if self._last:
                raise PayloadRefused(
                    "InvalidChunkSizeError",
                    f"Only the last chunk is allowed to have a size less than {LEAST_CHUNK} bytes",
                )
            self._last = self._left < LEAST_CHUNK
            self._at = _At.DATA
            return
        self._check_chunk()
        self._at = _At.TRAILER

    def _take_data(self, decoded: bytearray) -> None:
        if len(self._held) <= self._left:
            part, self._held = self._held, bytearray()
        else:
            part = self._held[: self._left]
            del self._held[: self._left]
        self._left -= len(part)
        decoded += part
        if self._signing is not None:
            self._digest.update(part)
        if not self._left:
            self._at = _At.DATA_END

    def _end_data(self, line: bytes) -> None:
        if line:
            raise _malformed_chunks()
        self._check_chunk()
        self._at = _At.SIZE

    def _check_chunk(self) -> None:
        if self._signing is not None:
            self._follow(self._signing.chunk(self._previous, self._digest.hexdigest()), self._claimed)

    def _follow(self, expected: str, claimed: str) -> None:
        if not hmac.compare_digest(expected, claimed):
            raise wrong_chunk()
        self._previous = expected

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            self._end_trailer()
            return
        given = _TRAILER.fullmatch(line) if self._with_trailer else None
        if given is None or len(self.trailers) >= _MOST_TRAILERS:
            raise malformed_trailer()
        name, value = given[1].decode("ascii").lower(), given[2].decode("ascii")
        signed = self._signing is not None
        # The signature comes last: what stands behind it would not be covered.
        known = name in self._announced or (signed and name == _TRAILER_SIGNATURE)
        if not known or name in self.trailers or _TRAILER_SIGNATURE in self.trailers:
            raise malformed_trailer()
        self.trailers[name] = value
        if name != _TRAILER_SIGNATURE:
            self._trailer_lines += f"{name}:{value}\n".encode("ascii")

    def _end_trailer(self) -> None:
        if self._signing is not None and self._with_trailer:
            claimed = self.trailers.pop(_TRAILER_SIGNATURE, "")
            self._follow(self._signing.trailer(self._previous, self._trailer_lines), claimed)
        if self._with_trailer and self.trailers.keys() != self._announced:
            raise malformed_trailer()
        self._at = _At.END


def announced_trailers(header: str | None) -> frozenset[str]:
    """The names in x-amz-trailer, in lower case."""
    return frozenset(name.strip().lower() for name in (header or "").split(",") if name.strip())


def malformed_trailer() -> PayloadRefused:
    """What stands behind the body is not what was announced."""
    return PayloadRefused(
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )


def _malformed_chunks() -> PayloadRefused:
    return PayloadRefused("IncompleteBody", "The request body is not in the chunks that were announced.")
