"""`make bench-gateway`: Carnet before SeaweedFS, beside nginx, haproxy and a bare one in Python as plain proxies, and
direct, in one run.

Prints the processor time for a GET of 4 KiB and for a denial, how fast 256 MiB pass, and the memory of a connection,
with ratios of the same run. Nothing passes or fails. Proxies that are not installed are left out, and it says so.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from tests.bench.load import Result, load, signed
from tests.clients.running import RunningServer, free_port, running_server

_WEED = Path(".venv-demo/bin/weed")
_BUCKET, _SMALL, _LARGE = "carnet-bench", "small", "large"
_MIB = 1024 * 1024
_LARGE_BYTES, _CHUNK = 256 * _MIB, _MIB
_SECONDS, _ROUNDS, _LARGE_ROUNDS, _HELD = 1.0, 3, 3, 16
_NGINX = """daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log /dev/null;
events {{ worker_connections 512; }}
http {{ access_log off; client_max_body_size 0; proxy_request_buffering off; proxy_buffering on;
  client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
  uwsgi_temp_path {directory}; scgi_temp_path {directory};
  upstream store {{ server 127.0.0.1:{store}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://store; proxy_http_version 1.1;
    proxy_set_header Connection ""; }} }} }}
"""
_HAPROXY = """global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:{port}
  default_backend store
backend store
  http-reuse always
  server store 127.0.0.1:{store}
"""


_SIZES = ("-volume.max=100", "-master.volumeSizeLimitMB=512", "-s3.port.iceberg=0", "-s3.port.lance=0")


class Signer(S3SigV4Auth):
    """Signs with what is declared of the body."""

    declared = ""

    def payload(self, request: Any) -> str:
        return self.declared


def headers(endpoint: str, method: str, key: str, credentials: Credentials, declared: str) -> dict[str, str]:
    """Of a signed request for an object. A proxy hands them on, and SeaweedFS without identities looks at none."""
    request = AWSRequest(method=method, url=f"{endpoint}/{_BUCKET}/{key}")
    signer = Signer(credentials, "s3", "us-east-1")
    signer.declared = declared
    signer.add_auth(request)
    return {**request.headers, "host": urlsplit(endpoint).netloc}


def request(endpoint: str, key: str, credentials: Credentials) -> bytes:
    """A signed GET, as bytes for a socket."""
    lines = [f"GET /{_BUCKET}/{key} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers(endpoint, "GET", key, credentials, _EMPTY).items()]
    return "\r\n".join([*lines, "", ""]).encode()


_EMPTY = sha256(b"").hexdigest()


@contextmanager
def process(*command: str, port: int) -> Iterator[int]:
    """The id of a process that listens; of nginx's worker, if there is one."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if running.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        yield int(children[0]) if children else running.pid
    finally:
        running.terminate()
        running.wait(timeout=30)


def proxies(stack: ExitStack, directory: Path, store: int) -> dict[str, tuple[str, int]]:
    """Endpoint and process of each proxy that is installed."""
    found: dict[str, tuple[str, int]] = {}
    for name, configuration, flags in (("nginx", _NGINX, ("-c",)), ("haproxy", _HAPROXY, ("-f",))):
        program = os.environ.get(name.upper()) or shutil.which(name) or shutil.which(name, path="/usr/sbin")
        if program is None:
            print(f"{name} is not installed (apt-get install nginx-light haproxy), and left out")
            continue
        port = free_port()
        file = directory / f"{name}.conf"
        file.write_text(configuration.format(directory=directory, store=store, port=port))
        found[name] = (f"http://127.0.0.1:{port}", stack.enter_context(process(program, *flags, str(file), port=port)))
    return found


def bare_proxy(stack: ExitStack, store: int) -> dict[str, tuple[str, int]]:
    """Endpoint and process of a proxy in Python that decides nothing: nothing in Python takes less."""
    port = free_port()
    command = (sys.executable, "-m", "tests.bench.bare_proxy", str(port), str(store))
    return {"python": (f"http://127.0.0.1:{port}", stack.enter_context(process(*command, port=port)))}


def small(peers: dict[str, tuple[str, int]], credentials: Credentials) -> None:
    """A GET of 4 KiB: the best of some rounds, turn and turn about."""
    best: dict[str, Result] = {}
    for _ in range(_ROUNDS):
        for name, (endpoint, pid) in peers.items():
            result = load(endpoint, [request(endpoint, _SMALL, credentials)], pid=pid, seconds=_SECONDS)
            if name not in best or result.cpu_us < best[name].cpu_us:
                best[name] = result
    for name, one in best.items():
        nginx = f", {one.cpu_us / best['nginx'].cpu_us:.2f} of nginx" if "nginx" in best else ""
        print(f"GET of 4 KiB, {name:8} {one.cpu_us:6.0f} us of processor time{nginx}, {one.per_second:6.0f} a second")


