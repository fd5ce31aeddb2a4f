"""The cookies of a browser in which several people have signed in: one for each session, and one that says whose pages
are shown.

https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/multisession.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

from carnet.base.http import RequestHead
from carnet.console.origin import ConsoleOrigin
from carnet.entities.browser_session import SESSION_TOKEN

MOST_HERE = 5
"""Sessions of one browser."""
_CSRF = b"carnet-csrf-v1"
_NAMED_BY = 16
"""So many digits of a token's digest name its own cookie."""


def csrf_of(token: str) -> str:
    """What pages prove themselves with: it follows from the cookie, which no script reads, and tells nothing of it."""
    return hmac.new(token.encode("ascii"), _CSRF, hashlib.sha256).hexdigest()


def cookie_of(head: RequestHead, name: str) -> str | None:
    """The value of a cookie; None if there is none, or more than one: then somebody else has set one of them."""
    found = [value for key, value in _pairs(head) if key == name]
    return found[0] if len(found) == 1 else None


def tokens_of(head: RequestHead, origin: ConsoleOrigin) -> tuple[str, ...]:
    """The tokens of all sessions of a browser, that whose pages are shown first. Nothing says that they are good."""
    shown = cookie_of(head, origin.cookie)
    first = [shown] if shown is not None and _own_name(origin, shown) is not None else []
    own = [value for key, value in _pairs(head) if key != origin.cookie and key == _own_name(origin, value)]
    return tuple(dict.fromkeys([*first, *own]))


def show_session(origin: ConsoleOrigin, token: str) -> tuple[tuple[str, str], ...]:
    """The headers by which a browser shows the pages of that session, and keeps it beside others.

    The cookies go when the browser is closed, and are worth nothing when their session is over.
    """
    own = _own_name(origin, token)
    return tuple(_set(origin, name, token) for name in (origin.cookie, own) if name is not None)


def forget_session(origin: ConsoleOrigin, token: str, *, shown: bool) -> tuple[tuple[str, str], ...]:
    """The headers by which a browser removes a session; `shown` if its pages are those that are shown."""
    names = [_own_name(origin, token), origin.cookie if shown else None]
    return tuple(_set(origin, name, "", "; Max-Age=0") for name in names if name is not None)


def show_nobody(origin: ConsoleOrigin) -> tuple[str, str]:
    """The header after which nobody's pages are shown."""
    return _set(origin, origin.cookie, "", "; Max-Age=0")


def _own_name(origin: ConsoleOrigin, token: str) -> str | None:
    """The name of the cookie for this session, whoever's pages are shown; None if the text is no token."""
    digest = SESSION_TOKEN.digest(token)
    return f"{origin.cookie}-{digest[:_NAMED_BY]}" if digest is not None else None


def _pairs(head: RequestHead) -> Iterator[tuple[str, str]]:
    for line in head.header_all("cookie"):
        for pair in line.split(";"):
            key, separator, value = pair.strip().partition("=")
            if separator:
                yield key, value


def _set(origin: ConsoleOrigin, name: str, value: str, more: str = "") -> tuple[str, str]:
    return "set-cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{more}{'; Secure' * origin.secure}"
