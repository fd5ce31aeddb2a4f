"""An operation says how its callers prove who they are, and nobody else reaches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from carnet.base.faults import FAULTS, Denied
from carnet.identity.authenticate import Authenticate
from carnet.identity.caller import Anonymous
from carnet.services.operation import AnonymousCall, Answer, Call, anybody
from carnet.services.service import Service
from carnet.services.target import Target
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer, in_process_server

CODES = dict.fromkeys(FAULTS, "InvalidRequestException") | {Denied: "AccessDeniedException"}
CLIENT = {"clientId": "client", "clientSecret": "secret"}
"""What the made-up RegisterClient answers."""


def made_up() -> Service:
    """A service of which one operation is open to anybody, and one is signed."""
    oidc = Service("sso-oidc", fault_codes=CODES)

    @oidc.read("RegisterClient", on=anybody, authenticate=Authenticate.ANONYMOUS)
    def register_client(call: AnonymousCall, given: Mapping[str, Any]) -> Answer:
        assert call.caller == Anonymous()
        return CLIENT

    @oidc.read("CreateToken", on=public, authenticate=Authenticate.ANONYMOUS)
    def create_token(call: AnonymousCall, given: Mapping[str, Any]) -> Answer:
        pytest.fail("no policy allows it")

    @oidc.read("CreateTokenWithIAM", on=own)
    def create_token_with_iam(call: Call, given: Mapping[str, Any]) -> Answer:
        return {"accessToken": call.caller.principal.arn}

    return oidc


def nothing(call: Call, given: object) -> Answer:
    return {}


def public(call: AnonymousCall, given: Mapping[str, Any]) -> Target[()]:
    return Target(arn="*", account="111122223333", found=())


def own(call: Call, given: Mapping[str, Any]) -> Target[()]:
    return Target(arn="*", account=call.account, found=())


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcessServer]:
    monkeypatch.setattr("carnet.assembly.worker.SERVICES", {"sso-oidc": made_up()})
    with in_process_server(tmp_path) as running:
        yield running


def unsigned(server: InProcessServer) -> Any:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.client("sso-oidc", endpoint_url=server.endpoint, region_name="us-east-1", config=config)


def test_anybody_reaches_an_operation_that_takes_no_signature(server: InProcessServer) -> None:
    answer = unsigned(server).register_client(clientName="a", clientType="public")
    assert {name: answer[name] for name in CLIENT} == CLIENT
    event = audit(server)[-1]
    assert event["userIdentity"] == {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    assert (event["eventName"], event["awsRegion"], event["recipientAccountId"]) == ("RegisterClient", None, None)


def test_a_policy_must_allow_nobody_too(server: InProcessServer) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        unsigned(server).create_token(clientId="a", clientSecret="b", grantType="c")
    (decided,) = audit(server)[-1]["additionalEventData"]["decisions"]
    assert decided["verdict"] == "implicitDeny"


def test_nobody_reaches_a_signed_operation_without_a_signature(server: InProcessServer) -> None:
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        unsigned(server).create_token_with_iam(clientId="a", grantType="c")
    answer = server.client("sso-oidc").create_token_with_iam(clientId="a", grantType="c")
    assert answer["accessToken"].endswith(":root")


@pytest.mark.parametrize(
    ("operation", "authenticate"),
    [
        ("RegisterClient", Authenticate.SIGV4),
        ("CreateTokenWithIAM", Authenticate.ANONYMOUS),
    ],
)
def test_the_model_says_the_same(operation: str, authenticate: Authenticate) -> None:
    oidc = Service("sso-oidc", fault_codes=CODES)
    with pytest.raises(ValueError, match="says otherwise"):
        oidc.read(operation, on=own, authenticate=authenticate)(nothing)


def test_what_is_signed_is_decided() -> None:
    oidc = Service("sso-oidc", fault_codes=CODES)
    with pytest.raises(ValueError, match="nothing decides"):
        oidc.read("CreateTokenWithIAM", on=anybody)(nothing)
