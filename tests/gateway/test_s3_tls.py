"""Amazon S3 over TLS, where SDKs sign no hash of a body and send its checksum behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.httpchecksum import AwsChunkedWrapper

from tests.gateway.fake_s3 import FakeS3, fake_s3
from tests.server.certificates import self_signed
from tests.server.in_process import in_process_server

BUCKET = "photos"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_Client = Callable[..., Any]


class OverTls(NamedTuple):
    """A store behind a server that speaks TLS, and a user, alice."""

    s3: FakeS3
    root: _Client
    alice: _Client

    def deny_if(self, operator: str, key: str, value: str) -> None:
        """What alice may not do."""
        denied = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*", "Condition": {operator: {key: value}}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [EVERYTHING, denied]})
        self.root("iam").put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document)

    def puts(self, **given: Any) -> bool:
        """Whether she may put an object."""
        try:
            self.alice("s3").put_object(Bucket=BUCKET, Key="k", Body=b"hello", **given)
        except ClientError as problem:
            if problem.response["Error"]["Code"] != "AccessDenied":
                raise
            return False
        return True


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OverTls]:
    directory: Path = tmp_path_factory.mktemp("tls")
    files = self_signed(directory)
    make: Any = boto3.client
    with fake_s3() as s3, in_process_server(directory, tls=files, upstream=f"seaweedfs={s3.url}") as server:

        def client_of(key: str, secret: str) -> _Client:
            return lambda service: make(
                service,
                endpoint_url=f"https://127.0.0.1:{server.port}",
                region_name="us-east-1",
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                verify=str(files[0]),
                config=Config(retries={"total_max_attempts": 1}, signature_version="s3v4" if service == "s3" else None),
            )

        root = client_of(server.root.access_key_id, server.root.secret_access_key)
        root("iam").create_user(UserName="alice")
        key = root("iam").create_access_key(UserName="alice")["AccessKey"]
        root("s3").create_bucket(Bucket=BUCKET)
        made = OverTls(s3, root, client_of(key["AccessKeyId"], key["SecretAccessKey"]))
        made.deny_if("Bool", "aws:SecureTransport", "false")
        yield made


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_bodies_whose_checksum_comes_behind_them(store: OverTls, algorithm: str) -> None:
    content = b"0123456789abcdef" * 10_000
    store.alice("s3").put_object(Bucket=BUCKET, Key="k", Body=BytesIO(content), ChecksumAlgorithm=algorithm)
    sent = store.s3.requests[-1]
    assert (sent.body, sent.headers["content-length"]) == (content, str(len(content)))
    assert not {"x-amz-trailer", "content-encoding", "transfer-encoding"} & sent.headers.keys()
    assert store.alice("s3").get_object(Bucket=BUCKET, Key="k")["Body"].read() == content


def test_a_body_that_is_not_its_checksum(store: OverTls, monkeypatch: pytest.MonkeyPatch) -> None:
    store.s3.objects.pop(f"/{BUCKET}/broken", None)
    wrapper: Any = AwsChunkedWrapper
    monkeypatch.setattr(wrapper, "_make_chunk", _with_another_checksum(wrapper._make_chunk))
    with pytest.raises(ClientError, match="BadDigest"):
        store.alice("s3").put_object(Bucket=BUCKET, Key="broken", Body=BytesIO(b"hello"))
    assert f"/{BUCKET}/broken" not in store.s3.objects


def _with_another_checksum(make: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def made(wrapper: Any) -> bytes:
        return make(wrapper).replace(b"x-amz-checksum-crc32:NhCmhg==", b"x-amz-checksum-crc32:AAAAAA==")

    return made


def test_conditions_on_tls(store: OverTls) -> None:
    store.deny_if("Bool", "aws:SecureTransport", "false")
    assert store.puts()
    store.deny_if("Bool", "aws:SecureTransport", "true")
    assert not store.puts()
    for least, may in (("1.2", True), ("1.3", True), ("1.4", False)):
        store.deny_if("NumericLessThan", "s3:TlsVersion", least)
        assert store.puts() is may, least
    store.deny_if("Null", "s3:TlsVersion", "true")
    assert store.puts()
