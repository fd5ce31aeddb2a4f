"""Explanations over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api import observation
from carnet.services.accounts import NewAccounts, create_accounts
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


def stranger_of(server: InProcessServer) -> Holder:
    """The root user of another account."""
    parts = server.installation
    (other,) = create_accounts(
        parts.store,
        parts.keyring,
        parts.ids,
        NewAccounts(names=["other"], emails=["root@example.com"], partition="aws"),
        now=server.clock(),
    )
    parts.directory.catch_up()
    return Holder(key_id=other.access_key_id, secret=other.secret_access_key)


def test_a_signed_caller_is_told_of_its_own_account_alone(server: InProcessServer) -> None:
    decision, stranger = denied(server), stranger_of(server)
    assert signed_call(server, root_of(server), _PATH + decision).members["decision"]["decisionId"] == decision
    refused, unknown = (signed_call(server, stranger, _PATH + one) for one in (decision, "nothing"))
    assert (refused.status, refused.code) == (unknown.status, unknown.code) == (404, "NotFound")
    assert refused.message.replace(decision, "") == unknown.message.replace("nothing", "")


ASSUME = {"Effect": "Allow", "Action": "sts:AssumeRole"}
NOBODY, EC2 = (
    {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    {"Principal": {"Service": "ec2.amazonaws.com"}},
)


def by_tag(value: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"aws:ResourceTag/project": value}}}


class Stranger:
    """eve, a user of another account, and its root user."""

    def __init__(self, server: InProcessServer) -> None:
        self._server = server
        self._root = stranger_of(server)
        self.iam = server.client("iam", self._root.key_id, self._root.secret)
        self.arn: str = self.iam.create_user(UserName="eve")["User"]["Arn"]
        self._key = Holder.of(self.iam.create_access_key(UserName="eve")["AccessKey"])

    def told(self, role: str) -> tuple[dict[str, Any], str]:
        """The explanation of eve's AssumeRole, but for its id, its time and the name of the role."""
        sts = self._server.client("sts", self._key.key_id, self._key.secret)
        arn = f"arn:aws:iam::{self._server.root.account}:role/{role}"
        try:
            decision = sts.assume_role(RoleArn=arn, RoleSessionName="session")["ResponseMetadata"]["RequestId"]
        except ClientError as refused:
            decision = refused.response["ResponseMetadata"]["RequestId"]
        answer = signed_call(self._server, self._root, _PATH + decision)
        assert answer.status == 200
        shown = json.loads(json.dumps(answer.members).replace(decision, "").replace(f"role/{role}", ""))
        time = shown["decision"].pop("time")
        return shown["decision"], shown["text"].replace(time, "")

    def make_role(self, name: str, *statements: dict[str, Any]) -> None:
        trust = json.dumps({"Version": "2012-10-17", "Statement": statements})
        tags = [{"Key": "project", "Value": "secret"}]
        self._server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=tags)


@pytest.mark.parametrize(
    ("own", "layer"),
    [
        ([ASSUME | {"Resource": "*"}], "role trust policy"),
        ([], "identity-based policy"),
        ([ASSUME | {"Effect": "Deny", "Resource": "*"}], "identity-based policy"),
        ([ASSUME | {"Resource": "*"} | by_tag("secret")], "role trust policy"),
        ([ASSUME | {"Effect": "Deny", "Resource": "*"} | by_tag("secret")], "role trust policy"),
        ([ASSUME | {"Resource": "arn:aws:iam::*:role/${aws:ResourceTag/project}"}], "role trust policy"),
    ],
)
def test_of_a_role_of_another_account_nothing_is_told_not_even_whether_it_is_there(
    server: InProcessServer, own: list[dict[str, Any]], layer: str
) -> None:
    eve = Stranger(server)
    if own:
        document = json.dumps({"Version": "2012-10-17", "Statement": own})
        eve.iam.put_user_policy(UserName="eve", PolicyName="p", PolicyDocument=document)
    eve.make_role("closed", ASSUME | EC2)
    eve.make_role("denying", ASSUME | EC2, NOBODY)
    nowhere = eve.told("nowhere")
    assert (nowhere[0]["allowed"], nowhere[0]["layer"]) == (False, layer)
    for there in ("closed", "denying"):
        assert eve.told(there) == nowhere
    eve.make_role("open", ASSUME | {"Principal": {"AWS": eve.arn}})
    told, text = eve.told("open")
    assert told["allowed"] or (told, text) == nowhere
    assert '"actual": "secret"' not in json.dumps(told)
    assert 'is "secret"' not in text


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
