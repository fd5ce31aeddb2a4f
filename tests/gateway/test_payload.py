"""Of a body that is not what its head says, the end is not handed on."""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import AsyncGenerator, Iterable
from hashlib import md5, sha1, sha256, sha512

import anycrc
import pytest
import xxhash

from carnet.base.http import RequestHead
from carnet.gateway.checksums import ALGORITHMS
from carnet.gateway.payload import HOLD_BACK, CheckedBody, expected_body
from carnet.gateway.s3.bodies import whole_body
from carnet.server.limits import BodyBudget
from carnet.sigv4.payload import (
    SIGNED_CHUNKS,
    SIGNED_CHUNKS_AND_TRAILER,
    UNSIGNED_CHUNKS_AND_TRAILER,
    UNSIGNED_PAYLOAD,
    PayloadRefused,
)

BODY = bytes(range(256)) * 2048  # 512 KiB
SUMS = {
    "crc32": zlib.crc32(BODY).to_bytes(4, "big"),
    "crc32c": anycrc.Model("CRC32-ISCSI").calc(BODY).to_bytes(4, "big"),
    "crc64nvme": anycrc.Model("CRC64-NVME").calc(BODY).to_bytes(8, "big"),
    "md5": md5(BODY).digest(),
    "sha1": sha1(BODY).digest(),
    "sha256": sha256(BODY).digest(),
    "sha512": sha512(BODY).digest(),
    "xxhash64": xxhash.xxh64_digest(BODY),
    "xxhash3": xxhash.xxh3_64_digest(BODY),
    "xxhash128": xxhash.xxh3_128_digest(BODY),
}


# Check values of https://reveng.sourceforge.io/crc-catalogue/ for "123456789", and of xxHash for nothing.
CHECKS = [
    ("crc32", b"123456789", "cbf43926"),
    ("crc32c", b"123456789", "e3069283"),
    ("crc64nvme", b"123456789", "ae8b14860a799888"),
    ("xxhash64", b"", "ef46db3751d8e999"),
    ("xxhash3", b"", "2d06800538d394c2"),
    ("xxhash128", b"", "99aa06d3014798d86001c324468d497f"),
]


@pytest.mark.parametrize(("algorithm", "data", "value"), CHECKS)
def test_the_algorithms_are_those(algorithm: str, data: bytes, value: str) -> None:
    begun = ALGORITHMS[algorithm][0]()
    for at in range(len(data)):
        begun.update(data[at : at + 1])
    assert begun.digest().hex() == value


