"""`carnet audit`, of a server that has run."""

from __future__ import annotations

import base64
import errno
import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from carnet.audit import reading
from carnet.cli.main import main
from tests.attacks.wire import Holder, audit, call
from tests.cli.happening import happening
from tests.server.in_process import InProcessServer, in_process_server
from tests.waiting import eventually

OTHER_KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path) as running:
        iam = running.client("iam")
        for name in ("alice", "bob"):
            iam.create_user(UserName=name)
        call(running, Holder(key_id=running.root.access_key_id, secret="0" * 40), "ListUsers")
        yield running


def run(server: InProcessServer, *words: str, code: int = 0) -> str:
    data = str(server.installation.settings.data_dir)
    result = CliRunner().invoke(main, ["audit", *words, "--data-dir", data])
    assert result.exit_code == code, result.output
    return result.output


def found(server: InProcessServer, *words: str) -> list[str]:
    """The ids of the events that a search finds, by the users that they made."""
    told = run(server, "search", "--output", "event", *words).removesuffix("No event was found.\n")
    events = map(json.loads, told.splitlines())
    return [(event["requestParameters"] or {}).get("userName", event["eventName"]) for event in events]


def test_the_tail_is_in_its_order(server: InProcessServer) -> None:
    told = run(server, "tail", "-n", "2").splitlines()
    assert [line.split()[1:3] for line in told] == [["allowed", "iam:CreateUser"], ["refused", "iam:ListUsers"]]
    assert run(server, "tail", "-n", "0") == ""


def test_the_tail_of_one_account(server: InProcessServer) -> None:
    assert len(run(server, "tail", "--account", server.root.account, "--output", "json").splitlines()) == 2


def test_the_tail_goes_on(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def until_one_came(path: Path) -> Iterator[bytes]:
        yield next(follow(path))
        raise KeyboardInterrupt

    follow = reading.follow
    monkeypatch.setattr(reading, "follow", until_one_came)
    with happening(lambda: server.client("iam").list_groups()):
        told = run(server, "tail", "-n", "1", "-f", "--output", "event")
    before, to_come = (json.loads(line) for line in told.splitlines())
    assert before["eventName"] in ("ListUsers", "ListGroups")
    assert to_come["eventName"] == "ListGroups"
    assert before["eventID"] != to_come["eventID"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ["ListUsers", "bob", "alice", "CreateAccount"]),
        (("--limit", "1"), ["ListUsers"]),
        (("--event-name", "CreateUser"), ["bob", "alice"]),
        (("--resource-name", "alice"), ["alice"]),
        (("--resource-type", "AWS::IAM::User", "--username", "root"), ["bob", "alice"]),
        (("--event-source", "sts.amazonaws.com"), []),
        (("--read-only", "false"), ["bob", "alice", "CreateAccount"]),
        (("--event-source", "carnet"), ["CreateAccount"]),
        (("--failed",), ["ListUsers"]),
        (("--since", "2100-01-01"), []),
        (("--until", "2000-01-01T00:00:00Z"), []),
        (("--since", "2000-01-01", "--until", "2100-01-01T00:00:00"), ["ListUsers", "bob", "alice", "CreateAccount"]),
    ],
)
def test_a_search(server: InProcessServer, words: tuple[str, ...], expected: list[str]) -> None:
    assert found(server, *words) == expected


def test_an_event_is_found_by_its_ids(server: InProcessServer) -> None:
    event = audit(server)[1]
    assert found(server, "--event-id", event["eventID"]) == ["alice"]
    assert found(server, "--access-key-id", server.root.access_key_id, "--account", server.root.account) == [
        "bob",
        "alice",
    ]


@pytest.mark.parametrize("words", [("search", "--event-name", "Nothing"), ("tail", "--account", "999999999999")])
@pytest.mark.parametrize("output", ["text", "json", "event"])
def test_that_nothing_is_found_is_told_on_the_standard_error(
    server: InProcessServer, words: tuple[str, ...], output: str
) -> None:
    data = str(server.installation.settings.data_dir)
    result = CliRunner().invoke(main, ["audit", *words, "--output", output, "--data-dir", data])
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No event was found.\n")


