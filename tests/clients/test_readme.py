"""Every block of the README's tour runs, in its order, against a server that was just installed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.clients.running import AWS, BIN, running_server

README = Path("README.md").read_text()
TOUR = re.findall(r"```bash\n(.*?)```", README.split("## Five minutes")[1].split("\n## ")[0], re.DOTALL)


def test_the_tour(tmp_path: Path) -> None:
    assert len(TOUR) == 5
    with running_server(tmp_path / "carnet-data") as server:
        environment = server.client_environment(CARNET_PORT=server.endpoint.rpartition(":")[2])
        done = subprocess.run(
            ["bash", "-eu", "-c", "\n".join(TOUR)],
            cwd=tmp_path,
            env=environment | {"PATH": f"{BIN}:{AWS.parent}:{environment['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
    assert done.returncode == 0, done.stderr
    refusal = re.sub(r"\s*\n#", "", TOUR[1].split("|| true\n# ")[1]).strip().replace("...", server.account_id)
    assert _plain(refusal) in _plain(done.stderr)
    for shown in ('"UserName": "alice"', "implicitDeny by identity-based policy", '"AccessKeyId": "AKIA', "reachable"):
        assert shown in done.stdout


def _plain(text: str) -> str:
    return " ".join(text.split())
