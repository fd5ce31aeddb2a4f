"""Which browser is whose: the cookie of a request, to the session that it stands for, to whoever signed in there."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from carnet.base.clock import Clock
from carnet.base.faults import Unavailable
from carnet.base.http import RequestHead
from carnet.console.access_control import may_stay
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
_CSRF = b"carnet-csrf-v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInBrowser:
    """A browser whose cookie stands for a session that is good."""

    session: BrowserSession
    holder: Holder
    """Whoever has signed in. What it is, is `holder.entity`; its account's view is `holder.view`."""
    csrf: str = field(repr=False)
    """What its pages send with every change, besides the cookie."""


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
        """Who has signed in in the browser that asks; None alike if nobody has, and if the session is over.

        INVARIANT: what it gives is enough to show something. What changes something asks `may_change`, too.
        Raises Lost if the store has lost what was acknowledged, Unavailable if policies cannot be read.
        """
        token = cookie_of(head, self.origin.cookie)
        digest = SESSION_TOKEN.digest(token) if token is not None else None
        if token is None or digest is None or not self.origin.is_safe(head):
            return None
        if self._directory.lost:
            raise Lost
        snapshot, now = self._directory.snapshot, self._clock()
        session = snapshot.named(BrowserSession, digest)
        if session is None or not self._is_in_time(session, now):
            return None
        holder = holder_of(snapshot, session)
        if holder is None or not self._may_stay(snapshot, session, head, now):
            return None
        self._last_used.note_session(session.id, now)
        return SignedInBrowser(session=session, holder=holder, csrf=csrf_of(token))

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


def csrf_of(token: str) -> str:
    """What pages prove themselves with: it follows from the cookie, which no script reads, and tells nothing of it."""
    return hmac.new(token.encode("ascii"), _CSRF, hashlib.sha256).hexdigest()


def cookie_of(head: RequestHead, name: str) -> str | None:
    """The value of a cookie; None if there is none, or more than one: then somebody else has set one of them."""
    pairs = (pair.strip().partition("=") for line in head.header_all("cookie") for pair in line.split(";"))
    found = [value for key, separator, value in pairs if separator and key == name]
    return found[0] if len(found) == 1 else None


def set_cookie(origin: ConsoleOrigin, token: str) -> tuple[str, str]:
    """The header that gives a browser its cookie; it goes when the browser is closed, and when its session is over."""
    return "set-cookie", f"{origin.cookie}={token}; Path=/; HttpOnly; SameSite=Strict{'; Secure' * origin.secure}"


def drop_cookie(origin: ConsoleOrigin) -> tuple[str, str]:
    """The header that takes the cookie away."""
    return "set-cookie", f"{origin.cookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{'; Secure' * origin.secure}"
