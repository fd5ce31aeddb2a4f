"""A real server in a process of its own, as `carnet serve` starts it, for real clients."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from carnet.assembly.settings import Settings
from tests.starting.forked import CARNET as CARNET
from tests.starting.forked import Carnet, carnet
from tests.stores.migrated import lay_out_for
from tests.waiting import PATIENCE_SECONDS, eventually

BIN = Path(sys.executable).parent
AWS = Path(".venv-clients/bin/aws").resolve()
"""The AWS CLI, in an environment of its own: it wants one exact botocore. `make clients` sets it up."""
AWS_V2 = Path(".venv-clients/aws-cli-v2/aws").resolve()
"""The same of version 2, which `make clients` unpacks on Linux on x86-64."""
MODULES = Path(".venv-clients/node/node_modules").resolve()
"""What Node has from the registry of npm."""
AWS_V2_OLDER = Path(".venv-clients/aws-cli-v2-older/aws").resolve()
"""One that has `aws login` since just now, and takes any start URL."""
_TRUSTING = ssl._create_unverified_context()
"""Whether a server answers is asked without looking at its certificate."""


@dataclass(frozen=True, kw_only=True)
class RunningServer:
    """A server that answers, and the root credentials that its first start printed."""

    endpoint: str
    data_dir: Path
    process: subprocess.Popen[str]
    greeting: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """The variables of the `export` lines: endpoint, root access key, region."""

    @property
    def account_id(self) -> str:
        found = re.search(r"account ([0-9]{12})", self.greeting)
        assert found is not None, self.greeting
        return found[1]

    def client_environment(self, **more: str) -> dict[str, str]:
        """The environment for a client: nothing of AWS's but what the server printed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CARNET_"))}
        nowhere = str(self.data_dir / "no-such-file")
        quiet = {"AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere, "AWS_PAGER": ""}
        return kept | quiet | {"AWS_EC2_METADATA_DISABLED": "true"} | dict(self.environment) | more

    def carnet(self, *arguments: str) -> str:
        """Run a `carnet` command on this server's installation; its output.

        What it changed is known to the server afterwards, which learns of it a moment later, or more on a busy machine.
        """
        done = carnet(*arguments, "--data-dir", str(self.data_dir), timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stderr
        store = self.data_dir / "carnet.db"
        if store.exists() and self.process.poll() is None:
            _wait_until_known(self.endpoint, _revision(store))
        return done.stdout


_PORTS = range(20_000, 32_000)
"""Below those that a system gives to sockets that ask for any: such a one could be somebody else's when it is used."""
_NUMBERS = count(64 * os.getpid())
"""No process that runs tests beside another one tries the same ports as that one."""


def free_port() -> int:
    """A port that nobody listens on now, and nobody is given who does not ask for that very one."""
    for number in _NUMBERS:
        port = _PORTS[number % len(_PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the numbers never end")


@contextmanager
def running_server(
    data_dir: Path,
    *arguments: str,
    port: int | None = None,
    program: Sequence[str] = (),
    from_nothing: bool = False,
) -> Iterator[RunningServer]:
    """Start `carnet serve`, or that of another `program`, on a free port and wait until it answers; stop it at the end.

    A store without an account is there, unless it is started `from_nothing`: migrating one takes half of a start.
    """
    chosen = port or free_port()
    if not from_nothing:
        lay_out_for(Settings(data_dir=data_dir))
    unlimited = () if "--limits" in arguments else ("--limits", "off")
    words = ["serve", "--port", str(chosen), "--data-dir", str(data_dir), *unlimited, *arguments]
    log = (data_dir.parent / f"{data_dir.name}.log").open("w+")
    process = (
        subprocess.Popen([*program, *words], stdout=subprocess.PIPE, stderr=log, text=True)
        if program
        else Carnet(*words, stdout=subprocess.PIPE, stderr=log)
    )
    try:
        endpoint = f"{'https' if '--tls' in arguments else 'http'}://127.0.0.1:{chosen}"
        health = _wait_until_healthy(endpoint, process, Path(log.name))
        assert health["status"] == "ok"
        greeting = _greeting(process)
        yield RunningServer(
            endpoint=endpoint,
            data_dir=data_dir,
            process=process,
            greeting=greeting,
            environment=dict(re.findall(r"(AWS_[A-Z_]+)=(\S+)", greeting)),
        )
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
        assert process.stdout is not None
        process.stdout.close()
        log.close()


@contextmanager
def stopping_server(process: subprocess.Popen[str]) -> Iterator[str]:
    """The endpoint that a server on any free port prints first, once it answers; stop it at the end."""
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        endpoint = first.rpartition(" ")[2].strip()
        assert endpoint.startswith("http"), first or process.communicate(timeout=PATIENCE_SECONDS)[1]
        eventually(lambda: _is_healthy(endpoint) or process.poll() is not None, pause=0.05)
        assert process.poll() is None, process.communicate(timeout=PATIENCE_SECONDS)[1]
        yield endpoint
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _is_healthy(endpoint: str) -> bool:
    try:
        return bool(_health(endpoint)["status"] == "ok")
    except OSError:
        return False


def _revision(store: Path) -> int:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        (seq,) = connection.execute("SELECT seq FROM head").fetchone()
        return int(seq)


def _wait_until_known(endpoint: str, revision: int) -> None:
    def is_known() -> bool:
        try:
            return bool(_health(endpoint)["revision"] >= revision)
        except OSError:
            return False

    eventually(is_known)


def _health(endpoint: str) -> Mapping[str, Any]:
    """What the server tells of itself; raises OSError if it does not answer, or says that it is not well."""
    with urllib.request.urlopen(f"{endpoint}/healthz", timeout=30, context=_TRUSTING) as answer:
        health: dict[str, Any] = json.load(answer)
        return health


def _greeting(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    return process.stdout.read() or ""


def _wait_until_healthy(endpoint: str, process: subprocess.Popen[str], log: Path) -> Mapping[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            return _health(endpoint)
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no server at {endpoint}: {log.read_text()}")
