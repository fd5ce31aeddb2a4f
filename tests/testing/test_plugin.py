"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import carnet.testing
from carnet.testing import assertions, doubtful, question

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "no:carnet", "-p", "carnet.testing.plugin")  # whether or not its entry point is installed

TESTS = """
ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}
ASKED = {"principal": "arn:aws:iam::111122223333:user/alice", "resource": "*", "identity": ALLOW}


def test_passes(assert_allowed, assert_denied):
    assert_allowed(action="s3:GetObject", **ASKED)
    assert_denied(by="identity-based policy", action="s3:PutObject", **ASKED)


def test_fails(assert_allowed):
    assert_allowed(action="s3:PutObject", **ASKED)  # the line at fault
"""

WRONG = """
from pathlib import Path

ALICE = "arn:aws:iam::111122223333:user/alice"


def test_malformed(assert_allowed):
    assert_allowed(principal=ALICE, action="s3:Get", resource="*", identity={"Statement": []})  # one


def test_typo(assert_denied):
    assert_denied(principal=ALICE, action="GetObject", resource="*")  # two


def test_file(assert_denied):
    assert_denied(principal=ALICE, action="s3:Get", resource="*", identity=Path("none.json"))  # three
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.RunResult:
    pytester.makepyfile(TESTS)
    return pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider")


def test_the_fixtures_are_the_assertions(run: pytest.RunResult) -> None:
    run.assert_outcomes(passed=1, failed=1)


def test_a_failure_shows_the_line_of_the_test_and_the_trace(run: pytest.RunResult) -> None:
    run.stdout.fnmatch_lines(
        [
            ">   *# the line at fault",
            "E  *AssertionError: expected: allowed",
            "E  *decided: implicitDeny by identity-based policy",
            "E  *Allow in identity[[]0[]] statement 0: does not match: Action",
        ]
    )
    run.stdout.no_fnmatch_line("*assertions.py*raise AssertionError*")
    run.stdout.no_fnmatch_line("*def assert_allowed*")


def test_a_question_that_cannot_be_read_shows_the_line_of_the_test_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(WRONG)
    run = pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider", "--tb=long")
    run.assert_outcomes(failed=3)
    run.stdout.fnmatch_lines(
        [
            ">   *# one",
            "E  *Misread: question.policies.identity[[]0[]].Statement: The policy has no statement.",
            ">   *# two",
            "E  *Misread: question.request.action must be one action, such as s3:GetObject; it is 'GetObject'",
            ">   *# three",
            "E  *FileNotFoundError: * 'none.json'",
        ]
    )
    for inner in ("*def _asked*", "*def assert_*", "*case_documents.py*", "*During handling*", "*direct cause*"):
        run.stdout.no_fnmatch_line(inner)


def test_pytest_finds_the_plugin_by_its_entry_point() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    plugin = import_module(project["entry-points"]["pytest11"]["carnet"])
    assert {"assert_allowed", "assert_denied"} <= set(vars(plugin))


def test_pytest_is_not_needed_to_run_carnet() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    assert not [name for name in project["dependencies"] if name.startswith("pytest")]


def test_the_start_of_pytest_imports_nothing_of_the_engine() -> None:
    loads = (
        "import sys, carnet.testing.plugin; print(*sorted(name for name in sys.modules if name.startswith('carnet')))"
    )
    run = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["carnet", "carnet.testing", "carnet.testing.plugin"]


def test_names_of_the_package_are_imported_if_they_are_asked_for() -> None:
    found = {name: getattr(carnet.testing, name) for name in carnet.testing.__all__}
    homes = vars(question) | vars(assertions) | vars(doubtful)
    assert found == {name: homes[name] for name in carnet.testing.__all__}
    with pytest.raises(AttributeError, match="has no attribute 'assert_nothing'"):
        getattr(carnet.testing, "assert_nothing")  # noqa: B009 # mypy knows that it is not there
