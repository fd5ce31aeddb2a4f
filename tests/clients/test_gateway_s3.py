"""boto3 and the AWS CLI through the gateway to stores that keep objects: SeaweedFS, which verifies, and moto."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.asked import status_of
from tests.clients.running import AWS, MODULES, RunningServer, free_port, running_server
from tests.clients.test_aws_cli import Cli
from tests.waiting import eventually

WEED, MOTO = AWS.parent / "weed", AWS.parent / "moto_server"
OWN_KEY = ("gatewaykey00000001", "the secret of the gateway")
IDENTITIES = {
    "identities": [
        {
            "name": "carnet",
            "credentials": [{"accessKey": OWN_KEY[0], "secretKey": OWN_KEY[1]}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
    ]
}
BUCKET = "photos"
MB = 1024 * 1024
_START_SECONDS = 120


@contextmanager
def started(command: list[str], url: str, **more: str) -> Iterator[None]:
    """A process that answers HTTP there until the block ends, with more variables in its environment."""
    environment = {**os.environ, **more}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        eventually(partial(_answers, url), seconds=_START_SECONDS, pause=0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=120)


def _answers(url: str) -> bool:
    try:
        return status_of(url) > 0
    except OSError:
        return False


@contextmanager
def seaweedfs(directory: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Its address as an upstream, and what the server's environment has for it."""
    if not WEED.exists():
        pytest.skip("SeaweedFS is not set up: make clients")
    identities = directory / "identities.json"
    identities.write_text(json.dumps(IDENTITIES))
    ports = [free_port() for _ in range(8)]  # of each server one for HTTP and one for gRPC
    options = [
        *(f"-dir={directory}", "-ip=127.0.0.1", "-s3", f"-s3.port={ports[0]}", f"-s3.config={identities}"),
        *(f"-master.port={ports[1]}", f"-volume.port={ports[2]}", f"-filer.port={ports[3]}"),
        *(f"-s3.port.grpc={ports[4]}", f"-master.port.grpc={ports[5]}", f"-volume.port.grpc={ports[6]}"),
        f"-filer.port.grpc={ports[7]}",
        *("-master.volumeSizeLimitMB=64", "-volume.max=2000", "-volume.preStopSeconds=1"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0"),  # which are the same ports for every process else
    ]
    url = f"http://127.0.0.1:{ports[0]}"
    own = {
        "CARNET_UPSTREAM_SEAWEEDFS_ACCESS_KEY_ID": OWN_KEY[0],
        "CARNET_UPSTREAM_SEAWEEDFS_SECRET_ACCESS_KEY": OWN_KEY[1],
    }
    with started([str(WEED), "server", *options], f"{url}/healthz", WEED_S3_SSE_KEK="ab" * 32):
        yield f"seaweedfs={url}", own


@contextmanager
def moto() -> Iterator[tuple[str, dict[str, str]]]:
    if not MOTO.exists():
        pytest.skip("moto is not set up: make clients")
    port = free_port()
    with started([str(MOTO), "-p", str(port)], f"http://127.0.0.1:{port}/moto-api/data.json"):
        yield f"moto=http://127.0.0.1:{port}", {}


@pytest.fixture(scope="module", params=["seaweedfs", "moto"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("store")
    store = seaweedfs(directory) if request.param == "seaweedfs" else moto()
    with store as (upstream, own), pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        with running_server(directory / "data", "--upstream", upstream) as running:
            client(running).create_bucket(Bucket=BUCKET)
            yield running


def client(server: RunningServer, *, service: str = "s3", key: tuple[str, str] | None = None, **more: Any) -> Any:
    make: Any = boto3.client
    key_id, secret = key or (server.environment["AWS_ACCESS_KEY_ID"], server.environment["AWS_SECRET_ACCESS_KEY"])
    return make(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(signature_version="s3v4" if service == "s3" else None, **more),
    )


@pytest.mark.parametrize("size", [0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 100 * MB])
def test_objects_come_back_as_they_were(server: RunningServer, size: int) -> None:
    s3, content = client(server), (os.urandom(1024) * (size // 1024 + 1))[:size]
    assert s3.put_object(Bucket=BUCKET, Key="k", Body=content)["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == content
    assert s3.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == size


def test_keys_and_metadata(server: RunningServer) -> None:
    s3, key = client(server), "a b/ü+;&=?#%.txt"
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"0123456789", Metadata={"who": "me"}, CacheControl="no-cache")
    part = s3.get_object(Bucket=BUCKET, Key=key, Range="bytes=2-4")
    assert (part["Body"].read(), part["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert (part["Metadata"], part["CacheControl"]) == ({"who": "me"}, "no-cache")
    with pytest.raises(ClientError, match="304"):
        s3.get_object(Bucket=BUCKET, Key=key, IfNoneMatch=part["ETag"])
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET, Prefix="a b/")["Contents"]] == [key]


def test_parts_copies_and_batches(server: RunningServer, tmp_path: Path) -> None:
    s3, file = client(server), tmp_path / "big"
    file.write_bytes(os.urandom(12 * MB))
    in_parts = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB)
    s3.upload_file(str(file), BUCKET, "big", Config=in_parts)
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "big"})
    s3.download_file(BUCKET, "copy", str(tmp_path / "back"), Config=in_parts)
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    part = {"Bucket": BUCKET, "Key": "parts", "UploadId": upload, "PartNumber": 1}
    etag = s3.upload_part_copy(**part, CopySource=f"{BUCKET}/big")["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(
        Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload={"Parts": [{"ETag": etag, "PartNumber": 1}]}
    )
    assert s3.head_object(Bucket=BUCKET, Key="parts")["ContentLength"] == 12 * MB
    keys = [{"Key": "big"}, {"Key": "copy"}, {"Key": "parts"}]
    assert len(s3.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})["Deleted"]) == 3


