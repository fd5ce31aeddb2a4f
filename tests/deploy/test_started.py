"""A server started as the unit and as the image start it: it serves, its health check says so, and SIGTERM ends it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.clients.running import BIN, free_port
from tests.deploy.deployments import health_command, image_command, image_environment, unit, unit_environment
from tests.server.certificates import self_signed


def _unit(directory: Path) -> dict[str, str]:
    """The environment that systemd makes, with what it loads from /etc/carnet."""
    certificate, key = self_signed(directory)
    credentials = directory / "credentials"
    credentials.mkdir()
    shutil.copy(certificate, credentials / "tls.crt")
    shutil.copy(key, credentials / "tls.key")
    (credentials / "master.key").write_bytes(os.urandom(32))
    (credentials / "master.key").chmod(0o400)
    return unit_environment(S=str(directory), d=str(credentials))


def _image(directory: Path) -> dict[str, str]:
    return image_environment() | {"CARNET_DATA_DIR": str(directory / "data")}


@pytest.mark.parametrize(
    ("how", "more"),
    [
        ("unit", {}),
        ("image", {"CARNET_TLS": "self-signed"}),
        ("image", {"CARNET_INSECURE": "1"}),
    ],
)
def test_it_serves_is_healthy_and_ends(how: str, more: dict[str, str], tmp_path: Path) -> None:
    given = (_unit if how == "unit" else _image)(tmp_path) | more
    command = dict(unit())["ExecStart"].split() if how == "unit" else image_command()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CARNET_"))}
    notified = tmp_path / "notify"
    environment = kept | given | {"PATH": str(BIN), "CARNET_PORT": str(free_port()), "NOTIFY_SOCKET": str(notified)}
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as hearing:
        hearing.bind(str(notified))
        hearing.settimeout(120)
        arguments = [sys.executable, str(BIN / "carnet"), *command[1:]]
        process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL)
        try:
            assert hearing.recv(100) == b"READY=1"
            asked = [sys.executable, str(BIN / "carnet"), *health_command()[1:]]
            subprocess.run(asked, env=environment, check=True, timeout=120)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=120)
    assert code == 0
    assert subprocess.run(asked, env=environment, check=False, timeout=120, capture_output=True).returncode == 1


def test_the_image_alone_refuses_to_send_secrets_in_the_clear(tmp_path: Path) -> None:
    environment = {"PATH": str(BIN), **_image(tmp_path)}
    command = [sys.executable, str(BIN / "carnet"), *image_command()[1:]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "0.0.0.0 is not a loopback address: give --tls-cert and --tls-key" in " ".join(done.stderr.split())
