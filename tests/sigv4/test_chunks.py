"""Bodies in chunks: AWS's own examples are accepted, and nothing that differs from them by a byte."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum

from carnet.base.keyed_hash import KeyedHash
from carnet.sigv4.chunks import LEAST_CHUNK, ChunkReader, ChunkSigning, announced_trailers
from carnet.sigv4.payload import (
    SIGNED_CHUNKS,
    SIGNED_CHUNKS_AND_TRAILER,
    UNSIGNED_CHUNKS_AND_TRAILER,
    PayloadRefused,
)
from carnet.sigv4.scope import Scope
from carnet.sigv4.signing_keys import derive

# The secret, the moment and the signatures of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
# and https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html.
_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
_SCOPE = Scope("20130524", "us-east-1", "s3", "aws4_request")
_SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
_SIGNATURES = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
_TRAILER_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
_TRAILER_SIGNATURES = (
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
)
_TRAILER_SIGNATURE = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
_CRC = "x-amz-checksum-crc32c"
_BODY = b"a" * (65536 + 1024)


def signing(seed: str = _SEED) -> ChunkSigning:
    key = KeyedHash(derive(_SECRET, _SCOPE))
    return ChunkSigning(key=key, signed="20130524T000000Z", scope=_SCOPE.text, seed=seed)


def framed(signatures: tuple[str, str, str], *, data: bytes = _BODY, end: bytes = b"\r\n") -> bytes:
    """AWS's example: a chunk of 64 KB, one of 1 KB, and the last."""
    pieces = (data[:65536], data[65536:], b"")
    chunks = [b"%x;chunk-signature=%s\r\n%s" % (len(p), s.encode(), p) for p, s in zip(pieces, signatures, strict=True)]
    return b"\r\n".join(chunks) + end


TRAILER = f"{_CRC}:sOO8/Q==\r\nx-amz-trailer-signature:{_TRAILER_SIGNATURE}\r\n\r\n".encode()
PLAIN = framed(_SIGNATURES)
TRAILED = framed(_TRAILER_SIGNATURES, end=TRAILER)


def plain() -> ChunkReader:
    return ChunkReader(SIGNED_CHUNKS, signing(), trailers=frozenset())


def trailed() -> ChunkReader:
    return ChunkReader(SIGNED_CHUNKS_AND_TRAILER, signing(_TRAILER_SEED), trailers=frozenset((_CRC,)))


def unsigned(*trailers: str) -> ChunkReader:
    return ChunkReader(UNSIGNED_CHUNKS_AND_TRAILER, signing(), trailers=frozenset(trailers))


def read(reader: ChunkReader, sent: bytes, step: int | None = None) -> bytes:
    step = step or len(sent) or 1
    decoded = b"".join([reader.feed(sent[at : at + step]) for at in range(0, len(sent), step)])
    reader.close()
    return decoded


def refused(reader: ChunkReader, sent: bytes) -> str:
    with pytest.raises(PayloadRefused) as caught:
        read(reader, sent)
    return caught.value.code


@pytest.mark.parametrize("step", [None, 1, 7, 86, 4096, 65536])
def test_the_examples_of_aws(step: int | None) -> None:
    assert read(plain(), PLAIN, step) == _BODY
    reader = trailed()
    assert read(reader, TRAILED, step) == _BODY
    assert reader.trailers == {_CRC: "sOO8/Q=="}


@pytest.mark.parametrize(("reader", "sent"), [(plain, PLAIN), (trailed, TRAILED)])
def test_no_byte_can_change(reader: Callable[[], ChunkReader], sent: bytes) -> None:
    """Every byte of the frame, and some of the data."""
    frame = [at for at, byte in enumerate(sent) if byte != ord("a") or at < 90 or at > len(sent) - 400]
    for at in (*frame, 1000, 65536, 66000):
        for other in (sent[at] ^ 1, ord("\n"), ord("0")):
            if other != sent[at]:
                changed = sent[:at] + bytes((other,)) + sent[at + 1 :]
                try:
                    read(reader(), changed)
                except PayloadRefused:
                    continue
                # Hexadecimal sizes and names of headers may be written in either case, as everywhere in HTTP.
                assert changed.lower() == sent.lower()


def test_a_body_may_not_end_early_nor_go_on() -> None:
    for sent, reader in ((PLAIN, plain), (TRAILED, trailed)):
        for cut in (0, 1, 50, 87, 65_700, len(sent) - 90, len(sent) - 2, len(sent) - 1):
            assert refused(reader(), sent[:cut]) == "IncompleteBody"
        assert refused(reader(), sent + b"x") == "IncompleteBody"


