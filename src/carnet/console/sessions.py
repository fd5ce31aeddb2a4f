"""Finds the session of a request by its cookie, and who has signed in there."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from carnet.base.clock import Clock
from carnet.base.faults import Unavailable
from carnet.base.http import RequestHead
from carnet.console.access_control import may_stay
from carnet.console.cookies import MOST_HERE, cookie_of, csrf_of, forget_session, show_session, tokens_of
from carnet.console.holders import Holder, Visitor, find_holder, proven_at
from carnet.console.origin import ConsoleOrigin
from carnet.console.outcomes import BEING_READ, signed_out
from carnet.directory.directory import Directory
from carnet.directory.last_used import LastUsed
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import SESSION_TOKEN, BrowserSession, HolderKind
from carnet.identity.credentials import browser_credential
from carnet.policy.at_once import TakesLong, at_once
from carnet.policy.compile import Engine
from carnet.server.long_policies import LongPolicies
from carnet.services.turns import whose
from carnet.store.faults import Lost

CSRF_HEADER = "x-carnet-csrf"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInBrowser:
    """A browser with the cookie of a valid session."""

    session: BrowserSession
    holder: Holder
    """Whoever has signed in. What it is, is `holder.entity`; its account's view is `holder.view`."""
    token: str = field(repr=False)

    @property
    def csrf(self) -> str:
        """The token that its pages send with every change, besides the cookie."""
        return csrf_of(self.token)

    @property
    def who(self) -> tuple[str, ...]:
        """The identity of the holder, which is the same in all of the holder's sessions."""
        return (self.holder.kind, self.holder.account, self.holder.id)


