"""Redirects of browsers, and the pages to which they may go."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote

from carnet.base.http import HttpResponse, RequestHead
from carnet.console.headers import NOT_KEPT, SAFETY
from carnet.console.origin import ConsoleOrigin

HOME, SIGN_IN = "/console/", "/console/sign-in"
PERSON_SIGN_IN = f"{SIGN_IN}/person"
_LONGEST = 2048
_MOST_PARAMETERS = 32
_AWS_CONSOLE = re.compile(
    r"https://(?:[a-z0-9-]+\.)*console\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)(?:[/?#].*)?", re.ASCII
)
"""What tools name that know AWS's console only."""
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*", re.ASCII)
"""A path of this origin: no second slash, which begins a host, and none of what browsers take for a slash or skip."""


def local_target(text: str | None, otherwise: str = HOME) -> str:
    """The page to show after a sign-in, which is always one of this origin."""
    if text is None or len(text) > _LONGEST or _LOCAL.fullmatch(text) is None:
        return otherwise
    return text


def own_target(origin: ConsoleOrigin, text: str) -> str | None:
    """The page that a URL names, which is one of this very origin, or AWS's console: that is this one. None for others.

    INVARIANT: nobody is sent elsewhere by a link that leads here.
    """
    if not text or _AWS_CONSOLE.fullmatch(text) is not None:
        return HOME
    path = text.removeprefix(origin.url) if text.startswith(origin.url + "/") else text
    return path if local_target(path, "") else None


def parameter(head: RequestHead, name: str) -> str:
    """A parameter of the query string; empty if there is none, or more than can be read."""
    if len(head.query) > 4 * _LONGEST or head.query.count("&") >= _MOST_PARAMETERS:
        return ""
    return dict(parse_qsl(head.query)).get(name, "")


def target_of(head: RequestHead) -> str:
    """The page to which a browser is sent in the end (`?to=`)."""
    return local_target(parameter(head, "to"))


def to_sign_in(head: RequestHead, page: str = SIGN_IN) -> HttpResponse:
    """Send a browser to the sign-in page, and then back to the requested page."""
    here = f"{head.path}?{head.query}" if head.query else head.path
    return see(f"{page}?to={quote(local_target(here), safe='')}")


def see(target: str) -> HttpResponse:
    """Send a browser to another page, with GET."""
    return HttpResponse(status=303, headers=(("location", target), NOT_KEPT, *SAFETY), body=b"")


def elsewhere(origin: ConsoleOrigin, head: RequestHead) -> HttpResponse | None:
    """Send a browser to the console's own origin if it asks at another one, as at an IP address; None if it does not.

    INVARIANT: pages are shown at one origin alone: to what is another site by its name, they would be the same.
    """
    if head.header("host") == origin.authority:
        return None
    here = f"{head.path}?{head.query}" if head.query else head.path
    target = origin.url + local_target(here)
    return HttpResponse(status=307, headers=(("location", target), NOT_KEPT, *SAFETY), body=b"")
