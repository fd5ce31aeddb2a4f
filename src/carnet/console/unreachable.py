"""The console of an installation that browsers can only reach without TLS: it says so, and shows nothing else."""

from __future__ import annotations

from carnet.base.http import HttpRequest, HttpResponse, RequestHead
from carnet.console.headers import NOT_KEPT, SAFETY
from carnet.server.first_page import is_first_page
from carnet.server.outbox import Answer

CLEAR = (
    "The console is reached over TLS (carnet serve --tls-cert and --tls-key, or --public-url with the address of a "
    "proxy that ends TLS), or from its own machine directly.\n"
)


class Unreachable:
    """Answers what is below /console/, and browsers at the first page."""

    def takes(self, head: RequestHead) -> bool:
        return is_console(head) or is_first_page(head)

    def respond(self, http: HttpRequest) -> Answer:
        return Answer(response=in_the_clear())


def is_console(head: RequestHead) -> bool:
    """Whether a request is for the console."""
    return head.path == "/console" or head.path.startswith("/console/")


def in_the_clear() -> HttpResponse:
    """The answer to a browser whose connection is not encrypted."""
    kind = ("content-type", "text/plain; charset=utf-8")
    return HttpResponse(status=403, headers=(kind, NOT_KEPT, *SAFETY), body=CLEAR.encode())
