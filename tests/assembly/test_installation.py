"""Opening an installation, also by several processes at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from carnet.assembly.installation import first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.directory.keeper import Keeper


def test_of_two_first_starts_one_makes_the_first_account(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with open_installation(settings, create=True) as one, open_installation(settings, create=True) as other:
        assert not one.directory.snapshot.accounts
        assert not other.directory.snapshot.accounts
        made = first_account(one)
        assert made is not None
        assert first_account(other) is None
        assert list(other.directory.snapshot.accounts) == list(one.directory.snapshot.accounts) == [made.account]


def test_what_is_kept_of_another_installation_is_no_start(tmp_path: Path) -> None:
    """It opens, since both have one master key; the store is read as a whole instead."""
    key = tmp_path / "master.key"
    one, other = (Settings(data_dir=tmp_path / name, master_key_file=key) for name in ("one", "other"))
    with open_installation(one, create=True) as kept, open_installation(other, create=True) as opened:
        assert first_account(kept) is not None
        made = first_account(opened)
        assert made is not None
        Keeper(other.snapshot_file, kept.directory, kept.masters, kept.clock, renewed=timedelta(hours=1)).close()
    with open_installation(other) as opened:
        assert list(opened.directory.snapshot.accounts) == [made.account]


def test_the_settings_show_no_password() -> None:
    settings = Settings(database_url="postgresql://carnet:hunter2@db/carnet")
    assert "hunter2" not in repr(settings)
    assert "hunter2" in settings.store_url
