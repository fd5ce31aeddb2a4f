"""Explanations over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api import observation
from carnet.services.accounts import create_accounts
from tests.attacks.wire import Holder, root_of
from tests.server.in_process import InProcessServer
from tests.server.own_api.calling import Told, call, operator_token, signed_call

_PATH = "/_carnet/v1/decisions/"


def denied(server: InProcessServer) -> str:
    """The decision id of a call that was denied to a user without permissions."""
    iam = server.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    with pytest.raises(ClientError) as refused:
        server.client("iam", key["AccessKeyId"], key["SecretAccessKey"]).list_users()
    found: str = refused.value.response["ResponseMetadata"]["RequestId"]
    return found


def ask(server: InProcessServer, decision_id: str) -> Told:
    return call(server, _PATH + decision_id, token=operator_token(server, OperatorScope.DECISIONS_READ).text)


def test_a_denial_and_an_allowed_call_are_explained(server: InProcessServer) -> None:
    decision = denied(server)
    answer = ask(server, decision)
    assert answer.status == 200
    told = answer.members["decision"]
    assert (told["decisionId"], told["allowed"]) == (decision, False)
    assert answer.members["text"].startswith(f"decision  {decision} of ")
    assert "iam:ListUsers" in answer.members["text"]
    allowed = server.client("iam").list_users()["ResponseMetadata"]["RequestId"]
    assert ask(server, allowed).members["decision"]["allowed"] is True


def test_a_signed_caller_is_told_of_its_own_account_alone(server: InProcessServer) -> None:
    decision, parts = denied(server), server.installation
    (other,) = create_accounts(
        parts.store,
        parts.keyring,
        parts.ids,
        names=["other"],
        emails=["root@example.com"],
        partition="aws",
        now=server.clock(),
    )
    parts.directory.catch_up()
    stranger = Holder(key_id=other.access_key_id, secret=other.secret_access_key)
    assert signed_call(server, root_of(server), _PATH + decision).members["decision"]["decisionId"] == decision
    refused, unknown = (signed_call(server, stranger, _PATH + one) for one in (decision, "nothing"))
    assert (refused.status, refused.code) == (unknown.status, unknown.code) == (404, "NotFound")
    assert refused.message.replace(decision, "") == unknown.message.replace("nothing", "")


def test_policies_decide_on_each_decision(server: InProcessServer) -> None:
    decision, iam = denied(server), server.client("iam")
    resource = f"arn:aws:carnet::{server.root.account}:decision/{decision}"
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "carnet:ExplainDecision", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    key = Holder.of(iam.create_access_key(UserName="ann")["AccessKey"])
    assert signed_call(server, key, _PATH + decision).status == 200
    assert signed_call(server, key, _PATH + "other").code == "AccessDenied"


def test_one_call_reads_no_more_than_a_part_of_the_log(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = denied(server)
    size = server.installation.settings.decisions_file.stat().st_size
    for most, status in ((size, 200), (10, 404)):
        monkeypatch.setattr(observation, "_OPERATOR_BYTES", most)
        assert ask(server, decision).status == status
