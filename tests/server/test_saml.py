"""AssumeRoleWithSAML over the wire, by a client that has no credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.attacks.wire import audit
from tests.saml import idp
from tests.saml.idp import AWS, Answer
from tests.server.in_process import InProcessServer, in_process_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("saml")) as running:
        yield running


@pytest.fixture(scope="module")
def arns(server: InProcessServer) -> tuple[str, str]:
    """Of the provider and the role."""
    iam = server.client("iam")
    provider = iam.create_saml_provider(Name="idp", SAMLMetadataDocument=idp.metadata())["SAMLProviderArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithSAML",
        "Condition": {"StringEquals": {"saml:aud": idp.RECIPIENT}},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return provider, iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def answer(server: InProcessServer, arns: tuple[str, str], **changes: Any) -> Answer:
    now, (provider, role) = server.clock(), arns
    told = Answer(
        issued=now,
        confirmed_until=now + timedelta(minutes=5),
        not_before=None,
        not_on_or_after=None,
        attributes={f"{AWS}Role": [f"{role},{provider}"], f"{AWS}RoleSessionName": ["alice"]},
    )
    return told.but(**changes)


def assume(server: InProcessServer, arns: tuple[str, str], text: str) -> Any:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    sts = boto3.client("sts", endpoint_url=server.endpoint, region_name="us-east-1", config=config)
    return sts.assume_role_with_saml(PrincipalArn=arns[0], RoleArn=arns[1], SAMLAssertion=text)


def refused(server: InProcessServer, arns: tuple[str, str], text: str) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        assume(server, arns, text)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_client_without_credentials_gets_some(server: InProcessServer, arns: tuple[str, str]) -> None:
    given = assume(server, arns, idp.post(answer(server, arns)))
    assert given["Subject"] == "alice"
    event, account = audit(server)[-1], arns[0].split(":")[4]
    assert event["userIdentity"] == {
        "type": "SAMLUser",
        "principalId": f"{given['NameQualifier']}:alice",
        "userName": "alice",
        "identityProvider": given["NameQualifier"],
    }
    assert event["recipientAccountId"] == account
    assert "HIDDEN" in event["requestParameters"]["sAMLAssertion"]
    credentials = given["Credentials"]
    session = server.client(
        "sts", credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    assert session.get_caller_identity()["Arn"] == given["AssumedRoleUser"]["Arn"]


def test_the_errors_of_the_model(server: InProcessServer, arns: tuple[str, str]) -> None:
    def post(**changes: Any) -> str:
        return idp.post(answer(server, arns, id="_refused", **changes))

    old = server.clock() - timedelta(minutes=6)
    assert refused(server, arns, "====") == ("InvalidIdentityToken", 400)
    assert refused(server, arns, post(issued=old)) == ("ExpiredTokenException", 400)
    assert refused(server, arns, post(status="urn:oasis:names:tc:SAML:2.0:status:Responder")) == (
        "IDPRejectedClaim",
        403,
    )
    assert refused(server, arns, post(name=None)) == ("AccessDenied", 403)


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE lolz [<!ENTITY a 'lol'>]><lolz>&a;</lolz>",
        "<a>" * 20_000,
        f"<a {' '.join(f'a{number}=%s' % chr(34) + chr(34) for number in range(7000))}/>",
        Answer().xml(),
        "\x00",
    ],
    ids=["a DTD", "depth", "attributes", "unsigned", "no XML"],
)
def test_hostile_documents_are_refused(server: InProcessServer, arns: tuple[str, str], document: str) -> None:
    assert refused(server, arns, idp.encoded(document)) == ("InvalidIdentityToken", 400)
