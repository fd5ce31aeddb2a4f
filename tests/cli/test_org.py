"""`carnet org`: files of organizations, and their trees."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from carnet.access.authorize import Check, Decided
from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.audit.decisions import DecidedCall, DecisionLog
from carnet.audit.log_files import JsonLines
from carnet.cli import main
from carnet.policy.decide import decide
from carnet.policy.document import Grammar, parse
from carnet.policy.policies import Policies
from carnet.policy.request import Principal, PrincipalKind, Request
from tests.provisioning.test_estates import ESTATE, MANAGEMENT, MEMBER


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The directory of an installation without accounts."""
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        return directory


def run(data: Path, *arguments: str, code: int = 0, given: str | None = None) -> str:
    done = CliRunner().invoke(main, ["org", *arguments, "--data-dir", str(data)], input=given)
    assert done.exit_code == code, done.output
    return done.output


def test_it_is_imported_shown_and_exported(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "estate.json"
    file.write_text(json.dumps(ESTATE))
    dry = run(data, "import", str(file), "--dry-run")
    assert dry.splitlines()[-1] == "5 to create, 0 to update, 0 unchanged, 0 that cannot be done"
    none = run(data, "tree", code=1)
    assert none == "Error: There is no organization: aws organizations create-organization makes one.\n"
    told = run(data, "import", str(file), "--root-keys")
    assert f"root key of {MEMBER}: AKIA" in told
    assert told.splitlines()[-1] == "Done: 5 created, 0 updated, 0 unchanged."
    assert "no-s3" in run(data, "tree")
    again = tmp_path / "again.json"
    run(data, "export", str(again))
    assert json.loads(run(data, "export", "-")) == json.loads(again.read_text())
    assert run(data, "import", str(again)).splitlines()[-1] == "Done: 0 created, 0 updated, 5 unchanged."


def test_an_export_that_the_disk_has_no_room_for_leaves_the_one_before(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, "import", "-", given=json.dumps(ESTATE))
    file = tmp_path / "exported" / "estate.json"
    file.parent.mkdir()
    file.write_text("an earlier export")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    assert run(data, "export", str(file), code=1) == f"Error: {file}: No space left on device\n"
    assert file.read_text() == "an earlier export"
    assert list(file.parent.iterdir()) == [file], "no draft is left"


def test_one_of_several_organizations_is_named(data: Path) -> None:
    run(data, "import", "-", given=json.dumps(ESTATE))
    other = json.dumps(ESTATE)
    for name, another in (("exampleorg1", "exampleorg2"), (MANAGEMENT, "333333333333"), (MEMBER, "444444444444")):
        other = other.replace(name, another)
    run(data, "import", "-", given=other)
    told = "there are 2 organizations (o-exampleorg1, o-exampleorg2)."
    for asked in (("tree",), ("export", "-"), ("what-if", "--target", "r-ab12", "--detach", "p-12345678")):
        assert told in run(data, *asked, code=1)
        nowhere = run(data, *asked, "--organization", "o-nothere123", code=1)
        assert nowhere == "Error: There is no organization o-nothere123.\n"
    assert run(data, "tree", "--organization", "o-exampleorg2").startswith("o-exampleorg2  management account 3333")


def test_what_cannot_be_taken_is_told_by_the_exit_code(data: Path) -> None:
    run(data, "import", "-", given=json.dumps(ESTATE))
    other = json.dumps(ESTATE).replace(MANAGEMENT, "333333333333")
    told = run(data, "import", "-", code=1, given=other)
    assert "It is in the organization o-exampleorg1." in told


def test_what_is_wrong_in_a_file_is_shown_with_its_place(data: Path) -> None:
    broken = json.dumps({**ESTATE, "Roots": []}, indent=1)
    told = run(data, "import", "-", code=2, given=broken)
    line = next(number for number, text in enumerate(broken.splitlines(), 1) if "Roots" in text)
    assert told.startswith(f"Error: standard input:{line}:")
    assert "must hold one root" in told


def test_what_if_asks_the_log_of_decisions(data: Path, tmp_path: Path) -> None:
    run(data, "import", "-", given=json.dumps(ESTATE))
    policy = tmp_path / "scp.json"
    policy.write_text(
        json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}})
    )
    asked = ("what-if", "--policy", str(policy), "--target", "r-ab12")
    assert "No decision is recorded at" in run(data, *asked, code=1)
    log_calls(data)
    told = run(data, *asked, "--since", "7d")
    assert told.splitlines()[0].startswith(
        f"newly denied  1 x iam:ListUsers  arn:aws:iam::{MEMBER}:user/alice  denied by: "
    )
    assert told.splitlines()[1] == "1 calls were decided again, 1 of them otherwise."
    assert json.loads(run(data, *asked, "--output", "json"))["differences"][0]["newly"] == "denied"
    assert run(data, *asked, "--since", "1m").startswith("0 calls were decided again")


def log_calls(data: Path) -> None:
    """Write a call of an hour ago by a user of the member account."""
    alice = Principal(
        kind=PrincipalKind.USER, arn=f"arn:aws:iam::{MEMBER}:user/alice", account=MEMBER, id="AIDAEXAMPLE"
    )
    document = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    policies = Policies(identity=(parse(document, Grammar.IDENTITY, source="user/alice/own"),))
    request = Request(principal=alice, action="iam:ListUsers", resource="*")
    check = Check(action=request.action, resource=request.resource, resource_account=MEMBER)
    decided = Decided(check=check, request=request, policies=policies, decision=decide(request, policies))
    log = DecisionLog(JsonLines(data / "audit" / "decisions.jsonl"))
    log.write([DecidedCall(decision_id="one", time=datetime.now(UTC) - timedelta(hours=1), decided=(decided,))])
    log.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--target", "r-ab12"), "Give --policy, --detach or both."),
        (("--target", "r-ab12", "--detach", "p-12345678", "--since", "1y"), "'1y' is no time span: 90m, 24h, 7d."),
        (("--target", "r-ab12", "--policy", "nowhere.json"), "nowhere.json: No such file or directory"),
        (("--target", "r-ab12", "--policy", "-"), "-: it is no SERVICE_CONTROL_POLICY: "),
    ],
)
def test_what_if_refuses_what_it_cannot_ask(data: Path, arguments: tuple[str, ...], told: str) -> None:
    run(data, "import", "-", given=json.dumps(ESTATE))
    assert told in run(data, "what-if", *arguments, code=2, given="{}")
