"""The endpoints of SAML 2.0: identity providers post responses, and applications request sign-ins.

https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf (3.5)
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from carnet.audit.json_line import line_of
from carnet.audit.steps import Arrived
from carnet.base.clock import Clock
from carnet.base.http import HttpRequest, HttpResponse, RequestHead
from carnet.console.application_sign_in import (
    NOT_YOURS,
    Vouched,
    application_of,
    asked_by_application,
    signed_in_to_application,
)
from carnet.console.given import LONGEST_RESPONSE
from carnet.console.headers import NOT_KEPT, SAFETY
from carnet.console.leaving_for_provider import begin_again, posted_request, source_of
from carnet.console.navigation import elsewhere
from carnet.console.outcomes import Refusal
from carnet.console.pages import page
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import BrowserSessions
from carnet.console.unreachable import in_the_clear
from carnet.directory.identity_center import instance_of_store, request_signing
from carnet.protocols.form import once_each, read_form
from carnet.protocols.unreadable import Unreadable
from carnet.server.fairness.throttle import Throttled
from carnet.server.outbox import Answer
from carnet.server.own_api.problems import FAILED, TOO_MANY, Problem, as_problem
from carnet.services.identity_source import service_provider
from carnet.services.saml_applications import issuer_url

_LOG = logging.getLogger(__name__)
_STORE = re.compile(r"/saml/(metadata|acs|request)/(d-[0-9a-f]{10})", re.ASCII)
_APPLICATION = re.compile(r"/saml/(metadata|assertion)/(apl-[0-9a-f]{16})", re.ASCII)
_METADATA = ("content-type", "application/samlmetadata+xml")


class SamlEndpoints:
    """Answers below /saml/."""

    def __init__(self, parts: ConsoleParts, sessions: BrowserSessions, clock: Clock) -> None:
        self._parts = parts
        self._sessions = sessions
        self._clock = clock

    def takes(self, head: RequestHead) -> bool:
        return any(each.fullmatch(head.path) for each in (_STORE, _APPLICATION))

    def respond(self, http: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        if not self._parts.origin.is_safe(http):
            return Answer(response=in_the_clear())
        of_store, of_application = _STORE.fullmatch(http.path), _APPLICATION.fullmatch(http.path)
        if of_store is not None:
            kind, store = of_store.groups()
            if kind == "request":
                return self._guard(http, lambda arrived: self._leave(arrived, store))
            return Answer(response=self._metadata(http, store) if kind == "metadata" else self._consume(http, store))
        assert of_application is not None, "no other path is taken"
        kind, application = of_application.groups()
        if kind == "metadata":
            return Answer(response=self._application_metadata(http, application))
        return self._guard(http, lambda arrived: self._federate(arrived, application))

    def _metadata(self, http: HttpRequest, store: str) -> HttpResponse:
        """The metadata of an instance for an identity provider, which is public."""
        from carnet.saml.service_provider import service_provider_metadata

        if http.method not in ("GET", "HEAD"):
            return _error_page(405, "This is read with GET.")
        snapshot = self._parts.execution.directory.snapshot
        instance = instance_of_store(snapshot, store)
        view = snapshot.open_account(instance.account) if instance is not None else None
        if view is None:
            return _error_page(404, "There is no such identity store.")
        own, signing = service_provider(self._parts.origin.url, store), request_signing(view)
        certificates = [key.certificate for key in signing.keys] if signing is not None else []
        return _document(service_provider_metadata(own.entity_id, own.acs_url, certificates))

    def _application_metadata(self, http: HttpRequest, application: str) -> HttpResponse:
        """The metadata of this server for an application, which is public."""
        from carnet.saml.identity_provider import identity_provider_metadata

        if http.method not in ("GET", "HEAD"):
            return _error_page(405, "This is read with GET.")
        found = application_of(self._parts.execution.directory.snapshot, application)
        if found is None:
            return _error_page(404, "There is no such application.")
        own = issuer_url(self._parts.origin.url, application)
        certificates = (key.certificate for key in found.saml.keys)
        return _document(
            identity_provider_metadata(
                own,
                own,
                certificates,
                found.saml.subject_format,
                signed_requests=bool(found.saml.request_certificate),
            )
        )

    def _consume(self, http: HttpRequest, store: str) -> HttpResponse:
        """The page that sends the response once more, from this origin.

        INVARIANT: nothing is read of the response here, and nobody is signed in: with what another site's page posts,
        browsers send no cookie that tells who has asked for it.
        """
        if (other := elsewhere(self._parts.origin, http)) is not None:
            return other
        if http.method != "POST":
            return _error_page(405, "Identity providers post here. Sign in at the access portal.")
        if source_of(self._parts.execution.directory.snapshot, store) is None:
            return _error_page(404, "There is no identity store here whose people sign in with an identity provider.")
        try:
            fields = once_each(read_form(http.body)) if len(http.body) <= 2 * LONGEST_RESPONSE else {}
        except Unreadable:
            fields = {}
        response = "".join(fields.get("SAMLResponse", "").split())
        if not 1 <= len(response) <= LONGEST_RESPONSE:
            return _error_page(400, "There is no SAML response here that can be read.")
        return page(
            "assertion.html", response=response, relay_state=fields.get("RelayState", ""), again=begin_again(store)
        )

    async def _leave(self, arrived: Arrived, store: str) -> Answer:
        """Take a browser that leaves to sign in to the identity provider of an identity store."""
        if arrived.http.method != "GET":
            raise Problem(405, "MethodNotAllowed", "This is opened with GET.")
        return Answer(response=await posted_request(self._parts, arrived, store))

    async def _federate(self, arrived: Arrived, application: str) -> Answer:
        """Take a person to an application; what it sends is looked at first."""
        http = arrived.http
        if http.method not in ("GET", "POST"):
            raise Problem(405, "MethodNotAllowed", "Applications send people here with GET or POST.")
        found = application_of(self._parts.execution.directory.snapshot, application)
        if found is None:
            raise Problem(403, "AccessDenied", NOT_YOURS)
        if http.method == "POST" or "SAMLRequest=" in http.query:
            return Answer(response=await asked_by_application(self._parts, arrived, found))
        done = await signed_in_to_application(self._parts, self._sessions, arrived, found)
        if not isinstance(done, Vouched):
            return Answer(response=done)
        return _audited_answer(done.response, done.event, done.account)

    async def _guard(self, http: HttpRequest, respond: Callable[[Arrived], Awaitable[Answer]]) -> Answer:
        """The answer at the origin of browsers, or a page that says what was refused: who fails often is held up."""
        request_id, event_id = self._parts.execution.parts.ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self._clock(), http=http)
        try:
            if (other := elsewhere(self._parts.origin, http)) is not None:
                return Answer(response=other)
            return await respond(arrived)
        except Exception as raised:
            return self._answer_failure(arrived, raised)

    def _answer_failure(self, arrived: Arrived, raised: Exception) -> Answer:
        problem = as_problem(raised)
        try:
            self._parts.throttle.fail(arrived.http.peer)
        except Throttled as throttled:
            return Answer(response=_error_page(TOO_MANY.status, TOO_MANY.message), pause=throttled.pause)
        if problem is None:
            _LOG.error("request %s failed", arrived.request_id, exc_info=raised)
            problem = FAILED
        shown = _error_page(problem.status, problem.message)
        return _audited_answer(shown, raised.event if isinstance(raised, Refusal) else None, "")


def _audited_answer(response: HttpResponse, event: dict[str, Any] | None, account: str) -> Answer:
    if event is None:
        return Answer(response=response, account=account)
    return Answer(response=response, event=line_of(event), unaudited=lambda why: _error_page(503, why), account=account)


def _document(text: str) -> HttpResponse:
    return HttpResponse(status=200, headers=(_METADATA, NOT_KEPT, *SAFETY), body=text.encode())


def _error_page(status: int, sentence: str) -> HttpResponse:
    return page("refused.html", status=status, title="Sorry", sentence=sentence)
