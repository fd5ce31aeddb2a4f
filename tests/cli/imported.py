"""Which modules a `carnet` command imports, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import atexit, json, sys
from pathlib import Path

atexit.register(lambda: Path(sys.argv[1]).write_text(json.dumps(sorted(sys.modules))))
from carnet.cli import main

main(sys.argv[2:], prog_name="carnet")
"""


def imported(tmp_path: Path, *arguments: str, **variables: str) -> frozenset[str]:
    """The modules that are there when the command has ended, however it ends."""
    names = tmp_path / "modules.json"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CARNET_")}
    command = [sys.executable, "-c", _PROGRAM, str(names), *arguments]
    subprocess.run(command, env={**kept, **variables}, capture_output=True, check=False, timeout=600)
    return frozenset(json.loads(names.read_text()))
