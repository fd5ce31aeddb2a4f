"""The tour of `make demo`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

PYTHON = Path(".venv-demo/bin/python")
TOLD = (
    "An organization with two accounts",
    "A bucket policy lets the other account read, and read alone",
    "The default key policy leaves a key to IAM, and ada encrypts; another does not",
    "Amazon S3 may publish to a topic for carnet-demo-reports, and for no other bucket",
    "One role of the organization may read a secret",
    "An upload of 5 GiB is denied before a byte of it is sent: HTTP/1.1 403",
    "carnet explain says",
)


def test_the_tour() -> None:
    if not PYTHON.exists():
        pytest.skip("the peers of the demo are not set up: make demo")
    done = subprocess.run([str(PYTHON), "tools/demo.py"], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in TOLD:
        assert line in done.stdout, done.stdout
