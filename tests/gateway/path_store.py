"""A store that looks at method and path alone, whatever else is asked of it: it does what was not meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape


class PathStore:
    """Its buckets and their objects."""

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.asked: list[str] = []
        self.url = ""

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        self.asked.append(f"{method} {target}")
        bucket, _, key = unquote(urlsplit(target).path).removeprefix("/").partition("/")
        if not bucket:
            names = "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in self.buckets)
            return 200, f"<ListAllMyBucketsResult><Buckets>{names}</Buckets></ListAllMyBucketsResult>".encode()
        if not key:
            return self._of_bucket(method, bucket)
        objects = self.buckets.get(bucket)
        if objects is None:
            return 404, b""
        if method == "PUT":
            objects[key] = body
            return 200, b""
        if method == "DELETE":
            objects.pop(key, None)
            return 204, b""
        return (200, objects[key]) if key in objects else (404, b"")

    def _of_bucket(self, method: str, bucket: str) -> tuple[int, bytes]:
        if method == "PUT":
            self.buckets.setdefault(bucket, {})
            return 200, b""
        if bucket not in self.buckets:
            return 404, b""
        if method == "DELETE":
            del self.buckets[bucket]
            return 204, b""
        keys = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in sorted(self.buckets[bucket]))
        return 200, f"<ListBucketResult>{keys}</ListBucketResult>".encode()


@contextmanager
def path_store() -> Iterator[PathStore]:
    """Listens until the block ends."""
    store = PathStore()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle_expect_100(self) -> bool:
            done = super().handle_expect_100()
            self.wfile.flush()
            return done

        def answer(self) -> None:
            declared = int(self.headers.get("content-length", 0))
            body = self.rfile.read(declared)
            if len(body) < declared:
                self.close_connection = True
                return
            status, text = store.answer(self.command, self.path, body)
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    store.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
