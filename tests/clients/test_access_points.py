"""Access points by boto3, the AWS CLI, the SDK for JavaScript and Terraform, in front of SeaweedFS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.clients.proxy import leading_to
from tests.clients.running import AWS, AWS_V2, MODULES, RunningServer, running_server
from tests.clients.test_aws_cli import Cli
from tests.clients.test_gateway_s3 import seaweedfs
from tests.clients.test_terraform import initialized

BUCKET, NAME = "photos", "reports"
MB = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("points")
    with seaweedfs(directory) as (upstream, own), pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        with running_server(directory / "data", "--upstream", upstream) as running:
            yield running


@pytest.fixture(scope="module")
def proxy(server: RunningServer) -> Iterator[str]:
    with leading_to(int(server.endpoint.rpartition(":")[2])) as address:
        yield address


@pytest.fixture(scope="module")
def environment(server: RunningServer, proxy: str) -> dict[str, str]:
    """Of clients to whom every name below localhost leads to the server."""
    endpoint = server.endpoint.replace("127.0.0.1", "localhost")
    return server.client_environment(HTTP_PROXY=proxy, http_proxy=proxy, NO_PROXY="", AWS_ENDPOINT_URL=endpoint)


@pytest.fixture(scope="module")
def arn(environment: dict[str, str], server: RunningServer) -> str:
    client(environment, "s3").create_bucket(Bucket=BUCKET)
    made = client(environment, "s3control").create_access_point(AccountId=server.account_id, Name=NAME, Bucket=BUCKET)
    found: str = made["AccessPointArn"]
    return found


def client(environment: dict[str, str], service: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={"http": environment["HTTP_PROXY"]}),
    )


def test_boto3(environment: dict[str, str], server: RunningServer, arn: str, tmp_path: Path) -> None:
    s3, file = client(environment, "s3"), tmp_path / "big"
    alias = client(environment, "s3control").get_access_point(AccountId=server.account_id, Name=NAME)["Alias"]
    file.write_bytes(os.urandom(9 * MB))
    for bucket in (arn, alias):
        s3.upload_file(str(file), bucket, "a b/big")
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a b/big"})
        s3.download_file(bucket, "copy", str(tmp_path / "back"))
        assert (tmp_path / "back").read_bytes() == file.read_bytes()
        listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
        assert [one["Key"] for one in listed] == ["a b/big", "copy"]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a b/big"}, {"Key": "copy"}]})
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize("program", [AWS, AWS_V2], ids=["v1", "v2"])
def test_the_aws_cli(
    environment: dict[str, str], server: RunningServer, arn: str, tmp_path: Path, program: Path
) -> None:
    if not program.exists():
        pytest.skip("the AWS CLI is not set up: make clients")
    aws, file = Cli(environment, program), tmp_path / "f"
    file.write_text("hello")
    of = ("--account-id", server.account_id, "--name", "cli")
    aws("s3control", "create-access-point", *of, "--bucket", BUCKET)
    found = aws("s3control", "get-access-point", *of)
    assert (found["Bucket"], found["NetworkOrigin"]) == (BUCKET, "Internet")
    own = found["AccessPointArn"]
    aws("s3api", "put-object", "--bucket", own, "--key", "f", "--body", str(file))
    aws("s3api", "get-object", "--bucket", found["Alias"], "--key", "f", str(tmp_path / "back"))
    assert (tmp_path / "back").read_text() == "hello"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{own}/object/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": deny})
    aws("s3control", "put-access-point-policy", *of, "--policy", policy)
    error = aws.error("s3api", "get-object", "--bucket", own, "--key", "f", str(tmp_path / "back"))
    assert f'on resource: "{own}/object/f" with an explicit deny in a resource-based policy' in error
    assert f"{own}/object/f" in server.carnet("explain")
    aws("s3api", "get-object", "--bucket", arn, "--key", "f", str(tmp_path / "back"))
    error = aws.error("s3api", "delete-bucket", "--bucket", BUCKET)
    assert "BucketHasAccessPointsAttached" in error
    aws("s3control", "delete-access-point", *of)


JAVASCRIPT = """
const {createRequire} = require("module");
const from = createRequire(process.env.MODULES + "/x.js");
const {S3Client, ...S3} = from("@aws-sdk/client-s3");
const {Agent} = require("http");
const here = (host, given, found) => found(null, given.all ? [{address: "127.0.0.1", family: 4}] : "127.0.0.1", 4);
const requestHandler = {httpAgent: new Agent({lookup: here})};
const s3 = new S3Client({endpoint: process.env.AWS_ENDPOINT_URL, requestHandler, maxAttempts: 1});
const Bucket = process.env.ARN;
(async () => {
  const send = (name, given) => s3.send(new S3[name + "Command"]({Bucket, ...given}));
  await send("PutObject", {Key: "js/ü", Body: "hello"});
  const found = await send("GetObject", {Key: "js/ü"});
  console.log(await found.Body.transformToString());
  await send("DeleteObject", {Key: "js/ü"});
  console.log(await send("GetBucketVersioning", {}).catch(problem => problem.name));
})();
"""


@pytest.mark.skipif(not (MODULES / "@aws-sdk/client-s3").exists(), reason="the AWS SDK for JavaScript 3 is not there")
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_sdk_for_javascript_3(environment: dict[str, str], arn: str) -> None:
    done = subprocess.run(
        ["node", "-e", JAVASCRIPT],
        env=environment | {"MODULES": str(MODULES), "ARN": arn},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.stdout.splitlines() == ["hello", "MethodNotAllowed"], done.stderr


def test_terraform(environment: dict[str, str], server: RunningServer, tmp_path: Path) -> None:
    terraform = initialized("terraform-access-points", server, tmp_path, **environment)
    first, second = (("-input=false", f"-var=description={name}") for name in ("first", "second"))
    terraform("apply", "-auto-approve", *first)
    assert terraform.outputs()["alias"].endswith("-s3alias")
    assert terraform.outputs()["inside"] == "VPC"
    terraform("plan", "-detailed-exitcode", *first, codes=(0,))
    terraform("plan", "-detailed-exitcode", *second, codes=(2,))
    terraform("apply", "-auto-approve", *second)
    terraform("plan", "-detailed-exitcode", *second, codes=(0,))
    terraform("destroy", "-auto-approve", *second)
    listed = client(environment, "s3control").list_access_points(AccountId=server.account_id)
    assert "terraform-reports" not in [one["Name"] for one in listed["AccessPointList"]]
