"""A real browser signs in: with a one-time code, and with a passkey of a virtual authenticator."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from base64 import b32decode
from pathlib import Path
from typing import Any

import boto3
import pytest

from carnet.identity.totp import code_of
from tests.clients.running import RunningServer, running_server

PYTHON = Path(".venv-clients/bin/python").absolute()
AXE = Path(".venv-clients/node/node_modules/axe-core/axe.min.js").absolute()
TOUR = Path(__file__).parent / "browser_tour.py"
USER, PASSWORD = "mary", "Correct-horse-1"
OWN = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*"}}'


def browser() -> str:
    """Chromium's program. Skips if there is none, or nothing drives it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium is installed (Debian: apt install chromium)")
    driven = PYTHON.exists() and subprocess.run([PYTHON, "-c", "import playwright"], capture_output=True, check=False)
    if not driven or driven.returncode:
        pytest.skip("Playwright is not installed: make clients")
    return found


@pytest.fixture
def mary(tmp_path: Path) -> Any:
    """A server, and what its user Mary signs in with."""
    browser()
    with running_server(tmp_path / "data") as server:
        yield server, made(server)


def made(server: RunningServer) -> dict[str, str]:
    given = dict(server.environment)
    iam = boto3.client(
        "iam",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )
    iam.create_user(UserName=USER)
    iam.create_login_profile(UserName=USER, Password=PASSWORD)
    iam.put_user_policy(UserName=USER, PolicyName="own", PolicyDocument=OWN)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed = device["Base32StringSeed"].decode()
    step = int(time.time()) // 30
    pair = {f"AuthenticationCode{each + 1}": code_of(b32decode(seed), step - 1 + each) for each in range(2)}
    iam.enable_mfa_device(UserName=USER, SerialNumber=device["SerialNumber"], **pair)
    return {"seed": seed}


def test_a_person_at_a_browser(mary: tuple[RunningServer, dict[str, str]]) -> None:
    server, secrets = mary
    told = {
        "browser": browser(),
        "axe": str(AXE) if AXE.exists() else "",
        "endpoint": server.endpoint,
        "origin": server.endpoint.replace("127.0.0.1", "localhost"),
        "account": server.account_id,
        "user": USER,
        "password": PASSWORD,
        **secrets,
    }
    done = subprocess.run([PYTHON, TOUR, json.dumps(told)], capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["url"] == f"{told['origin']}/console/", "passkeys do not exist at an IP address"
    assert seen["violations"] == []
    assert seen["elsewhere"] == []
    assert seen["errors"] == []
    assert seen["wide"] == []
    assert len(seen["axe"]) == (8 if told["axe"] else 0)
    assert {name: found for name, found in seen["axe"].items() if found} == {}
