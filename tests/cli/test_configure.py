"""`carnet configure sso`, read back by botocore."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import botocore.session
import pytest
from click.testing import CliRunner

from carnet.cli import main

START = "https://d-0123456789.awsapps.com/start"
SERVER = "http://127.0.0.1:4747"
USUAL = ("--account-id", "111122223333", "--role-name", "Reader", "--start-url", START, "--endpoint-url", SERVER)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".aws" / "config"


def run(name: str, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["configure", "sso", name, *arguments])
    assert done.exit_code == code, done.output
    return done.output


def test_botocore_signs_in_with_what_was_written(config: Path) -> None:
    assert "aws sso login --profile dev" in run("dev", *USUAL)
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    read = botocore.session.Session(profile="dev").full_config
    profile = read["profiles"]["dev"]
    assert (profile["sso_session"], profile["services"], profile["endpoint_url"]) == ("carnet", "carnet", SERVER)
    assert (profile["sso_account_id"], profile["sso_role_name"]) == ("111122223333", "Reader")
    assert read["sso_sessions"]["carnet"] == {
        "sso_start_url": START,
        "sso_region": "us-east-1",
        "sso_registration_scopes": "sso:account:access",
    }
    assert read["services"]["carnet"] == {name: {"endpoint_url": SERVER} for name in ("sso", "sso_oidc", "signin")}
    client = botocore.session.Session(profile="dev").create_client("sso-oidc", region_name="us-east-1")
    assert client.meta.endpoint_url == SERVER


def test_what_else_is_there_stays_and_twice_is_once(config: Path) -> None:
    config.parent.mkdir()
    config.write_text("# mine\n[profile other]\nregion = eu-west-1\n")
    run("dev", *USUAL)
    once = config.read_text()
    run("dev", *USUAL)
    assert config.read_text() == once
    assert once.startswith("# mine\n[profile other]\nregion = eu-west-1\n")
    run("next", *USUAL[:-1], "http://127.0.0.1:1")
    read = botocore.session.Session(profile="next").full_config
    assert read["services"]["carnet"]["sso"] == {"endpoint_url": "http://127.0.0.1:1"}
    assert set(read["profiles"]) == {"other", "dev", "next"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (("--account-id", "1"), "12 digits"),
        (("--role-name", "a b"), "no name of a permission set"),
        (("--start-url", "x"), "begin with http"),
        (("--endpoint-url", "http://a b"), "begin with http"),
        (("--session-name", "a]"), "A name has letters"),
    ],
)
def test_what_no_profile_can_have(config: Path, changed: tuple[str, ...], told: str) -> None:
    assert told in run("dev", *USUAL, *changed, code=2)
    assert told in run("dev", *USUAL, *changed, code=2)
    assert not config.exists()


def test_without_a_start_url_there_is_one_instance(config: Path, tmp_path: Path) -> None:
    here = ("--data-dir", str(tmp_path / "none"))
    assert run("dev", *USUAL[:4], *here, code=1)
    assert not config.exists()
