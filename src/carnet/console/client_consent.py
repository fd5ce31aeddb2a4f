"""/authorize: a client on the person's own machine asks for consent in the browser (PKCE)."""

from __future__ import annotations

from dataclasses import dataclass

from carnet.audit.sign_in_events import sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.clock import Clock
from carnet.base.http import HttpResponse, RequestHead
from carnet.console.consents import PEOPLE
from carnet.console.consents_given import Answered, Asked, ReplyToClient, fields_of
from carnet.console.navigation import PERSON_SIGN_IN, see
from carnet.console.pages import page
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser
from carnet.server.own_api.problems import Problem
from carnet.services.sso_oidc.authorize import CannotAsk, Consent, SentBack, asked

PATH = "/authorize"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConsent:
    """Clients that ask people for consent."""

    parts: ConsoleParts
    clock: Clock

    def asked(self) -> Asked:
        return Asked(show=self.show, act=self.act, takes=(ReplyToClient,), of=PEOPLE, sign_in=PERSON_SIGN_IN)

    def show(self, head: RequestHead, browser: SignedInBrowser) -> HttpResponse:
        """The page; or the way back to the client, which is told what is wrong."""
        try:
            consent = self._read_consent(head.query, browser)
        except SentBack as back:
            return see(back.url)
        return page("consent.html", csrf=browser.csrf, consent=consent, query=head.query, holder=browser.holder)

    async def act(self, arrived: Arrived, browser: SignedInBrowser, given: ReplyToClient) -> Answered:
        """Where the browser goes. What was asked is looked at again: the page may be old, or made up."""
        try:
            consent = self._read_consent(given.query, browser)
        except SentBack as back:
            return Answered(members={"to": back.url})
        event = sign_in_event(arrived, browser.holder.who, name="UserConsented", to=consent.client_name)
        if given.answer == "deny":
            event["responseElements"] = {"UserConsented": "Denied"}
            return Answered(members={"to": consent.refused()}, event=event)
        self.parts.execution.parts.tokens.check_issuing()
        to = consent.given(self.parts.execution.parts.keyring, browser.session, arrived.time)
        return Answered(members={"to": to}, event=event)

    def _read_consent(self, query: str, browser: SignedInBrowser) -> Consent:
        snapshot = self.parts.execution.directory.snapshot
        try:
            consent = asked(fields_of(query), self.parts.execution.parts.keyring, snapshot, self.clock())
        except CannotAsk as problem:
            raise Problem(400, "InvalidRequest", str(problem)) from problem
        if consent.instance.account != browser.session.account:
            raise Problem(403, "AccessDenied", "You are signed in at another instance than the client asks for.")
        if not consent.is_for(snapshot, browser.session.holder):
            raise Problem(403, "AccessDenied", "This application is not assigned to you.")
        return consent
