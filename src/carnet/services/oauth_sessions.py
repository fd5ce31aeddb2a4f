"""What people have let clients do: how it begins, and how it ends: signing out, and being signed out."""

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
    """Keep a new session; False, and nothing is kept, if so many of its holder have begun just now.

    INVARIANT: a session goes no sooner than its code is over, else the code would make another one.
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
    """Those of a person or a principal that have not ended; some may be over."""
    return (session for session in view.of(OAuthSession).referring("holder", holder) if not session.revoked)


def attributes_of(view: AccountView, sign_in: str, holder: str) -> Tags | None:
    """The attributes for access control of a person who has consented in the browser's session of that id.

    None if that session is over: then nothing that was consented to there begins any more.
    """
    browser = view.of(BrowserSession).get(sign_in)
    return browser.attributes if browser is not None and browser.holder == holder else None


def end_sessions(store: Unit, view: AccountView, holder: str, sign_in: str | None = None) -> int:
    """End those of a holder, so that their tokens are worth nothing from now on; how many there were.

    `sign_in`: only those that were consented to in the browser's session of that id.
    """
    ended = [session for session in sessions_of(view, holder) if sign_in in (None, session.sign_in)]
    for session in ended:
        store.save(replace(session, revoked=True))
    return len(ended)
