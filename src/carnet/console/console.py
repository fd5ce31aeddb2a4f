"""The console: its pages, the files that they load, and the requests of their script, by path."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from carnet.audit.steps import Arrived
from carnet.base.clock import Clock
from carnet.base.faults import Refused
from carnet.base.http import HttpRequest, HttpResponse, RequestHead
from carnet.console import identity_source
from carnet.console.answers import CROSS_SITE, LONGEST_BODY, TOO_LONG, audited
from carnet.console.cookies import show_nobody, show_session
from carnet.console.ending import end_session
from carnet.console.first_step import store_of
from carnet.console.given import read_step, read_target
from carnet.console.headers import SAFETY
from carnet.console.identity_source_page import identity_source_page, is_shown
from carnet.console.navigation import (
    HOME,
    PERSON_SIGN_IN,
    SIGN_IN,
    elsewhere,
    local_target,
    parameter,
    see,
    target_of,
    to_sign_in,
)
from carnet.console.outcomes import Refusal, Told, signed_out
from carnet.console.own_devices import begin_own_passkey
from carnet.console.pages import STATIC, not_sent_by_script, page, static_files
from carnet.console.parts import ConsoleParts
from carnet.console.people import people_action
from carnet.console.portal import applications_of, role_credentials, tiles
from carnet.console.sessions import BrowserSessions, SignedInBrowser
from carnet.console.sign_in import take_step
from carnet.console.unreachable import in_the_clear, is_console
from carnet.directory.identity_center import external_provider, own_instance
from carnet.entities.browser_session import BrowserSession, HolderKind
from carnet.server.fairness.throttle import Throttled
from carnet.server.first_page import is_first_page
from carnet.server.outbox import Answer
from carnet.server.own_api.problems import FAILED, TOO_MANY, Problem, answer, as_problem, told
from carnet.server.read_your_writes import REVISION
from carnet.services.person_invitations import INVITED

_LOG = logging.getLogger(__name__)
_PREFIX = "/console"
_SESSION, _SESSIONS, _SHOWN = "/console/session", "/console/sessions/", "/console/shown"
_DEVICES = "/console/devices"
_SECURITY, _CREDENTIALS, _PEOPLE = "/console/security", "/console/credentials", "/console/people"
_IDENTITY_SOURCE = "/console/identity-source"
_ACTED_AT = frozenset((_SESSION, _SHOWN, _DEVICES, _CREDENTIALS, _PEOPLE, _IDENTITY_SOURCE))
_LONGEST_BODIES = {_IDENTITY_SOURCE: identity_source.LONGEST_BODY}
_SIGN_IN_PAGES = {
    SIGN_IN: HolderKind.USER,
    f"{SIGN_IN}/root": HolderKind.ROOT,
    PERSON_SIGN_IN: HolderKind.PERSON,
}
_WAYS = {
    HolderKind.USER: "Sign in as an IAM user",
    HolderKind.ROOT: "Sign in as the root user",
    HolderKind.PERSON: "Sign in to the access portal (IAM Identity Center)",
}

Page = Callable[[RequestHead, SignedInBrowser | None], HttpResponse]
DecidedPage = Callable[[Arrived, SignedInBrowser], Coroutine[Any, Any, Answer]]


class Console:
    """Answers what is below /console/, and leads browsers there from the first page and from the portal's address."""

    def __init__(self, parts: ConsoleParts, sessions: BrowserSessions, clock: Clock) -> None:
        self._parts = parts
        self._sessions = sessions
        self._clock = clock
        self._decided: Mapping[str, DecidedPage] = {HOME: self._home, _IDENTITY_SOURCE: self._identity_source}
        self._pages: Mapping[str, Page] = {
            _SECURITY: self._security,
            INVITED: lambda head, browser: page("invited.html"),
            **{path: partial(self._sign_in, kind) for path, kind in _SIGN_IN_PAGES.items()},
        }

    def takes(self, head: RequestHead) -> bool:
        return is_console(head) or is_first_page(head) or self._parts.origin.is_start_url(head)

    def respond(self, http: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        if not self._parts.origin.is_safe(http):
            return Answer(response=in_the_clear())
        if http.path in self._decided and http.method in ("GET", "HEAD"):
            return self._decide(http)
        if http.path in _ACTED_AT or http.path.startswith(_SESSIONS):
            return self._act(http)
        try:
            return Answer(response=self._answer_get(http))
        except Exception as raised:
            return _not_shown(raised)

    async def _decide(self, http: HttpRequest) -> Answer:
        """The pages that policies decide on."""
        try:
            if (away := elsewhere(self._parts.origin, http)) is not None:
                return Answer(response=away)
            if (browser := self._sessions.signed_in(http)) is None:
                return Answer(response=to_sign_in(http))
            return await self._decided[http.path](self._arrived_step(http), browser)
        except Exception as raised:
            return _not_shown(raised)

    async def _identity_source(self, arrived: Arrived, browser: SignedInBrowser) -> Answer:
        shown = await identity_source_page(self._parts, arrived, browser)
        return audited(arrived, shown.response, shown.event, shown.account)

    async def _home(self, arrived: Arrived, browser: SignedInBrowser) -> Answer:
        shown = page(
            "home.html",
            csrf=browser.csrf,
            browser=browser,
            holder=browser.holder,
            tiles=list(tiles(self._parts.execution.directory.snapshot, browser.holder)),
            applications=list(applications_of(browser.holder)),
            others=self._sessions.others(arrived.http),
            identity_source=await is_shown(self._parts, arrived, browser),
        )
        return Answer(response=shown)

    def _answer_get(self, http: HttpRequest) -> HttpResponse:
        if http.path.startswith(STATIC):
            found = static_files().get(http.path)
            return found.response if found is not None else _not_found_page()
        if http.path in (_PREFIX, "/"):
            return see(HOME)
        if self._parts.origin.is_start_url(http):
            return see(HOME if self._sessions.signed_in(http) else f"{PERSON_SIGN_IN}?to={quote(HOME, safe='')}")
        shown = self._pages.get(http.path)
        if http.method not in ("GET", "HEAD") and (shown is not None or http.path in self._decided):
            return not_sent_by_script()
        if shown is None:
            return _not_found_page()
        return elsewhere(self._parts.origin, http) or shown(http, self._sessions.signed_in(http))

    def _security(self, head: RequestHead, browser: SignedInBrowser | None) -> HttpResponse:
        if browser is None:
            return to_sign_in(head)
        holder = browser.holder
        sessions = holder.view.of(BrowserSession).referring("holder", holder.id)
        passkeys = self._parts.passkeys is not None
        return page(
            "security.html", csrf=browser.csrf, browser=browser, holder=holder, sessions=sessions, passkeys=passkeys
        )

    def _sign_in(self, kind: HolderKind, head: RequestHead, browser: SignedInBrowser | None) -> HttpResponse:
        ways = [(path, _WAYS[other]) for path, other in _SIGN_IN_PAGES.items() if other is not kind]
        store, snapshot = parameter(head, "store"), self._parts.execution.directory.snapshot
        external = None
        if kind is HolderKind.PERSON:
            view = store_of(snapshot, store)
            external = external_provider(view) if view is not None else None
            store = instance.identity_store if view is not None and (instance := own_instance(view)) else store
        here = [*([browser] if browser is not None else []), *self._sessions.others(head)]
        return page(
            "sign-in.html",
            kind=kind,
            to=target_of(head),
            store=store,
            ways=ways,
            external=external,
            here=here,
            here_again=local_target(f"{head.path}?{head.query}"),
        )

    async def _act(self, http: HttpRequest) -> Answer:
        """Whatever is not read: signing in, step by step, and what only who has signed in may do."""
        arrived = self._arrived_step(http)
        try:
            if not self._sessions.is_own(http):
                raise CROSS_SITE
            if len(http.body) > _LONGEST_BODIES.get(http.path, LONGEST_BODY):
                raise TOO_LONG
            if http.path == _SESSION and http.method == "POST":
                return self._audited_answer(arrived, await take_step(self._parts, arrived, read_step(http.body)))
            return await self._act_as(arrived)
        except Exception as raised:
            return self._answer_failure(arrived, raised)

    def _arrived_step(self, http: HttpRequest) -> Arrived:
        request_id, event_id = self._parts.execution.parts.ids.two_uuids()
        return Arrived(request_id=request_id, event_id=event_id, time=self._clock(), http=http)

    async def _act_as(self, arrived: Arrived) -> Answer:
        """What somebody does who has signed in. Raises Problem for who has not, and for what another page asks."""
        http = arrived.http
        browser = self._sessions.acting(http)
        if http.path == _SESSION and http.method == "DELETE" and browser is None:
            return self._audited_answer(arrived, Told(members={"next": "signed-out"}), show_nobody(self._parts.origin))
        if browser is None:
            raise signed_out()
        if not self._sessions.may_change(http, browser):
            raise CROSS_SITE
        if http.path == _SESSION and http.method == "DELETE":
            done = await end_session(self._parts, arrived, browser, browser.session.id)
            return self._audited_answer(arrived, done, *self._sessions.ended(http, browser))
        if http.path == _SHOWN and http.method == "POST":
            shown = Told(members={"to": read_target(http.body)}, account=browser.session.account)
            return self._audited_answer(arrived, shown, *show_session(self._parts.origin, browser.token))
        if http.path.startswith(_SESSIONS) and http.method == "DELETE":
            ended = http.path.removeprefix(_SESSIONS)
            return self._audited_answer(arrived, await end_session(self._parts, arrived, browser, ended))
        if http.path == _DEVICES and http.method == "POST":
            members = await begin_own_passkey(self._parts, arrived, browser)
            return self._audited_answer(arrived, Told(members=members, account=browser.session.account))
        if http.path == _CREDENTIALS and http.method == "POST":
            return self._audited_answer(arrived, role_credentials(self._parts, arrived, browser))
        if http.path == _PEOPLE and http.method == "POST":
            return self._audited_answer(arrived, await people_action(self._parts, arrived, browser))
        if http.path == _IDENTITY_SOURCE and http.method == "POST":
            return self._audited_answer(
                arrived, await identity_source.identity_source_action(self._parts, arrived, browser)
            )
        raise Problem(404, "NotFound", "The console does nothing of this kind.")

    def _audited_answer(self, arrived: Arrived, done: Told, *more: tuple[str, str]) -> Answer:
        headers = [*SAFETY, *done.headers, *more]
        if done.token is not None:
            headers.extend(self._sessions.begun(arrived.http, done.token))
        if done.revision:
            headers.append((REVISION, str(done.revision)))
        response = answer(200, done.members, arrived.request_id, *headers)
        return audited(arrived, response, done.event, done.account)

    def _answer_failure(self, arrived: Arrived, raised: Exception) -> Answer:
        """Refuse, and count it against the network: whoever has signed in nowhere has proven nothing."""
        try:
            self._parts.throttle.fail(arrived.http.peer)
        except Throttled as throttled:
            return Answer(response=told(TOO_MANY, arrived.request_id), pause=throttled.pause)
        event = raised.event if isinstance(raised, Refusal) else None
        problem = TOO_MANY if isinstance(raised, Refused) and raised.code == TOO_MANY.code else as_problem(raised)
        if problem is None:
            _LOG.error("request %s failed", arrived.request_id, exc_info=raised)
            problem = FAILED
        return audited(arrived, told(problem, arrived.request_id), event, "")


def _not_shown(raised: Exception) -> Answer:
    problem = as_problem(raised)
    if problem is None:
        _LOG.error("a page of the console failed", exc_info=raised)
        problem = FAILED
    return Answer(response=page("refused.html", status=problem.status, title="Sorry", sentence=problem.message))


def _not_found_page() -> HttpResponse:
    return page("refused.html", status=404, title="Not found", sentence="There is no such page.")
