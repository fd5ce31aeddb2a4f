"""Where a secret could be found by somebody who reads files, logs, answers or error reports."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import traceback
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from carnet.assembly.settings import Settings
from carnet.audit.log_files import JsonLines
from carnet.base.faults import Unavailable
from carnet.identity.credentials import Credentials
from carnet.server.log import JsonFormatter
from tests.attacks.wire import Holder, audit, call, root_of, send, signed
from tests.server.in_process import InProcessServer

PASSWORDS = ("Correct-horse-battery-1", "Staple-horse-battery-2")
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


@pytest.fixture(scope="module")
def held(server: InProcessServer) -> list[Holder]:
    """A root key, a user's key, a session of a role and one of GetSessionToken, all of them used."""
    iam, sts = server.client("iam"), server.client("sts")
    arn = iam.create_user(UserName="carol")["User"]["Arn"]
    iam.create_login_profile(UserName="carol", Password=PASSWORDS[0])
    with pytest.raises(ClientError):
        iam.create_login_profile(UserName="carol", Password=PASSWORDS[1])
    iam.put_user_policy(UserName="carol", PolicyName="p", PolicyDocument=ALLOW_ALL)
    carol = Holder.of(iam.create_access_key(UserName="carol")["AccessKey"])
    trust = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = iam.create_role(RoleName="safe", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    carols_sts = server.client("sts", carol.key_id, carol.secret)
    of_role = carols_sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    holders = [root_of(server), carol, Holder.of(of_role), Holder.of(sts.get_session_token()["Credentials"])]
    for holder in holders:
        assert call(server, holder, "GetCallerIdentity", service="sts").status == 200
        call(server, holder, "ListUsers")
        call(server, dataclasses.replace(holder, secret="w" * 40), "ListUsers")
    return holders


def secrets_of(holders: list[Holder]) -> list[str]:
    return [*PASSWORDS, *(holder.secret for holder in holders)] + [holder.token for holder in holders if holder.token]


def files(server: InProcessServer) -> list[Path]:
    return [path for path in server.installation.settings.data_dir.rglob("*") if path.is_file()]


def test_no_secret_and_no_session_token_is_in_any_file(server: InProcessServer, held: list[Holder]) -> None:
    server.installation.last_used.flush()
    assert any(path.name.endswith(("-wal", ".db")) for path in files(server))
    for path in files(server):
        content = path.read_bytes()
        for secret in secrets_of(held):
            assert secret.encode() not in content, path
            assert secret[:20].encode() not in content, path


def test_files_are_their_owners_alone(server: InProcessServer) -> None:
    assert server.installation.settings.data_dir.stat().st_mode & 0o077 == 0
    for path in files(server):
        if path.name.endswith((".jsonl", ".key")):
            assert path.stat().st_mode & 0o077 == 0, path


def test_what_is_printed_of_an_object_shows_no_secret(server: InProcessServer, held: list[Holder]) -> None:
    credentials: Credentials = server.installation.execution.credentials
    for holder in held:
        found = credentials.find(holder.key_id, holder.token)
        assert found is not None
        assert holder.secret not in repr(found)
    assert server.root.secret_access_key not in repr(server.root)
    assert "hunter22" not in repr(Settings(database_url="postgresql://carnet:hunter22@db/carnet"))


def test_a_disk_that_takes_half_a_line_spoils_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, whole_write = tmp_path / "audit.jsonl", os.write
    lines = JsonLines(path)
    lines.append({"event": 1})
    monkeypatch.setattr(os, "write", lambda file, data: whole_write(file, data[:5]))
    with pytest.raises(Unavailable):
        lines.append({"event": 2})
    monkeypatch.undo()
    lines.append({"event": 3})
    lines.append({"event": 4})
    lines.close()
    assert path.read_text().splitlines() == ['{"event":1}', '{"event":3}', '{"event":4}']


def test_the_audit_tells_that_a_secret_was_given_out_and_not_which(server: InProcessServer) -> None:
    name = "dave"
    assert call(server, root_of(server), "CreateUser", UserName=name).status == 200
    answer = call(server, root_of(server), "CreateAccessKey", UserName=name)
    secret = answer.text.partition("<SecretAccessKey>")[2].partition("<")[0]
    assert len(secret) == 40
    event = audit(server)[-1]
    assert event["responseElements"]["accessKey"]["secretAccessKey"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert secret not in json.dumps(server.installation.store.audit_events())


def test_an_unexpected_failure_tells_the_caller_nothing_and_the_log_no_secret(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("inner workings")

    monkeypatch.setattr("carnet.services.execution.caller_context", fails)
    before = len(audit(server))
    with caplog.at_level(logging.ERROR, logger="carnet.server"):
        answer = call(server, root_of(server), "ListUsers")
    assert (answer.status, answer.code, answer.message) == (500, "InternalFailure", "An internal error occurred.")
    assert [event["errorCode"] for event in audit(server)[before:]] == ["InternalFailure"]
    (record,) = caplog.records
    line = JsonFormatter().format(record)
    assert "inner workings" in line
    assert "\n" not in line
    assert record.exc_info is not None
    whole = "".join(traceback.TracebackException(*record.exc_info, capture_locals=True).format())
    assert server.root.secret_access_key not in line
    assert server.root.secret_access_key not in whole


def test_parameters_that_no_event_can_hold_are_left_out_of_it(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carnet.audit.redaction.input_redaction", lambda *_: lambda _: {"n": 1 << 64})
    before = len(audit(server))
    answer = call(server, root_of(server), "GetUser", UserName="nobody")
    assert (answer.status, answer.code) == (500, "InternalFailure")
    (event,) = audit(server)[before:]
    assert (event["errorCode"], event["requestParameters"]) == ("InternalFailure", None)
    assert event["userIdentity"]["type"] == "Root"


@pytest.mark.parametrize(
    ("agent", "status"),
    [
        ("a\x1b[2Jb", 400),  # a control character is no part of a field
        ("\u2028".encode().decode("latin-1"), 200),
        ("\x85{}", 200),
        ('"},{"eventName":"ConsoleLogin"', 200),
        ("</userAgent>", 200),
        ("x" * 60_000, 200),
        ("\t\t", 200),
    ],
)
def test_a_user_agent_writes_no_second_audit_line(server: InProcessServer, agent: str, status: int) -> None:
    raw = signed(server, root_of(server), "GetCallerIdentity", service="sts")
    before = len(audit(server))
    answer = send(server, raw.replace(b"\r\n\r\n", f"\r\nuser-agent: {agent}\r\n\r\n".encode("latin-1"), 1))
    events = audit(server)[before:]
    assert answer.status == status
    assert len(events) == (status == 200)
    assert all(event["userAgent"] == agent.strip(" \t")[:2048] for event in events)


@pytest.mark.parametrize(
    "name", ["a\r\nInjected: x", "a\u2028b", "a\x1b[31m", "a\x00", "\u202egnp.exe", "</Message>", "\ufffe"]
)
def test_a_name_that_is_refused_writes_no_second_line_and_breaks_no_answer(server: InProcessServer, name: str) -> None:
    before = len(audit(server))
    answer = call(server, root_of(server), "CreateUser", UserName=name)
    assert (answer.status, answer.code) == (400, "ValidationError")
    (event,) = audit(server)[before:]
    assert event["requestParameters"] == {"userName": name}
    raw = server.installation.settings.audit_file.read_bytes().splitlines()[-1].decode()
    assert len(raw.splitlines()) == 1
    assert "\x1b" not in raw
    assert "\x1b" not in answer.text
    assert "\x00" not in answer.text


def test_headers_of_an_answer_hold_nothing_that_the_caller_chose(server: InProcessServer) -> None:
    answer = call(server, root_of(server), "GetUser", UserName="x\r\nSet-Cookie: a=b")
    assert answer.status == 400
    assert "set-cookie" not in answer.head.lower()
