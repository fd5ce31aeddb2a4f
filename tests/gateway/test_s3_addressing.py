"""Buckets in host names, and headers in query strings: other ways to write the same request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from carnet.base.http import RequestHead
from carnet.gateway.s3.arriving import plain
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.hosts import domains, in_path_style
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, EVERYTHING, Answered, Store, a_store, answered

OWN = ("localhost", "carnet.example")
ALLOW_NOBODY = {"Effect": "Deny", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/secret"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("addressing")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    return shared


def head(host: str, path: str = "/k") -> RequestHead:
    return RequestHead(method="GET", path=path, query="", headers=(("host", host),), peer="192.0.2.1", secure=False)


@pytest.mark.parametrize(
    ("host", "bucket", "rest"),
    [
        ("photos.localhost:4747", "photos", "localhost:4747"),
        ("Photos.Carnet.Example", "Photos", "Carnet.Example"),
        ("my.photos.carnet.example", "my.photos", "carnet.example"),
        ("photos.s3.carnet.example", "photos.s3", "carnet.example"),
        ("photos.s3.amazonaws.com", "photos", "s3.amazonaws.com"),
        ("photos.s3.eu-west-1.amazonaws.com", "photos", "s3.eu-west-1.amazonaws.com"),
        ("my.s3.photos.s3-us-west-2.amazonaws.com", "my.s3.photos", "s3-us-west-2.amazonaws.com"),
        ("photos.s3.dualstack.us-gov-west-1.amazonaws.com", "photos", "s3.dualstack.us-gov-west-1.amazonaws.com"),
    ],
)
def test_a_bucket_in_the_host(host: str, bucket: str, rest: str) -> None:
    found = in_path_style(head(host), OWN)
    assert (found.path.lower(), found.first["host"]) == (f"/{bucket.lower()}/k", rest)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "carnet.example", "carnet.example:443", "127.0.0.1:4747", "[::1]:4747", ""),
        *("s3.carnet.example", "s3.eu-west-1.carnet.example", "s3.dualstack.eu-west-1.localhost"),
        *("s3.amazonaws.com", "s3-us-west-2.amazonaws.com", "s3.dualstack.eu-west-1.amazonaws.com"),
        *("photos.other.example", "photoslocalhost", "a/b.localhost", "%2e.localhost", ".localhost"),
    ],
)
def test_hosts_without_a_bucket(host: str) -> None:
    found = in_path_style(head(host), OWN)
    assert found == head(host) or found.path == "//k"


def test_names_below_which_names_are_buckets() -> None:
    assert domains("https://carnet.example:8443") == ("localhost", "carnet.example")
    assert domains("http://127.0.0.1:4747") == domains("http://[::1]:4747") == domains("") == ("localhost",)


def test_the_servers_own_name_is_no_buckets() -> None:
    own = ("localhost", "carnet.localhost")
    assert in_path_style(head("carnet.localhost:4747"), own) == head("carnet.localhost:4747")
    assert in_path_style(head("photos.carnet.localhost"), own).path != "/k"


def test_a_page_in_a_bucket_of_the_host_runs_its_scripts(store: Store) -> None:
    store.s3.answers[f"GET /{BUCKET}/index.html"] = Told(
        body=b"<script></script>", headers={"content-type": "text/html"}
    )
    at = {"host": f"{BUCKET}.localhost:{store.server.port}"}
    assert "content-security-policy" not in store.send("GET", "/index.html", headers=at).headers
    assert store.send("GET", f"/{BUCKET}/index.html").headers["content-security-policy"] == "sandbox"


def test_virtual_hosted_requests_are_decided_as_those_with_paths(store: Store) -> None:
    store.allow(EVERYTHING, ALLOW_NOBODY)
    at = {"host": f"{BUCKET}.localhost:{store.server.port}"}
    assert store.send("PUT", "/a/k", b"hello", at).status == 200
    assert store.s3.requests[-1].what == f"PUT /{BUCKET}/a/k"
    assert store.send("GET", "/a/k", headers=at).body == b"hello"
    assert store.events()[-1]["requestParameters"] == {"Host": at["host"], "bucketName": BUCKET, "key": "a/k"}
    asked = len(store.s3.requests)
    denied = store.send("GET", "/secret", headers=at)
    assert (denied.status, denied.code, len(store.s3.requests)) == (403, "AccessDenied", asked)
    missing = store.send("GET", f"/{BUCKET}/a/k", headers={"host": f"nobody-has.localhost:{store.server.port}"})
    assert (missing.status, missing.code) == (404, "NoSuchBucket")


def test_who_signs_for_one_host_has_not_signed_for_another(store: Store) -> None:
    given = {"host": f"{BUCKET}.localhost", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    given |= store.signature("GET", "/k", given) | {"host": "other.localhost"}
    lines = ["GET /k HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    assert answered(store.server.send("\r\n".join(lines).encode(), seconds=5)).code == "SignatureDoesNotMatch"


def test_an_anonymous_request_for_a_bucket_in_the_host_is_for_s3(store: Store) -> None:
    answer = store.send("GET", "/healthz", headers={"host": f"{BUCKET}.localhost"}, signed=False)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert store.send("GET", "/healthz", headers={"host": "nobody-has.localhost"}, signed=False).status == 200


def presigned(store: Store, method: str, query: str, body: bytes = b"", **headers: str) -> Answered:
    return store.send(method, store.presigned(method, f"/{BUCKET}/k?{query}"), body, headers, signed=False)


def test_headers_in_the_query_string_of_a_presigned_request(store: Store) -> None:
    assert presigned(store, "PUT", "x-amz-meta-who=a%20b%2B%C3%BC&x-amz-tagging=a%3Db", b"hello").status == 200
    sent = store.s3.requests[-1]
    assert sent.what == f"PUT /{BUCKET}/k"
    assert sent.headers["x-amz-meta-who"].encode("latin-1") == "a b+ü".encode()
    assert sent.headers["x-amz-tagging"] == "a=b"
    assert presigned(store, "PUT", "x-amz-meta-who=%20voil%C3%A0%20", b"hello").status == 200
    assert store.s3.requests[-1].headers["x-amz-meta-who"].encode("latin-1") == "voilà".encode()
    store.allow(EVERYTHING, {"Effect": "Deny", "Action": "s3:PutObjectTagging", "Resource": "*"})
    assert presigned(store, "PUT", "X-Amz-Tagging=a%3Db", b"hello").code == "AccessDenied"
    assert presigned(store, "PUT", "x-amz-meta-who=me", b"hello").status == 200


def test_the_checksum_in_a_query_string_is_that_of_no_body(store: Store) -> None:
    sums = "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&x-id=PutObject"
    assert presigned(store, "PUT", sums, b"hello").status == 200
    assert not any("checksum" in name for name in store.s3.requests[-1].headers)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("x-amz-moto-account-id=1", "InvalidRequest"),
        ("x-amz-bypass-governance-retention=true", "InvalidRequest"),
        ("x-amz-meta-a=1%0d%0ax-amz-acl:public-read", "InvalidArgument"),
        ("x-amz-meta-a%0d%0ax-amz-acl:public-read%0d%0ab=1", "InvalidArgument"),
        ("x-amz-meta-a%3a%20b=1", "InvalidArgument"),
        ("x-amz-meta-%e2%82%ac=1", "InvalidArgument"),
    ],
)
def test_what_the_operation_does_not_have_is_refused(store: Store, query: str, code: str) -> None:
    assert presigned(store, "PUT", query, b"hello").code == code
    assert store.s3.requests == []


@pytest.mark.parametrize(
    "query",
    [
        *("x-amz-meta-a=1&x-amz-meta-a=2", "x-amz-meta-a=1&X-Amz-Meta-%41=2", "x-amz-acl=private"),
        *("x-amz-meta-a=%ff", "x-amz-%ff=1", "x-amz-meta-a=%0a"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(query: str) -> None:
    asked = replace(head("localhost"), query=f"X-Amz-Signature=0&{query}", headers=(("x-amz-acl", "private"),))
    with pytest.raises(S3Fault):
        plain(asked)


def test_headers_stay_where_they_are_if_the_signature_is_no_part_of_the_url(store: Store) -> None:
    assert store.send("PUT", f"/{BUCKET}/k?x-amz-acl=private", b"hello").code == "NotImplemented"
    assert store.s3.requests == []


def test_the_source_of_a_copy_is_sent_as_it_was_decided(store: Store) -> None:
    """Some SDKs write a space as `+`, and a slash as `%2F`."""
    store.s3.objects[f"/{BUCKET}/a%20b/%C3%BC%2B"] = b"hello"
    for source in (quote(f"{BUCKET}/a b/ü+"), f"{BUCKET}%2Fa+b%2F%C3%BC%2B"):
        assert store.send("PUT", f"/{BUCKET}/copy", headers={"x-amz-copy-source": source}).status == 200
        assert store.s3.requests[-1].headers["x-amz-copy-source"] == f"{BUCKET}/a%20b/%C3%BC%2B"


@pytest.mark.parametrize("host", ["secret.example.com", "secret.s3.localhost.localstack.cloud", "carnet"])
def test_no_store_is_told_a_bucket_by_the_host(tmp_path: Path, host: str) -> None:
    """moto reads the bucket `secret` there, whatever the path names."""
    with a_store(tmp_path, profile="moto") as store:
        store.s3.objects[f"/{BUCKET}/k"] = b"hello"
        assert store.send("GET", f"/{BUCKET}/k", headers={"host": host}).body == b"hello"
        asked = [sent for sent in store.s3.requests if sent.what == f"GET /{BUCKET}/k"]
        assert [sent.headers["host"] for sent in asked] == [f"127.0.0.1:{store.s3.port}"]


@pytest.mark.parametrize(("label", "place"), [("", f"/{BUCKET}"), (f"{BUCKET}.", "")], ids=["path", "host"])
def test_where_an_uploaded_object_is_is_told_by_the_address_that_the_client_has(
    store: Store, label: str, place: str
) -> None:
    """Not by the upstream's, which the client may not reach. AWS encodes the slashes of a key there."""
    key = quote("a b/ü&.txt", safe="-_.~/")
    theirs = "<Location>http://10.0.0.1:8333/photos/k</Location><Bucket>photos</Bucket>"
    whole = f"<CompleteMultipartUploadResult>{theirs}</CompleteMultipartUploadResult>"
    store.s3.answers[f"POST /{BUCKET}/{key}?uploadId=u"] = Told(body=whole.encode())
    parts = b"<CompleteMultipartUpload><Part><ETag>e</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>"
    host = f"{label}localhost:{store.server.port}"
    told = store.send("POST", f"{place}/{key}?uploadId=u", parts, {"host": host})
    assert told.status == 200, told.body
    where = f"<Location>http://{host}{place}/a%20b%2F%C3%BC%26.txt</Location><Bucket>photos</Bucket>"
    assert where in told.body.decode()
    assert int(told.headers["content-length"]) == len(told.body)
