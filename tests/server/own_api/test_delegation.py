"""The token of a delegation request, as its requestor fetches it, and what boto3 does with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.entities.operator_token import OperatorScope
from tests.attacks.wire import audit, root_of
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.own_api.calling import call, operator_token, signed_call

TOKENS = "/_carnet/v1/delegation-tokens"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("server")) as running:
        yield running


def requested(iam: Any, workflow: str) -> str:
    """A request that the root user of the only account makes to itself, as far as its acceptance."""
    statement = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    template = iam.create_policy(PolicyName=workflow, PolicyDocument=document)["Policy"]["Arn"]
    request: str = iam.create_delegation_request(
        Description="Set up",
        Permissions={"PolicyTemplateArn": template},
        RequestorWorkflowId=workflow,
        NotificationChannel="arn:aws:sns:us-east-1:111122223333:topic",
        SessionDuration=900,
    )["DelegationRequestId"]
    iam.associate_delegation_request(DelegationRequestId=request)
    iam.accept_delegation_request(DelegationRequestId=request)
    return request


def test_a_requestor_fetches_the_token_and_acts_with_it(server: InProcessServer) -> None:
    iam = server.client("iam")
    request = requested(iam, "workflow-1")
    assert signed_call(server, root_of(server), f"{TOKENS}/{request}").status == 404
    iam.send_delegation_token(DelegationRequestId=request)
    told = signed_call(server, root_of(server), f"{TOKENS}/{request}")
    assert (told.status, told.members["delegationRequestId"]) == (200, request)
    token = told.members["tradeInToken"]
    given = server.client("sts").get_delegated_access_token(TradeInToken=token)["Credentials"]
    keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert server.client("iam", *keys).list_users()["Users"] == []
    with pytest.raises(ClientError, match="no scope down policy allows"):
        server.client("iam", *keys).list_roles()
    assert token not in json.dumps(audit(server))


def test_nobody_else_finds_one(server: InProcessServer) -> None:
    token = operator_token(server, *OperatorScope).text
    assert call(server, f"{TOKENS}/none", token=token).status == 403
    assert signed_call(server, root_of(server), f"{TOKENS}/none").status == 404
