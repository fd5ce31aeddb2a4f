"""Web identities over the wire: a real issuer over HTTPS, and the clients as people use them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session as CoreSession

from tests.attacks.wire import audit
from tests.oidc import issuer
from tests.oidc.issuer import IssuerServer, issuer_server
from tests.server.in_process import InProcessServer, in_process_server


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssuerServer]:
    with issuer_server(tmp_path_factory.mktemp("idp")) as made:
        made.offer(issuer.key_set(issuer.private_key("ES256")), url=made.url)
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, idp: IssuerServer) -> Iterator[InProcessServer]:
    directory = tmp_path_factory.mktemp("server")
    with in_process_server(directory, oidc_networks="127.0.0.0/8", oidc_ca_file=idp.ca_file) as made:
        yield made


@pytest.fixture(scope="module")
def arn(server: InProcessServer, idp: IssuerServer) -> str:
    iam = server.client("iam")
    made = iam.create_open_id_connect_provider(Url=idp.url, ClientIDList=["app"])["OpenIDConnectProviderArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": made},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{idp.url.removeprefix('https://')}:sub": "user-ann"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    arn: str = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}}
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=json.dumps(allow))
    return arn


def token(idp: IssuerServer, **changed: Any) -> str:
    return issuer.signed(issuer.claims(time.time(), iss=idp.url, **changed), "ES256")


def test_boto3_finds_its_role_by_the_file_of_a_token(
    server: InProcessServer, idp: IssuerServer, arn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(token(idp))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(file))
    monkeypatch.setenv("AWS_ROLE_ARN", arn)
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "pod")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    iam = boto3.Session(region_name="us-east-1").client("iam")
    assert iam.list_users()["Users"] == []
    event = next(one for one in reversed(audit(server)) if one["eventName"] == "AssumeRoleWithWebIdentity")
    assert event["userIdentity"]["type"] == "WebIdentityUser"
    assert event["userIdentity"]["userName"] == "user-ann"
    assert event["recipientAccountId"] == arn.split(":")[4]
    assert file.read_text() not in json.dumps(event)


def test_what_is_not_taken_is_told_in_awss_codes(server: InProcessServer, idp: IssuerServer, arn: str) -> None:
    sts = server.client("sts")
    for changed, code in (
        ({"exp": 1}, "ExpiredTokenException"),
        ({"aud": "other"}, "InvalidIdentityToken"),
        ({"sub": "user-bob"}, "AccessDenied"),
    ):
        with pytest.raises(ClientError, match=code):
            sts.assume_role_with_web_identity(
                RoleArn=arn, RoleSessionName="pod", WebIdentityToken=token(idp, **changed)
            )


def test_a_huge_token_is_refused_before_anything_is_done(server: InProcessServer, arn: str) -> None:
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    sts = boto3.client(
        "sts",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=config,
    )
    with pytest.raises(ClientError, match="length less than or equal to 20000"):
        sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="pod", WebIdentityToken="a" * 20_001)


def test_a_token_of_the_eks_authenticator_says_who_made_it(server: InProcessServer) -> None:
    """`aws eks get-token` presigns GetCallerIdentity, and the cluster sends it on, asking for JSON."""
    sts: Any = CoreSession().create_client(
        "sts",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.root.access_key_id,
        aws_secret_access_key=server.root.secret_access_key,
    )

    def with_cluster(request: Any, **_: Any) -> None:
        request.headers["x-k8s-aws-id"] = "cluster"

    sts.meta.events.register("before-sign.sts.GetCallerIdentity", with_cluster)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    sent = base64.urlsafe_b64decode(base64.urlsafe_b64encode(url.encode()))
    headers = {"x-k8s-aws-id": "cluster", "accept": "application/json", "host": urlsplit(url).netloc}
    with urlopen(Request(sent.decode(), headers=headers)) as answer:
        told = json.load(answer)["GetCallerIdentityResponse"]["GetCallerIdentityResult"]
    assert told["Arn"].endswith(":root")