def user(server: RunningServer, name: str, *statements: dict[str, Any]) -> Any:
    """A client of a user who may do that alone."""
    iam = client(server, service="iam")
    iam.create_user(UserName=name)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return client(server, key=(key["AccessKeyId"], key["SecretAccessKey"]))


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value.response["Error"]["Code"])


def test_who_may_make_objects_and_overwrite_none(server: RunningServer) -> None:
    once = {"Null": {"s3:if-none-match": "false"}}
    writer = user(server, "once", {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": once})
    made = {"Bucket": BUCKET, "Key": "made-once"}
    assert refused(writer.put_object, **made, Body=b"0") == "AccessDenied"
    writer.put_object(**made, Body=b"1", IfNoneMatch="*")
    assert refused(writer.put_object, **made, Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    assert client(server).get_object(**made)["Body"].read() == b"1"


def test_tags_are_copied_by_who_may_put_them(server: RunningServer) -> None:
    s3 = client(server)
    s3.put_object(Bucket=BUCKET, Key="tagged", Body=b"x", Tagging="class=open")
    s3.put_object(Bucket=BUCKET, Key="plain", Body=b"x")
    copier = user(server, "copier", {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"})
    made = {"Bucket": BUCKET, "Key": "taken"}
    assert refused(copier.copy_object, **made, CopySource=f"{BUCKET}/tagged") == "AccessDenied"
    copier.copy_object(**made, CopySource=f"{BUCKET}/plain")
    copier.copy_object(**made, CopySource=f"{BUCKET}/tagged", TaggingDirective="REPLACE")
    assert s3.get_object_tagging(**made)["TagSet"] == []


def test_parts_that_a_key_encrypts(tmp_path: Path) -> None:
    """Of the stores here moto has keys."""
    with moto() as (upstream, _), running_server(tmp_path / "data", "--upstream", upstream) as server:
        s3, file = client(server), tmp_path / "big"
        file.write_bytes(os.urandom(11 * MB))
        s3.create_bucket(Bucket=BUCKET)
        key = client(server, service="kms").create_key()["KeyMetadata"]["Arn"]
        by_key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
        in_parts = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB)
        s3.upload_file(str(file), BUCKET, "sealed", Config=in_parts, ExtraArgs=by_key)
        assert s3.head_object(Bucket=BUCKET, Key="sealed")["SSEKMSKeyId"] == key
        assert s3.get_object(Bucket=BUCKET, Key="sealed")["Body"].read() == file.read_bytes()
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts", **by_key)["UploadId"]
        writer = user(server, "writer", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
        part = {"Bucket": BUCKET, "Key": "parts", "UploadId": upload, "PartNumber": 1, "Body": b"x"}
        assert refused(writer.upload_part, **part) == "AccessDenied"
        s3.upload_part(**part)


def test_tags_and_versions(server: RunningServer) -> None:
    s3 = client(server)
    s3.put_object(Bucket=BUCKET, Key="t", Body=b"", Tagging="class=open")
    assert s3.get_object_tagging(Bucket=BUCKET, Key="t")["TagSet"] == [{"Key": "class", "Value": "open"}]
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    first, second = (s3.put_object(Bucket="versions", Key="v", Body=body)["VersionId"] for body in (b"1", b"2"))
    assert s3.get_object(Bucket="versions", Key="v", VersionId=first)["Body"].read() == b"1"
    listed = s3.list_object_versions(Bucket="versions")["Versions"]
    assert {one["VersionId"] for one in listed} == {first, second}
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket="versions")


def test_locked_objects(server: RunningServer, request: pytest.FixtureRequest) -> None:
    """Locked as they are put, which stores take with a checksum alone; later, where the store is known to do that."""
    s3, at = client(server), {"Bucket": "locked", "Key": "k"}
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    version = {"VersionId": s3.put_object(**at, Body=b"x", **lock)["VersionId"]}
    told = s3.head_object(**at)
    assert (told["ObjectLockMode"], told["ObjectLockRetainUntilDate"]) == ("GOVERNANCE", until)
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    bypass = {"Effect": "Deny", "Action": "s3:BypassGovernanceRetention", "Resource": "*"}
    forbidden = user(server, "no-bypass", everything, bypass)
    assert refused(forbidden.delete_object, **at, **version, BypassGovernanceRetention=True) == "AccessDenied"
    assert refused(s3.delete_object, **at, **version) == "AccessDenied"
    if request.node.callspec.params["server"] == "seaweedfs":
        longer = {"Mode": "GOVERNANCE", "RetainUntilDate": until + timedelta(days=1)}
        s3.put_object_retention(**at, Retention=longer)
        assert s3.get_object_retention(**at)["Retention"] == longer
        none = {**at, "Retention": {}, "BypassGovernanceRetention": True}
        assert refused(forbidden.put_object_retention, **none) == "AccessDenied"
    s3.delete_object(**at, **version, BypassGovernanceRetention=True)


def test_presigned_requests(server: RunningServer) -> None:
    s3 = client(server)
    put = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "p"})
    asked = urllib.request.Request(put, data=b"hello", method="PUT", headers={"content-type": "text/plain"})
    urllib.request.urlopen(asked, timeout=60).close()
    get = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "p"})
    with urllib.request.urlopen(get, timeout=60) as answer:
        assert answer.read() == b"hello"