def test_chunks_stay_in_their_order_and_their_request() -> None:
    first, second, last = _SIGNATURES
    assert refused(plain(), framed((second, first, last))) == "SignatureDoesNotMatch"
    swapped = _BODY[65536:] + _BODY[:65536]
    assert read(plain(), framed(_SIGNATURES, data=swapped)) == _BODY  # the same letters
    assert refused(plain(), framed(_SIGNATURES, data=b"b" + _BODY[1:])) == "SignatureDoesNotMatch"
    assert (
        refused(ChunkReader(SIGNED_CHUNKS, signing("0" * 64), trailers=frozenset()), PLAIN) == "SignatureDoesNotMatch"
    )
    # The last chunk is signed, too: without it a body might be cut between two chunks.
    cut = PLAIN[: PLAIN.rindex(b"0;chunk")] + b"0;chunk-signature=" + first.encode() + b"\r\n\r\n"
    assert refused(plain(), cut) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "end",
    [
        b"\r\n",  # nothing
        f"{_CRC}:sOO8/Q==\r\n\r\n".encode(),  # not signed
        f"x-amz-trailer-signature:{_TRAILER_SIGNATURE}\r\n\r\n".encode(),  # not what was announced
        f"{_CRC}:AAAAAA==\r\nx-amz-trailer-signature:{_TRAILER_SIGNATURE}\r\n\r\n".encode(),  # another value
        f"{_CRC}:sOO8/Q==\r\n{_CRC}:sOO8/Q==\r\nx-amz-trailer-signature:{_TRAILER_SIGNATURE}\r\n\r\n".encode(),
        f"x-amz-trailer-signature:{_TRAILER_SIGNATURE}\r\n{_CRC}:sOO8/Q==\r\n\r\n".encode(),  # behind the signature
        f"x-amz-acl:public-read\r\nx-amz-trailer-signature:{_TRAILER_SIGNATURE}\r\n\r\n".encode(),
    ],
)
def test_a_trailer_is_what_was_announced_and_signed(end: bytes) -> None:
    assert refused(trailed(), framed(_TRAILER_SIGNATURES, end=end)) in (
        "SignatureDoesNotMatch",
        "MalformedTrailerError",
    )


def test_a_trailer_that_nobody_signs_is_there_once() -> None:
    body = b"3\r\nabc\r\n0\r\n" + f"{_CRC}:AAAAAA==\r\n".encode()
    reader = unsigned(_CRC)
    assert reader.feed(body + b"\r\n") == b"abc"
    reader.close()
    assert refused(unsigned(_CRC), body + f"{_CRC}:sOO8/Q==\r\n\r\n".encode()) == "MalformedTrailerError"


def test_a_plain_body_has_no_trailer() -> None:
    assert refused(plain(), framed(_SIGNATURES, end=TRAILER)) == "MalformedTrailerError"


def of_botocore(body: bytes, chunk: int) -> Iterator[bytes]:
    wrapper = AwsChunkedWrapper(io.BytesIO(body), Crc32Checksum, "x-amz-checksum-crc32", chunk_size=chunk)
    return iter(lambda: wrapper.read(10_000), b"")


@pytest.mark.parametrize("size", [0, 1, LEAST_CHUNK, 3 * LEAST_CHUNK + 1, 300_000])
def test_what_botocore_sends_over_tls(size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    reader = unsigned("x-amz-checksum-crc32")
    decoded = b"".join(map(reader.feed, of_botocore(body, LEAST_CHUNK)))
    reader.close()
    assert sha256(decoded).digest() == sha256(body).digest()
    assert reader.trailers.keys() == {"x-amz-checksum-crc32"}


def test_only_the_last_chunk_is_short() -> None:
    def two(first: int) -> bytes:
        return b"%x\r\n%s\r\n1\r\nz\r\n0\r\n\r\n" % (first, b"y" * first)

    assert len(read(unsigned(), two(LEAST_CHUNK))) == LEAST_CHUNK + 1
    assert refused(unsigned(), two(LEAST_CHUNK - 1)) == "InvalidChunkSizeError"


@pytest.mark.parametrize(
    "sent",
    [
        b"0\r\n",
        b"-1\r\n",
        b"+1\r\nz\r\n0\r\n\r\n",
        b"0x1\r\nz\r\n0\r\n\r\n",
        b" 1\r\nz\r\n0\r\n\r\n",
        b"1_0\r\nz\r\n0\r\n\r\n",
        b"\r\nz\r\n0\r\n\r\n",
        b"1;chunk-signature=" + b"0" * 64 + b"\r\nz\r\n0\r\n\r\n",
        b"1;name=value\r\nz\r\n0\r\n\r\n",
        b"1\nz\n0\n\n",
        b"1\r\nzz\r\n0\r\n\r\n",
        b"1" * 17 + b"\r\n",
        b"0" * 1024,
    ],
)
def test_another_frame_is_none(sent: bytes) -> None:
    assert refused(unsigned(), sent) == "IncompleteBody"


def test_a_line_has_an_end() -> None:
    """What does not end is not kept: neither a size nor a trailer."""
    for begin in (b"", b"0\r\n"):
        reader = unsigned()
        reader.feed(begin + b"1" * 1000)
        with pytest.raises(PayloadRefused):
            reader.feed(b"1" * 1000)


def test_names_of_trailers() -> None:
    assert announced_trailers(None) == announced_trailers("") == frozenset()
    assert announced_trailers("X-Amz-Checksum-CRC32, x-other") == {"x-amz-checksum-crc32", "x-other"}
