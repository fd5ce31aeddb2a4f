"""`carnet status` and what may answer it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from carnet.assembly.running import as_server
from carnet.cli import main
from tests.clients.running import free_port


@contextmanager
def answering(body: bytes, code: int = 200) -> Iterator[int]:
    """The port of a server that has one answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def status(port: int, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["status", "--port", str(port), *arguments])
    return done.exit_code, done.output


def test_what_the_server_tells_is_shown() -> None:
    told = {"status": "ok", "revision": 7}
    with answering(json.dumps(told).encode()) as port:
        assert status(port) == (0, "status:    ok\nrevision:  7\n")
        assert json.loads(status(port, "--output", "json")[1]) == told


def test_a_server_that_is_not_well_is_shown_with_exit_code_1() -> None:
    with answering(b'{"status": "ok", "quarantined": 0}') as port:
        assert status(port) == (0, "status:      ok\nquarantined: 0\n")
    with answering(b'{"status": "lost"}', 503) as port:
        assert status(port) == (1, "status:    lost\n")


@pytest.mark.parametrize("body", [b"[]", b"7", b"<html>", b"", b"\xff", b'"' + b"x" * 2_000_000 + b'"'])
def test_another_server_is_none_of_carnets(body: bytes) -> None:
    with answering(body) as port:
        code, told = status(port)
    assert code == 1
    assert told.startswith(f"Error: No server answers at http://127.0.0.1:{port}/_carnet/health: ")


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/2 200\r\n\r\n{}"])
def test_what_is_no_http_is_no_server(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=_answer_once, args=(listening, answer))
        thread.start()
        code, told = status(listening.getsockname()[1])
        thread.join()
    assert code == 1
    assert "does not speak HTTP" in told


def _answer_once(listening: socket.socket, answer: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        assert connection.recv(4096).startswith(b"GET /_carnet/health HTTP/1.0\r\nHost: 127.0.0.1:")
        connection.sendall(answer)


def test_nobody_is_named_with_address_and_way_out() -> None:
    port = free_port()
    code, told = status(port)
    assert code == 1
    assert f"http://127.0.0.1:{port}/_carnet/health" in told
    assert "carnet serve starts one; --data-dir, or --host, --port and --tls, say where to ask." in told


@pytest.mark.parametrize("named", ["--data-dir", "CARNET_DATA_DIR", "carnet-data"])
def test_the_last_server_of_the_data_directory_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    option = ["--data-dir", str(tmp_path / "carnet-data")]
    environment = {"CARNET_DATA_DIR": str(tmp_path / "carnet-data")} if named == "CARNET_DATA_DIR" else {}
    with answering(b'{"status": "ok"}') as port:
        with as_server(tmp_path / "carnet-data", "https://iam.example.invalid", f"http://127.0.0.1:{port}"):
            pass
        done = CliRunner().invoke(main, ["status", *option[: 2 * (named == "--data-dir")]], env=environment)
    assert (done.exit_code, done.output) == (0, "status:    ok\n")


@pytest.mark.parametrize("by_variable", [False, True])
def test_an_address_that_is_given_is_asked_whatever_the_data_directory_tells(tmp_path: Path, by_variable: bool) -> None:
    with as_server(tmp_path, "http://127.0.0.1:1"):
        pass
    with answering(b'{"status": "ok"}') as port:
        words = [] if by_variable else ["--port", str(port)]
        environment = {"CARNET_PORT": str(port)} if by_variable else {}
        done = CliRunner().invoke(main, ["status", *words, "--data-dir", str(tmp_path)], env=environment)
    assert (done.exit_code, done.output) == (0, "status:    ok\n")


@pytest.mark.parametrize("tls", [False, True])
def test_a_server_that_ran_and_has_ended_is_named_by_its_address(tmp_path: Path, tls: bool) -> None:
    address = f"http{'s' * tls}://[::1]:{free_port()}"
    with as_server(tmp_path, address):
        pass
    done = CliRunner().invoke(main, ["status", "--data-dir", str(tmp_path)])
    assert done.exit_code == 1
    assert f"No server answers at {address}/_carnet/health" in done.output


@pytest.mark.parametrize("by_variable", [False, True])
def test_of_a_directory_on_which_no_server_has_run_no_other_server_is_asked(tmp_path: Path, by_variable: bool) -> None:
    words = [] if by_variable else ["--data-dir", str(tmp_path)]
    environment = {"CARNET_DATA_DIR": str(tmp_path)} if by_variable else {}
    done = CliRunner().invoke(main, ["status", *words], env=environment)
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: No server has run on {tmp_path}. carnet serve starts one; --host, --port")
    with answering(b'{"status": "ok"}') as port:
        told = CliRunner().invoke(main, ["status", *words, "--port", str(port)], env=environment)
    assert (told.exit_code, told.output) == (0, "status:    ok\n")
