"""What deploys Carnet satisfies the tools of those who run it, which `make dist` sets up."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.deployments import COMPOSE, DOCKERFILE, MANIFEST, UNIT

TOOLS = Path(".venv-dist/bin").absolute()
MOST_EXPOSED = 2.0
"""systemd's exposure level, from 0 to 10; it calls 2 and less "OK"."""


def passed(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_dockerfile() -> None:
    passed(str(TOOLS / "hadolint"), str(DOCKERFILE))


def test_the_compose_file() -> None:
    understood = json.loads(passed(str(TOOLS / "docker-compose"), "--file", str(COMPOSE), "config", "--format", "json"))
    assert set(understood["services"]) == {"carnet", "postgres"}
    assert understood["services"]["carnet"]["ports"][0]["host_ip"] == "127.0.0.1"
    assert "ports" not in understood["services"]["postgres"]


def test_the_kubernetes_manifest() -> None:
    passed(str(TOOLS / "kubernetes-validate"), "--strict", str(MANIFEST))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_systemd_unit(tmp_path: Path) -> None:
    # The command need not be installed on the machine that looks at the unit.
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE))
    verify = ["systemd-analyze", "verify", "--man=no", str(copy)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    shown = passed("systemd-analyze", "security", "--offline=yes", "--no-pager", str(copy))
    level = re.search(r"exposure level for carnet.service: ([0-9.]+)", shown)
    assert level is not None
    assert float(level[1]) <= MOST_EXPOSED
