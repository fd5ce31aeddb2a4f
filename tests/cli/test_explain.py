"""`carnet explain`, of a server that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from carnet.cli import explain as module
from carnet.cli.main import main
from carnet.policy import work
from tests.cli.happening import happening
from tests.server.in_process import InProcessServer, in_process_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path) as running:
        yield running


@pytest.fixture
def alice(server: InProcessServer) -> Any:
    """A user without any permission."""
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    return server.client("iam", key["AccessKeyId"], key["SecretAccessKey"])


def refused(alice: Any, name: str) -> str:
    """The id of a denial: alice tries to make a user of that name."""
    with pytest.raises(ClientError, match="AccessDenied") as problem:
        alice.create_user(UserName=name)
    found: str = problem.value.response["ResponseMetadata"]["RequestId"]
    return found


def explain(server: InProcessServer, *words: str, code: int = 0) -> str:
    data = str(server.installation.settings.data_dir)
    result = CliRunner().invoke(main, ["explain", "--data-dir", data, *words])
    assert result.exit_code == code, result.output
    return result.output


def test_a_decision_of_too_much_work_is_named_in_denial_audit_log_and_explanation(
    server: InProcessServer, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = {"Effect": "Allow", "Action": "iam:*", "Resource": ["arn:aws:iam::*:user/*", "arn:aws:iam::*:user/two"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    server.client("iam").put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document)
    monkeypatch.setattr(work, "MOST_STEPS", 2)
    with pytest.raises(ClientError, match=f"iam:CreateUser on resource: .* because {work.TOO_MUCH_WORK}") as problem:
        alice.create_user(UserName="two")
    decision_id = problem.value.response["ResponseMetadata"]["RequestId"]
    told = explain(server, decision_id)
    assert f"implicitDeny: {work.TOO_MUCH_WORK}" in told
    assert f"No statement can allow it: {work.TOO_MUCH_WORK}." in told
    events = map(json.loads, server.installation.settings.audit_file.read_text().splitlines())
    (event,) = [one for one in events if one.get("requestID") == decision_id]
    (decision,) = event["additionalEventData"]["decisions"]
    assert (decision["verdict"], decision["layer"], decision["problem"]) == ("implicitDeny", None, work.TOO_MUCH_WORK)


def test_without_an_id_the_last_denial_is_explained(server: InProcessServer, alice: Any) -> None:
    refused(alice, "one")
    decision_id = refused(alice, "two")
    server.client("iam").list_users()
    told = explain(server)
    assert told.startswith(f"decision  {decision_id} of ")
    assert "implicitDeny by identity-based policy" in told
    assert "missing: iam:CreateUser on arn:aws:iam::" in told
    assert told.count('"Action": "iam:CreateUser"') == 1


def test_the_statement_that_is_told_does_allow_it(server: InProcessServer, alice: Any) -> None:
    refused(alice, "bob")
    (grant,) = json.loads(explain(server, "--output", "json"))["remedy"]["grants"]
    document = json.dumps({"Version": "2012-10-17", "Statement": grant["statement"]})
    server.client("iam").put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document)
    alice.create_user(UserName="bob")


def test_the_last_ones_are_explained_in_their_order(server: InProcessServer, alice: Any) -> None:
    ids = [refused(alice, name) for name in ("a", "b", "c")]
    told = explain(server, "--last", "2")
    assert [line.split()[1] for line in told.splitlines() if line.startswith("decision ")] == ids[1:]
    assert [one["decisionId"] for one in json.loads(explain(server, "--last", "9", "--output", "json"))] == ids


def test_the_id_of_an_allowed_call_is_explained(server: InProcessServer, alice: Any) -> None:
    answer = server.client("iam").get_user(UserName="alice")
    told = explain(server, answer["ResponseMetadata"]["RequestId"])
    assert "allowed" in told.splitlines()[1]
    assert "iam:GetUser" in told
    assert "missing:" not in told


def test_the_id_of_a_change_is_explained(server: InProcessServer, alice: Any) -> None:
    answer = server.client("iam").create_user(UserName="carol")
    assert "iam:CreateUser" in explain(server, answer["ResponseMetadata"]["RequestId"])


def test_what_is_not_there(server: InProcessServer) -> None:
    log = server.installation.settings.decisions_file
    server.client("iam").list_users()
    assert explain(server, "some-id", code=1) == f"Error: No decision some-id is recorded at {log}.\n"
    assert explain(server, code=1) == f"Error: No denial is recorded at {log}.\n"
    log.unlink()
    assert "--data-dir names another installation" in explain(server, code=1)


def test_one_thing_is_asked_for(server: InProcessServer) -> None:
    assert "one of them" in explain(server, "some-id", "--follow", code=2)


def test_denials_are_explained_as_they_happen(
    server: InProcessServer, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = refused(alice, "before")
    ids: list[str] = []

    def act() -> None:
        server.client("iam").list_users()
        ids.append(refused(alice, "now"))

    def until_two_came(segments: Any) -> Iterator[Any]:
        coming = to_come(segments)
        yield next(coming)
        yield next(coming)
        raise KeyboardInterrupt

    to_come = module._denials_to_come
    monkeypatch.setattr(module, "_denials_to_come", until_two_came)
    with happening(act):
        told = explain(server, "--follow", "--output", "json")
    first, second = (json.loads(line)["decisionId"] for line in told.splitlines())
    assert first != before
    assert ids[ids.index(first) + 1] == second