def told(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def head(**headers: str) -> RequestHead:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return RequestHead(method="PUT", path="/b/k", query="", headers=named, peer="127.0.0.1", secure=True)


async def arriving(pieces: Iterable[bytes]) -> AsyncGenerator[bytes]:
    for piece in pieces:
        yield piece


def in_pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def through(head: RequestHead, payload: str, sent: bytes, *, size: int = 10_000) -> tuple[bytes, str | None]:
    """What is handed on, and the code with which the rest is refused."""

    async def handed_on() -> tuple[bytes, str | None]:
        handed = b""
        try:
            async for piece in CheckedBody(arriving(in_pieces(sent, size)), expected_body(head, payload, None)):
                assert piece
                handed += piece
        except PayloadRefused as refused:
            return handed, refused.code
        return handed, None

    return asyncio.run(handed_on())


@pytest.mark.parametrize("size", [1000, HOLD_BACK, 1_000_000])
def test_a_right_body_is_handed_on_whole(size: int) -> None:
    length = str(len(BODY))
    assert through(head(content_length=length), UNSIGNED_PAYLOAD, BODY, size=size) == (BODY, None)
    assert through(head(content_length=length), sha256(BODY).hexdigest(), BODY, size=size) == (BODY, None)
    assert through(head(), sha256(b"").hexdigest(), b"") == (b"", None)


@pytest.mark.parametrize("algorithm", SUMS)
def test_checksums(algorithm: str) -> None:
    length = str(len(BODY))
    right = {f"x-amz-checksum-{algorithm}": told(SUMS[algorithm])}
    assert through(head(content_length=length, **right), UNSIGNED_PAYLOAD, BODY) == (BODY, None)
    wrong = BODY[:-1] + b"?"
    handed, code = through(head(content_length=length, **right), UNSIGNED_PAYLOAD, wrong)
    assert code == "BadDigest"
    assert len(handed) <= len(BODY) - HOLD_BACK
    trailed = {"x-amz-decoded-content-length": length, "x-amz-trailer": f"x-amz-checksum-{algorithm}"}
    sent = b"%x\r\n%s\r\n0\r\nx-amz-checksum-%s:" % (len(BODY), BODY, algorithm.encode())
    good = f"{told(SUMS[algorithm])}\r\n\r\n".encode()
    assert through(head(**trailed), UNSIGNED_CHUNKS_AND_TRAILER, sent + good) == (BODY, None)
    bad = f"{told(bytes(len(SUMS[algorithm])))}\r\n\r\n".encode()
    handed, code = through(head(**trailed), UNSIGNED_CHUNKS_AND_TRAILER, sent + bad)
    assert (code, len(handed) <= len(BODY) - HOLD_BACK) == ("BadDigest", True)


@pytest.mark.parametrize("length", [0, 1, HOLD_BACK - 1, HOLD_BACK, HOLD_BACK + 1, len(BODY)])
def test_the_end_waits_for_the_hash(length: int) -> None:
    wrong = sha256(b"another").hexdigest()
    handed, code = through(head(content_length=str(length)), wrong, BODY[:length], size=1000)
    assert code == "XAmzContentSHA256Mismatch"
    assert len(handed) <= max(0, length - HOLD_BACK)


def test_what_is_held_is_bounded() -> None:
    """A piece that is beyond what is held back is handed on before the next is asked for."""
    asked: list[int] = []

    async def counted() -> AsyncGenerator[bytes]:
        for at in range(40):
            asked.append(at)
            yield bytes(10_000)

    async def first() -> None:
        body = CheckedBody(counted(), expected_body(head(content_length="400000"), UNSIGNED_PAYLOAD, None))
        await anext(body)

    asyncio.run(first())
    assert len(asked) == 8  # seven pieces are just above 64 KiB


@pytest.mark.parametrize("sent", [BODY[:-1], BODY + b"x", b""])
def test_a_body_of_another_length(sent: bytes) -> None:
    handed, code = through(head(content_length=str(len(BODY))), UNSIGNED_PAYLOAD, sent)
    assert (code, len(handed) < len(BODY)) == ("IncompleteBody", True)
    chunked = {"x-amz-decoded-content-length": str(len(BODY))}
    frame = b"%x\r\n%s\r\n0\r\n\r\n" % (len(sent), sent) if sent else b"0\r\n\r\n"
    handed, code = through(head(**chunked), UNSIGNED_CHUNKS_AND_TRAILER, frame)
    assert (code, len(handed) < len(BODY)) == ("IncompleteBody", True)


@pytest.mark.parametrize(
    ("headers", "payload", "code"),
    [
        ({"transfer-encoding": "chunked"}, UNSIGNED_PAYLOAD, "MissingContentLength"),
        ({"content-length": "5"}, UNSIGNED_CHUNKS_AND_TRAILER, "MissingContentLength"),
        ({"x-amz-decoded-content-length": "-1"}, UNSIGNED_CHUNKS_AND_TRAILER, "MissingContentLength"),
        ({"x-amz-decoded-content-length": "٥"}, UNSIGNED_CHUNKS_AND_TRAILER, "MissingContentLength"),
        ({"x-amz-trailer": "x-amz-checksum-crc32"}, UNSIGNED_PAYLOAD, "MalformedTrailerError"),
        (
            {"x-amz-decoded-content-length": "1", "x-amz-trailer": "x-amz-checksum-crc32"},
            SIGNED_CHUNKS,
            "MalformedTrailerError",
        ),
        ({"content-md5": "AAAA"}, UNSIGNED_PAYLOAD, "InvalidDigest"),
        ({"content-md5": "?"}, UNSIGNED_PAYLOAD, "InvalidDigest"),
        ({"x-amz-checksum-crc32": "AAAA"}, UNSIGNED_PAYLOAD, "InvalidRequest"),
        ({"x-amz-checksum-crc33": "AAAAAA=="}, UNSIGNED_PAYLOAD, "InvalidRequest"),
        ({"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="}, UNSIGNED_PAYLOAD, "InvalidRequest"),
        (
            {"x-amz-decoded-content-length": "1", "x-amz-trailer": "x-amz-checksum-crc32,x-amz-checksum-sha1"},
            UNSIGNED_CHUNKS_AND_TRAILER,
            "InvalidRequest",
        ),
        (
            {
                "x-amz-decoded-content-length": "1",
                "x-amz-trailer": "x-amz-checksum-crc32",
                "x-amz-checksum-crc32": "AAAAAA==",
            },
            UNSIGNED_CHUNKS_AND_TRAILER,
            "InvalidRequest",
        ),
    ],
)
def test_a_head_that_says_too_little_or_too_much(headers: dict[str, str], payload: str, code: str) -> None:
    with pytest.raises(PayloadRefused) as caught:
        expected_body(head(**headers), payload, None)
    assert caught.value.code == code


@pytest.mark.parametrize("payload", [SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILER])
def test_chunks_that_nobody_signed_are_refused(payload: str) -> None:
    """An anonymous caller cannot say that his chunks are signed; and their frame is never taken for the body."""
    expected = expected_body(head(**{"x-amz-decoded-content-length": "0"}), payload, None)
    with pytest.raises(PayloadRefused) as caught:
        CheckedBody(arriving([b"0\r\n\r\n"]), expected)
    assert caught.value.code == "SignatureDoesNotMatch"


def test_checksums_of_something_else_are_not_compared() -> None:
    """CompleteMultipartUpload tells the checksum of the object."""
    about_the_object = head(content_length="1", **{"x-amz-checksum-crc32": told(SUMS["crc32"])})
    assert expected_body(about_the_object, UNSIGNED_PAYLOAD, None, checksums=False).checksums == {}
    settings = {f"x-amz-checksum-{name}": "CRC32" for name in ("algorithm", "mode", "type")}
    assert expected_body(head(**settings), UNSIGNED_PAYLOAD, None).checksums == {}


@pytest.mark.parametrize("payload", [UNSIGNED_PAYLOAD, sha256(b"").hexdigest(), sha256(b"x").hexdigest()])
@pytest.mark.parametrize("sent", [b"", b"x"])
def test_no_body_is_there(payload: str, sent: bytes) -> None:
    """A head that says nothing of a body is believed only if none comes."""
    budget = BodyBudget(0)
    read = whole_body(arriving([sent] if sent else []), expected_body(head(), payload, None), budget, proven=True)
    if sent or payload == sha256(b"x").hexdigest():
        with pytest.raises(PayloadRefused) as refused:
            asyncio.run(read)
        assert refused.value.code == ("IncompleteBody" if sent else "XAmzContentSHA256Mismatch")
    else:
        assert asyncio.run(read) == b""


@pytest.mark.parametrize(
    ("headers", "nothing"),
    [
        ({}, True),
        ({"content_length": "0"}, True),
        ({"content_length": "1"}, False),
        ({"content_md5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, False),
        ({"x_amz_checksum_crc32": "AAAAAA=="}, False),
    ],
)
def test_what_says_nothing_of_a_body(headers: dict[str, str], nothing: bool) -> None:
    assert expected_body(head(**headers), UNSIGNED_PAYLOAD, None).is_nothing is nothing
    assert not expected_body(head(**headers), sha256(b"x").hexdigest(), None).is_nothing