def test_where_no_events_are(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["audit", "search", "--data-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output == (
        f"Error: No event is recorded at {tmp_path}/audit/audit.jsonl; --data-dir names another installation.\n"
    )


def exported(directory: Path) -> dict[str, list[Any]]:
    return {
        str(path.relative_to(directory)): json.loads(gzip.decompress(path.read_bytes()))["Records"]
        for path in directory.rglob("*.json.gz")
    }


def test_an_export_has_cloudtrail_s_layout(server: InProcessServer, tmp_path: Path) -> None:
    out, account = tmp_path / "out", server.root.account
    assert run(server, "export", str(out)) == "1 files with 2 events; 2 events are of no account.\n"
    ((name, records),) = exported(out).items()
    day = audit(server)[1]["eventTime"][:10]
    minute = audit(server)[2]["eventTime"][:16].replace("-", "").replace(":", "")
    head = f"AWSLogs/{account}/CloudTrail/us-east-1/{day.replace('-', '/')}/{account}_CloudTrail_us-east-1_{minute}Z_"
    assert name.startswith(head)
    assert len(name.removeprefix(head)) == len("0123456789abcdef.json.gz")
    assert [record["requestParameters"]["userName"] for record in records] == ["alice", "bob"]
    assert list(records[0]["additionalEventData"]) == ["decisionId"]


def test_an_export_that_the_disk_does_not_take_names_its_directory(
    server: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("carnet.audit.cloudtrail_files.gzip.compress", full)
    told = run(server, "export", str(tmp_path / "out"), code=1)
    assert told == f"Error: {tmp_path / 'out'}: No space left on device\n"


def test_the_same_events_are_exported_once(server: InProcessServer, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(server, "export", str(out))
    (path,) = out.rglob("*.json.gz")
    path.write_bytes(gzip.compress(b'{"Records": []}'))
    run(server, "export", str(out))
    assert list(exported(out).values()) == [[]]
    assert not list(out.rglob("*.tmp"))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_of_an_export_holds_so_many_events(
    server: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carnet.audit.cloudtrail_files._MOST_EVENTS", 1)
    assert run(server, "export", str(tmp_path / "out")).startswith("2 files with 2 events;")
    assert [len(records) for records in exported(tmp_path / "out").values()] == [1, 1]


def test_a_file_of_an_export_appears_whole(
    server: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads the directory meanwhile, or after a crash, finds no half of a file."""

    def crash(*_: object) -> Path:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        run(server, "export", str(tmp_path / "out"), code=1)
    assert exported(tmp_path / "out") == {}
    run(server, "export", str(tmp_path / "out"))
    assert len(exported(tmp_path / "out")) == 1


def test_a_file_that_was_moved_away_is_read_in_a_directory_of_its_own(server: InProcessServer, tmp_path: Path) -> None:
    """As docs/guides/log-rotation.md says: there is no store, so the key is told."""
    (tmp_path / "audit").mkdir()
    moved = tmp_path / "audit/audit.jsonl"
    moved.write_bytes(server.installation.settings.audit_file.read_bytes())
    own = ["--data-dir", str(tmp_path)]

    def ask(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["audit", *arguments, *own])
        return done.exit_code, done.output

    code, told = ask("tail", "-n", "1")
    assert (code, "iam:" in told) == (0, True)
    code, told = ask("verify", "--key", OTHER_KEY)
    assert (code, told.startswith("Records 1 to ")) == (0, True)
    moved.write_bytes(moved.read_bytes().replace(b'"userName":"alice"', b'"userName":"carol"'))
    assert ask("verify", "--key", OTHER_KEY)[0] == 1


def test_a_part_is_exported(server: InProcessServer, tmp_path: Path) -> None:
    assert run(server, "export", str(tmp_path / "out"), "--account", "000000000000").startswith("0 files with 0 events")


def test_an_untouched_log_is_verified_with_its_store(server: InProcessServer, tmp_path: Path) -> None:
    settings = server.installation.settings
    eventually(settings.checkpoints_file.exists)
    told = run(server, "verify", "--changes").splitlines()
    assert told[0].endswith("rows of the change log are as they were written.")
    assert told[1].startswith("Records 1 to ")
    assert told[1].endswith(f"of the log {server.installation.recorder.log} are as they were written.")
    assert "checkpoints agree" in told[2]
    key = told[2].rpartition(" ")[2].removesuffix(".")
    kept = tmp_path / "elsewhere"
    kept.write_text(settings.checkpoints_file.read_text())
    assert run(server, "verify", "--checkpoints", str(kept), "--key", key).splitlines() == told[1:]
    assert f"is signed by the key {key}, not by {OTHER_KEY}." in run(server, "verify", "--key", OTHER_KEY, code=1)
    for bad in ("AAAA", "nonsense!", key[:-1], ""):
        assert "is no public key as this command shows it" in run(server, "verify", "--key", bad, code=2)
    whole = settings.audit_file.read_bytes()
    settings.audit_file.write_bytes(whole.replace(b'"userName":"alice"', b'"userName":"carol"'))
    refused = run(server, "verify", code=1)
    assert refused.startswith(f"Error: {settings.audit_file}: line ")
    assert "was altered" in refused
    settings.audit_file.write_bytes(whole)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE changes SET key = 'x' WHERE seq = 3 AND ordinal = 0", "change 3.0 was altered"),
        ("DELETE FROM changes WHERE seq = 3", "comes 4.0: rows are missing"),
        ("DELETE FROM changes WHERE seq = (SELECT seq FROM head)", "and the head stands at"),
        ("UPDATE changes SET prev_hash = x'00' WHERE seq = 3 AND ordinal = 0", "change 3.0 does not follow"),
    ],
)
def test_a_change_log_that_was_altered_is_told(server: InProcessServer, statement: str, why: str) -> None:
    with closing(sqlite3.connect(server.installation.settings.data_dir / "carnet.db")) as connection, connection:
        connection.execute(statement)
    assert why in run(server, "verify", "--changes", code=1)


def test_where_no_log_is_nothing_is_verified(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["audit", "verify", "--data-dir", str(tmp_path)])
    assert (result.exit_code, result.output) == (1, f"Error: There is no audit log at {tmp_path}/audit/audit.jsonl.\n")
