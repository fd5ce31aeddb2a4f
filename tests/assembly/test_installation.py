"""Opening an installation, also by several processes at once."""

from __future__ import annotations

from pathlib import Path

from carnet.assembly.installation import first_account, open_installation
from carnet.assembly.settings import Settings


def test_of_two_first_starts_one_makes_the_first_account(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with open_installation(settings, create=True) as one, open_installation(settings, create=True) as other:
        assert not one.directory.snapshot.accounts
        assert not other.directory.snapshot.accounts
        made = first_account(one)
        assert made is not None
        assert first_account(other) is None
        assert list(other.directory.snapshot.accounts) == list(one.directory.snapshot.accounts) == [made.account]


def test_the_settings_show_no_password() -> None:
    settings = Settings(database_url="postgresql://carnet:hunter2@db/carnet")
    assert "hunter2" not in repr(settings)
    assert "hunter2" in settings.store_url
