"""Events and explanations over HTTP: all accounts for an operator, its own for a signed caller."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api import observation
from carnet.services.accounts import NewAccounts, create_accounts
from tests.attacks.wire import Holder, audit, root_of
from tests.attacks.wire import call as aws_call
from tests.server.in_process import InProcessServer
from tests.server.own_api.calling import Told, call, operator_token, signed_call

EVENTS, DENIALS, DECISIONS, STATUS = (f"/_carnet/v1/{name}" for name in ("events", "denials", "decisions", "status"))
ALLOW_ALL = {"Effect": "Allow", "Action": "carnet:*", "Resource": "*"}


def token(server: InProcessServer) -> str:
    return operator_token(server, *OperatorScope).text


def other_account(server: InProcessServer) -> Holder:
    parts = server.installation
    (made,) = create_accounts(
        parts.store,
        parts.keyring,
        parts.ids,
        NewAccounts(names=("other",), emails=("o@example.com",), partition="aws"),
        now=server.clock(),
    )
    parts.directory.catch_up()
    return Holder(key_id=made.access_key_id, secret=made.secret_access_key)


def user(server: InProcessServer, name: str, *statements: dict[str, Any]) -> Holder:
    iam = server.client("iam")
    iam.create_user(UserName=name)
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    return Holder.of(iam.create_access_key(UserName=name)["AccessKey"])


def denied(server: InProcessServer, holder: Holder, operation: str = "ListUsers", **given: str) -> str:
    """The id of a denial."""
    service = "sts" if operation == "AssumeRole" else "iam"
    assert aws_call(server, holder, operation, service=service, **given).code == "AccessDenied"
    found: str = audit(server)[-1]["requestID"]
    return found


def ids(told: Told) -> list[str]:
    assert told.status == 200, told.members
    return [event["requestID"] for event in told.members["events"]]


def test_an_operator_lists_the_events_of_all_accounts(server: InProcessServer) -> None:
    other, bearer = other_account(server), token(server)
    aws_call(server, other, "ListUsers")
    server.client("iam").list_users()
    last = [event["requestID"] for event in audit(server)[-2:]][::-1]
    first = call(server, f"{EVENTS}?limit=2", token=bearer)
    assert ids(first) == last
    assert first.members["events"][0]["additionalEventData"]["decisions"]
    assert ids(call(server, f"{EVENTS}?account={server.root.account}&eventName=ListUsers", token=bearer)) == last[:1]
    assert len(ids(call(server, f"{EVENTS}?limit=1000&after={first.members['next']}", token=bearer))) < 1000
    refused = call(server, f"{EVENTS}?after=nothing", token=bearer)
    assert (refused.status, refused.code) == (400, "InvalidRequest")


@pytest.mark.parametrize(("path", "most"), [(EVENTS, 1000), (DENIALS, 100)])
def test_a_page_has_a_size(server: InProcessServer, path: str, most: int) -> None:
    bearer = token(server)
    for limit in (1, most):
        assert call(server, f"{path}?limit={limit}", token=bearer).status == 200
    for limit in (0, most + 1):
        refused = call(server, f"{path}?limit={limit}", token=bearer)
        assert (refused.status, refused.code) == (400, "InvalidRequest")


def test_a_signed_caller_lists_its_own_and_no_decisions(server: InProcessServer) -> None:
    other = other_account(server)
    aws_call(server, other, "ListUsers")
    server.client("iam").list_users()
    events = signed_call(server, other, EVENTS).members["events"]
    assert [event["eventName"] for event in events] == ["ListUsers"]
    assert list(events[0]["additionalEventData"]) == ["decisionId"]
    assert signed_call(server, other, f"{EVENTS}?account={server.root.account}").status == 403


def test_events_are_of_a_time(server: InProcessServer) -> None:
    server.client("iam").list_users()
    found = audit(server)[-1]
    before, at, after = "2000-01-01T00:00:00Z", found["eventTime"], "2100-01-01T00:00:00%2B01:00"
    listed = [found["requestID"]]
    bearer = token(server)
    for given, expected in (
        (f"since={at}", listed),
        (f"until={at}", listed),
        (f"since={before}&until={after}", listed),
        (f"since={after}", []),
        (f"until={before}", []),
    ):
        assert ids(call(server, f"{EVENTS}?eventName=ListUsers&{given}", token=bearer)) == expected
    for wrong in ("since=2000-01-01T00:00:00", "until=yesterday", "since="):
        assert call(server, f"{EVENTS}?{wrong}", token=bearer).code == "InvalidRequest"


@pytest.mark.parametrize("path", [EVENTS, DENIALS, f"{DECISIONS}/some-id", STATUS])
def test_policies_decide(server: InProcessServer, path: str) -> None:
    assert signed_call(server, user(server, "stranger"), path).status == 403
    shown = 404 if path.endswith("/some-id") else 200
    assert signed_call(server, user(server, "friend", ALLOW_ALL), path).status == shown


def test_denials_are_explained(server: InProcessServer) -> None:
    alice = user(server, "alice", ALLOW_ALL)
    decision_id = denied(server, alice)
    for told in (
        call(server, f"{DECISIONS}/{decision_id}", token=token(server)).members["decision"],
        signed_call(server, alice, f"{DECISIONS}/{decision_id}").members["decision"],
        call(server, DENIALS, token=token(server)).members["decisions"][0],
        signed_call(server, alice, f"{DENIALS}?limit=5").members["decisions"][0],
    ):
        assert told["decisionId"] == decision_id
        assert told["remedy"]["grants"][0]["statement"]["Action"] == "iam:ListUsers"
        assert told["layers"][0]["statements"]


def test_the_decisions_of_another_account_are_not_told(server: InProcessServer) -> None:
    decision_id = denied(server, user(server, "alice"))
    other = other_account(server)
    refused = signed_call(server, other, f"{DECISIONS}/{decision_id}")
    unknown = signed_call(server, other, f"{DECISIONS}/{'x' * len(decision_id)}")
    assert (refused.status, unknown.status) == (404, 404)
    assert refused.message.replace(decision_id, "") == unknown.message.replace("x" * len(decision_id), "")
    assert signed_call(server, other, DENIALS).members["decisions"] == []


def test_the_policies_of_another_account_s_role_are_not_told(server: InProcessServer) -> None:
    trust = {
        "Sid": "OnlyMars",
        "Effect": "Allow",
        "Principal": {"AWS": server.root.account},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = server.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    root = other_account(server)
    iam = server.client("iam", root.key_id, root.secret)
    iam.create_user(UserName="eve")
    allowed = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW_ALL, ALLOW_ALL | {"Action": "sts:*"}]})
    iam.put_user_policy(UserName="eve", PolicyName="own", PolicyDocument=allowed)
    other = Holder.of(iam.create_access_key(UserName="eve")["AccessKey"])
    decision_id = denied(server, other, "AssumeRole", RoleArn=role, RoleSessionName="session")
    told = signed_call(server, other, f"{DECISIONS}/{decision_id}").members
    assert "OnlyMars" not in json.dumps(told)
    assert told["decision"]["remedy"] is None
    assert "policies that are not shown" in told["text"]
    listed = signed_call(server, other, DENIALS).members
    assert listed == {"decisions": [told["decision"]], "texts": [told["text"]]}
    seen = call(server, f"{DECISIONS}/{decision_id}", token=token(server)).members
    assert "OnlyMars" in json.dumps(seen["decision"])
    assert "OnlyMars" in seen["text"]


def test_a_refused_signature_is_explained_to_operators_alone(server: InProcessServer) -> None:
    wrong = Holder(key_id=server.root.access_key_id, secret="0" * 40)
    aws_call(server, wrong, "ListUsers")
    decision_id = audit(server)[-1]["requestID"]
    told = call(server, f"{DECISIONS}/{decision_id}", token=token(server)).members["decision"]
    assert told["refusedSignature"]["canonicalRequest"].startswith("POST\n")
    assert signed_call(server, root_of(server), f"{DECISIONS}/{decision_id}").status == 404


def test_no_more_of_the_log_is_read_than_may_be(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    decision_id = denied(server, user(server, "alice"))
    for _ in range(20):
        server.client("iam").list_users()
    monkeypatch.setattr(observation, "PAGE_BYTES", 5_000)
    assert signed_call(server, root_of(server), f"{DECISIONS}/{decision_id}").status == 404
    assert call(server, f"{DECISIONS}/{decision_id}", token=token(server)).status == 200


def test_the_status(server: InProcessServer) -> None:
    told = call(server, STATUS, token=token(server)).members
    assert told == {"status": "ok", "revision": server.installation.directory.snapshot.seq, "accounts": 1}
    own = signed_call(server, root_of(server), STATUS).members
    assert own == {"status": "ok", "revision": told["revision"], "account": server.root.account}