def test_acls_of_objects(server: RunningServer) -> None:
    """Stores tell of an object by its head what they told when it was made: of parts and copies, too."""
    s3, url = client(server), f"{server.endpoint}/open"
    s3.create_bucket(Bucket="open", ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket="open")
    s3.put_bucket_versioning(Bucket="open", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="open", Key="k", Body=b"first", ACL="public-read")
    s3.upload_fileobj(
        BytesIO(os.urandom(6 * MB)),
        "open",
        "parts",
        ExtraArgs={"ACL": "public-read"},
        Config=TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB),
    )
    s3.copy_object(Bucket="open", Key="copy", CopySource="open/k", ACL="public-read")
    for key in ("k", "parts", "copy"):
        assert status_of(f"{url}/{key}") == 200
        assert len(s3.get_object_acl(Bucket="open", Key=key)["Grants"]) == 2
    second = s3.put_object(Bucket="open", Key="k", Body=b"second")["VersionId"]
    assert status_of(f"{url}/k") == 403
    s3.put_object_acl(Bucket="open", Key="k", VersionId=second, ACL="public-read")
    with urllib.request.urlopen(f"{url}/k", timeout=60) as answer:
        assert answer.read() == b"second"
    s3.delete_object(Bucket="open", Key="k", VersionId=second)
    with urllib.request.urlopen(f"{url}/k", timeout=60) as answer:
        assert answer.read() == b"first"


