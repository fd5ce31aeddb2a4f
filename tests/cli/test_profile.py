"""`carnet profile write`, read back by botocore."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import botocore.session
import pytest
from click.testing import CliRunner

from carnet.cli import main

KEY, SECRET = "AKIAEXAMPLE", "abc/def+ghi"
COMMENTED = """# mine
[work]
aws_access_key_id = AKIAWORK   ; of work
aws_secret_access_key = x

[dev]
# do not lose me
aws_access_key_id=AKIAOLD
aws_secret_access_key=old
aws_session_token=stale
s3 =
    max_concurrent_requests = 20

[last]
region = eu-west-1
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, *arguments: str, given: str | None = None, code: int = 0, **environment: str) -> str:
    done = CliRunner().invoke(main, ["profile", "write", name, *arguments], input=given, env=environment)
    assert done.exit_code == code, done.output
    return done.output


def from_json(**more: str) -> str:
    return json.dumps({"AccountId": "111122223333", "AccessKeyId": KEY, "SecretAccessKey": SECRET, **more})


def test_botocore_uses_what_was_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = write("dev", "--from", "-", given=from_json())
    assert "export AWS_PROFILE=dev" in told
    monkeypatch.setenv("AWS_PROFILE", "dev")
    session = botocore.session.Session()
    credentials = session.get_credentials()
    assert credentials is not None
    assert (credentials.access_key, credentials.secret_key, credentials.token) == (KEY, SECRET, None)
    client = session.create_client("sts")
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:4747", "us-east-1")


def test_the_export_lines_become_a_profile(home: Path) -> None:
    write("default", AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_ENDPOINT_URL="http://localhost:1")
    assert "[default]\nregion = us-east-1\nendpoint_url = http://localhost:1\n" in (home / ".aws/config").read_text()


def test_the_endpoint_is_that_of_the_server(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data/server.lock").write_text("https://iam.example.com\n")
    write("dev", "--from", "-", "--data-dir", "data", given=from_json())
    assert "endpoint_url = https://iam.example.com\n" in (home / ".aws/config").read_text()


def test_everything_else_stays_and_the_profile_is_replaced(home: Path) -> None:
    (home / ".aws").mkdir()
    file = home / ".aws/credentials"
    file.write_text(COMMENTED)
    file.chmod(0o644)
    write("dev", "--from", "-", given=from_json())
    old = "aws_access_key_id=AKIAOLD\naws_secret_access_key=old\naws_session_token=stale\n"
    below = "    max_concurrent_requests = 20\n"
    new = f"aws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    assert file.read_text() == COMMENTED.replace(old, "").replace(below, below + new)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    once = file.read_text()
    write("dev", "--from", "-", given=from_json())
    assert file.read_text() == once


def test_new_files_are_the_owners_alone(home: Path) -> None:
    write("dev", "--from", "-", given=from_json())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home / ".aws", *(home / ".aws").iterdir())}
    assert modes == {".aws": 0o700, "credentials": 0o600, "config": 0o600}


def test_a_link_stays_a_link(home: Path) -> None:
    (home / ".aws").mkdir()
    (home / "real").write_text("")
    (home / ".aws/credentials").symlink_to(home / "real")
    write("dev", "--from", "-", given=from_json())
    assert (home / ".aws/credentials").is_symlink()
    assert KEY in (home / "real").read_text()


def test_a_key_of_the_environment_counts_more_than_the_profile(home: Path) -> None:
    """So the line that is printed takes away what is set, and the SDKs use the profile."""
    set_before = {
        "AWS_ACCESS_KEY_ID": "AKIAROOTROOTROOTROOT",
        "AWS_SECRET_ACCESS_KEY": "x" * 40,
        "AWS_SESSION_TOKEN": "",
    }
    told = write("dev", "--from", "-", given=from_json(), code=0, **set_before)
    line = told.split("Use it with: ")[1].strip()
    assert line == "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; export AWS_PROFILE=dev"
    asking = "import botocore.session; print(botocore.session.Session().get_credentials().access_key)"
    for lines, key in ((line, KEY), ("export AWS_PROFILE=dev", set_before["AWS_ACCESS_KEY_ID"])):
        script = f'{lines}; "{sys.executable}" -c "{asking}"'
        done = subprocess.run(["sh", "-c", script], env={**os.environ, **set_before}, capture_output=True, text=True)
        assert done.stdout.strip() == key, done.stderr


def test_a_file_that_is_none_stays_as_it_is_and_no_half_is_written(home: Path) -> None:
    (home / ".aws").mkdir()
    (home / ".aws/config").write_text("no section = here\n")
    told = write("dev", "--from", "-", given=from_json(), code=1)
    assert f"{home}/.aws/config: " in told
    assert "nothing was changed" in told
    assert [path.name for path in (home / ".aws").iterdir()] == ["config"]


@pytest.mark.parametrize(
    ("wrapper", "token"), [("AccessKey", None), ("Credentials", "IQoJb3JpZ2luX2VjEXAMPLE")], ids=["key", "session"]
)
def test_what_the_aws_cli_answers_is_taken(
    home: Path, monkeypatch: pytest.MonkeyPatch, wrapper: str, token: str | None
) -> None:
    inner = json.loads(from_json()) | ({"SessionToken": token} if token else {})
    write("alice", "--from", "-", given=json.dumps({wrapper: inner}))
    monkeypatch.setenv("AWS_PROFILE", "alice")
    credentials = botocore.session.Session().get_credentials()
    assert credentials is not None
    assert (credentials.access_key, credentials.secret_key, credentials.token) == (KEY, SECRET, token)


@pytest.mark.parametrize("given", ["[]", "{}", "x", "3", '{"AccessKey": 3}', '{"Credentials": []}'])
def test_what_is_no_key_is_a_wrong_use(home: Path, given: str) -> None:
    assert "--from takes one JSON object" in write("dev", "--from", "-", given=given, code=2)


def test_without_input_the_command_before_the_pipe_is_named(home: Path) -> None:
    assert "the command before the pipe has printed no credentials" in write("dev", "--from", "-", given="\n", code=2)


def test_a_line_cannot_be_smuggled_in(home: Path) -> None:
    told = write("dev", "--from", "-", given=from_json(SecretAccessKey="x\ncredential_process = evil"), code=1)
    assert "has characters that it must not have" in told
    assert not (home / ".aws").exists()
    write("a]\n[b", "--from", "-", given=from_json(), code=2)


def test_without_credentials_the_way_is_shown(home: Path) -> None:
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set" in " ".join(write("dev", code=2).split())
