"""/v1/authorize: `aws login` asks an IAM user or a root user for consent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from carnet.access.authorize import Decided
from carnet.access.request_context import request_keys
from carnet.access.sign_in_policy import AUTHORIZE
from carnet.audit.events import decision_members
from carnet.audit.sign_in_events import sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.clock import Clock
from carnet.base.http import HttpResponse, RequestHead
from carnet.console.consents import PRINCIPALS
from carnet.console.consents_given import Answered, Asked, ReplyToLogin, fields_of
from carnet.console.navigation import SIGN_IN
from carnet.console.pages import page
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser, still_signed_in
from carnet.directory.snapshot import Snapshot
from carnet.server.own_api.problems import Problem
from carnet.services.signin.authorize import CannotAsk, Login, asked, signed_in_as
from carnet.services.signin.login import REDIRECT_URI, ClientRequest, check_allowed, claims_of, principal_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginConsent:
    """Programs that ask principals of accounts for consent."""

    parts: ConsoleParts
    clock: Clock

    def asked(self) -> Asked:
        return Asked(show=self.show, act=self.act, takes=(ReplyToLogin,), of=PRINCIPALS, sign_in=SIGN_IN)

    def show(self, head: RequestHead, browser: SignedInBrowser) -> HttpResponse:
        login = _read_login(head.query)
        return page("login.html", csrf=browser.csrf, login=login, query=head.query, holder=browser.holder)

    async def act(self, arrived: Arrived, browser: SignedInBrowser, given: ReplyToLogin) -> Answered:
        """The URL for the browser, or the text that the person copies to the other machine. Raises Refused."""
        login = _read_login(given.query)
        event = sign_in_event(arrived, browser.holder.who, name="AuthorizeOAuth2Access", to=login.client)
        if given.answer == "deny":
            event["responseElements"] = {"AuthorizeOAuth2Access": "Denied"}
            to = login.refused()
            return Answered(members={"to": to} if to else {"message": "The program was refused."}, event=event)
        decided = await self._check(arrived, browser, login)
        event["additionalEventData"]["decisions"] = [decision_members(decided)]
        self.parts.execution.parts.tokens.check_issuing()
        code = login.code(self.parts.execution.parts.keyring, browser.session, arrived.time)
        if login.cross_device:
            return Answered(members={"message": login.to_carry(code)}, event=event)
        return Answered(members={"to": login.back(code)}, event=event)

    async def _check(self, arrived: Arrived, browser: SignedInBrowser, login: Login) -> Decided:
        parts, session = self.parts.execution.parts, browser.session
        account, who = session.account, signed_in_as(session)
        keys = {**request_keys(arrived.http, "", arrived.time), REDIRECT_URI: login.redirect_uri}

        def check(snapshot: Snapshot) -> Decided:
            principal = principal_of(snapshot, account, who)
            claims = claims_of(snapshot, parts, account, who, arrived.time)
            client_request = ClientRequest(AUTHORIZE, login.client, keys)
            return check_allowed(snapshot, parts.engine, principal, claims, client_request, arrived.time)

        return await self.parts.deciding(check, account, arrived.http.peer, partial(still_signed_in, session=session))


def _read_login(query: str) -> Login:
    try:
        return asked(fields_of(query))
    except CannotAsk as problem:
        raise Problem(400, "InvalidRequest", str(problem)) from problem
