"""What a request line asks for: only what no reader of HTTP takes in another way is taken.

https://www.rfc-editor.org/rfc/rfc9112#section-3
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

from carnet.server.http.request_refused import RequestRefused

_VERSIONS = ("1.0", "1.1")
_ABSOLUTE = re.compile(rb"https?://([^/?]+)(.*)", re.IGNORECASE | re.DOTALL)
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def path_and_query(target: bytes, version: str, headers: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The path and the query string, as they were sent; `headers` by their lower-case names.

    Raises RequestRefused (400) for versions but HTTP/1.0 and 1.1, two Host headers or none (which HTTP/1.0 allows), a
    fragment, broken percent-encoding, and what is neither a path nor a URL. A URL, which proxies are sent, must be of
    the host that the request is for: what stands before this server may have gone by either of them.
    """
    if version not in _VERSIONS:
        raise _bad_request("Only HTTP/1.0 and HTTP/1.1 are spoken here.")
    by_name = dict(headers)
    if len(by_name) < len(headers):
        hosts = [value for name, value in headers if name == "host"]
    else:
        hosts = [by_name["host"]] if "host" in by_name else []
    if len(hosts) > 1 or not (hosts or version == "1.0"):
        raise _bad_request("The request must have one Host header.")
    if b"#" in target:
        raise _bad_request("The request target has a fragment.")
    if b"%" in target and _BROKEN_ESCAPE.search(target):
        raise _bad_request("The request target is not percent-encoded as it should be.")
    if not target.startswith(b"/"):
        target = _behind_host(target, hosts)
    path, _, query = target.decode("latin-1").partition("?")
    return path or "/", query


def _behind_host(target: bytes, hosts: Sequence[str]) -> bytes:
    url = _ABSOLUTE.fullmatch(target)
    if url is None:
        raise _bad_request("The request target is no path.")
    if [host.lower() for host in hosts] != [url[1].decode("latin-1").lower()]:
        raise _bad_request("The request target is of another host than the request.")
    return url[2]


def _bad_request(why: str) -> RequestRefused:
    return RequestRefused(HTTPStatus.BAD_REQUEST, why)
