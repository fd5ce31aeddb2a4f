"""Carnet's own pages. They are unsigned, below path segments for which no service gets unsigned requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import unquote

from carnet.base.http import HttpResponse, RequestHead
from carnet.server.issuer_pages import IssuerPages
from carnet.server.own_paths import OLD_HEALTH_PATH
from carnet.sigv4.query_form import has_query_form

SEGMENTS = frozenset(("_carnet", "console"))
"""The first path segments of all pages and unsigned APIs of Carnet's own, on any frontend."""
_METHODS = ("GET", "HEAD")
_PLAIN = ("content-type", "text/plain")

Page = Callable[[RequestHead], HttpResponse]


class OwnPages:
    """Pages by their exact path, and those of issuers."""

    def __init__(self, pages: Mapping[str, Page], issuers: IssuerPages | None = None) -> None:
        self._pages = pages
        self._issuers = issuers

    def respond(self, request: RequestHead) -> HttpResponse | None:
        """The answer to a request for one of Carnet's own pages; None for a request to a service.

        INVARIANT: an unsigned request below one of SEGMENTS never reaches a service, however the segment is spelled.
        """
        page = self._pages.get(request.path) or self._of_issuer(request.path)
        if page is None:
            if _first_segment(request.path) not in SEGMENTS or _is_signed(request):
                return None
            return _text(404, "There is nothing here.")
        if request.method in _METHODS:
            return page(request)
        return None if request.path == OLD_HEALTH_PATH else _text(405, "This is read with GET.", ("allow", "GET, HEAD"))

    def _of_issuer(self, path: str) -> Page | None:
        found = self._issuers.find(path) if self._issuers is not None else None
        return (lambda _: found) if found is not None else None


def _first_segment(path: str) -> str:
    return unquote(path).lstrip("/").partition("/")[0].lower()


def _is_signed(request: RequestHead) -> bool:
    return "authorization" in request.first or has_query_form(request.query)


def _text(status: int, sentence: str, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(status=status, headers=(_PLAIN, *headers), body=f"{sentence}\n".encode())
