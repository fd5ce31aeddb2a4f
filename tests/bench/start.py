"""What a start costs: `python -m tests.bench.start`, with 200,000 users in 200 accounts.

Each start is a process of its own. One reads all rows; one begins with what the data directory keeps of them and reads
what has changed since, which is nothing; and one does so and then asks for every user and every access key. The seconds
are of opening the installation, without imports; the memory is the peak of the process. Ends with exit code 1 if one of
the others takes more than a quarter of the CPU of the first, or the second more than 350 MB.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from carnet.assembly.installation import Installation, first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.directory.keeper import Keeper
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.user import User

_MOST_CPU, _MOST_MEGABYTES = 0.25, 350
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_STATEMENT = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::bucket/*"}
_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [_STATEMENT]})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--users", type=int, default=200_000)
    arguments.add_argument("--accounts", type=int, default=200)
    arguments.add_argument("--keys", action="store_true", help="give every user an access key")
    arguments.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.start is not None:
        _start(given.start, ask=given.ask)
        return
    with tempfile.TemporaryDirectory() as folder:
        _fill(Path(folder), given.accounts, given.users // given.accounts, keys=given.keys)
        rows = _started("from the rows", folder)
        _keep(Path(folder))
        size = (Path(folder) / "directory.snapshot").stat().st_size / 1e6
        kept = _started(f"from what is kept, {size:.0f} MB", folder)
        asked = _started("the same, and everything is asked for", folder, "--ask")
    ratio = kept[0] / rows[0]
    print(f"a start costs {ratio:.3f} of reading the rows, {asked[0] / rows[0]:.2f} when everything was asked for")
    print(f"allowed are {_MOST_CPU} and {_MOST_MEGABYTES} MB")
    sys.exit(max(kept[0], asked[0]) / rows[0] > _MOST_CPU or kept[1] > _MOST_MEGABYTES)


def _fill(folder: Path, accounts: int, users: int, *, keys: bool) -> None:
    with open_installation(Settings(data_dir=folder), create=True) as installation:
        first_account(installation)
        for number in range(accounts):
            account = f"{100_000_000_000 + number}"
            with installation.store.write() as unit:
                unit.add(Account(id=account, name=f"a{number}", email=f"a{number}@example.com", created=_NOW))
                made = [_user(installation, account, one) for one in range(users)]
                unit.add_all(made)
                if keys:
                    unit.add_all([_key(installation, user) for user in made])


def _user(installation: Installation, account: str, number: int) -> User:
    return User(
        id=installation.ids.unique("AIDA"),
        account=account,
        name=f"user-{number}",
        path=f"/team{number % 7}/",
        created=_NOW,
        attached=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
        inline={"own": _POLICY} if number % 5 == 0 else {},
        tags={"team": f"t{number % 9}"} if number % 2 else {},
    )


def _key(installation: Installation, user: User) -> AccessKey:
    key_id = installation.ids.access_key(user.account)
    return AccessKey(id=key_id, account=user.account, owner=user.id, sealed_secret=bytes(85), created=_NOW)


def _keep(folder: Path) -> None:
    with open_installation(Settings(data_dir=folder)) as opened:
        path = opened.settings.snapshot_file
        Keeper(path, opened.directory, opened.masters, opened.clock, renewed=timedelta(hours=1)).close()


def _started(what: str, folder: str, *more: str) -> tuple[float, float]:
    """Seconds of CPU and megabytes of a start in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.start", "--start", folder, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu, megabytes = map(float, done.stdout.split())
    print(f"{what}: {cpu:.2f} s of CPU, {megabytes:.0f} MB")
    return cpu, megabytes


def _start(folder: Path, *, ask: bool) -> None:
    began = process_time()
    with open_installation(Settings(data_dir=folder)) as installation:
        if ask:
            for view in installation.directory.snapshot.accounts.values():
                assert len(view.of(User)) >= 0
                assert len(view.of(AccessKey)) >= 0
        # Not of `getrusage`: a process has the peak of the one that it was forked from.
        peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
        print(process_time() - began, int(peak[1]) / 1024 if peak else 0)


if __name__ == "__main__":
    main()
