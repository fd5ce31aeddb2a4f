"""Attacks on the gateway: what was decided is what is sent, and what is not right leaves nothing.

The numbers are those of `test_gateway.ATTACKS`, which says where the others are shown.
"""

from __future__ import annotations

import base64
import re
import socket
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from urllib.parse import quote

import pytest

from carnet.base.keyed_hash import KeyedHash
from carnet.sigv4.chunks import LEAST_CHUNK, ChunkSigning
from carnet.sigv4.payload import SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILER, UNSIGNED_CHUNKS_AND_TRAILER
from carnet.sigv4.scope import Scope
from carnet.sigv4.signing_keys import derive
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, EVERYTHING, Answered, Store, a_store

SECRETS = {"Effect": "Deny", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/secret/*"}
BIG = b"0123456789abcdef" * 16384
CHUNK = 65536


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("attacks")) as made:
        made.server.client("s3").create_bucket(Bucket="public")
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    """With a secret that alice may not read."""
    shared.renew(SECRETS)
    shared.s3.objects["/photos/secret/k"] = b"secret"
    shared.s3.objects["/photos/k"] = b"open"
    return shared


def stored(store: Store) -> bool:
    """Whether the upstream has got an object that is not one of those that it had."""
    return any(path not in ("/photos", "/photos/k", "/photos/secret/k") for path in store.s3.objects)


@pytest.mark.parametrize(
    ("target", "statuses"),
    [
        ("/photos/k?acl&tagging", (501, 501, 501)),
        ("/photos?prefix=a&prefix=b", (400, 400, 400)),
        ("/photos/k?versionId=", (400, 400, 501)),
        ("/photos/k?versionId", (400, 400, 501)),
        ("/photos/k?unknown", (501, 501, 501)),
        ("/photos/k?x-id=CopyObject", (400, 400, 400)),
        ("/photos?policy&acl", (501, 501, 501)),
        ("/photos?analytics&id=1&id=2", (400, 400, 400)),
        ("/photos?list-type=2&list-type=1", (400, 400, 400)),
    ],
)
def test_2_a_query_string_that_is_read_in_two_ways(store: Store, target: str, statuses: tuple[int, int, int]) -> None:
    assert tuple(store.send(method, target).status for method in ("GET", "DELETE", "PUT")) == statuses
    assert store.s3.requests == []


@pytest.mark.parametrize("target", ["/photos?analytics&id=1", "/photos?website", "/photos?unknown"])
def test_1_a_sub_resource_that_the_upstream_does_not_know_deletes_nothing(store: Store, target: str) -> None:
    assert store.send("DELETE", target).status == 501
    assert store.s3.requests == []


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("//photos/secret/k", None, 400),
        ("/photos//secret/k", None, 400),
        ("/photos/./secret/k", None, 400),
        ("/photos/open/../secret/k", None, 400),
        ("/photos/%2e%2e/photos/secret/k", None, 400),
        ("/photos/secret%2Fk", None, 403),
        ("/photos/%73ecret/k", None, 403),
        ("/photos/secret%00/k", None, 400),
        ("/photos/%ff", None, 400),
        ("/%70hotos/secret/k", None, 400),
        ("/photos%2fsecret/k", None, 400),
        ("/photos/secret;/k", "GET /photos/secret%3B/k", 404),
        ("/photos/secret%5ck", None, 400),
        ("/photos/secret\\k", None, 400),
        ("/photos/%252e%252e/k", "GET /photos/%252e%252e/k", 404),
        ("/photos/Secret/k", "GET /photos/Secret/k", 404),
    ],
)
def test_3_a_path_that_is_read_in_two_ways(store: Store, path: str, sent: str | None, status: int) -> None:
    answer = store.send("GET", path)
    assert store.s3.asked == ([] if sent is None else [sent])
    assert b"secret" not in answer.body.partition(b"<Message>")[0]
    assert answer.status == status


@pytest.mark.parametrize("prefix", ["/secret/", "secret//", "secret\\", "./secret/", "open/../secret/", "secret/./"])
@pytest.mark.parametrize("list_", ["list-type=2", "versions", "uploads", ""])
def test_3_a_prefix_that_is_read_in_two_ways(store: Store, prefix: str, list_: str) -> None:
    """SeaweedFS lists `secret/` for some of them, which a Deny on `s3:prefix` does not know."""
    answer = store.send("GET", f"/photos?{list_}&prefix={quote(prefix, safe='')}".replace("?&", "?"))
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert store.s3.requests == []


@pytest.mark.parametrize("prefix", ["", "secret", "secret/", ".git", "a..b"])
def test_3_a_plain_prefix_is_none_of_these(store: Store, prefix: str) -> None:
    store.send("GET", f"/photos?list-type=2&prefix={quote(prefix, safe='')}")
    assert len(store.s3.requests) == 1


def test_4_a_signature_is_in_one_place_and_covers_all(store: Store) -> None:
    both = store.send("GET", store.presigned("GET", "/photos/k"))
    assert (both.status, both.code) == (400, "InvalidArgument")
    target = store.presigned("GET", "/photos/k")
    unsigned = store.send("GET", target, headers={"x-amz-request-payer": "requester"}, signed=False)
    assert (unsigned.status, unsigned.code) == (403, "SignatureDoesNotMatch")
    other_method = store.send("DELETE", target, signed=False)
    assert (other_method.status, other_method.code) == (403, "SignatureDoesNotMatch")
    more = store.send("GET", f"{target}&versionId=v", signed=False)
    assert (more.status, more.code) == (403, "SignatureDoesNotMatch")
    assert store.s3.requests == []
    assert store.send("GET", target, signed=False).body == b"open"


def test_4_a_presigned_request_ends(store: Store) -> None:
    target = store.presigned("GET", "/photos/k", seconds=1)
    late = re.sub(r"X-Amz-Date=[0-9]{8}", "X-Amz-Date=20200101", target)
    late = re.sub(r"%2F[0-9]{8}%2F", "%2F20200101%2F", late)
    expired = store.send("GET", late, signed=False)
    assert (expired.status, expired.code, expired.message) == (403, "AccessDenied", "Request has expired")
    assert store.s3.requests == []


def test_a_signature_that_is_wrong_is_told_as_s3_does(store: Store) -> None:
    wrong = store.send("GET", "/photos/k", instead="/photos/secret/k")
    assert (wrong.status, wrong.code) == (403, "SignatureDoesNotMatch")
    assert b"secret" not in wrong.body, "what was computed is in the log alone"
    unknown = Store(store.server, store.s3, ("AKIAIOSFODNN7EXAMPLE", "x" * 40)).send("GET", "/photos/k")
    assert (unknown.status, unknown.code) == (403, "InvalidAccessKeyId")
    with_token = store.send("GET", "/photos/k", headers={"x-amz-security-token": "FwoGZXIvYXdzEXAMPLE"})
    assert (with_token.status, with_token.code) == (400, "InvalidToken")
    assert with_token.message == "The provided token is malformed or otherwise invalid."
    skewed = store.send("GET", "/photos/k", headers={"x-amz-date": "20200101T000000Z"})
    assert (skewed.status, skewed.code) == (403, "RequestTimeTooSkewed")
    assert store.s3.requests == []


def test_5_a_body_that_is_not_its_hash(store: Store) -> None:
    for body in (b"evil", BIG):
        answer = store.send("PUT", "/photos/new", body, {"x-amz-content-sha256": sha256(b"good").hexdigest()})
        assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")
    for header, value, code in (
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"),
        ("x-amz-checksum-crc32", "AAAAAA==", "BadDigest"),
        ("content-md5", "no", "InvalidDigest"),
    ):
        answer = store.send("PUT", "/photos/new", BIG, {header: value})
        assert (answer.status, answer.code) == (400, code)
    assert not any(sent.whole for sent in store.s3.requests)
    assert not stored(store)
    assert store.events()[-1]["errorCode"] == "InvalidDigest"


def test_5_a_policy_that_is_not_its_hash(store: Store) -> None:
    hashed = {"x-amz-content-sha256": sha256(b"{}").hexdigest()}
    assert store.send("PUT", "/photos?policy", b'{"a": 1}', hashed).code == "XAmzContentSHA256Mismatch"


def chunked(
    store: Store,
    *,
    payload: str = SIGNED_CHUNKS,
    pieces: tuple[bytes, ...] = (BIG[:CHUNK], BIG[CHUNK : 2 * CHUNK], BIG[2 * CHUNK :], b""),
    order: tuple[int, ...] = (0, 1, 2, 3),
    wrong: int | None = None,
    trailer: bytes = b"",
    length: int = len(BIG),
    send: Callable[[Store, bytes], bytes] = lambda store, raw: store.server.send(raw, seconds=5),
) -> Answered:
    """Upload in chunks, each of which is signed; one of them wrongly."""
    given = {
        "host": store.host,
        "x-amz-content-sha256": payload,
        "x-amz-decoded-content-length": str(length),
        "content-encoding": "aws-chunked",
    }
    if payload != SIGNED_CHUNKS:
        given["x-amz-trailer"] = "x-amz-checksum-crc32"
    signature = store.signature("PUT", "/photos/new", given)
    found = re.search(r"Credential=[^/]+/([^/]+)/.*Signature=([0-9a-f]{64})", signature["authorization"])
    assert found is not None
    scope = Scope(found[1], "us-east-1", "s3", "aws4_request")
    signing = ChunkSigning(
        key=KeyedHash(derive(store.key[1], scope)), signed=signature["x-amz-date"], scope=scope.text, seed=found[2]
    )
    previous, frames = signing.seed, []
    for at, piece in enumerate(pieces):
        previous = signing.chunk(previous, sha256(piece).hexdigest())
        shown = "0" * 64 if at == wrong else previous
        signed = payload != UNSIGNED_CHUNKS_AND_TRAILER
        frames.append(b"%x" % len(piece) + (b";chunk-signature=%s" % shown.encode() if signed else b"") + b"\r\n")
        frames[-1] += piece + (b"\r\n" if piece else b"")
    body = b"".join(frames[at] for at in order)
    if trailer:
        body += trailer + b"\r\n"
        if payload == SIGNED_CHUNKS_AND_TRAILER:
            body += b"x-amz-trailer-signature:%b\r\n" % signing.trailer(previous, trailer + b"\n").encode()
    body += b"\r\n"
    headers = given | signature | {"content-length": str(len(body))}
    head = ["PUT /photos/new HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    raw = send(store, "\r\n".join(head).encode() + body)
    status, _, rest = raw.partition(b"\r\n")
    return Answered(int(status.split()[1]) if status else 0, {}, rest, raw)


def crc32(body: bytes) -> bytes:
    return b"x-amz-checksum-crc32:" + base64.b64encode(zlib.crc32(body).to_bytes(4, "big"))


def test_6_chunks_that_are_right_are_stored(store: Store) -> None:
    assert chunked(store).status == 200
    assert store.s3.objects["/photos/new"] == BIG
    sent = store.s3.requests[-1]
    assert not {"x-amz-decoded-content-length", "x-amz-trailer", "content-encoding"} & set(sent.headers)
    for payload in (SIGNED_CHUNKS_AND_TRAILER, UNSIGNED_CHUNKS_AND_TRAILER):
        assert chunked(store, payload=payload, trailer=crc32(BIG)).status == 200
    assert store.s3.objects["/photos/new"] == BIG


def test_6_chunks_that_are_not_right_leave_nothing_behind(store: Store) -> None:
    tiny = tuple(bytes([65]) for _ in range(100_000))
    refused = [
        (chunked(store, wrong=0), "SignatureDoesNotMatch"),
        (chunked(store, wrong=2), "SignatureDoesNotMatch"),
        (chunked(store, wrong=3), "SignatureDoesNotMatch"),
        (chunked(store, order=(1, 0, 2, 3)), "SignatureDoesNotMatch"),
        (chunked(store, order=(0, 2, 3)), "SignatureDoesNotMatch"),
        (chunked(store, order=(0, 1, 2)), "IncompleteBody"),
        (chunked(store, length=len(BIG) - 1), "IncompleteBody"),
        (chunked(store, length=len(BIG) + 1), "IncompleteBody"),
        (chunked(store, pieces=(*tiny, b""), order=tuple(range(100_001)), length=100_000), "InvalidChunkSizeError"),
        (chunked(store, payload=SIGNED_CHUNKS_AND_TRAILER, trailer=crc32(b"other")), "BadDigest"),
        (chunked(store, payload=UNSIGNED_CHUNKS_AND_TRAILER, trailer=crc32(b"other")), "BadDigest"),
        (chunked(store, payload=UNSIGNED_CHUNKS_AND_TRAILER, trailer=b"x-amz-meta-a:b"), "MalformedTrailerError"),
        (chunked(store, payload=UNSIGNED_CHUNKS_AND_TRAILER), "MalformedTrailerError"),
    ]
    for answer, code in refused:
        assert f"<Code>{code}</Code>".encode() in answer.body
    assert not any(sent.whole for sent in store.s3.requests)
    assert not stored(store)


def byte_by_byte(store: Store, raw: bytes) -> bytes:
    """Send the body in pieces of a byte."""
    head, _, body = raw.partition(b"\r\n\r\n")
    answer = b""
    with socket.create_connection(("127.0.0.1", store.server.port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nconnection: close\r\n", 1) + b"\r\n\r\n")
        for at in range(len(body)):
            connection.sendall(body[at : at + 1])
        while piece := connection.recv(65_536):
            answer += piece
    return answer


@pytest.mark.parametrize("payload", [SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILER, UNSIGNED_CHUNKS_AND_TRAILER])
def test_6_chunks_that_come_byte_by_byte(store: Store, payload: str) -> None:
    content = BIG[:LEAST_CHUNK] + b"end"
    pieces = (content[:LEAST_CHUNK], b"end", b"")

    def sent(checked: bytes, wrong: int | None = None) -> Answered:
        trailer = b"" if payload == SIGNED_CHUNKS else crc32(checked)
        length, order = len(content), (0, 1, 2)
        return chunked(
            store,
            payload=payload,
            pieces=pieces,
            order=order,
            wrong=wrong,
            trailer=trailer,
            length=length,
            send=byte_by_byte,
        )

    refused = sent(b"other") if payload == UNSIGNED_CHUNKS_AND_TRAILER else sent(content, wrong=2)
    assert b" 200 " not in refused.raw.partition(b"\r\n")[0]
    assert not stored(store)
    assert sent(content).status == 200
    assert store.s3.objects["/photos/new"] == content


def test_7_a_length_that_is_told_in_two_ways(store: Store) -> None:
    for more in ("transfer-encoding: chunked", "content-length: 5", "transfer-encoding: gzip, chunked"):
        given = {"host": store.host, "x-amz-content-sha256": sha256(b"").hexdigest()}
        given |= store.signature("PUT", "/photos/new", given)
        head = ["PUT /photos/new HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
        raw = store.server.send(
            "\r\n".join([*head, "content-length: 4", more, "", ""]).encode() + b"0\r\n\r\n", seconds=1
        )
        assert b" 200 " not in raw.partition(b"\r\n")[0], more
    assert not stored(store)


def test_8_what_is_signed_for_another_service_is_not_for_s3(store: Store) -> None:
    for service, status in (("sqs", 400), ("s3-object-lambda", 501), ("iam", 400)):
        assert store.send("GET", "/photos/k", service=service).status == status, service
    target = {"x-amz-target": "secretsmanager.GetSecretValue"}
    assert store.send("GET", "/photos/k", headers=target).status == 400
    assert store.s3.requests == []


def test_11_headers_that_only_the_upstream_knows_do_not_pass(store: Store) -> None:
    for name in ("x-moto-account-id", "x-minio-source-mtime", "x-forwarded-for", "x-seaweedfs-owner", "forwarded"):
        assert store.send("GET", "/photos/k", headers={name: "111122223333"}).body == b"open"
        assert name not in store.s3.requests[-1].headers
    for name in ("x-amz-account-id", "x-amz-acl", "x-amz-bypass-governance-retention", "x-amz-write-offset-bytes"):
        asked = len(store.s3.requests)
        assert store.send("GET", "/photos/k", headers={name: "true"}).status == 400, name
        assert len(store.s3.requests) == asked
    store.allow(EVERYTHING, {"Effect": "Deny", "Action": "s3:BypassGovernanceRetention", "Resource": "*"})
    bypass = {"x-amz-bypass-governance-retention": "true"}
    assert store.send("DELETE", "/photos/k", headers=bypass).code == "AccessDenied"
    assert "/photos/k" in store.s3.objects


def test_12_the_host_leads_nowhere(store: Store) -> None:
    for host in ("169.254.169.254", "secret.s3.amazonaws.com", "photos.s3.amazonaws.com"):
        given = {"host": host, "x-amz-content-sha256": sha256(b"").hexdigest()}
        given |= store.signature("GET", "/photos/k", given)
        lines = ["GET /photos/k HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        store.server.send("\r\n".join(lines).encode(), seconds=2)
    assert {sent.headers["host"] for sent in store.s3.requests} <= {f"127.0.0.1:{store.s3.port}"}
    # AWS's own name of a bucket is that bucket, here.
    assert set(store.s3.asked) <= {"GET /photos/k", "GET /photos/photos/k"}
    asked = len(store.s3.requests)
    assert store.send("GET", "http://169.254.169.254/photos/k", signed=False).status == 400
    assert len(store.s3.requests) == asked


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("/photos/secret/k", 403),
        ("photos/secret%2Fk", 403),
        ("photos/%73ecret/k", 403),
        ("photos/open/../secret/k", 400),
        ("photos//secret/k", 400),
        ("photos/secret/k?versionId=v", 403),
        ("photos/secret/k?x=y", 400),
        ("photos/secret/k+", 403),
        ("%70hotos/secret/k", 400),
        ("arn:aws:s3:us-east-1:111122223333:accesspoint/a/object/k", 404),
    ],
)
def test_13_the_source_of_a_copy_is_decided_as_it_is_read(store: Store, source: str, status: int) -> None:
    assert store.send("PUT", "/photos/copy", headers={"x-amz-copy-source": source}).status == status
    assert store.s3.requests == []


def test_13_the_source_is_sent_as_it_was_decided(store: Store) -> None:
    assert store.send("PUT", "/photos/copy", headers={"x-amz-copy-source": "/photos/k"}).status == 200
    assert store.s3.requests[-1].headers["x-amz-copy-source"].lstrip("/") == "photos/k"


def test_14_a_batch_with_what_is_forbidden(store: Store) -> None:
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>secret/k</Key></Object></Delete>"
    store.s3.answers["POST /photos?delete"] = Told(body=b"<DeleteResult/>")
    answer = store.send("POST", "/photos?delete", body)
    assert answer.status == 200
    assert b"<Key>secret/k</Key><Code>AccessDenied</Code>" in answer.body
    assert b"secret" not in store.s3.requests[-1].body
    asked = len(store.s3.requests)
    for other in (
        b"<!DOCTYPE Delete [<!ENTITY k 'secret/k'>]>" + body,
        body.replace(b"secret", b"sec<!-- -->ret"),
        body.replace(b"<Delete>", b"<Delete><Quiet>1</Quiet><Quiet>0</Quiet>"),
        body.replace(b"secret", b"open/../secret"),
        body.replace(b"</Delete>", b"<Bucket>other</Bucket></Delete>"),
        b"<Delete>" + b"<Object><Key>a</Key></Object>" * 1001 + b"</Delete>",
        b"<Delete/>",
        b"",
    ):
        assert store.send("POST", "/photos?delete", other).status == 400, other[:60]
    assert len(store.s3.requests) == asked


def test_23_an_upstream_that_dies_is_never_a_short_success(store: Store) -> None:
    store.s3.answers["GET /photos/k"] = Told(body=BIG, length=len(BIG) + 1)
    answer = store.send("GET", "/photos/k")
    assert answer.headers["content-length"] == str(len(BIG) + 1)
    assert len(answer.body) < len(BIG) + 1
    store.s3.answers["GET /photos/k"] = Told(body=b"short", length=6)
    assert store.send("GET", "/photos/k").code == "ServiceUnavailable"


def test_24_an_upstream_cannot_answer_for_another_request(store: Store) -> None:
    store.s3.answers["GET /photos/k"] = Told(
        body=b"open",
        headers={
            "x-amz-meta-a": "b\x85c",
            "set-cookie": "a=b",
            "connection": "x-amz-meta-keep",
            "server": "theirs",
            "x-amz-meta-good": "yes",
        },
    )
    answer = store.send("GET", "/photos/k")
    assert answer.body == b"open"
    assert answer.headers["x-amz-meta-good"] == "yes"
    assert answer.headers["x-amz-meta-a"] == "=?UTF-8?B?YsKFYw==?=", "and no end of a line in any encoding"
    assert not {"set-cookie", "server"} & set(answer.headers)
    store.s3.answers["GET /photos/k"] = Told(body=b"open", headers={"x-amz-meta-a": "b\x0bc"})
    assert store.send("GET", "/photos/k").code == "ServiceUnavailable"
    store.s3.answers["GET /photos/k"] = Told(body=b"openHTTP/1.1 200 OK\r\n\r\n", length=4)
    store.send("GET", "/photos/k")
    store.s3.answers.clear()
    assert store.send("GET", "/photos/k").body == b"open"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_24_an_upstream_sends_nobody_elsewhere(store: Store, status: int) -> None:
    """Not who reads, and not who is to have a bucket made, which is nobody's afterwards."""
    there = Told(status=status, body=b"", headers={"location": "http://elsewhere.example/photos/k"})
    store.s3.answers |= {"GET /photos/k": there, "GET /photos": there, f"PUT /elsewhere-{status}": there}
    for method, path in (("GET", "/photos/k"), ("GET", "/photos"), ("PUT", f"/elsewhere-{status}")):
        answer = store.send(method, path)
        assert (answer.status, answer.code) == (503, "ServiceUnavailable")
        assert "the upstream sends its callers elsewhere" in answer.body.decode()
        assert "location" not in answer.headers


def test_25_what_is_no_form_and_old_signatures_are_refused(store: Store) -> None:
    form = {"content-type": "multipart/form-data; boundary=x"}
    answer = store.send("POST", "/photos", b"--x--", form, signed=False)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    file = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\nstolen\r\n'
    whole = file % b"key" + file % b"file" + b"--x--\r\n"
    answer = store.send("POST", "/photos", whole, form, signed=False)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    old = store.send("GET", "/photos/k", headers={"authorization": "AWS AKIAIOSFODNN7EXAMPLE:c2ln"}, signed=False)
    assert (old.status, old.code) == (400, "InvalidRequest")
    query = store.send(
        "GET", "/photos/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=9999999999&Signature=c2ln", signed=False
    )
    assert (query.status, query.code) == (400, "InvalidRequest")
    newer = "AWS4-ECDSA-P256-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/s3/aws4_request, SignedHeaders=host"
    assert store.send("GET", "/photos/k", headers={"authorization": newer}, signed=False).code == "InvalidRequest"
    assert store.send("GET", "/", headers={"authorization": newer}, signed=False).code == "InvalidRequest"
    assert store.s3.requests == []


@pytest.mark.parametrize("big", [False, True])
def test_a_stored_page_is_no_page_of_the_console(store: Store, big: bool) -> None:
    """It would be whoever is signed in: the console has the same origin, and its cookies."""
    page = b"<script src='https://evil.example/s.js'></script>" + b" " * (100_000 if big else 0)
    for kind in ("text/html", "image/svg+xml"):
        store.s3.answers["GET /photos/evil"] = Told(body=page, headers={"content-type": kind})
        target = store.presigned("GET", "/photos/evil")
        answer = store.send("GET", target, signed=False)
        assert (answer.status, answer.headers["content-type"], answer.body) == (200, kind, page)
        assert answer.headers["content-security-policy"] == "sandbox"
