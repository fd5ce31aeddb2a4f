"""A made-up upstream in a thread: it notes what it is sent, and answers what the test has put down for an operation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request that has come."""

    operation: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer."""

    body: Any
    status: int = 200
    length: int | None = None
    """What is said of its length, if that is a lie."""
    headers: dict[str, str] = field(default_factory=dict[str, str])


class FakeAws:
    """What it answers, and what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Told] = {}
        self.requests: list[Sent] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def operations(self) -> list[str]:
        return [sent.operation for sent in self.requests]

    def respond(self, sent: Sent) -> Told:
        """Note it, and answer. A look-up of which key something has is none if no test has told of one."""
        about_key = sent.operation in _ABOUT_KEYS or b'"KmsMasterKeyId"]' in sent.body
        if about_key and sent.operation in _KEYLESS and sent.operation not in self.answers:
            return _KEYLESS[sent.operation]
        self.requests.append(sent)
        return self.answers.get(sent.operation, Told(body={}))


def topic_attributes(**attributes: str) -> Told:
    """The answer of GetTopicAttributes."""
    entries = "".join(f"<entry><key>{name}</key><value>{text}</value></entry>" for name, text in attributes.items())
    result = f"<GetTopicAttributesResult><Attributes>{entries}</Attributes></GetTopicAttributesResult>"
    return Told(body=f"<GetTopicAttributesResponse>{result}</GetTopicAttributesResponse>".encode())


_ABOUT_KEYS = ("DescribeStreamSummary", "DescribeTable", "GetTopicAttributes")
_KEYLESS = {
    "DescribeStreamSummary": Told(body={"StreamDescriptionSummary": {"EncryptionType": "NONE"}}),
    "DescribeTable": Told(body={"Table": {}}),
    "GetQueueAttributes": Told(body={}),
    "GetTopicAttributes": topic_attributes(),
}


@contextmanager
def fake_aws() -> Iterator[FakeAws]:
    """Listens until the block ends."""
    fake = FakeAws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            named = self.headers.get("x-amz-target", "").rpartition(".")[2]
            operation = named or parse_qs(body.decode("latin-1")).get("Action", [self.path])[0]
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = Sent(operation=operation, path=self.path, headers=headers, body=body)
            told = fake.respond(sent)
            text = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            self.send_response(told.status)
            for name, value in {"content-type": "application/x-amz-json-1.1", **told.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(text) if told.length is None else told.length))
            self.end_headers()
            self.wfile.write(text)
            if told.length is not None:
                self.close_connection = True

        def do_HEAD(self) -> None:
            """Of a bucket that is not there yet."""
            self.send_response(404)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

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
