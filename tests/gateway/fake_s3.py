"""A made-up S3 in a thread: it keeps objects by their paths, notes what it is sent, and answers what a test has set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tests.waiting import PATIENCE_SECONDS

NO_KEY = b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request that has come."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    whole: bool
    """Whether so many bytes have come as were declared."""

    @property
    def what(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    length: int | None = None
    """What is said of its length, if that is a lie: the connection ends behind the body."""


class FakeS3:
    """What it answers, what it keeps, and what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Told] = {}
        """By method and target, as `GET /photos/k`."""
        self.objects: dict[str, bytes] = {}
        """By path; of a bucket, nothing."""
        self.requests: list[Sent] = []
        self.port = 0
        self.pause = Event()
        """While it is not set, nobody is answered."""
        self.pause.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        return [sent.what for sent in self.requests]

    def respond(self, sent: Sent) -> Told:
        """What it does with a request."""
        if sent.what in self.answers:
            return self.answers[sent.what]
        path = sent.target.partition("?")[0]
        if sent.method == "PUT":
            self.objects[path] = sent.body
            return Told(headers={"etag": etag(sent.body), "x-amz-request-id": "theirs"})
        if path not in self.objects:
            return Told(status=404, body=b"" if sent.method == "HEAD" else NO_KEY)
        if sent.method == "DELETE":
            del self.objects[path]
            return Told(status=204)
        body = self.objects[path]
        return Told(body=body, headers={"etag": etag(body), "x-amz-request-id": "theirs"})


def etag(content: bytes) -> str:
    """As Amazon S3 has it of an object that came in one part."""
    return f'"{md5(content, usedforsecurity=False).hexdigest()}"'


@contextmanager
def fake_s3() -> Iterator[FakeS3]:
    """Listens until the block ends."""
    fake = FakeS3()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            declared = int(self.headers.get("content-length", 0))
            body = self.rfile.read(declared)
            headers = {name.lower(): value for name, value in self.headers.items()}
            whole = len(body) == declared
            sent = Sent(method=self.command, target=self.path, headers=headers, body=body, whole=whole)
            fake.requests.append(sent)
            if not whole:
                self.close_connection = True
                return
            fake.pause.wait(PATIENCE_SECONDS)
            told = fake.respond(sent)
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            if told.status != 204:
                self.send_header("content-length", str(len(told.body) if told.length is None else told.length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(told.body)
            if told.length is not None:
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
