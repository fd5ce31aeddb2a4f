"""A browser, as far as the console's pages need one: it keeps cookies, and says where its requests come from."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.server.in_process import InProcessServer

ORIGIN = "http://localhost:4747"
"""The console's, of a server that has not been told its public URL."""
SESSION = "/console/session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass(slots=True)
class Browser:
    """One browser."""

    server: InProcessServer
    origin: str = ORIGIN
    host: str = "localhost:4747"
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, given: Any = None, **headers: str) -> Page:
        body = b"" if given is None else given if isinstance(given, bytes) else json.dumps(given).encode()
        sent = {"host": self.host, "content-length": str(len(body)), "user-agent": "test"}
        if method not in ("GET", "HEAD"):
            sent |= {"origin": self.origin, "content-type": "application/json", "sec-fetch-site": "same-origin"}
        if method == "HEAD":
            sent["connection"] = "close"  # its answer tells the length of a body that does not come
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items() if value)]
        page = _page(self.server.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body))
        for name, value in page.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return page

    def get(self, path: str, **headers: str) -> Page:
        return self.ask("GET", path, **headers)

    def step(self, step: str, **given: Any) -> Page:
        """One step of a sign-in."""
        return self.ask("POST", SESSION, {"step": step, **given})

    def sign_in(self, **given: Any) -> Page:
        """The first step, for an IAM user unless it is said otherwise."""
        return self.step("password", **{"kind": "user", **given})

    def csrf(self, path: str = "/console/security") -> str:
        """What a page has, for its script: one that asks no policies."""
        found = re.search(r'name="csrf" content="([^"]*)"', self.get(path).text)
        assert found is not None
        return found[1]

    def is_signed_in(self) -> bool:
        return self.get("/console/").status == 200


def _page(raw: bytes) -> Page:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
    return Page(status=int(first.split()[1]), headers=headers, body=body)
