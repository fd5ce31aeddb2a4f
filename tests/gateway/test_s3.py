"""Requests to Amazon S3 through the gateway: bodies pass both ways, and what is not allowed goes nowhere."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from email.header import decode_header, make_header
from hashlib import sha256
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from msgspec import structs

from carnet.audit.events import LONGEST_TEXT
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, refusal
from tests.waiting import eventually

DENY_GET = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
DENY_PUT = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    """With an upstream that was asked nothing yet, and a user who may do everything."""
    shared.renew()
    return shared


def test_an_object_is_put_and_read(store: Store) -> None:
    s3 = store.client()
    s3.put_object(Bucket=BUCKET, Key="a b/ü", Body=b"hello", Metadata={"who": "me"}, ContentType="text/x")
    (sent,) = store.s3.requests
    assert (sent.what, sent.body) == ("PUT /photos/a%20b/%C3%BC", b"hello")
    assert set(sent.headers) == {
        *("authorization", "content-length", "content-type", "host", "x-amz-content-sha256", "x-amz-date"),
        *("x-amz-meta-who", "x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm"),
    }
    assert sent.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert store.key[0] not in sent.headers["authorization"]
    answer = s3.get_object(Bucket=BUCKET, Key="a b/ü")
    assert answer["Body"].read() == b"hello"
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-request-id"] == headers["x-amzn-requestid"] != "theirs"
    event = store.events()[-1]
    assert (event["eventName"], event["eventCategory"], event["managementEvent"]) == ("GetObject", "Data", False)
    assert event["requestParameters"] == {"Host": store.host, "bucketName": BUCKET, "key": "a b/ü"}
    assert event["requestID"] == headers["x-amz-request-id"]
    assert event["additionalEventData"]["upstreamRequestId"] == "theirs"
    assert event["additionalEventData"]["bytesTransferredOut"] == 5
    assert event["additionalEventData"]["AuthenticationMethod"] == "AuthHeader"
    assert event["resources"] == [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::photos/a b/ü"},
        {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::photos", "accountId": store.account},
    ]


def test_an_error_of_the_upstream_is_found_by_the_id_that_clients_show(store: Store) -> None:
    """SDKs take the id from the body, if it has one."""
    ids = b"<RequestId>theirs</RequestId><HostId>theirs</HostId>"
    store.s3.answers["GET /photos/k"] = Told(status=404, body=b"<Error><Code>NoSuchKey</Code>" + ids + b"</Error>")
    with pytest.raises(ClientError) as caught:
        store.client().get_object(Bucket=BUCKET, Key="k")
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"
    about = caught.value.response["ResponseMetadata"]
    assert about["RequestId"] == store.events()[-1]["requestID"]
    event = store.events()[-1]
    told = store.send("GET", "/photos/k").body.decode()
    assert told.count(f">{store.events()[-1]['requestID']}<") == 2
    assert event["additionalEventData"]["bytesTransferredOut"] == len(told)


def test_metadata_is_told_whatever_its_names_and_values(store: Store) -> None:
    given = {"file_name": "a", "meta.data": "b c", "x" * 100: "d", "empty": "", "tab": "a\tb"}
    headers = {f"x-amz-meta-{name}": value for name, value in given.items()}
    assert store.send("PUT", "/photos/k", b"hello", headers).status == 200
    assert headers.items() <= store.s3.requests[-1].headers.items()
    store.s3.answers["HEAD /photos/k"] = Told(headers=headers)
    assert store.client().head_object(Bucket=BUCKET, Key="k")["Metadata"] == given


def test_metadata_that_is_no_ascii_is_told_as_at_aws(store: Store) -> None:
    sent = {"x-amz-meta-u": "ÄMÄZÕÑ S3".encode().decode("latin-1"), "x-amz-meta-l": "caf\xe9"}
    store.s3.answers["HEAD /photos/k"] = Told(headers=sent)
    told = store.client().head_object(Bucket=BUCKET, Key="k")["Metadata"]
    assert {name: str(make_header(decode_header(value))) for name, value in told.items()} == {
        "u": "ÄMÄZÕÑ S3",
        "l": "café",
    }
    assert told["l"] == "=?UTF-8?B?Y2Fmw6k=?="


@pytest.mark.parametrize("size", [0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 1024 * 1024])
def test_objects_of_all_sizes_pass(store: Store, size: int) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    s3 = store.client()
    s3.put_object(Bucket=BUCKET, Key="k", Body=content)
    assert store.s3.objects["/photos/k"] == content
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == content
    assert s3.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == size


@pytest.mark.parametrize(("algorithm", "goes"), [("CRC32", True), ("SHA256", False), ("", False)])
def test_the_algorithm_of_a_checksum_goes_with_its_checksum_alone(store: Store, algorithm: str, goes: bool) -> None:
    said = {"x-amz-sdk-checksum-algorithm": algorithm, "x-amz-checksum-crc32": "NhCmhg=="}
    assert store.send("PUT", "/photos/k", b"hello", said).status == 200
    assert store.s3.requests[-1].headers["x-amz-checksum-crc32"] == "NhCmhg=="
    assert store.s3.requests[-1].headers.get("x-amz-sdk-checksum-algorithm") == (algorithm if goes else None)


def test_what_is_denied_is_not_sent(store: Store) -> None:
    store.allow(EVERYTHING, DENY_GET)
    error = refusal(store.client().get_object, Bucket=BUCKET, Key="k")
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    assert error["Message"] == (
        f"User: arn:aws:iam::{store.account}:user/alice is not authorized to perform: s3:GetObject on resource: "
        '"arn:aws:s3:::photos/k" with an explicit deny in an identity-based policy'
    )
    assert store.s3.requests == []
    event = store.events()[-1]
    assert (event["eventName"], event["errorCode"]) == ("GetObject", "AccessDenied")
    assert event["additionalEventData"]["decisions"][0]["verdict"] == "explicitDeny"
    assert refusal(store.client().head_object, Bucket=BUCKET, Key="k")["status"] == 403


def test_a_denied_upload_sends_no_byte(store: Store) -> None:
    """5 GiB of it are announced: the client is not told to go on."""
    store.allow(EVERYTHING, DENY_PUT)
    five = 5 * 1024**3
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD", "expect": "100-continue"}
    answer = store.send("PUT", "/photos/k", headers=headers, length=five)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert b"100 Continue" not in answer.raw
    assert store.s3.requests == []
    assert store.events()[-1]["errorCode"] == "AccessDenied"


def test_a_client_that_waits_is_told_to_go_on(store: Store) -> None:
    given = {"host": store.host, "x-amz-content-sha256": sha256(b"hello").hexdigest(), "expect": "100-continue"}
    given |= store.signature("PUT", "/photos/k", given) | {"content-length": "5"}
    lines = ["PUT /photos/k HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    with socket.create_connection(("127.0.0.1", store.server.port), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200")
    assert store.s3.objects["/photos/k"] == b"hello"


def test_whether_an_object_is_there_is_told_to_who_may_list(store: Store) -> None:
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["Code"] == "NoSuchKey"
    store.allow({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    error = refusal(store.client().get_object, Bucket=BUCKET, Key="k")
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    assert refusal(store.client().head_object, Bucket=BUCKET, Key="k")["status"] == 403
    assert [one["action"] for one in store.events()[-1]["additionalEventData"]["decisions"]] == [
        "s3:GetObject",
        "s3:ListBucket",
    ]


def test_a_bucket_that_nobody_owns_is_not_asked_for(store: Store) -> None:
    store.s3.objects["/others/k"] = b"theirs"
    error = refusal(store.client().get_object, Bucket="others", Key="k")
    assert (error["Code"], error["status"], error["BucketName"]) == ("NoSuchBucket", 404, "others")
    assert store.s3.requests == []
    del store.s3.objects["/others/k"]


def test_a_bucket_that_the_upstream_has_already_is_nobodys(store: Store) -> None:
    store.s3.objects["/before"] = b""
    error = refusal(store.client().create_bucket, Bucket="before")
    assert (error["Code"], error["status"], error["BucketName"]) == ("BucketAlreadyExists", 409, "before")
    assert store.s3.asked == ["HEAD /before"]
    assert refusal(store.client().get_object, Bucket="before", Key="k")["Code"] == "NoSuchBucket"


@pytest.mark.parametrize("status", [401, 403])
def test_a_store_that_wants_a_key_is_told_as_such(store: Store, status: int) -> None:
    """The answer to a HEAD says no more than its status; the name of the bucket is free again."""
    store.s3.answers["HEAD /albums"] = Told(status=status)
    error = refusal(store.client().create_bucket, Bucket="albums")
    assert (error["Code"], error["status"]) == ("ServiceUnavailable", 503)
    assert "does not accept the gateway's own key" in error["Message"]
    assert "CARNET_UPSTREAM_SEAWEEDFS_ACCESS_KEY_ID and CARNET_UPSTREAM_SEAWEEDFS_SECRET_ACCESS_KEY" in error["Message"]
    assert {sent.what for sent in store.s3.requests} == {"HEAD /albums"}
    del store.s3.answers["HEAD /albums"]
    store.client().create_bucket(Bucket="albums")
    store.client().delete_bucket(Bucket="albums")


def test_a_store_that_cannot_tell_whether_it_has_a_bucket_is_no_refused_key(store: Store) -> None:
    store.s3.answers["HEAD /albums"] = Told(status=400)
    error = refusal(store.client().create_bucket, Bucket="albums")
    assert (error["Code"], error["status"]) == ("ServiceUnavailable", 503)
    assert "does not tell whether it has the bucket" in error["Message"]


@pytest.mark.parametrize(
    ("given", "again", "code"),
    [
        ({}, {}, ""),
        ({}, {"ACL": "private"}, ""),
        ({}, {"ObjectLockEnabledForBucket": True}, "BucketAlreadyOwnedByYou"),
        ({}, {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}, "BucketAlreadyOwnedByYou"),
        ({"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}, {}, "BucketAlreadyOwnedByYou"),
        ({}, {"ACL": "log-delivery-write", "ObjectOwnership": "ObjectWriter"}, "BucketAlreadyOwnedByYou"),
    ],
)
def test_a_bucket_is_made_again_by_its_owner(
    store: Store, given: dict[str, Any], again: dict[str, Any], code: str
) -> None:
    """In us-east-1, as at AWS, if nothing of it would be changed by that; the upstream is not asked again."""
    s3 = store.client()
    s3.create_bucket(Bucket="albums", **given)
    asked = list(store.s3.asked)
    try:
        if code:
            error = refusal(s3.create_bucket, Bucket="albums", **again)
            assert (error["Code"], error["status"], error["BucketName"]) == (code, 409, "albums")
        else:
            assert s3.create_bucket(Bucket="albums", **again)["Location"] == "/albums"
            event = store.events()[-1]
            assert (event["eventName"], event.get("errorCode")) == ("CreateBucket", None)
            store.allow(EVERYTHING, {"Effect": "Deny", "Action": "s3:CreateBucket", "Resource": "*"})
            assert refusal(s3.create_bucket, Bucket="albums")["Code"] == "AccessDenied"
            store.allow(EVERYTHING)
        assert store.s3.asked == asked
    finally:
        s3.delete_bucket(Bucket="albums")


@pytest.mark.parametrize("location", ["us-east-1", "eu-west-1"])
def test_a_bucket_of_another_region_than_the_endpoints_is_refused(store: Store, location: str) -> None:
    text = f"<LocationConstraint>{location}</LocationConstraint>"
    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    body = f'<CreateBucketConfiguration xmlns="{namespace}">{text}</CreateBucketConfiguration>'.encode()
    answer = store.send("PUT", "/albums", body, region="us-west-2")
    assert answer.code == "IllegalLocationConstraintException"
    assert answer.message.startswith(f"The {location} location constraint is incompatible for the region specific")


@pytest.mark.parametrize(
    ("target", "name", "value", "message"),
    [
        ("?max-keys=2147483648", "max-keys", "2147483648", "Provided max-keys not an integer or within integer range"),
        ("?versions&max-keys=-1", "maxKeys", "-1", "max-keys cannot be negative"),
        (
            "/k?uploadId=u&max-parts=-1",
            "max-parts",
            "-1",
            "Argument max-parts must be an integer between 0 and 2147483647",
        ),
    ],
)
def test_an_argument_out_of_bounds_is_named(store: Store, target: str, name: str, value: str, message: str) -> None:
    answer = store.send("GET", f"/photos{target}")
    assert (answer.status, answer.code, answer.message) == (400, "InvalidArgument", message)
    told = f"<ArgumentName>{name}</ArgumentName><ArgumentValue>{value}</ArgumentValue>"
    assert told in answer.body.decode()
    assert store.s3.requests == []


def test_the_length_of_a_page_that_is_empty_is_not_sent(store: Store) -> None:
    assert store.send("GET", "/photos?list-type=2&max-keys=&prefix=").status == 200
    (sent,) = store.s3.requests
    assert sent.what == "GET /photos?list-type=2&prefix="


def test_a_bucket_is_made_and_deleted(store: Store) -> None:
    s3 = store.client()
    s3.create_bucket(Bucket="albums")
    event = next(
        one for one in reversed(store.events()) if one["eventName"] == "CreateBucket" and "errorCode" not in one
    )
    assert event["requestParameters"]["bucketName"] == "albums"
    assert event["additionalEventData"]["upstreamRequestId"] == "theirs"
    s3.delete_bucket(Bucket="albums")
    looks = ["GET /albums?list-type=2&max-keys=1", "GET /albums?versions&max-keys=1"]
    assert store.s3.asked == ["HEAD /albums", "PUT /albums", *looks, "DELETE /albums"]
    assert refusal(s3.head_bucket, Bucket="albums")["status"] == 404


def test_a_bucket_that_the_upstream_refuses_is_nobodys(store: Store) -> None:
    store.s3.answers["PUT /albums"] = Told(status=400, body=b"<Error><Code>InvalidRequest</Code></Error>")
    assert refusal(store.client().create_bucket, Bucket="albums")["Code"] == "InvalidRequest"
    assert refusal(store.client().head_bucket, Bucket="albums")["status"] == 404


def test_nobody_in_particular_may_do_what_no_policy_allows(store: Store) -> None:
    make: Any = boto3.client
    s3 = make(
        "s3", endpoint_url=store.server.endpoint, region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    error = refusal(s3.get_object, Bucket=BUCKET, Key="k")
    assert (error["Code"], error["Message"], error["status"]) == ("AccessDenied", "Access Denied", 403)
    assert store.s3.requests == []
    event = store.events()[-1]
    assert event["userIdentity"]["accountId"] == "ANONYMOUS_PRINCIPAL"


def test_a_bucket_that_holds_something_is_not_deleted(store: Store) -> None:
    """Some stores delete all that is in it."""
    found = b"<ListVersionsResult><DeleteMarker><Key>k</Key></DeleteMarker></ListVersionsResult>"
    store.s3.answers["GET /photos?versions&max-keys=1"] = Told(body=found)
    error = refusal(store.client().delete_bucket, Bucket=BUCKET)
    assert (error["Code"], error["status"]) == ("BucketNotEmpty", 409)
    assert "DELETE /photos" not in store.s3.asked


def test_an_acl_of_an_object_is_refused(store: Store) -> None:
    error = refusal(store.client().put_object, Bucket=BUCKET, Key="k", Body=b"", ACL="public-read")
    assert (error["Code"], error["status"]) == ("AccessControlListNotSupported", 400)
    assert store.s3.requests == []
    store.client().put_object(Bucket=BUCKET, Key="k", Body=b"", ACL="bucket-owner-full-control")
    assert "x-amz-acl" not in store.s3.requests[0].headers


def test_what_the_profile_does_not_list_is_not_sent(store: Store) -> None:
    error = refusal(store.client().get_bucket_replication, Bucket=BUCKET)
    assert (error["Code"], error["status"]) == ("NotImplemented", 501)
    assert store.s3.requests == []


def test_a_presigned_request_needs_no_header(store: Store) -> None:
    store.s3.objects["/photos/k"] = b"hello"
    assert store.send("GET", store.presigned("GET", "/photos/k"), signed=False).body == b"hello"
    assert store.events()[-1]["additionalEventData"]["AuthenticationMethod"] == "QueryString"
    assert store.send("PUT", store.presigned("PUT", "/photos/new"), b"more", signed=False).status == 200
    assert store.s3.objects["/photos/new"] == b"more"


def test_an_upstream_that_is_gone_is_told(store: Store) -> None:
    store.s3.answers["GET /photos/k"] = Told(status=403, body=b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
    error = refusal(store.client().get_object, Bucket=BUCKET, Key="k")
    assert (error["Code"], error["status"]) == ("ServiceUnavailable", 503)
    store.s3.answers["GET /photos/k"] = Told(status=307, headers={"location": "http://127.0.0.1:1/"})
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["Code"] == "ServiceUnavailable"


def test_an_upload_is_in_the_log_though_its_client_has_gone(store: Store) -> None:
    """The upstream has it by then."""
    store.s3.pause.clear()
    try:
        given = {"host": store.host, "x-amz-content-sha256": sha256(b"hello").hexdigest()}
        given |= store.signature("PUT", "/photos/gone", given) | {"content-length": "5"}
        lines = ["PUT /photos/gone HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        with socket.create_connection(("127.0.0.1", store.server.port), timeout=60) as connection:
            connection.sendall("\r\n".join(lines).encode() + b"hello")
            eventually(lambda: store.s3.requests)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.1)  # until the server has heard of it
        before = len(store.events())
    finally:
        store.s3.pause.set()
    eventually(lambda: len(store.events()) > before)
    event = store.events()[-1]
    assert (event["eventName"], event["requestParameters"]["key"]) == ("PutObject", "gone")
    assert "errorCode" not in event


def test_a_store_that_keeps_cut_bodies_gets_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"0123456789abcdef" * 40_000
    _set_profile(store, monkeypatch)
    wrong = {"x-amz-content-sha256": sha256(b"other").hexdigest()}
    assert store.send("PUT", "/photos/k", content, wrong).code == "XAmzContentSHA256Mismatch"
    assert store.s3.requests == []
    assert store.send("PUT", "/photos/k", content).status == 200
    assert store.s3.objects["/photos/k"] == content


def _set_profile(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a store that keeps what it has got."""
    gateway: Any = store.server.frontend.streaming[0]
    settings = gateway._exchange.settings
    profile = structs.replace(settings.profile, drops_cut_bodies=False)
    monkeypatch.setattr(gateway._exchange, "settings", replace(settings, profile=profile))


