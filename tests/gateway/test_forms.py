"""Forms that browsers post to Amazon S3: signed by boto3, changed by hand, and by nobody."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from hashlib import md5, sha256
from typing import Any

import boto3
import pytest
from botocore.config import Config

from carnet.sigv4.scope import Scope
from carnet.sigv4.signing_keys import derive
from tests.gateway.fake_s3 import etag
from tests.gateway.store import BUCKET, Answered, Store, a_store, answered

TARGET = f"/{BUCKET}"
STARTS_WITH_KEY = ["starts-with", "$key", "user/"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("forms")) as store:
        yield store


@pytest.fixture
def store(shared: Store) -> Store:
    """In which alice may do everything, and nobody has posted anything."""
    shared.renew()
    return shared


def signed(store: Store, key: str, fields: Mapping[str, str], conditions: list[Any] | None = None) -> dict[str, str]:
    """The fields of a form as boto3 signs it; the policy asks for exactly these fields unless it is said otherwise."""
    asked = [{name: value} for name, value in fields.items()] if conditions is None else conditions
    made: dict[str, str] = _signer(store).generate_presigned_post(
        BUCKET, key, Fields=dict(fields), Conditions=asked, ExpiresIn=600
    )["fields"]
    return made


def _signer(store: Store, version: str = "s3v4") -> Any:
    make: Any = boto3.client
    key, secret = store.key
    return make(
        "s3",
        endpoint_url=store.server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(signature_version=version),
    )


@pytest.fixture
def public(store: Store) -> Iterator[Store]:
    """In which anybody may put objects below in/."""
    root = store.server.client("s3")
    root.delete_public_access_block(Bucket=BUCKET)
    on = [f"arn:aws:s3:::{BUCKET}/in/*"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": on}
    root.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    yield store
    root.delete_bucket_policy(Bucket=BUCKET)


def by_hand(store: Store, document: Any, **changed: str) -> dict[str, str]:
    """A form with this policy, signed for alice."""
    now = store.server.clock().strftime("%Y%m%dT%H%M%SZ")
    scope = Scope(now[:8], "us-east-1", "s3", "aws4_request")
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    policy = base64.b64encode(text).decode()
    signature = hmac.digest(derive(store.key[1], scope), policy.encode(), "sha256").hex()
    return {
        "key": "user/k",
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": f"{store.key[0]}/{scope.text}",
        "x-amz-date": now,
        "policy": policy,
        "x-amz-signature": signature,
    } | changed


def document(store: Store, *conditions: Any, seconds: int = 600) -> dict[str, Any]:
    """A policy for `by_hand`: any key below user/."""
    expires = store.server.clock() + timedelta(seconds=seconds)
    needed = [
        {"bucket": BUCKET},
        STARTS_WITH_KEY,
        *(["starts-with", f"$x-amz-{one}", ""] for one in ("algorithm", "credential", "date")),
    ]
    return {"expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"), "conditions": [*needed, *conditions]}


def parts(fields: Mapping[str, str], content: bytes, *, filename: str = "f.txt", boundary: str = "b") -> bytes:
    whole = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    named = f'form-data; name="file"; filename="{filename}"'
    file = f"--{boundary}\r\nContent-Disposition: {named}\r\nContent-Type: x/y\r\n\r\n"
    return whole + file.encode() + content + f"\r\n--{boundary}--\r\n".encode()


def post(store: Store, fields: Mapping[str, str], content: bytes = b"hello", **more: Any) -> Answered:
    return send(store, parts(fields, content, **more))


def send(
    store: Store,
    body: bytes,
    *,
    target: str = TARGET,
    content_type: str = "multipart/form-data; boundary=b",
    **more: str,
) -> Answered:
    headers = {"host": store.host, "content-type": content_type, "content-length": str(len(body)), **more}
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return answered(store.server.send("\r\n".join([*lines, "", ""]).encode() + body, seconds=10), "POST")


def test_a_form_puts_an_object(store: Store) -> None:
    fields = {
        "acl": "bucket-owner-full-control",
        "Content-Type": "image/png",
        "x-amz-meta-who": "me",
        "Cache-Control": "no-store",
    }
    answer = post(store, signed(store, "user/${filename}", fields), filename="C:\\pictures\\cat.png")
    assert (answer.status, answer.body) == (204, b""), answer.message
    assert answer.headers["etag"] == etag(b"hello")
    assert answer.headers["location"] == f"http://{store.host}/photos/user/cat.png"
    (sent,) = store.s3.requests
    assert (sent.what, sent.body) == ("PUT /photos/user/cat.png", b"hello")
    assert sent.headers["content-type"] == "image/png"
    assert sent.headers["cache-control"] == "no-store"
    assert sent.headers["x-amz-meta-who"] == "me"
    assert not {"policy", "x-amz-acl", "x-amz-signature", "x-amz-credential"} & sent.headers.keys()
    event = store.events()[-1]
    assert (event["eventName"], event["userIdentity"]["userName"]) == ("PutObject", "alice")
    assert event["requestParameters"]["key"] == "user/cat.png"


def test_what_is_answered_is_as_the_form_asks(store: Store) -> None:
    def asked(**fields: str) -> Answered:
        return post(store, signed(store, "k", fields))

    assert asked(success_action_status="200").status == 200
    made = asked(success_action_status="201")
    assert made.status == 201
    assert f"<Key>k</Key><ETag>{etag(b'hello')}</ETag>".encode() in made.body
    assert asked(success_action_status="404").status == 204
    where = asked(success_action_redirect="https://example.com/done?a=b")
    assert where.status == 303
    assert where.headers["location"] == (
        f"https://example.com/done?a=b&bucket=photos&key=k&etag=%22{md5(b'hello').hexdigest()}%22"
    )
    for bad in ("javascript:alert(1)", "//example.com", "https://"):
        assert asked(success_action_redirect=bad).status == 204


@pytest.mark.parametrize("size", [0, 1, 5 * 1024, 64 * 1024, 300 * 1024])
def test_files_of_all_sizes_pass_with_what_looks_like_a_boundary(store: Store, size: int) -> None:
    content = (b"\r\n--\r\n--a\r--b-" * (size // 12 + 1))[:size]
    assert post(store, signed(store, "k", {}), content).status == 204
    assert store.s3.objects["/photos/k"] == content


def test_what_the_signer_may_not_do_the_form_may_not_either(store: Store) -> None:
    store.renew({"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"})
    answer = post(store, signed(store, "k", {}))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert "user/alice is not authorized to perform: s3:PutObject" in answer.message
    store.renew(
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"s3:authType": "POST"}}}
    )
    assert post(store, signed(store, "k", {})).code == "AccessDenied"
    assert store.s3.requests == []


CHANGED: list[tuple[dict[str, str], str]] = [
    ({"key": "other"}, "Policy Condition failed"),
    ({"acl": "public-read"}, "Extra input fields: acl"),
    ({"x-amz-meta-x": "1"}, "Extra input fields: x-amz-meta-x"),
    ({"success_action_redirect": "https://evil.example"}, "Extra input fields: success_action_redirect"),
    ({"x-amz-signature": "0" * 64}, "does not match"),
    ({"x-amz-signature": "é"}, "does not match"),
]


@pytest.mark.parametrize(("changed", "told"), CHANGED)
def test_a_form_that_somebody_changed_is_refused(store: Store, changed: dict[str, str], told: str) -> None:
    answer = post(store, {**signed(store, "k", {}), **changed})
    assert answer.status == 403
    assert told in answer.message
    assert store.s3.requests == []


def test_a_token_that_is_not_of_the_key_is_told_as_s3_does(store: Store) -> None:
    refused = post(store, {**signed(store, "k", {}), "x-amz-security-token": "FwoGZXIvYXdzEXAMPLE"})
    assert (refused.status, refused.code) == (400, "InvalidToken")
    assert store.s3.requests == []


def test_another_policy_needs_another_signature(store: Store) -> None:
    given = by_hand(store, document(store))
    assert post(store, given).status == 204
    wider = by_hand(store, document(store, seconds=6000))["policy"]
    assert post(store, {**given, "policy": wider}).code == "SignatureDoesNotMatch"
    assert post(store, {**given, "x-amz-credential": given["x-amz-credential"].replace("/s3/", "/sqs/")}).status == 403


@pytest.mark.parametrize("url", ["http://[", "http://a]b/", "http://[::1/done"])
def test_a_redirect_that_is_no_url_is_passed_over(store: Store, url: str) -> None:
    """The object is stored by then: an error would be untrue."""
    answer = post(store, signed(store, "user/k", {"success_action_redirect": url}))
    assert (answer.status, answer.headers.get("location", "")[:4]) == (204, "http"), answer.message
    assert url not in answer.headers["location"]


def test_a_form_is_good_until_its_policy_expires(store: Store) -> None:
    assert post(store, by_hand(store, document(store, seconds=1))).status == 204
    answer = post(store, by_hand(store, document(store, seconds=0)))
    assert (answer.status, answer.message) == (403, "Invalid according to Policy: Policy expired.")


def test_the_length_of_the_file_is_held_to_the_policy(store: Store) -> None:
    given = by_hand(store, document(store, ["content-length-range", 3, "5"]))
    assert [post(store, given, b"x" * size).status for size in (2, 3, 5, 6)] == [400, 204, 204, 400]
    assert post(store, given, b"x" * 6).code == "EntityTooLarge"
    assert post(store, given, b"x" * 2).code == "EntityTooSmall"
    assert {len(sent.body) for sent in store.s3.requests} == {3, 5}


BAD_POLICIES: list[Any] = [
    b"no json",
    b"[]",
    {"conditions": []},
    {"expiration": "2100-01-01T00:00:00Z"},
    {"expiration": "soon", "conditions": []},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": {}},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["eq", "key", "k"]]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["ends-with", "$key", "k"]]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["eq", "$key"]]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [{"key": 1}]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["content-length-range", -1, 3]]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["content-length-range", 0]]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["content-length-range", 0, "9" * 5000]]},
    {"expiration": "\ud800", "conditions": []},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [], "more": 1},
    b'{"expiration": "2100-01-01T00:00:00Z", "expiration": "2100-01-01T00:00:00Z", "conditions": []}',
    b"[" * 10_000,
]


@pytest.mark.parametrize("policy", BAD_POLICIES)
def test_what_is_no_policy_is_refused(store: Store, policy: Any) -> None:
    answer = post(store, by_hand(store, policy))
    assert (answer.status, answer.code) == (400, "InvalidPolicyDocument")
    assert store.s3.requests == []


def test_names_of_fields_know_no_case(store: Store) -> None:
    policy = document(store)
    policy["conditions"][:2] = [{"bUcKeT": BUCKET}, ["StArTs-WiTh", "$KeY", "user/"]]
    given = by_hand(store, policy)
    assert post(store, {"kEy": given.pop("key"), "POLICY": given.pop("policy"), **given}).status == 204


def test_a_field_that_is_to_be_ignored_is(store: Store) -> None:
    assert post(store, by_hand(store, document(store), **{"x-ignore-me": "1"})).status == 204


@pytest.mark.parametrize("missing", ["policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"])
def test_a_signature_is_there_whole_or_not_at_all(store: Store, missing: str) -> None:
    given = by_hand(store, document(store))
    del given[missing]
    answer = post(store, given)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert f"'{missing}'" in answer.message


def test_a_form_of_nobody_is_anonymous(public: Store) -> None:
    assert post(public, {"key": "in/k"}).status == 204
    assert post(public, {"key": "k"}).code == "AccessDenied"
    assert post(public, {"key": "in/k", "acl": "private"}).code == "AccessDenied"


def test_signature_version_2_is_not_taken(store: Store) -> None:
    old = _signer(store, "s3").generate_presigned_post(BUCKET, "k")["fields"]
    assert "AWSAccessKeyId" in old
    answer = post(store, old)
    assert (answer.status, answer.code) == (400, "InvalidRequest")


KEYS = ["a//b", "../k", "a/./b", "a\x01b", ""]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_held_to_what_keys_are(store: Store, key: str) -> None:
    assert post(store, {"key": key}).status == 400
    assert post(store, {"key": "${filename}"}, filename="..").status == 400
    assert store.s3.requests == []


HELLO = parts({"key": "in/k"}, b"hello")
BAD_FORMS: list[tuple[bytes, str]] = [
    (b"", "MalformedPOSTRequest"),
    (b"hello", "MalformedPOSTRequest"),
    (b"--b--\r\n", "InvalidArgument"),
    (b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b--\r\n', "InvalidArgument"),
    (b"--b\r\nContent-Disposition: attachment\r\n\r\nk\r\n--b--\r\n", "MalformedPOSTRequest"),
    (HELLO.replace(b"\r\n--b--\r\n", b""), "IncompleteBody"),
    (parts({"key": "in/k", "Key": "j"}, b"x"), "InvalidArgument"),
    (parts({"key": "in/k", "long": "x" * 20 * 1024}, b"x"), "MaxPostPreDataLengthExceededError"),
    (parts({"key": "in/k"}, b"x", boundary="c"), "MalformedPOSTRequest"),
    (HELLO + b"x" * 50 * 1024, "MalformedPOSTRequest"),
    (parts({"key": "in/k", "bucket": "other"}, b"x"), "InvalidArgument"),
    (parts({"key": "in/k", "x-amz-copy-source": "/photos/o"}, b"x"), "InvalidArgument"),
    (parts({"key": "in/k", "x-amz-meta-a": "b\x00"}, b"x"), "InvalidArgument"),
    (parts({"key": "in/k", "x-amz-meta-a: b": "c"}, b"x"), "InvalidArgument"),
    (parts({"key": "in/k", "x-amz-meta-\u20ac": "c"}, b"x"), "InvalidArgument"),
    (parts({"key": "in/k", "acl": "private", "x-amz-acl": "private"}, b"x"), "InvalidArgument"),
    (parts({"key": "in/k", "x-amz-trailer": "x-amz-checksum-crc32"}, b"x"), "MalformedTrailerError"),
]


@pytest.mark.parametrize(("body", "code"), BAD_FORMS)
def test_what_is_no_form_is_refused(public: Store, body: bytes, code: str) -> None:
    """Posted by whoever may put what he likes."""
    answer = send(public, body)
    assert (answer.status, answer.code) == (400, code)
    assert public.s3.requests == []


def test_as_many_bytes_stand_before_a_file_as_aws_takes(store: Store) -> None:
    room = 20 * 1024 - len(parts({"key": "in/k", "x-ignore-l": ""}, b"").removesuffix(b"\r\n--b--\r\n")) - 4
    given = {"key": "k", "x-ignore-l": "x" * room}
    assert post(store, given).code == "AccessDenied"
    assert post(store, {**given, "x-ignore-l": "x" * (room + 20)}).code == "MaxPostPreDataLengthExceededError"


def test_a_form_has_its_signature_in_its_fields_alone(store: Store) -> None:
    answer = send(store, HELLO, authorization="AWS4-HMAC-SHA256 Credential=x")
    assert answer.status == 400
    target = store.presigned("POST", TARGET)
    assert send(store, HELLO, target=target).status == 400
    assert store.s3.requests == []


def test_a_form_is_posted_to_a_bucket_and_says_how_long_it_is(store: Store) -> None:
    assert send(store, HELLO, target=f"{TARGET}/k").code == "MethodNotAllowed"
    assert send(store, HELLO, target=f"{TARGET}?uploads").code == "MethodNotAllowed"
    assert send(store, HELLO, content_type="multipart/form-data").code == "MalformedPOSTRequest"
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HELLO), HELLO)
    head = f"POST {TARGET} HTTP/1.1\r\nhost: {store.host}\r\ncontent-type: multipart/form-data; boundary=b\r\n"
    raw = store.server.send(f"{head}transfer-encoding: chunked\r\n\r\n".encode() + chunked, seconds=10)
    assert answered(raw).code in ("AccessDenied", "MissingContentLength")


def test_tags_and_checksums_of_a_form(store: Store) -> None:
    tags = "<Tagging><TagSet><Tag><Key>a b</Key><Value>c</Value></Tag></TagSet></Tagging>"
    checksum = base64.b64encode(sha256(b"hello").digest()).decode()
    fields = {"tagging": tags, "x-amz-checksum-sha256": checksum}
    assert post(store, signed(store, "k", fields)).status == 204
    assert store.s3.requests[-1].headers["x-amz-tagging"] == "a+b=c"
    answer = post(store, signed(store, "k", fields), b"other")
    assert (answer.status, answer.code) == (400, "BadDigest")
    assert store.s3.objects["/photos/k"] == b"hello"
    store.renew({"Effect": "Deny", "Action": "s3:PutObjectTagging", "Resource": "*"})
    assert post(store, signed(store, "k", {"tagging": tags})).code == "AccessDenied"
