"""Documents of issuers over HTTPS: little, soon, and of no address that is not meant for it.

INVARIANT: the address that is checked is the address that is connected to; a name is resolved once for a connection.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

from carnet.oidc import refusals
from carnet.oidc.addresses import Network, may_be_reached

SECONDS = 5.0
"""How long all of a document's requests may take together."""
MOST_BYTES = 512 * 1024
"""How much an answer may have, its head among it."""
MOST_REDIRECTS = 2
_MOST_LINES = 10_000
"""As which the pieces of a chunked body count: each takes time to read, however short it is."""
_CHUNK = 16 * 1024
_HEAD_END = b"\r\n\r\n"
_MOST_DIGITS = 16
_TOO_MUCH = "it answers with too much"

Resolve = Callable[[str, int], Awaitable[list[tuple[str, int]]]]
"""(host, port) to the addresses and ports to connect to."""


async def resolve(host: str, port: int) -> list[tuple[str, int]]:
    """As the system resolves names."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return [(str(address[0]), port) for *_, address in found]


class Unreachable(Exception):
    """The document is not to be had; the message says why, and nothing of what was answered."""


class Untrusted(Unreachable):
    """The server's certificate is neither trusted nor has a thumbprint that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Gets documents over HTTPS."""

    networks: tuple[Network, ...] = ()
    """Those that may be connected to beside public addresses."""
    ca_file: Path | None = None
    """Certificates of authorities that are trusted beside the system's."""
    resolve: Resolve = field(default=resolve)
    seconds: float = SECONDS

    async def get(self, url: str, thumbprints: tuple[str, ...]) -> bytes:
        """The document at a URL. Raises Unreachable.

        A certificate is that of a trusted authority, or is, or is certified by, one of those thumbprints.
        """
        try:
            async with asyncio.timeout(self.seconds):
                return await self._follow_redirects(url, thumbprints)
        except TimeoutError:
            raise Unreachable("it takes too long to answer") from None
        except (OSError, ssl.SSLError, HTTPException, ValueError) as problem:
            raise Unreachable(f"{type(problem).__name__}") from problem

    async def _follow_redirects(self, url: str, thumbprints: tuple[str, ...]) -> bytes:
        host = urlsplit(url).hostname
        for _ in range(1 + MOST_REDIRECTS):
            status, location, body = await self._answer(url, thumbprints)
            if status == 200:
                return body
            if status not in (301, 302, 303, 307, 308) or location is None:
                raise Unreachable(f"it answers with status {status}")
            url = urljoin(url, location)
            if urlsplit(url).hostname != host:
                raise Unreachable("it sends elsewhere")
        raise Unreachable("it sends on and on")

    async def _answer(self, url: str, thumbprints: tuple[str, ...]) -> tuple[int, str | None, bytes]:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username is not None or not url.isascii():
            raise Unreachable("it is no HTTPS URL")
        if any(sign <= " " or sign == "\x7f" for sign in url):
            raise Unreachable("it is no HTTPS URL")
        host, port = parts.hostname, parts.port or 443
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        reader, writer = await self._connect(host, port, thumbprints)
        try:
            named = host if parts.port is None else f"{host}:{port}"
            head = f"GET {path} HTTP/1.1\r\nhost: {named}\r\nuser-agent: carnet\r\naccept: application/json\r\n"
            writer.write(f"{head}accept-encoding: identity\r\nconnection: close\r\n\r\n".encode("ascii"))
            return await asyncio.to_thread(_parse_response, await _read_all(reader))
        finally:
            await _end(writer)

    async def _connect(
        self, host: str, port: int, thumbprints: tuple[str, ...]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address, port = await self._address(host, port)
        try:
            return await _tls(address, port, host, _tls_context(self.ca_file))
        except ssl.SSLCertVerificationError as problem:
            if not thumbprints:
                raise Untrusted("its certificate is not trusted") from problem
            pinned = await self._pinned_context(address, port, host, thumbprints)
        try:
            return await _tls(address, port, host, pinned)
        except ssl.SSLCertVerificationError as problem:
            raise Untrusted("its certificate is not trusted") from problem

    async def _address(self, host: str, port: int) -> tuple[str, int]:
        """The address to connect to: the first one, if all may be reached."""
        found = await self.resolve(host, port)
        if not found or not all(may_be_reached(address, self.networks) for address, _ in found):
            raise Unreachable("its address is none that may be connected to")
        return found[0]

    async def _pinned_context(self, address: str, port: int, host: str, thumbprints: tuple[str, ...]) -> ssl.SSLContext:
        """What trusts the one certificate of the server's chain that has a thumbprint, and nothing else.

        The chain of an unverified connection is only looked at: that the server has the key of a certificate which
        the chosen one certifies is verified on another connection.
        """
        unverified = ssl.create_default_context()
        unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
        _, writer = await _tls(address, port, host, unverified)
        try:
            chain = _chain(writer.get_extra_info("ssl_object"))
        finally:
            await _end(writer)
        chosen = next((one for one in chain if hashlib.sha1(one).hexdigest() in thumbprints), None)  # noqa: S324
        if chosen is None:
            raise Untrusted("its certificate is not trusted")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(chosen))
        return context


