"""A server in a thread of the test's process, whose clock the test turns."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakSet

import boto3
import pytest
import uvicorn
from botocore.config import Config

from carnet.assembly.installation import Installation, first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.assembly.worker import make_frontend
from carnet.audit.log_files import JsonLines
from carnet.base.faults import Unavailable
from carnet.server import writer
from carnet.server.frontend import Frontend
from carnet.services.accounts import RootKey
from tests.server.listening import listening
from tests.services.world import TurnableClock
from tests.stores.migrated import lay_out_for
from tests.waiting import PATIENCE_SECONDS


@dataclass(frozen=True, kw_only=True)
class InProcessServer:
    """A listening server, its parts, and its first root key."""

    port: int
    installation: Installation
    root: RootKey
    clock: TurnableClock
    frontend: Frontend
    running: uvicorn.Server
    clients: WeakSet[Any] = field(default_factory=WeakSet)
    """Those that somebody holds: they are closed when the server ends, also if the test has failed."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(
        self,
        service: str,
        key: str | None = None,
        secret: str | None = None,
        token: str | None = None,
        *,
        region: str = "us-east-1",
        host: str = "127.0.0.1",
    ) -> Any:
        """A boto3 client; of the root user where no key is given."""
        make: Any = boto3.client  # its stubs know services by literal names only
        client = make(
            service,
            endpoint_url=f"http://{host}:{self.port}",
            region_name=region,
            aws_access_key_id=key or self.root.access_key_id,
            aws_secret_access_key=secret or self.root.secret_access_key,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.clients.add(client)
        return client

    def close_clients(self) -> None:
        for client in list(self.clients):
            client.close()

    def fill_disk(self, patch: pytest.MonkeyPatch) -> None:
        """From now on the disk of the audit log is nearly full."""
        recorder = self.installation.recorder
        patch.setattr(recorder, "_has_room", lambda: False)
        patch.setattr(recorder, "_looked", float("-inf"))
        patch.setattr(recorder, "_roomy", True)

    def refuse_lines(self, patch: pytest.MonkeyPatch) -> None:
        """From now on the disk takes nothing more of the audit log."""

        def full(*_: object) -> None:
            raise Unavailable("The audit log cannot be written.")

        patch.setattr(JsonLines, "write", full)
        patch.setattr(JsonLines, "promise", full)
        patch.setattr(self.installation.recorder, "_room", 0)

    def send(self, raw: bytes, *, seconds: float = 60) -> bytes:
        """Send bytes as they are, and read until the server closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(raw)
            answer = b""
            try:
                while chunk := connection.recv(65536):
                    answer += chunk
                    if _whole(answer, to_head=raw.startswith(b"HEAD ")):
                        break
            except (TimeoutError, ConnectionResetError):
                pass
            return answer


_WITHOUT_BODY = (b"204", b"304")


def _whole(answer: bytes, *, to_head: bool) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    if to_head or head.split(b" ", 2)[1] in _WITHOUT_BODY:
        return True
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0].split(b":")[1])


@contextmanager
def in_process_server(
    directory: Path,
    *,
    database_url: str = "",
    tls: tuple[Path, Path] | None = None,
    patient: bool = True,
    **settings: Any,
) -> Iterator[InProcessServer]:
    """Listen on a free port until the block ends; `tls`: files of a certificate and its key.

    A patient server lets changes wait for their turn: the thread that makes them may stand still on a busy machine.
    """
    chosen = Settings(data_dir=directory / "data", database_url=database_url, **{"limits": "off", **settings})
    lay_out_for(chosen)
    clock = TurnableClock()
    clock.follow_real_time()
    with ExitStack() as stack:
        if patient:
            stack.enter_context(pytest.MonkeyPatch.context()).setattr(writer, "TURN_SECONDS", PATIENCE_SECONDS)
        installation = stack.enter_context(open_installation(chosen, create=True, clock=clock))
        root = first_account(installation)
        assert root is not None
        application = make_frontend(installation, stack)
        with listening(application, tls) as (port, running):
            server = InProcessServer(
                port=port, installation=installation, root=root, clock=clock, frontend=application, running=running
            )
            try:
                yield server
            finally:
                server.close_clients()
