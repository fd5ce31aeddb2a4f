"""The other sides of SAML 2.0 are programs in an environment of their own, in which their libraries are."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

PYTHON = Path(".venv-saml/bin/python").absolute()


def told_by(program: str, do: str, **given: Any) -> dict[str, Any]:
    """What a program of this folder tells, which is to do something with what is given."""
    done = subprocess.run(
        [PYTHON, Path(__file__).parent / program],
        input=json.dumps({"do": do, **given}),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told
