"""The file that describes upstreams."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from carnet.cli.serve import serve
from carnet.gateway.upstreams.configured import Mode, UpstreamProblem, UpstreamSettings, for_account, read_upstreams
from carnet.gateway.upstreams.profile import unknown_profile
from carnet.gateway.upstreams.upstreams_file import read_upstreams_file

MOTO = {"url": "http://127.0.0.1:5000"}
STORE = {"url": "http://127.0.0.1:9000", "accounts": "single:111122223333", "services": ["s3"]}


def described(directory: Path, mode: int = 0o600, **upstreams: dict[str, Any]) -> tuple[UpstreamSettings, ...]:
    file = directory / "upstreams.json"
    file.write_text(json.dumps({"upstreams": upstreams}))
    file.chmod(mode)
    return read_upstreams("", {}, read_upstreams_file(file))


def test_all_that_it_may_say(tmp_path: Path) -> None:
    key = {"accessKeyId": "AKIDSTORE", "secretAccessKey": "its secret"}
    store, moto = described(tmp_path, store=STORE | key | {"mode": "record", "host": "client"}, moto=MOTO)
    assert (store.name, store.url) == ("store", "http://127.0.0.1:9000")
    assert store.services == {"s3"}
    assert (store.mode, store.clients_host, moto.mode, moto.clients_host) == (Mode.RECORD, True, Mode.ENFORCE, True)
    assert store.profile == unknown_profile()
    assert store.credentials.access_key_id == "AKIDSTORE"
    assert "its secret" not in repr(store)
    assert for_account(store, "111122223333") == (store.credentials, ())
    assert for_account(store, "444455556666") is None
    assert moto.services == moto.profile.services - {"s3"}


def test_yaml_too(tmp_path: Path) -> None:
    file = tmp_path / "upstreams.yaml"
    file.write_text("upstreams:\n  moto:\n    url: http://127.0.0.1:5000\n    services: [kms]\n")
    (moto,) = read_upstreams("", {}, read_upstreams_file(file))
    assert moto.services == {"kms"}


def test_a_profile_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps({"accounts": "shared", "operations": {"s3": ["GetObject"]}}))
    (store,) = described(tmp_path, store={"url": "http://127.0.0.1:9000", "profile": "./mine.json"})
    assert store.does("s3", "GetObject")
    assert not store.does("s3", "PutObject")
    (tmp_path / "mine.json").write_text(json.dumps({"operations": {}, "literal": True}))
    with pytest.raises(UpstreamProblem, match=r"mine.json: Object contains unknown field `literal`"):
        described(tmp_path, store={"url": "http://127.0.0.1:9000", "profile": "./mine.json"})


@pytest.mark.parametrize(
    ("upstreams", "problem"),
    [
        ({"moto": MOTO | {"acounts": "shared"}}, "there is no member acounts here"),
        ({"moto": {}}, "missing required field `url`"),
        ({"moto": {"url": "http://key:hunter2@127.0.0.1"}}, "holds a secret"),
        ({"moto": MOTO | {"mode": "off"}}, "Invalid enum value 'off'"),
        ({"moto": MOTO | {"services": ["sqs", "ses"]}}, "has no operation of ses"),
        ({"moto": MOTO | {"profile": "minio"}}, "there is no profile minio: fauxqs, juicefs"),
        ({"moto": MOTO | {"profile": "./none.json"}}, "none.json: No such file"),
        ({"moto": MOTO | {"accessKeyId": "x"}}, "go together"),
        ({"moto": MOTO | {"accounts": "single:12"}}, "must be one of header:NAME, access-key, single:ACCOUNT-ID"),
        ({"moto": MOTO | {"accounts": "shared"}}, "resources of dynamodb, .* have names of accounts"),
        ({"Moto": MOTO}, "is no name of an upstream"),
        ({"store": {"url": "http://127.0.0.1:9000"}}, "how store is told the account is not known"),
        ({"a": STORE, "b": STORE}, "s3 is of two upstreams, a and b"),
        ({}, "describes no upstream"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, upstreams: dict[str, Any], problem: str) -> None:
    with pytest.raises(UpstreamProblem, match=problem):
        described(tmp_path, **upstreams)


def test_a_secret_is_read_from_no_file_that_others_can_read(tmp_path: Path) -> None:
    key = {"accessKeyId": "AKIDSTORE", "secretAccessKey": "its secret"}
    described(tmp_path, mode=0o644, store=STORE)
    described(tmp_path, mode=0o600, store=STORE | key)
    with pytest.raises(UpstreamProblem, match=r"is open to other users \(mode 0640\); make it 0600"):
        described(tmp_path, mode=0o640, store=STORE | key)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "upstreams:\n  moto:\n    url: http://127.0.0.1:5000\n    acount: x\n",
            ":4:5: there is no member acount here",
        ),
        ("upstreams:\n  moto:\n    url: nowhere\n", ":3:5: nowhere is no address of an upstream"),
        ("upstreams:\n  moto: {}\n  moto: {}\n", ":3:3: "),
        ("upstreams: {", ":"),
    ],
)
def test_the_command_tells_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "upstreams.yaml"
    file.write_text(text)
    result = CliRunner().invoke(serve, ["--upstreams", str(file), "--data-dir", str(tmp_path / "data")])
    assert result.exit_code == 2
    assert f"{file}{told}" in result.output
    assert not (tmp_path / "data").exists()