def test_conditions_on_whose_the_bucket_is_and_on_tls(store: Store) -> None:
    """A request without TLS has no version of it; whose the bucket is, is known."""
    s3 = store.client()

    def put(operator: str, key: str, value: str) -> bool:
        store.allow(EVERYTHING, {**DENY_PUT, "Condition": {operator: {key: value}}})
        try:
            s3.put_object(Bucket=BUCKET, Key="k", Body=b"")
        except s3.exceptions.ClientError:
            return False
        return True

    assert [put("StringNotEquals", "s3:ResourceAccount", one) for one in (store.account, "1" * 12)] == [True, False]
    assert [put("NumericLessThan", "s3:TlsVersion", one) for one in ("1.2", "1.3")] == [True, True]
    assert not put("Null", "s3:TlsVersion", "true")


def test_no_change_is_sent_on_if_the_disk_of_the_audit_log_is_nearly_full(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.client().put_object(Bucket=BUCKET, Key="k", Body=b"here")
    store.server.fill_disk(monkeypatch)
    asked = len(store.s3.requests)
    answer = store.send("PUT", f"/{BUCKET}/k", body=b"gone")
    assert answer.status == 503
    assert store.send("DELETE", f"/{BUCKET}/k").status == 503
    assert len(store.s3.requests) == asked
    assert store.send("GET", f"/{BUCKET}/k").body == b"here"


def test_who_signs_for_no_region_is_told_which_and_comes_again(store: Store) -> None:
    """s3cmd signs for `US` until it is told another one."""
    wrong = store.send("GET", "/photos", region="US")
    assert (wrong.status, wrong.code) == (400, "AuthorizationHeaderMalformed")
    assert b"<Region>us-east-1</Region>" in wrong.body
    assert wrong.message == "The authorization header is malformed; the region 'US' is wrong; expecting 'us-east-1'"
    in_query = store.presigned("GET", "/photos").replace("us-east-1", "US")
    presigned = store.send("GET", in_query, signed=False)
    assert (presigned.status, presigned.code) == (400, "AuthorizationQueryParametersError")
    assert presigned.message.startswith("Error parsing the X-Amz-Credential parameter; the region 'US' is wrong;")
    assert store.send("GET", "/photos", region="no_Region").message.endswith(
        "the region '...' is wrong; expecting 'us-east-1'"
    )
    assert store.s3.requests == []


def test_what_may_be_done_with_a_delete_marker_is_told(store: Store) -> None:
    marker = {"x-amz-delete-marker": "true", "x-amz-version-id": "v1", "allow": "DELETE"}
    body = b"<Error><Code>MethodNotAllowed</Code><Message>The specified method is not allowed</Message></Error>"
    store.s3.answers["GET /photos/k?versionId=v1"] = Told(status=405, headers=marker, body=body)
    with pytest.raises(ClientError) as caught:
        store.client().get_object(Bucket=BUCKET, Key="k", VersionId="v1")
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("MethodNotAllowed", 405)
    assert marker.items() <= answer["ResponseMetadata"]["HTTPHeaders"].items()


@pytest.mark.parametrize("more", [0, 1, 1_000])
def test_of_long_texts_that_a_client_sends_the_event_has_the_beginning(store: Store, more: int) -> None:
    text = "x" * (LONGEST_TEXT + more)
    host = text[: -len(":1")] + ":1"
    assert store.send("GET", f"/{BUCKET}?prefix={text}").status == 200
    assert store.events()[-1]["requestParameters"]["prefix"] == text[:LONGEST_TEXT]
    encoded, plain = divmod(len(text) - len(f"{BUCKET}/"), len("%78"))
    source = f"{BUCKET}/{'x' * plain}{'%78' * encoded}"
    assert len(source) == len(text)
    store.send("PUT", f"/{BUCKET}/k", headers={"x-amz-copy-source": source})
    assert store.events()[-1]["requestParameters"]["x-amz-copy-source"] == source[:LONGEST_TEXT]
    store.send("GET", f"/{BUCKET}", headers={"host": host})
    assert store.events()[-1]["requestParameters"]["Host"] == host[:LONGEST_TEXT]
