"""`carnet reset`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.running import DirectoryBusy, ServerRuns, as_server, last_endpoint, without_server
from carnet.assembly.settings import Settings
from carnet.base.whole_file import DRAFT
from carnet.cli import main
from tests.clients.running import running_server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        return directory


def run(data: Path, *arguments: str, code: int = 0, given: str | None = None) -> str:
    done = CliRunner().invoke(main, ["reset", *arguments, "--data-dir", str(data)], input=given)
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def test_an_installation_goes_with_its_directory(data: Path) -> None:
    (data / "audit").mkdir()
    (data / "audit" / "audit.jsonl").touch()
    (data / f".keys.seen.1234{DRAFT}").touch()
    assert "carnet serve makes a new one" in run(data, "--yes")
    assert not data.exists()


def test_it_asks_first(data: Path) -> None:
    assert "This removes carnet.db" in run(data, code=1, given="n\n")
    assert (data / "carnet.db").exists()
    assert (data / "master.key").exists()
    run(data, given="y\n")
    assert not data.exists()


def test_what_carnet_did_not_make_stays(data: Path) -> None:
    (data / "mine").write_text("precious")
    assert f"{data} still has mine" in run(data, "--yes")
    assert [path.name for path in data.iterdir()] == ["mine"]


def test_a_directory_that_is_no_installation_stays(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text("another program's")
    assert "There is no installation at" in run(tmp_path, "--yes", code=1)
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]


def test_a_database_is_not_dropped(data: Path) -> None:
    assert "dropped by its own tools" in run(data, "--yes", "--database-url", "postgresql://host/db", code=2)
    assert (data / "carnet.db").exists()


def test_it_refuses_while_a_server_runs(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        assert f"A server runs on {server.data_dir}: stop it first" in run(server.data_dir, "--yes", code=1)
        assert last_endpoint(server.data_dir) == server.endpoint
    run(server.data_dir, "--yes")
    assert not server.data_dir.exists()


def test_servers_share_a_directory_and_exclude_a_reset(tmp_path: Path) -> None:
    with as_server(tmp_path, "a"), as_server(tmp_path, "b"):
        with pytest.raises(ServerRuns), without_server(tmp_path):
            pass
        assert last_endpoint(tmp_path) == "b"
    with without_server(tmp_path), pytest.raises(DirectoryBusy), as_server(tmp_path, "c"):
        pass
    assert last_endpoint(tmp_path) == "b"
