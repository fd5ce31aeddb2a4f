"""/federation: credentials of a session become a URL, by which a browser signs in as that session, once.

`Action=getSigninToken` is asked by a program, with the credentials; `Action=login` by the browser that it sends here;
`Action=logout` signs the browser out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from carnet.audit.steps import Arrived
from carnet.base.clock import Clock
from carnet.base.http import HttpRequest, HttpResponse, RequestHead
from carnet.console.answers import LONGEST_BODY, TOO_LONG, audited
from carnet.console.ending import end_session
from carnet.console.headers import NOT_KEPT, SAFETY
from carnet.console.navigation import SIGN_IN, own_target, see
from carnet.console.outcomes import Refusal, Told
from carnet.console.pages import page
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import BrowserSessions
from carnet.console.signin_tokens import Arriving, new_signin_token
from carnet.console.unreachable import in_the_clear
from carnet.identity.credentials import Credentials
from carnet.protocols.form import parameters
from carnet.protocols.unreadable import Unreadable
from carnet.server.fairness.throttle import Throttled
from carnet.server.outbox import Answer
from carnet.server.own_api.problems import FAILED, TOO_MANY, Problem, answer, as_problem, told

_LOG = logging.getLogger(__name__)
PATH = "/federation"
_LOGIN = "login"


class Federation:
    """Answers what programs and browsers ask the federation endpoint."""

    def __init__(self, parts: ConsoleParts, sessions: BrowserSessions, credentials: Credentials, clock: Clock) -> None:
        self._parts = parts
        self._sessions = sessions
        self._credentials = credentials
        self._clock = clock

    def takes(self, head: RequestHead) -> bool:
        return head.path == PATH

    def respond(self, http: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        if not self._parts.origin.is_safe(http):
            return Answer(response=in_the_clear())
        return self._respond(http)

    async def _respond(self, http: HttpRequest) -> Answer:
        request_id, event_id = self._parts.execution.parts.ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self._clock(), http=http)
        action = ""
        try:
            fields = _fields(http)
            action = fields.get("Action", "").lower()
            match action:
                case "getsignintoken":
                    return self._answer_token(arrived, fields)
                case "login":
                    return await self._answer_login(arrived, fields)
                case "logout":
                    return await self._answer_logout(arrived)
                case _:
                    raise Problem(400, "InvalidRequest", "Action is getSigninToken, login or logout.")
        except Exception as raised:
            return self._answer_failure(arrived, raised, shown=action == _LOGIN)

    def _answer_token(self, arrived: Arrived, fields: Mapping[str, str]) -> Answer:
        """INVARIANT: nothing is stored: whoever has credentials cannot fill the store by this."""
        made = new_signin_token(self._parts, self._credentials, arrived, fields)
        return audited(arrived, answer(200, made.members, arrived.request_id, *SAFETY), made.event, made.account)

    async def _answer_login(self, arrived: Arrived, fields: Mapping[str, str]) -> Answer:
        """A page that goes on by itself: a redirect from another site would not bring the cookie along (Strict)."""
        http, origin = arrived.http, self._parts.origin
        if http.header("host") != origin.authority and http.method == "GET":
            moved = (("location", f"{origin.url}{PATH}?{http.query}"), NOT_KEPT, *SAFETY)
            return Answer(response=HttpResponse(status=307, headers=moved, body=b""))
        if http.method == "GET" and http.header("sec-fetch-site") == "cross-site":
            # Once more, from here: with the cookies of those who have signed in in this browser, who stay so.
            return Answer(response=page("bounce.html", to=f"{PATH}?{http.query}"))
        to = own_target(origin, fields.get("Destination", ""))
        if to is None:
            raise Problem(400, "InvalidRequest", "The Destination is no page of this console.")
        arriving = Arriving(
            parts=self._parts, arrived=arrived, token=fields.get("SigninToken", ""), issuer=fields.get("Issuer", "")
        )
        await arriving.read_policies()
        outcome = await self._parts.writer.make(arriving, arriving.account)
        members: dict[str, Any] = dict(outcome.answer)
        shown = page("arrived.html", to=to, holder=members["holder"])
        headers = (*shown.headers, *self._sessions.begun(http, members["token"]))
        response = HttpResponse(status=200, headers=headers, body=shown.body)
        done = Told(members={}, event=None if outcome.recorded else outcome.event, account=arriving.account)
        return audited(arrived, response, done.event, done.account)

    async def _answer_logout(self, arrived: Arrived) -> Answer:
        """Sign out who asks from a page of this origin, or by an address that was typed: no other site does."""
        http = arrived.http
        browser = self._sessions.signed_in(http)
        if browser is None or http.header("sec-fetch-site") not in (None, "same-origin", "none"):
            return Answer(response=see(SIGN_IN))
        done = await end_session(self._parts, arrived, browser, browser.session.id)
        gone = see(SIGN_IN)
        headers = (*gone.headers, *self._sessions.ended(http, browser))
        response = HttpResponse(status=gone.status, headers=headers, body=b"")
        return audited(arrived, response, done.event, done.account)

    def _answer_failure(self, arrived: Arrived, raised: Exception, *, shown: bool) -> Answer:
        try:
            self._parts.throttle.fail(arrived.http.peer)
        except Throttled as throttled:
            return Answer(response=told(TOO_MANY, arrived.request_id), pause=throttled.pause)
        problem = as_problem(raised)
        if problem is None:
            _LOG.error("request %s failed", arrived.request_id, exc_info=raised)
            problem = FAILED
        response = told(problem, arrived.request_id)
        if shown:
            response = page("refused.html", status=problem.status, title="Sorry", sentence=problem.message)
        event = raised.event if isinstance(raised, Refusal) else None
        return audited(arrived, response, event, "")


def _fields(http: HttpRequest) -> Mapping[str, str]:
    """What is given, in the query, or in a form. Raises Problem."""
    if http.method not in ("GET", "POST"):
        raise Problem(405, "MethodNotAllowed", "This is asked with GET or POST.", ("allow", "GET, POST"))
    if len(http.body) > LONGEST_BODY:
        raise TOO_LONG
    try:
        return parameters(http.query, http.body)
    except Unreadable as problem:
        raise Problem(400, "InvalidRequest", str(problem)) from None
