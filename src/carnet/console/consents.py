"""Pages on which people let clients and devices act in their name, at the paths that AWS has for them.

A page asks, its script sends the answer (`POST /console/approve`), and goes where that says: to the client, by a code.
INVARIANT: nobody consents by following a link, and no page is shown in a frame (`headers.SAFETY`).
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from carnet.audit.steps import Arrived
from carnet.base.clock import Clock
from carnet.base.http import HttpRequest, HttpResponse, RequestHead
from carnet.console.answers import CROSS_SITE, LONGEST_BODY, TOO_LONG, audited
from carnet.console.consents_given import Answered, Asked, Given, read_given
from carnet.console.headers import SAFETY
from carnet.console.navigation import elsewhere, to_sign_in
from carnet.console.pages import not_sent_by_script, page
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import BrowserSessions, SignedInBrowser
from carnet.console.unreachable import in_the_clear
from carnet.entities.browser_session import HolderKind
from carnet.server.outbox import Answer
from carnet.server.own_api.problems import FAILED, Problem, answer, as_problem, told

_LOG = logging.getLogger(__name__)
APPROVE = "/console/approve"
_SIGNED_OUT = Problem(401, "SignedOut", "You are signed in no longer. Load the page again.")


class Consents:
    """Answers what asks people for something. `kinds`: each by the path of its page."""

    def __init__(
        self, parts: ConsoleParts, sessions: BrowserSessions, clock: Clock, kinds: Mapping[str, Asked]
    ) -> None:
        self._parts = parts
        self._sessions = sessions
        self._clock = clock
        self._kinds = kinds

    def takes(self, head: RequestHead) -> bool:
        return head.path == APPROVE or head.path in self._kinds

    def respond(self, http: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        if not self._parts.origin.is_safe(http):
            return Answer(response=in_the_clear())
        if http.path == APPROVE:
            return self._approve(http)
        if http.method not in ("GET", "HEAD"):
            return Answer(response=not_sent_by_script())
        try:
            return Answer(response=self._show(http))
        except Exception as raised:
            problem = as_problem(raised) or self._unforeseen_problem(raised)
            return Answer(response=page("refused.html", status=problem.status, title="Sorry", sentence=problem.message))

    def _show(self, http: HttpRequest) -> HttpResponse:
        kind = self._kinds[http.path]
        if (other := elsewhere(self._parts.origin, http)) is not None:
            return other
        browser = self._sessions.signed_in(http)
        if browser is None or browser.session.kind not in kind.of:
            return to_sign_in(http, kind.sign_in)
        return kind.show(http, browser)

    async def _approve(self, http: HttpRequest) -> Answer:
        request_id, event_id = self._parts.execution.parts.ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self._clock(), http=http)
        try:
            if http.method != "POST":
                raise Problem(405, "MethodNotAllowed", "Answers are sent with POST.", ("allow", "POST"))
            if len(http.body) > LONGEST_BODY:
                raise TOO_LONG
            browser = self._sessions.acting(http)
            if browser is None:
                raise _SIGNED_OUT
            if not self._sessions.may_change(http, browser):
                raise CROSS_SITE
            return self._answer_done(arrived, browser, await self._act(arrived, browser, read_given(http.body)))
        except Exception as raised:
            problem = as_problem(raised) or self._unforeseen_problem(raised)
            return Answer(response=told(problem, request_id))

    async def _act(self, arrived: Arrived, browser: SignedInBrowser, given: Given) -> Answered:
        for kind in self._kinds.values():
            if type(given) in kind.takes:
                if browser.session.kind not in kind.of:
                    raise _SIGNED_OUT
                return await kind.act(arrived, browser, given)
        raise Problem(400, "InvalidRequest", "Nothing is asked like this.")

    def _answer_done(self, arrived: Arrived, browser: SignedInBrowser, done: Answered) -> Answer:
        response = answer(200, done.members, arrived.request_id, *SAFETY)
        return audited(arrived, response, done.event, browser.session.account)

    def _unforeseen_problem(self, raised: Exception) -> Problem:
        _LOG.error("an answer to a client failed", exc_info=raised)
        return FAILED


PEOPLE = frozenset((HolderKind.PERSON,))
PRINCIPALS = frozenset((HolderKind.USER, HolderKind.ROOT))
