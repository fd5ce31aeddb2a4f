"""What people have let clients do, and how that ends: signing out, and being signed out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from carnet.directory.account_view import AccountView
from carnet.entities.browser_session import BrowserSession
from carnet.entities.entity import Tags
from carnet.entities.oauth_session import OAuthSession
from carnet.store.unit_of_work import Unit


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
