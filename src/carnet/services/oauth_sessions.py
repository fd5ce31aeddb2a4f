"""OAuth sessions: what people have let clients do. They begin with a consent, and end when a person signs out or is
signed out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from carnet.directory.account_view import AccountView
from carnet.entities.browser_session import BrowserSession
from carnet.entities.entity import Tags
from carnet.entities.oauth_session import LONGEST_CODE, OAuthSession
from carnet.store.unit_of_work import Unit

MOST_SESSIONS = 500
"""Sessions of one holder by one application, or by all clients that register themselves; one more ends the oldest."""


def begin(store: Unit, view: AccountView, session: OAuthSession) -> bool:
    """Store a new session. Returns False, and stores nothing, if too many sessions of its holder have just begun.

    INVARIANT: a session is not removed before its code has expired; the code would make another session.
    """
    alike = [one for one in view.of(OAuthSession).referring("holder", session.holder) if _is_alike(one, session)]
    going = alike[: max(0, len(alike) - MOST_SESSIONS + 1)]  # they are in the order in which they began
    if going and session.created - going[-1].created < LONGEST_CODE:
        return False
    for old in going:
        store.remove(old)
    store.add(session)
    return True


def _is_alike(one: OAuthSession, other: OAuthSession) -> bool:
    return one.counted_with == other.counted_with


def sessions_of(view: AccountView, holder: str) -> Iterator[OAuthSession]:
    """The sessions of a person or a principal that were not ended; some may have expired."""
    return (session for session in view.of(OAuthSession).referring("holder", holder) if not session.revoked)


def attributes_of(view: AccountView, sign_in: str, holder: str) -> Tags | None:
    """The attributes for access control of a person who has consented in the browser's session of that id.

    None if that session is over: then no consent that was given in it takes effect any more.
    """
    browser = view.of(BrowserSession).get(sign_in)
    return browser.attributes if browser is not None and browser.holder == holder else None


def end_sessions(store: Unit, view: AccountView, holder: str, sign_in: str | None = None) -> int:
    """End the sessions of a holder, so that their tokens are invalid from now on; returns how many there were.

    With `sign_in`, end only the sessions that were consented to in the browser's session of that id.
    """
    ended = [session for session in sessions_of(view, holder) if sign_in in (None, session.sign_in)]
    for session in ended:
        store.save(replace(session, revoked=True))
    return len(ended)