def denials(server: RunningServer, stranger: Credentials, credentials: Credentials) -> None:
    """A denied GET, beside GetCallerIdentity."""
    pid = server.process.pid
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    asked = (
        ("denied GET", request(server.endpoint, _SMALL, stranger), 403),
        ("GetCallerIdentity", signed(server.endpoint, "sts", body, credentials), 200),
    )
    best = dict.fromkeys((name for name, _, _ in asked), float("inf"))
    for _ in range(_ROUNDS):
        for name, text, status in asked:
            one = load(server.endpoint, [text], pid=pid, seconds=_SECONDS, status=status)
            best[name] = min(best[name], one.cpu_us)
    denied, identity = best.values()
    print(f"denied GET {denied:.0f} us, GetCallerIdentity {identity:.0f} us: {denied / identity:.2f}")


def large(peers: dict[str, tuple[str, int]], credentials: Credentials) -> None:
    """256 MiB both ways: the median of some rounds, as a part of direct."""
    chunk = b"x" * _CHUNK
    digest = sha256()
    for _ in range(_LARGE_BYTES // _CHUNK):
        digest.update(chunk)
    acts: dict[str, Callable[[str], None]] = {
        "PUT": lambda endpoint: _put(endpoint, chunk, credentials, "UNSIGNED-PAYLOAD"),
        "hashed PUT": lambda endpoint: _put(endpoint, chunk, credentials, digest.hexdigest()),
        "GET": lambda endpoint: _get(endpoint, credentials),
    }
    for act, carry_out in acts.items():
        seconds: dict[str, list[float]] = {name: [] for name in peers}
        for _ in range(_LARGE_ROUNDS):
            for name, (endpoint, _pid) in peers.items():
                started = time.monotonic()
                carry_out(endpoint)
                seconds[name].append(time.monotonic() - started)
        direct = median(seconds["direct"])
        for name, taken in seconds.items():
            rate = _LARGE_BYTES / _MIB / median(taken)
            print(f"{act} of 256 MiB, {name:8} {rate:6.0f} MiB/s, {direct / median(taken):.2f} of direct")


def _put(endpoint: str, chunk: bytes, credentials: Credentials, declared: str) -> None:
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=120)
    sent = headers(endpoint, "PUT", _LARGE, credentials, declared) | {"content-length": str(_LARGE_BYTES)}
    connection.request("PUT", f"/{_BUCKET}/{_LARGE}", body=(chunk for _ in range(_LARGE_BYTES // _CHUNK)), headers=sent)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()


def _get(endpoint: str, credentials: Credentials) -> None:
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=120)
    connection.request("GET", f"/{_BUCKET}/{_LARGE}", headers=headers(endpoint, "GET", _LARGE, credentials, _EMPTY))
    answer = connection.getresponse()
    read = 0
    while part := answer.read(_CHUNK):
        read += len(part)
    assert (answer.status, read) == (200, _LARGE_BYTES)
    connection.close()


def memory(server: RunningServer, credentials: Credentials) -> None:
    """What a connection takes whose client reads nothing of 256 MiB."""
    before = _resident(server.process.pid)
    with ExitStack() as stack:
        for _ in range(_HELD):
            address = urlsplit(server.endpoint)
            held = stack.enter_context(socket.create_connection((address.hostname or "", address.port or 0)))
            held.sendall(request(server.endpoint, _LARGE, credentials))
        time.sleep(3)
        more = (_resident(server.process.pid) - before) / _HELD
    print(f"{more / _MIB:.2f} MiB of memory for a connection whose client does not read")


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _stranger(server: RunningServer) -> Credentials:
    """The key of a user who may do nothing."""
    iam = _client(server, "iam")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def _client(server: RunningServer, service: str) -> Any:
    make: Any = boto3.client
    path_style = Config(s3={"addressing_style": "path"})
    return make(service, endpoint_url=server.endpoint, region_name="us-east-1", config=path_style, **_key(server))


def _key(server: RunningServer) -> dict[str, str]:
    variables = server.environment
    return {
        "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
    }


def _low_port() -> int:
    """SeaweedFS listens on each of its ports and on the one 10,000 above."""
    while (port := free_port()) > 55_000:
        pass
    return port


def main() -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        directory = Path(name)
        store = _low_port()
        weed = [str(_WEED), "server", "-s3", f"-s3.port={store}", f"-dir={directory}", "-ip=127.0.0.1"]
        ports = [f"-{part}.port={_low_port()}" for part in ("filer", "master", "volume")]
        pid = stack.enter_context(process(*weed, *ports, *_SIZES, port=store))
        upstream = f"seaweedfs=http://127.0.0.1:{store}"
        server = stack.enter_context(running_server(directory / "data", "--upstream", upstream))
        credentials = Credentials(*_key(server).values())
        s3 = _client(server, "s3")
        s3.create_bucket(Bucket=_BUCKET)
        s3.put_object(Bucket=_BUCKET, Key=_SMALL, Body=b"x" * 4096)
        beside = proxies(stack, directory, store)
        carnet = {"carnet": (server.endpoint, server.process.pid)}
        small(beside | bare_proxy(stack, store) | carnet, credentials)
        denials(server, _stranger(server), credentials)
        large({"direct": (f"http://127.0.0.1:{store}", pid)} | beside | carnet, credentials)
        memory(server, credentials)


if __name__ == "__main__":
    main()