class BrowserSessions:
    """The sessions of an installation, as the directory knows them: the store is not asked."""

    def __init__(
        self,
        directory: Directory,
        last_used: LastUsed,
        clock: Clock,
        origin: ConsoleOrigin,
        engine: Engine,
        long_policies: LongPolicies,
    ) -> None:
        self._directory = directory
        self._last_used = last_used
        self._clock = clock
        self._engine = engine
        self._long_policies = long_policies
        self.origin = origin

    def signed_in(self, head: RequestHead) -> SignedInBrowser | None:
        """Whose pages are shown in the browser that asks; None alike if nobody's are, and if the session is over.

        INVARIANT: what it gives is enough to show something. What changes something asks `acting` and `may_change`.
        Raises Lost if the store has lost what was acknowledged, Unavailable if policies cannot be read.
        """
        token = cookie_of(head, self.origin.cookie)
        return self._use_session(head, token) if token is not None else None

    def acting(self, head: RequestHead) -> SignedInBrowser | None:
        """Whoever the page was shown to that makes the request, though the browser shows somebody else's by now.

        INVARIANT: nothing is done as somebody else than the page says. Raises as `signed_in`.
        """
        token = self._proven(head, head.header(CSRF_HEADER) or "")
        return self._use_session(head, token) if token is not None else self.signed_in(head)

    def others(self, head: RequestHead) -> tuple[SignedInBrowser, ...]:
        """Who else has signed in in that browser, each once, the newest first. Raises Lost.

        To be told of is no use of a session: it ends when it would.
        """
        tokens = tokens_of(head, self.origin)
        found = [each for token in tokens if (each := self._good(head, token)) is not None]
        found.sort(key=lambda each: each.session.created, reverse=True)
        shown = {each.who for each in self._shown_browsers(head)}
        newest = {each.who: each for each in reversed(found) if each.who not in shown}
        return tuple(each for each in found if each is newest.get(each.who))

    def begun(self, head: RequestHead, token: str) -> tuple[tuple[str, str], ...]:
        """The headers that give a browser the cookies of a session that was begun, and take away those that are over.

        The holder's earlier one goes, and the oldest of MOST_HERE.
        """
        new = self._good(head, token)
        before = (
            each for each in (*self._shown_browsers(head), *self.others(head)) if new is None or each.who != new.who
        )
        kept = [each.token for each in before][: MOST_HERE - 1]
        gone = [each for each in tokens_of(head, self.origin) if each not in kept]
        forgotten = (header for each in gone for header in forget_session(self.origin, each, shown=False))
        return (*forgotten, *show_session(self.origin, token))

    def ended(self, head: RequestHead, browser: SignedInBrowser) -> tuple[tuple[str, str], ...]:
        """The headers after which a browser has no cookie of a session that was ended."""
        return forget_session(self.origin, browser.token, shown=cookie_of(head, self.origin.cookie) == browser.token)

    def _shown_browsers(self, head: RequestHead) -> tuple[SignedInBrowser, ...]:
        token = cookie_of(head, self.origin.cookie)
        found = self._good(head, token) if token is not None else None
        return (found,) if found is not None else ()

    def _proven(self, head: RequestHead, csrf: str) -> str | None:
        """The token from which the proof was made, among those of the browser."""
        given = csrf.encode()
        tokens = tokens_of(head, self.origin)
        return next((each for each in tokens if hmac.compare_digest(csrf_of(each).encode(), given)), None)

    def _use_session(self, head: RequestHead, token: str) -> SignedInBrowser | None:
        """The session of a token, which is used now, if it is good and policies let it stay there."""
        found, now = self._good(head, token), self._clock()
        if found is None or not self._may_stay(self._directory.snapshot, found.session, head, now):
            return None
        self._last_used.note_session(found.session.id, now)
        return found

    def _good(self, head: RequestHead, token: str) -> SignedInBrowser | None:
        digest = SESSION_TOKEN.digest(token)
        if digest is None or not self.origin.is_safe(head):
            return None
        if self._directory.lost:
            raise Lost
        snapshot = self._directory.snapshot
        session = snapshot.named(BrowserSession, digest)
        if session is None or not self._is_in_time(session, self._clock()):
            return None
        holder = holder_of(snapshot, session)
        return SignedInBrowser(session=session, holder=holder, token=token) if holder is not None else None

    def _may_stay(self, snapshot: Snapshot, session: BrowserSession, head: RequestHead, now: datetime) -> bool:
        """INVARIANT: nobody else waits for policies that take long to read. Raises Unavailable while that is done."""
        work = partial(may_stay, self._engine, snapshot, session, head, now)
        try:
            return at_once(work)
        except TakesLong:
            self._long_policies.begin(work, whose(session.account, head.peer))
            raise Unavailable(BEING_READ) from None

    def may_change(self, head: RequestHead, browser: SignedInBrowser) -> bool:
        """Whether a request that changes something was made by one of the console's own pages."""
        given = head.header(CSRF_HEADER) or ""
        return self.is_own(head) and hmac.compare_digest(given.encode(), browser.csrf.encode())

    def is_own(self, head: RequestHead) -> bool:
        """Whether a page of this very origin makes the request; browsers send Origin with every POST and DELETE."""
        return head.header("origin") == self.origin.url and head.header("sec-fetch-site") in (None, "same-origin")

    def _is_in_time(self, session: BrowserSession, now: datetime) -> bool:
        use = self._last_used.session(session.id)
        return session.is_good(use.when if use is not None else None, now)


def holder_of(snapshot: Snapshot, session: BrowserSession) -> Holder | None:
    """Who has signed in, if the session is not revoked, and all that was proven still stands, at this revision."""
    if session.kind is HolderKind.SESSION:
        return _visitor(snapshot, session)
    found = find_holder(snapshot, session.account, session.kind, session.holder)
    holder = proven_at(found, session.password_set, session.provider)
    if holder is None or holder.view.of(BrowserSession).get(session.id) is None:
        return None
    if session.mfa_device is None or any(device.id == session.mfa_device for device in holder.devices):
        return holder
    return None


def still_signed_in(snapshot: Snapshot, session: BrowserSession) -> None:
    """Raises Problem for a session that is over by that revision."""
    if holder_of(snapshot, session) is None:
        raise signed_out()


def _visitor(snapshot: Snapshot, session: BrowserSession) -> Holder | None:
    credential, view = browser_credential(snapshot, session), snapshot.open_account(session.account)
    if credential is None or view is None or view.of(BrowserSession).get(session.id) is None:
        return None
    return Holder(kind=session.kind, view=view, entity=Visitor(principal=credential.principal))