LOGGED = {"LoggingEnabled": {"TargetBucket": BUCKET, "TargetPrefix": "log/"}}
REPLICATED = {
    "Role": "arn:aws:iam::ACCOUNT:role/r",
    "Rules": [{"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{BUCKET}"}}],
}
TIERED = {"Id": "i", "Status": "Enabled", "Tierings": [{"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"}]}
LISTED = {
    "Id": "i",
    "IsEnabled": True,
    "IncludedObjectVersions": "Current",
    "Schedule": {"Frequency": "Weekly"},
    "Destination": {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{BUCKET}", "Format": "CSV"}},
}
ANALYSED: dict[str, Any] = {"Id": "i", "StorageClassAnalysis": {}}
NOT_DONE: dict[str, dict[str, Any]] = {
    "put_bucket_analytics_configuration": {"Id": "i", "AnalyticsConfiguration": ANALYSED},
    "put_bucket_intelligent_tiering_configuration": {"Id": "i", "IntelligentTieringConfiguration": TIERED},
    "put_bucket_logging": {"BucketLoggingStatus": LOGGED},
    "put_bucket_metrics_configuration": {"Id": "i", "MetricsConfiguration": {"Id": "i"}},
    "put_bucket_replication": {"ReplicationConfiguration": REPLICATED},
    "put_bucket_request_payment": {"RequestPaymentConfiguration": {"Payer": "Requester"}},
    "put_bucket_inventory_configuration": {"Id": "i", "InventoryConfiguration": LISTED},
    "delete_bucket_inventory_configuration": {"Id": "i"},
}
"""What neither store is known to do."""


@pytest.mark.parametrize("operation", NOT_DONE)
def test_a_setting_that_the_store_does_not_keep_is_refused_by_name(server: RunningServer, operation: str) -> None:
    """INVARIANT: it is not sent: moto deletes a bucket when it is asked to delete its inventory configuration."""
    s3, given = client(server), json.loads(json.dumps(NOT_DONE[operation]).replace("ACCOUNT", server.account_id))
    with pytest.raises(ClientError) as refused:
        getattr(s3, operation)(Bucket=BUCKET, **given)
    error = refused.value.response.get("Error", {})
    assert error.get("Code") == "NotImplemented"
    assert re.search(f"(moto|seaweedfs) is not known to do {refused.value.operation_name}", error.get("Message", ""))
    s3.head_bucket(Bucket=BUCKET)


def test_a_denied_object_has_no_other_name(server: RunningServer) -> None:
    """SeaweedFS takes a backslash for a slash, and lists `secret/` for the prefix `/secret/`."""
    root, iam = client(server), client(server, service="iam")
    root.put_object(Bucket=BUCKET, Key="secret/k", Body=b"secret")
    iam.create_user(UserName="mallory")
    of_objects = f"arn:aws:s3:::{BUCKET}"
    statements = [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*Object", "Resource": f"{of_objects}/secret/*"},
        {
            "Effect": "Deny",
            "Action": "s3:ListBucket",
            "Resource": of_objects,
            "Condition": {"StringLike": {"s3:prefix": "secret*"}},
        },
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="mallory", PolicyName="p", PolicyDocument=document)
    made = iam.create_access_key(UserName="mallory")["AccessKey"]
    mallory = client(server, key=(made["AccessKeyId"], made["SecretAccessKey"]))
    for key in ("secret/k", "secret\\k", "secret\\\\k", "/secret/k", "x/../secret/k"):
        with pytest.raises(ClientError):
            mallory.get_object(Bucket=BUCKET, Key=key)
        with pytest.raises(ClientError):
            mallory.copy_object(Bucket=BUCKET, Key="mine", CopySource={"Bucket": BUCKET, "Key": key})
    for prefix in ("/secret/", "./secret/", "x/../secret/"):
        with suppress(ClientError):
            assert "Contents" not in mallory.list_objects_v2(Bucket=BUCKET, Prefix=prefix), prefix


def test_record_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be denied is done, and told; what changes who may what is not."""
    with seaweedfs(tmp_path) as (upstream, own):
        for name, value in own.items():
            monkeypatch.setenv(name, value)
        name, _, url = upstream.partition("=")
        file = tmp_path / "upstreams.json"
        file.write_text(json.dumps({"upstreams": {name: {"url": url, "mode": "record"}}}))
        with running_server(tmp_path / "data", "--upstreams", str(file)) as server:
            client(server).create_bucket(Bucket=BUCKET)
            iam = client(server, service="iam")
            iam.create_user(UserName="nobody")
            key = iam.create_access_key(UserName="nobody")["AccessKey"]
            nobody = client(server, key=(key["AccessKeyId"], key["SecretAccessKey"]))
            done = nobody.put_object(Bucket=BUCKET, Key="k", Body=b"content")
            assert done["ResponseMetadata"]["HTTPHeaders"]["x-carnet-mode"] == "record"
            assert nobody.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"content"
            assert [one["Key"] for one in nobody.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["k"]
            for call in (nobody.delete_bucket_policy, nobody.delete_public_access_block, nobody.delete_bucket):
                with pytest.raises(ClientError, match="AccessDenied"):
                    call(Bucket=BUCKET)
            told = server.carnet("explain")
            assert "s3:DeleteBucket" in told


def test_a_form(server: RunningServer, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    file = tmp_path / "cat.png"
    file.write_bytes(os.urandom(3 * MB))
    asked = client(server).generate_presigned_post(
        BUCKET, "in/${filename}", Fields={"Content-Type": "image/png"}, Conditions=[{"Content-Type": "image/png"}]
    )
    fields = [part for name, value in asked["fields"].items() for part in ("-F", f"{name}={value}")]
    told = subprocess.run(
        ["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", *fields, "-F", f"file=@{file}", asked["url"]],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    assert told.stdout == "204"
    found = client(server).get_object(Bucket=BUCKET, Key="in/cat.png")
    assert (found["Body"].read(), found["ContentType"]) == (file.read_bytes(), "image/png")


def test_the_aws_cli(server: RunningServer, tmp_path: Path) -> None:
    if not AWS.exists():
        pytest.skip("the AWS CLI is not set up: make clients")
    aws, file = Cli(server.client_environment()), tmp_path / "f"
    file.write_bytes(os.urandom(9 * MB))
    aws("s3api", "put-object", "--bucket", BUCKET, "--key", "f", "--body", str(file))
    aws("s3api", "get-object", "--bucket", BUCKET, "--key", "f", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    assert status_of(f"{server.endpoint}/{BUCKET}/f") == 403
    assert "s3:GetObject" in server.carnet("explain")


JAVASCRIPT = """
const {createRequire} = require("module");
const from = createRequire(process.env.MODULES + "/x.js");
const {S3Client, ...S3} = from("@aws-sdk/client-s3");
const {Upload} = from("@aws-sdk/lib-storage");
const {getSignedUrl} = from("@aws-sdk/s3-request-presigner");
const {Agent} = require("http");
const {Readable} = require("stream");
const here = (host, given, found) => found(null, given.all ? [{address: "127.0.0.1", family: 4}] : "127.0.0.1", 4);
const requestHandler = {httpAgent: new Agent({lookup: here})};
const made = endpoint => new S3Client({endpoint, requestHandler, maxAttempts: 1});
const endpoint = process.env.AWS_ENDPOINT_URL;
const by = {path: made(endpoint), host: made(endpoint.replace("127.0.0.1", "localhost"))};
const pieces = function* (count) { for (let at = 0; at < count; at++) yield Buffer.alloc(1 << 20, at); };
const length = async answer => (await answer.Body.transformToByteArray()).length;
const Bucket = process.env.BUCKET;
(async () => {
  for (const [style, s3] of Object.entries(by)) {
    const at = Key => ({Bucket, Key: style + Key}), send = (name, given) => s3.send(new S3[name + "Command"](given));
    await send("PutObject", {...at("/ü +"), Body: "hello", Metadata: {a: "b"}});
    for (const ChecksumAlgorithm of ["CRC32C", "CRC64NVME", "SHA1", "SHA256"])
      await send("PutObject", {...at("/sums"), Body: "hello", ChecksumAlgorithm});
    await send("PutObject", {...at("/stream"), Body: Readable.from(pieces(2)), ContentLength: 2 << 20});
    await new Upload({client: s3, params: {...at("/parts"), Body: Readable.from(pieces(11))}}).done();
    const found = await send("ListObjectsV2", {Bucket, Prefix: style});
    console.log(style, found.Contents.map(one => one.Key.replace(style, "") + one.Size).join(" "));
    console.log(await length(await send("GetObject", {...at("/parts"), Range: "bytes=1-7"})));
    console.log(await send("GetObject", at("/nothing")).catch(problem => problem.name));
  }
  const get = await getSignedUrl(by.path, new S3.GetObjectCommand({Bucket, Key: "path/ü +"}));
  const put = await getSignedUrl(by.path, new S3.PutObjectCommand({Bucket, Key: "put", Tagging: "a=b"}));
  console.log(await (await fetch(get)).text(), (await fetch(put, {method: "PUT", body: "hello"})).status);
  const nobody = new S3Client({endpoint, credentials: JSON.parse(process.env.NOBODY)});
  const denied = nobody.send(new S3.PutObjectCommand({Bucket, Key: "k", Body: "x"}));
  console.log(await denied.catch(problem => problem.message));
})();
"""


@pytest.mark.skipif(not (MODULES / "@aws-sdk/client-s3").exists(), reason="the AWS SDK for JavaScript 3 is not there")
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_sdk_for_javascript_3(server: RunningServer) -> None:
    """With its own checksums, behind bodies that are streams, and with the bucket in the path and in the host."""
    iam = client(server, service="iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    client(server).create_bucket(Bucket="javascript")
    nobody = json.dumps({"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]})
    environment = server.client_environment(MODULES=str(MODULES), BUCKET="javascript", NOBODY=nobody)
    done = subprocess.run(
        ["node", "-e", JAVASCRIPT], env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    kept = f"/parts{11 * MB} /stream{2 * MB} /sums5 /ü +5"
    of_each = ["7", "NoSuchKey"]
    *told, denied = done.stdout.splitlines()
    assert told == [f"path {kept}", *of_each, f"host {kept}", *of_each, "hello 200"], done.stderr
    assert 'nobody is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::javascript/k"' in denied
