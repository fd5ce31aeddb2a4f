"""A real browser signs in: with a one-time code, and with a passkey of a virtual authenticator."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from base64 import b32decode
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from carnet.identity.totp import code_of
from tests.clients.running import RunningServer, running_server
from tests.saml import idp
from tests.services.iam.documents import allow
from tests.services.sso_oidc.people import CHALLENGE

PYTHON = Path(".venv-clients/bin/python").absolute()
AXE = Path(".venv-clients/node/node_modules/axe-core/axe.min.js").absolute()
USER, NEWCOMER, PASSWORD = "mary", "nora", "Correct-horse-1"
OWN = json.dumps(allow("iam:EnableMFADevice", "signin:AuthorizeOAuth2Access"))

SOURCE = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sso-directory:*","Resource":"*"}}'


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


def root(server: RunningServer) -> Any:
    """IAM, as the root user."""
    given = dict(server.environment)
    return boto3.client(
        "iam",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )


def made(server: RunningServer) -> dict[str, str]:
    iam = root(server)
    iam.create_user(UserName=USER)
    iam.create_login_profile(UserName=USER, Password=PASSWORD)
    iam.put_user_policy(UserName=USER, PolicyName="own", PolicyDocument=OWN)
    iam.create_user(UserName=NEWCOMER)
    iam.create_login_profile(UserName=NEWCOMER, Password=PASSWORD, PasswordResetRequired=True)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed = device["Base32StringSeed"].decode()
    step = int(time.time()) // 30
    pair = {f"AuthenticationCode{each + 1}": code_of(b32decode(seed), step - 1 + each) for each in range(2)}
    iam.enable_mfa_device(UserName=USER, SerialNumber=device["SerialNumber"], **pair)
    return {"seed": seed, "newcomer": NEWCOMER}


def test_a_person_at_a_browser(mary: tuple[RunningServer, dict[str, str]]) -> None:
    server, secrets = mary
    told = {"endpoint": server.endpoint, "account": server.account_id, "user": USER, "password": PASSWORD, **secrets}
    logins = {"aws login": login_query(), "aws login --remote": login_query(remote=server.endpoint)}
    seen = toured("browser_tour", server, {**told, "logins": logins})
    assert seen["url"] == f"{server.endpoint.replace('127.0.0.1', 'localhost')}/console/", (
        "an IP address has no passkeys"
    )
    assert seen["sent without script"] == f"{server.endpoint.replace('127.0.0.1', 'localhost')}/console/sign-in"
    shown = {"sign-in", "mfa", "home", "security", "new-password"}
    check_pages(seen, shown | {"aws login", "aws login --remote", "code to paste"})


def test_who_signs_out_in_one_tab_is_signed_out_in_all(mary: tuple[RunningServer, dict[str, str]]) -> None:
    """The page before shows nothing of what was there, and a page that is still shown changes nothing."""
    server, secrets = mary
    told = {"endpoint": server.endpoint, "account": server.account_id, "user": USER, "password": PASSWORD, **secrets}
    seen = toured("tabs_tour", server, told)
    url, buttons = seen["back"]
    assert (url, buttons) == (seen["reloaded"], 0)
    assert url.endswith("/console/sign-in?to=%2Fconsole%2Fsecurity")
    assert (seen["elsewhere"], seen["errors"]) == ([], [])


def test_an_administrator_and_somebody_beside_him(tmp_path: Path) -> None:
    """The identity source is changed, and two users are signed in in one browser."""
    browser()
    users = ["alice", "bob"]
    with running_server(tmp_path / "data") as server:
        server.carnet("sso", "enable", "--account", server.account_id)
        iam = root(server)
        for each in users:
            iam.create_user(UserName=each)
            iam.create_login_profile(UserName=each, Password=PASSWORD)
        iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=SOURCE)
        told = {"account": server.account_id, "users": users, "password": PASSWORD}
        metadata = idp.metadata(redirect="https://idp.example.com/sso")
        seen = toured("several_tour", server, {**told, "metadata": metadata})
    check_pages(seen, {"identity source", "identity source, external", "home beside", "sign-in beside"})
    assert seen["alice"] == 0, "who has signed out is not offered"


def login_query(remote: str = "") -> str:
    """What `aws login` asks with, for this machine or for another one."""
    fields = {
        "response_type": "code",
        "client_id": f"arn:aws:signin:::devtools/{'cross' if remote else 'same'}-device",
        "redirect_uri": f"{remote}/v1/sessions/confirmation" if remote else "http://127.0.0.1:51234/oauth/callback",
        "state": "the-state",
        "scope": "openid",
        "code_challenge_method": "SHA-256",
        "code_challenge": CHALLENGE,
    }
    return urlencode(fields)


def toured(name: str, server: RunningServer, told: dict[str, Any]) -> dict[str, Any]:
    """What a module of this room sees, which a browser's environment runs."""
    origins = (server.endpoint.replace("127.0.0.1", "localhost"), server.endpoint)
    common = {"browser": browser(), "axe": str(AXE) if AXE.exists() else "", "origins": origins}
    program = [str(PYTHON), "-m", f"tests.clients.{name}", json.dumps(common | told)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def check_pages(seen: dict[str, Any], names: set[str]) -> None:
    """These pages were looked at, and keep to the rules."""
    assert (seen["elsewhere"], seen["errors"], seen["wide"]) == ([], [], [])
    if AXE.exists():
        assert seen["axe"].keys() == {f"{name}, {theme}" for name in names for theme in ("dark", "light", "forced")}
    assert {name: found for name, found in seen["axe"].items() if found} == {}
