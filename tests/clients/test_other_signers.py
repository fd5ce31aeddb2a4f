"""Clients that sign in their own way, most of them without Content-Type: they sign in, and their policies decide."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.clients.running import AWS, MODULES, RunningServer, running_server

PYTHON = AWS.with_name("python")
SDK_2, SDK_3 = MODULES / "aws-sdk", MODULES / "@aws-sdk"
ASYNC_AWS = Path("/usr/share/php/AsyncAws/Core/autoload.php")

JAVASCRIPT = """
const AWS = require(process.env.SDK);
const given = {endpoint: process.env.AWS_ENDPOINT_URL, region: "us-east-1", maxRetries: 0};
new AWS.STS(given).getCallerIdentity().promise()
  .then(who => { console.log(who.Arn); return new AWS.IAM(given).listUsers({PathPrefix: "/a/"}).promise(); })
  .then(found => console.log(found.Users.length));
"""
JAVASCRIPT_3 = """
const {STSClient, GetCallerIdentityCommand} = require(process.env.SDK + "/client-sts");
const {IAMClient, ListUsersCommand} = require(process.env.SDK + "/client-iam");
const given = {region: "us-east-1", maxAttempts: 1};
new STSClient(given).send(new GetCallerIdentityCommand())
  .then(who => { console.log(who.Arn); return new IAMClient(given).send(new ListUsersCommand({PathPrefix: "/a/"})); })
  .then(found => console.log(found.Users.length));
"""
BOTO_2 = """
import os
from urllib.parse import urlsplit
from boto.iam.connection import IAMConnection
at = urlsplit(os.environ["AWS_ENDPOINT_URL"])
iam = IAMConnection(is_secure=False, host=at.hostname, port=at.port)
iam._auth_handler.region_name, iam._auth_handler.service_name = "us-east-1", "iam"
print(iam.get_user().get_user_result.user.arn)
print(len(iam.get_all_users("/a/").list_users_result.users))
"""
REQUESTS = """
import os, re, requests
endpoint, environment = os.environ["AWS_ENDPOINT_URL"], os.environ
key, secret = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
{auth}
who = requests.post(endpoint, data={{"Action": "GetUser", "Version": "2010-05-08"}}, auth=auth)
print(re.search("<Arn>(.*)</Arn>", who.text)[1])
found = requests.post(endpoint, data={{"Action": "ListUsers", "Version": "2010-05-08", "PathPrefix": "/a/"}}, auth=auth)
print(found.text.count("<UserName>"))
"""
AWS4AUTH = 'from requests_aws4auth import AWS4Auth\nauth = AWS4Auth(key, secret, "us-east-1", "iam")'
REQUESTS_AUTH = (
    "from aws_requests_auth.aws_auth import AWSRequestsAuth\n"
    "auth = AWSRequestsAuth(aws_access_key=key, aws_secret_access_key=secret, aws_host=endpoint.partition('//')[2],\n"
    "    aws_region='us-east-1', aws_service='iam')"
)
RUBY = """
require "aws-sdk-core"
puts Aws::STS::Client.new(endpoint: ENV["AWS_ENDPOINT_URL"], retry_limit: 0).get_caller_identity.arn, 0
"""
PHP = """
require getenv("ASYNC_AWS");
$sts = new AsyncAws\\Core\\Sts\\StsClient(["endpoint" => getenv("AWS_ENDPOINT_URL"), "region" => "us-east-1"]);
echo $sts->getCallerIdentity()->getArn(), "\\n0\\n";
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("signers") / "data") as running:
        yield running


def run(server: RunningServer, command: Sequence[str], **more: str) -> list[str]:
    """What a client of the root user prints, line by line."""
    environment = server.client_environment(**more)
    done = subprocess.run(list(command), env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def answered(server: RunningServer) -> list[str]:
    """The root user's ARN, and that nobody is found under a path."""
    return [f"arn:aws:iam::{server.account_id}:root", "0"]


@pytest.mark.skipif(not SDK_2.exists(), reason="the AWS SDK for JavaScript 2 is not there: make clients, with npm")
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_sdk_for_javascript_2(server: RunningServer) -> None:
    quiet = {"SDK": str(SDK_2), "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1"}
    assert run(server, ["node", "-e", JAVASCRIPT], **quiet) == answered(server)


@pytest.mark.skipif(not SDK_3.exists(), reason="the AWS SDK for JavaScript 3 is not there: make clients, with npm")
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_sdk_for_javascript_3(server: RunningServer) -> None:
    assert run(server, ["node", "-e", JAVASCRIPT_3], SDK=str(SDK_3)) == answered(server)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("data", [["-d"], ["--get", "-d"]])
def test_curl(server: RunningServer, data: list[str]) -> None:
    if (
        "--aws-sigv4"
        not in subprocess.run(["curl", "--help", "all"], capture_output=True, text=True, check=True).stdout
    ):
        pytest.skip("this curl has no --aws-sigv4")
    variables = server.client_environment()
    user = f"{variables['AWS_ACCESS_KEY_ID']}:{variables['AWS_SECRET_ACCESS_KEY']}"
    signed = ["curl", "-s", "--aws-sigv4", "aws:amz:us-east-1:sts", "--user", user]
    asked = [
        *data,
        "Action=GetCallerIdentity&Version=2011-06-15",
        "-H",
        "Accept: application/json",
        f"{server.endpoint}/",
    ]
    (line,) = run(server, [*signed, *asked])
    told = json.loads(line)["GetCallerIdentityResponse"]["GetCallerIdentityResult"]
    assert told["Arn"] == answered(server)[0]


@pytest.mark.skipif(not PYTHON.exists(), reason="the clients are not there: make clients")
@pytest.mark.parametrize(
    "program",
    [
        pytest.param(BOTO_2, id="boto 2"),
        pytest.param(REQUESTS.format(auth=AWS4AUTH), id="requests-aws4auth"),
        pytest.param(REQUESTS.format(auth=REQUESTS_AUTH), id="aws-requests-auth"),
    ],
)
def test_clients_in_python(server: RunningServer, program: str) -> None:
    if (
        program is BOTO_2
        and subprocess.run([PYTHON, "-c", "import boto.iam"], capture_output=True, check=False).returncode
    ):
        pytest.skip("boto 2 does not run on this Python")
    assert run(server, [str(PYTHON), "-W", "ignore", "-c", program]) == answered(server)


@pytest.mark.skipif(shutil.which("php") is None, reason="PHP is not installed")
@pytest.mark.skipif(not ASYNC_AWS.exists(), reason="AsyncAws is not installed: Debian's php-async-aws-core")
def test_async_aws(server: RunningServer) -> None:
    silent = ["php", "-d", "error_reporting=0", "-r", PHP]
    assert run(server, silent, ASYNC_AWS=str(ASYNC_AWS)) == answered(server)


@pytest.mark.skipif(shutil.which("ruby") is None, reason="Ruby is not installed")
def test_the_sdk_for_ruby(server: RunningServer) -> None:
    if subprocess.run(["ruby", "-e", 'require "aws-sdk-core"'], capture_output=True, check=False).returncode:
        pytest.skip("the AWS SDK for Ruby is not installed: Debian's ruby-aws-sdk-core")
    assert run(server, ["ruby", "-e", RUBY]) == answered(server)
