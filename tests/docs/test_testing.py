"""The page on tests: its test runs, and its CI files are what CI takes and what Carnet has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from carnet.assembly.settings import Settings
from carnet.testing import plugin
from tests.clients.running import BIN, free_port
from tests.testing.test_plugin import PLUGIN

pytest_plugins = ["pytester"]

PAGE = Path("docs/testing.md").read_text()
BLOCKS = dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL))
WORKFLOWS = [name for name in BLOCKS if name.startswith(".github/")]
GITLAB = ".gitlab-ci.yml"


def _read(name: str) -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load(BLOCKS[name])
    return read


def _scripts() -> Iterator[tuple[str, dict[str, str], str]]:
    """Name, variables and script of each job."""
    for name in WORKFLOWS:
        for job, members in _read(name)["jobs"].items():
            yield job, members.get("env", {}), "\n".join(step["run"] for step in members["steps"] if "run" in step)
    for job, members in _read(GITLAB).items():
        yield f"gitlab {job}", members.get("variables", {}), "\n".join(members["script"])


SCRIPTS = {name: (variables, script) for name, variables, script in _scripts()}
SERVING = [name for name, (_, script) in SCRIPTS.items() if "carnet serve" in script]


def test_the_test_on_the_page_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_worker=BLOCKS["test_worker.py"])
    pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_every_fixture_is_on_the_page() -> None:
    fixtures = {name for name in vars(plugin) if name.startswith(("carnet_", "assert_"))}
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == fixtures


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_the_form_that_github_asks_for(name: str) -> None:
    """https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax"""
    workflow = _read(name)
    assert set(workflow) == {"name", True, "permissions", "jobs"}, "YAML 1.1 reads `on` as true, and GitHub does not"
    for job in workflow["jobs"].values():
        assert set(job) <= {"runs-on", "env", "steps"}
        assert job["runs-on"] == "ubuntu-latest"
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert set(step) <= {"uses", "run", "with"}
            assert re.fullmatch(r"actions/[a-z-]+@v[0-9]+", step.get("uses", "actions/x@v1"))
            assert all(isinstance(value, str) for value in step.get("with", {}).values()), "3.10 would be 3.1"


def test_the_gitlab_file_has_the_form_that_gitlab_asks_for() -> None:
    """https://docs.gitlab.com/ci/yaml/"""
    for job in _read(GITLAB).values():
        assert set(job) <= {"image", "variables", "script"}
        assert all(isinstance(line, str) for line in job["script"])
        assert all(isinstance(value, str) for value in job.get("variables", {}).values())


ASK = f""""{sys.executable}" -c "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])\""""


def _said_at_last(lines: list[str], variables: dict[str, str], directory: Path) -> str:
    """The last line that the shell of CI prints when it runs these lines; a machine with other work gets more time."""
    lines = [line.replace("timeout 60 ", "timeout 600 ") for line in lines]
    port = free_port()
    moved = {key: value.replace(":4747", f":{port}") for key, value in variables.items()}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "CARNET_"))}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "trap 'kill $(jobs -p)' EXIT\n" + "\n".join(lines)],
        env=kept | moved | {"CARNET_PORT": str(port), "PATH": f"{BIN}:{os.environ['PATH']}"},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr + (directory / "carnet.log").read_text()
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", SERVING)
def test_the_script_of_a_job_starts_a_server_that_its_variables_call(name: str, tmp_path: Path) -> None:
    """What a job installs, and its own tests, are left out; the rest is run by the shell of CI."""
    variables, script = SCRIPTS[name]
    lines = [line for line in script.splitlines() if not line.startswith("pip install ")]
    assert lines[-1] == "make integration-test"
    said = _said_at_last([*lines[:-1], ASK], variables, tmp_path)
    assert said == f"arn:aws:iam::{Settings().dev_account_id}:root"


def test_the_lines_of_the_guide_to_ci_start_a_server_and_call_it(tmp_path: Path) -> None:
    block = re.findall(r"^```bash\n(.*?)^```$", Path("docs/guides/ci.md").read_text(), re.MULTILINE | re.DOTALL)[0]
    *lines, last = block.splitlines()
    assert last.startswith("terraform apply ")
    assert re.fullmatch(r"arn:aws:iam::\d{12}:root", _said_at_last([*lines, ASK], {}, tmp_path))
