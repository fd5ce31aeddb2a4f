"""What the jobs of a process do by its settings."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from carnet.assembly.installation import Installation, open_installation
from carnet.assembly.jobs import node, periodic_jobs
from carnet.assembly.settings import Settings
from carnet.audit.segments import Segments
from carnet.directory.follower import Follower
from carnet.entities.account import Account
from carnet.entities.membership import KEPT_CLOSED, Membership

MEGABYTE = 1024 * 1024
ROLLED = 5
"""Files of a log beside the one that is written, an hour from one to the next."""


def left(settings: Settings, log: Literal["audit", "decisions"], *, newest: timedelta) -> int:
    """How many files a log still has, with the one that is written, once the job has looked at it."""
    path = settings.audit_file if log == "audit" else settings.decisions_file
    with open_installation(settings, create=True) as installation:
        path.parent.mkdir(exist_ok=True)
        path.touch()
        for number in range(ROLLED):
            rolled(path, installation.clock() - newest - timedelta(hours=number))
        tidied(installation)
        return len(Segments(path).newest_first())


def rolled(log: Path, ended: datetime) -> None:
    """Leave a file of a megabyte that was rolled at that moment."""
    file = log.with_stem(f"{log.stem}-{ended.strftime('%Y%m%dT%H%M%S.%fZ')}")
    file.write_bytes(bytes(MEGABYTE))
    os.utime(file, (ended.timestamp(), ended.timestamp()))


def tidied(installation: Installation) -> None:
    """Let the job that looks at the files of the logs do its work once."""
    done_once(installation, "log-files")


def done_once(installation: Installation, name: str) -> None:
    """Let a job do its work once."""
    jobs = periodic_jobs(installation, Follower(installation.directory, installation.store), node(installation))
    (job,) = (each for each in jobs if each.name == name)
    job._work()


@pytest.mark.parametrize(("megabytes", "kept"), [(2, 2), (4, 4), (5, 5), (100, 5)])
def test_files_of_decisions_are_kept_up_to_a_size(tmp_path: Path, megabytes: int, kept: int) -> None:
    settings = Settings(data_dir=tmp_path / "data", decision_log_megabytes=megabytes)
    assert left(settings, "decisions", newest=timedelta(hours=1)) == 1 + kept


@pytest.mark.parametrize("log", ["audit", "decisions"])
def test_files_of_logs_are_kept_up_to_an_age(tmp_path: Path, log: Literal["audit", "decisions"]) -> None:
    settings = Settings(data_dir=tmp_path / "data", audit_retention_days=2)
    assert left(settings, log, newest=timedelta(hours=45, minutes=30)) == 1 + 3


def test_audit_events_have_no_size_that_removes_them(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", decision_log_megabytes=1)
    assert left(settings, "audit", newest=timedelta(hours=1)) == 1 + ROLLED


def test_accounts_that_were_closed_long_ago_are_removed(tmp_path: Path) -> None:
    with open_installation(Settings(data_dir=tmp_path / "data"), create=True) as installation:
        store, before = installation.store, set(installation.directory.snapshot.accounts)
        account = Account(id="222233334444", name="old", email="old@example.com", created=store.clock())
        with store.write() as unit:
            unit.add(account)
            closed = store.clock() - KEPT_CLOSED
            unit.add(Membership(account=account.id, organization="o-exampleorg", closed=closed))
        done_once(installation, "closed-accounts")
        assert set(installation.directory.catch_up().accounts) == before
