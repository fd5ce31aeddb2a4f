"""A server for tests: one that this process starts, in memory, or one that runs already."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from threading import Thread
from typing import IO

from carnet.testing.live.own_api import OwnApi, Refused

ENDPOINT, TOKEN = "PYTEST_CARNET_ENDPOINT", "PYTEST_CARNET_OPERATOR_TOKEN"
"""Variables that name a server which runs already, and an operator token of it with the scopes of `SCOPES`."""
SCOPES = ("accounts:write", "accounts:read", "decisions:read")

_OWN_VARIABLE = "CARNET_"
_SERVE = """
import os, signal, sys, threading

def end_with_parent():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_parent, daemon=True).start()
from carnet.cli import main
main(["serve", "--dev", "--port", "0"])
"""
"""Ends also if the tests are killed: their end of the pipe closes then."""
_STOP_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CarnetServer:
    """A server that answers."""

    endpoint: str
    """`http://127.0.0.1:41234`: the `endpoint_url` of every service."""
    operator_token: str = field(repr=False)

    @property
    def own_api(self) -> OwnApi:
        """Carnet's own API there."""
        return OwnApi(self.endpoint, self.operator_token)

    def explain(self, decision_id: str) -> str:
        """Why it decided so. It is a part of a failure message, so if it cannot be told, that is told."""
        try:
            answer = self.own_api.call("GET", f"decisions/{decision_id}")
        except (Refused, OSError, ValueError) as problem:
            return f"it is not explained: {problem}"
        text = answer.get("text")
        return text if isinstance(text, str) else json.dumps(answer, indent=2)


@contextmanager
def server() -> Iterator[CarnetServer]:
    """The server that the environment names; if it names none, one in memory, until the block ends.

    Raises RuntimeError, with what it said, for a server that does not start.
    """
    endpoint, token = os.environ.get(ENDPOINT), os.environ.get(TOKEN)
    if endpoint:
        if not token:
            raise RuntimeError(f"{ENDPOINT} names a server; give {TOKEN}, too")
        yield CarnetServer(endpoint=endpoint.rstrip("/"), operator_token=token)
        return
    with _start_server() as started:
        yield started


@contextmanager
def _start_server() -> Iterator[CarnetServer]:
    token = "carnet_ot_" + secrets.token_hex(32)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLE)}
    with (
        TemporaryFile("w+") as log,
        subprocess.Popen(  # noqa: S603 # it runs this very Python
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=kept | {"CARNET_DEV_OPERATOR_TOKEN": token},
        ) as process,
    ):
        try:
            yield CarnetServer(endpoint=_endpoint(process, log), operator_token=token)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _endpoint(process: subprocess.Popen[str], log: IO[str]) -> str:
    """What the first line of the greeting names. From then on the address takes connections."""
    assert process.stdout is not None
    first = process.stdout.readline()
    endpoint = first.rpartition(" ")[2].strip()
    if not endpoint.startswith("http"):
        process.kill()
        process.wait()
        log.seek(0)
        raise RuntimeError(f"carnet serve --dev does not start: {first}{log.read()}")
    # INVARIANT: the server never waits for somebody to read what it prints.
    Thread(target=process.stdout.read, daemon=True).start()
    return endpoint
