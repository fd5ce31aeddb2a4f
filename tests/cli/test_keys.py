"""`carnet keys`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from carnet.assembly.settings import Settings
from carnet.assembly.state import open_state
from carnet.cli import keys as command
from carnet.cli import main
from carnet.identity.sealed_kinds import SEALED_KINDS
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import BadMasterKey
from carnet.store.nodes import Node as Report
from tests.identity.rotating import Clock, Node, fill, joined


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with secrets of every kind, on which nobody serves."""
    monkeypatch.setattr(command, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(command, "_NODES_SECONDS", 0.05)
    settings = Settings(data_dir=tmp_path / "data")
    with joined(settings, Clock()) as here:
        fill(here)
    return settings


@pytest.fixture
def here(settings: Settings) -> Iterator[Node]:
    """A server on it."""
    with joined(settings, Clock()) as here:
        yield here


def run(settings: Settings, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["keys", *arguments], env={"CARNET_DATA_DIR": str(settings.data_dir)})
    assert done.exit_code == code, done.output
    return done.output


def test_status_lists_the_data_keys(settings: Settings) -> None:
    first, *lines = run(settings, "status").splitlines()
    assert re.fullmatch(r"master key [0-9a-f]{12}; running servers: 0", first)
    assert [line.split()[0] for line in lines] == sorted(Purpose)
    assert all(re.search(r" [0-9a-f]{8} +1 +primary +\d{4}-\d\d-\d\dT", line) for line in lines)


def test_rotate_goes_to_the_end_if_nobody_serves(settings: Settings) -> None:
    told = run(settings, "rotate")
    assert told.count("is staged") == told.count("is primary") == len(Purpose)
    assert told.count("is kept") == len({kind.purpose for kind in SEALED_KINDS})
    assert "Rotating" not in run(settings, "status")
    with joined(settings, Clock()) as again:
        assert again.all_open()


def test_rotate_takes_one_purpose(settings: Settings) -> None:
    told = run(settings, "rotate", "--purpose", "passwords").splitlines()
    assert [line.split()[0] for line in told] == ["passwords:"] * 3


def test_rotate_that_was_interrupted_goes_on_when_it_is_run_again(
    settings: Settings, here: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server reports nothing, so that it would wait for ever."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    assert "is staged" in run(settings, "rotate", "--purpose", "passwords", code=1)
    assert "Rotating: passwords." in run(settings, "status")
    monkeypatch.setattr("time.sleep", lambda _: here.presence.report())
    told = run(settings, "rotate", "--purpose", "passwords")
    assert "is staged" not in told
    assert told.splitlines()[-1].endswith("is kept")
    assert here.all_open()


def test_rewrap_replaces_the_master_key(settings: Settings) -> None:
    old = settings.master_key.read_bytes()
    told = run(settings, "rewrap")
    assert f"{len(Purpose)} data keys are wrapped" in told
    assert not settings.next_master_key.exists()
    assert settings.master_key.read_bytes() != old
    (kept,) = settings.data_dir.glob("master.key.*")
    assert kept.read_bytes() == old
    kept.unlink()
    with joined(settings, Clock()) as again:
        assert again.all_open()


def test_rewrap_waits_for_servers_and_goes_on_beside_them(settings: Settings, here: Node) -> None:
    told = run(settings, "rewrap", code=1)
    assert told.startswith("Error: Running servers ")
    assert told.endswith("have not read the next master key.\n")
    assert settings.next_master_key.exists()
    here.presence.report()
    run(settings, "rewrap")
    here.presence.report()
    assert here.all_open()
    here.stage(Purpose.PASSWORDS)
    assert run(settings, "status")


@pytest.mark.parametrize("moment", ["committed", "kept", "moved"])
def test_rewrap_that_was_killed_goes_on_when_it_is_run_again(
    settings: Settings, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the commit, after the old key has its new name, and after the new one has its place."""

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "committed":
            patch.setattr(command, "_put_in_place", killed)
        elif moment == "kept":
            patch.setattr(Path, "replace", killed)
        if moment != "moved":
            with pytest.raises(Killed):
                CliRunner().invoke(main, ["keys", "rewrap"], env={"CARNET_DATA_DIR": str(settings.data_dir)})
        else:
            run(settings, "rewrap")
    with joined(settings, Clock()) as again:
        assert again.all_open(), "a server starts at every moment"
    if moment != "moved":
        assert "were wrapped before" in run(settings, "rewrap")
    assert not settings.next_master_key.exists()
    with joined(settings, Clock()) as again:
        assert again.all_open()


def test_the_store_opens_with_the_next_master_key_alone_and_not_without_any(settings: Settings) -> None:
    settings.master_key.rename(settings.next_master_key)
    with open_state(settings):
        pass
    settings.next_master_key.unlink()
    with pytest.raises(BadMasterKey, match="is not there"), open_state(settings):
        pass


def test_rotate_says_which_servers_are_too_old(settings: Settings, here: Node) -> None:
    here.store.nodes.join(Report(id="older", release="0.0.9", features=frozenset(), seq=0))
    told = run(settings, "rotate", code=1)
    assert told == "Error: Running servers older (0.0.9) are of a release that rotates no keys: replace them first.\n"


def test_a_restored_backup_with_older_keys_is_taken_for_what_it_is(settings: Settings, tmp_path: Path) -> None:
    environment = {"CARNET_DATA_DIR": str(settings.data_dir)}
    backup = str(tmp_path / "backup.gz")
    assert CliRunner().invoke(main, ["backup", backup], env=environment).exit_code == 0
    run(settings, "rotate")
    with joined(settings, Clock()) as here:  # which remembers what it has seen
        assert here.all_open()
    assert settings.seen_keys.exists()
    done = CliRunner().invoke(main, ["restore", backup, "--replace"], env=environment)
    assert done.exit_code == 0, done.output
    with joined(settings, Clock()) as here:
        assert here.all_open()