@lru_cache(4)
def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Reading all authorities takes a while, in which nothing else is done."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


async def _tls(
    address: str, port: int, host: str, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(address, port, ssl=context, server_hostname=host)


def _chain(connection: Any) -> list[bytes]:
    """The certificates that the server sent, of which only its own is to be had before Python 3.13."""
    if hasattr(connection, "get_unverified_chain"):
        return list(connection.get_unverified_chain())
    inner = getattr(connection, "_sslobj", None)
    if inner is not None and hasattr(inner, "get_unverified_chain"):
        return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in inner.get_unverified_chain()]
    own = connection.getpeercert(binary_form=True)
    return [own] if own else []


async def _end(writer: asyncio.StreamWriter) -> None:
    """End a connection at once: nothing more is wanted of who is at its other end."""
    writer.transport.abort()
    with suppress(OSError, ssl.SSLError):
        await writer.wait_closed()


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    """All that is sent until the connection ends or the answer is whole."""
    received = _Received()
    while chunk := await reader.read(_CHUNK):
        received.take(chunk)
        if len(received.raw) > MOST_BYTES:
            raise Unreachable(_TOO_MUCH)
        if received.is_whole():
            break
    return bytes(received.raw)


class _Received:
    """What was received so far.

    INVARIANT: what comes in many small pieces is not looked through for each of them.
    """

    def __init__(self) -> None:
        self.raw = bytearray()
        self._looked_at = 0
        self._is_whole: Callable[[], bool] | None = None
        """None as long as the head has not ended."""

    def take(self, chunk: bytes) -> None:
        self.raw += chunk

    def is_whole(self) -> bool:
        if self._is_whole is None:
            end = self.raw.find(_HEAD_END, max(0, self._looked_at - len(_HEAD_END)))
            self._looked_at = len(self.raw)
            if end < 0:
                return False
            self._is_whole = self._told_by(bytes(self.raw[:end]), end + len(_HEAD_END))
        return self._is_whole()

    def _told_by(self, head: bytes, begin: int) -> Callable[[], bool]:
        """How the end of a body is told that begins there."""
        for line in head.lower().split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            length = value.strip()
            if name == b"content-length" and length.isdigit() and len(length) < _MOST_DIGITS:
                end = begin + int(length)
                return lambda: len(self.raw) >= end
            if name == b"transfer-encoding":
                return lambda: len(self.raw) > begin and self.raw.endswith(b"0\r\n\r\n")
        return lambda: False


class _AsFile:
    """What was received, as `http.client` reads it."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _parse_response(raw: bytes) -> tuple[int, str | None, bytes]:
    """Status, Location and body. Raises HTTPException or ValueError for what is no answer, or is cut short."""
    if raw.count(b"\n") > _MOST_LINES:
        raise Unreachable(_TOO_MUCH)
    answer = HTTPResponse(cast(Any, _AsFile(raw)), method="GET")
    answer.begin()
    if answer.getheader("content-encoding", "identity") != "identity":
        raise Unreachable("it answers in an encoding that was not asked for")
    return answer.status, answer.getheader("location"), answer.read()


def refusal(problem: Unreachable) -> Exception:
    """What the caller is told."""
    if isinstance(problem, Untrusted):
        return refusals.invalid(refusals.WRONG_CERTIFICATE)
    return refusals.unreachable(str(problem))
