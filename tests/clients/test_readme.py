"""Every block of the README's tour, and of the tour of the documentation, runs in its order against a new server."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.clients.running import AWS, BIN, running_server

SHELL = re.compile(r"```bash\n(.*?)```", re.DOTALL)
README = SHELL.findall(Path("README.md").read_text().split("## Five minutes")[1].split("\n## ")[0])
TOUR = SHELL.findall(Path("docs/tour.md").read_text())


def _run(blocks: list[str], directory: Path) -> tuple[subprocess.CompletedProcess[str], str]:
    """What the blocks do in one shell, and the id of the first account."""
    with running_server(directory / "carnet-data") as server:
        environment = server.client_environment(CARNET_PORT=server.endpoint.rpartition(":")[2])
        done = subprocess.run(
            ["bash", "-eu", "-c", "\n".join(blocks)],
            cwd=directory,
            env=environment | {"PATH": f"{BIN}:{AWS.parent}:{environment['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr
        return done, server.account_id


def test_the_tour_of_the_readme(tmp_path: Path) -> None:
    assert len(README) == 5
    done, account = _run(README, tmp_path)
    refusal = re.sub(r"\s*\n#", "", README[1].split("|| true\n# ")[1]).strip().replace("...", account)
    assert _plain(refusal) in _plain(done.stderr)
    for shown in ('"UserName": "alice"', "implicitDeny by identity-based policy", '"AccessKeyId": "AKIA', "reachable"):
        assert shown in done.stdout


def test_the_tour_of_the_documentation(tmp_path: Path) -> None:
    assert len(TOUR) == 4
    done, account = _run(TOUR, tmp_path)
    refused = _plain(done.stderr)
    assert f"User: arn:aws:iam::{account}:user/alice is not authorized to perform: iam:ListRoles" in refused
    assert (
        f"User: arn:aws:sts::{account}:assumed-role/reader/tour is not authorized to perform: iam:DeleteRole" in refused
    )
    for shown in (f"arn:aws:iam::{account}:user/alice", "implicitDeny by identity-based policy", '"reader"', "allowed"):
        assert shown in done.stdout


def _plain(text: str) -> str:
    return " ".join(text.split())
