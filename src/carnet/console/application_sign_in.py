"""People are signed in to an application of SAML 2.0: from the access portal, or because the application asks.

What an application sends comes from another site, and so without our cookies. It is looked at, and sealed into an
address of our own, to which the browser then goes from a page of ours.

https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf (4.1)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec import Struct

from carnet.audit.sign_in_events import sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.http import HttpRequest, HttpResponse
from carnet.console.navigation import PERSON_SIGN_IN, parameter, to_sign_in
from carnet.console.outcomes import Refusal
from carnet.console.pages import page
from carnet.console.parts import ConsoleParts
from carnet.console.posting import posting_page
from carnet.console.sessions import BrowserSessions, SignedInBrowser
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import may_use
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.saml_application import SamlApplication
from carnet.entities.sso_application import SsoApplication
from carnet.identity.saml_signing_keys import opened_signing_key
from carnet.keyring.data_keys import Purpose
from carnet.keyring.keyring import Keyring
from carnet.keyring.sealed_tokens import open_token, seal_token
from carnet.protocols.form import once_each, read_form, read_query
from carnet.protocols.unreadable import Unreadable
from carnet.server.own_api.problems import Problem
from carnet.services.preparing import Pool, Preparation
from carnet.services.saml_applications import attributes_of, found_application, issuer_url, subject_of
from carnet.services.turns import whose

_POOL = Pool(name="application-assertions", size=2, waiting=32, seconds=10.0)
_KIND = "AskedByApplication"
_LIFETIME = timedelta(minutes=10)
_AHEAD = timedelta(minutes=5)
_LONGEST_BODY, _LONGEST_QUERY = 131_072, 16_384
_LONGEST_RELAY_STATE = 512
_ID_BYTES = 20
NOT_YOURS = "This application is not assigned to you, or there is no such application. Ask your administrator."


class AskedFor(Struct, frozen=True, kw_only=True, array_like=True):
    """The request of an application, sealed, in the address to which the browser goes."""

    application: str
    request: str
    """The ID of its request."""
    acs_url: str
    relay_state: str
    issued: datetime
    force: bool
    """Whether the person has to sign in after that."""
    received: datetime


class Application(NamedTuple):
    """The configuration of both sides of an application, and the view of its instance's owner."""

    view: AccountView
    saml: SamlApplication
    application: SsoApplication


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """A page that signs a person in to an application, and its event."""

    response: HttpResponse
    event: dict[str, object]
    account: str


def application_of(snapshot: Snapshot, application: str) -> Application | None:
    """The application of that id; None if there is none."""
    one = snapshot.named(SamlApplication, application)
    view = snapshot.open_account(one.account) if one is not None else None
    found = found_application(view, application) if view is not None else None
    return Application(view, *found) if view is not None and found is not None else None


async def asked_by_application(parts: ConsoleParts, arrived: Arrived, found: Application) -> HttpResponse:
    """A page from which the browser comes again, with what the application has asked for. Raises Problem.

    INVARIANT: nothing is answered to another address than the application's own ones.
    """
    http = arrived.http

    def read(_: object, __: object) -> AskedFor:
        return _read_request(parts, arrived, found)

    turn = whose(found.view.account.id, http.peer)
    asked: AskedFor = await parts.pools.run(Preparation(pool=_POOL, work=read), None, None, turn)
    sealed = seal_token(parts.execution.parts.keyring, Purpose.SIGN_IN_TOKENS, _KIND, msgspec.msgpack.encode(asked))[0]
    return page("bounce.html", to=f"{issuer_url('', found.saml.id)}?asked={sealed}")


async def signed_in_to_application(
    parts: ConsoleParts, sessions: BrowserSessions, arrived: Arrived, found: Application
) -> HttpResponse | Vouched:
    """The page that posts an assertion to the application, or the way to sign in. Raises Problem."""
    http = arrived.http
    asked = _authn_request(parts.execution.parts.keyring, http, found, arrived.time)
    browser = sessions.signed_in(http)
    if browser is None and http.header("sec-fetch-site") == "cross-site":
        return page("bounce.html", to=f"{http.path}?{http.query}" if http.query else http.path)
    person = browser.holder.entity if browser is not None else None
    if browser is None or not isinstance(person, IdentityStoreUser) or _is_too_old(browser, asked):
        return to_sign_in(http, PERSON_SIGN_IN)
    if browser.session.account != found.view.account.id or not may_use(found.view, found.application, person.id):
        event = sign_in_event(arrived, browser.holder.who, name="Federate", to=found.application.arn, problem=NOT_YOURS)
        raise Refusal("AccessDenied", NOT_YOURS, event, 403)
    return await _sign_in(parts, arrived, found, browser, asked)


async def _sign_in(
    parts: ConsoleParts, arrived: Arrived, found: Application, browser: SignedInBrowser, asked: AskedFor | None
) -> Vouched:
    person = browser.holder.entity
    assert isinstance(person, IdentityStoreUser)
    acs_url = found.saml.acs_urls[0] if asked is None else asked.acs_url

    def sign(_: object, __: object) -> str:
        return _sign_response(parts, arrived, found, browser, person, asked)

    turn = whose(found.view.account.id, arrived.http.peer)
    response: str = await parts.pools.run(Preparation(pool=_POOL, work=sign), None, None, turn)
    relay_state = found.saml.relay_state if asked is None else asked.relay_state
    shown = posting_page("SAMLResponse", response, to=acs_url, relay_state=relay_state, name=found.application.name)
    event = sign_in_event(arrived, browser.holder.who, name="Federate", to=found.application.arn)
    return Vouched(response=shown, event=event, account=found.view.account.id)


def _sign_response(
    parts: ConsoleParts,
    arrived: Arrived,
    found: Application,
    browser: SignedInBrowser,
    person: IdentityStoreUser,
    asked: AskedFor | None,
) -> str:
    from carnet.saml.identity_provider import Said, signed_response
    from carnet.saml.signing import SigningPair

    subject, ids, key = subject_of(found.view, found.saml, person), parts.execution.parts.ids, found.saml.keys[0]
    if subject is None:
        raise Problem(403, "AccessDenied", f"Nothing is known of you that {found.application.name} knows people by.")
    said = Said(
        response_id=f"_{ids.random(_ID_BYTES).hex()}",
        assertion_id=f"_{ids.random(_ID_BYTES).hex()}",
        session_index=f"_{ids.random(_ID_BYTES).hex()}",
        issuer=issuer_url(parts.origin.url, found.saml.id),
        audience=found.saml.audience,
        acs_url=found.saml.acs_urls[0] if asked is None else asked.acs_url,
        in_response_to=None if asked is None else asked.request,
        subject=subject,
        subject_format=found.saml.subject_format,
        attributes=attributes_of(found.view, found.saml, person),
        authenticated=browser.session.created,
        session_end=min(browser.session.expires, arrived.time + timedelta(seconds=found.saml.session_seconds)),
        now=arrived.time,
    )
    private = opened_signing_key(parts.execution.parts.keyring, found.saml, key)
    return signed_response(said, SigningPair(private=private, certificate=key.certificate))


def _read_request(parts: ConsoleParts, arrived: Arrived, found: Application) -> AskedFor:
    """What the request of an application asks for. Raises Problem."""
    from carnet.base.bounded_xml import BadXml
    from carnet.saml.received_request import read_posted, read_redirected

    http, own = arrived.http, issuer_url(parts.origin.url, found.saml.id)
    try:
        if http.method == "POST":
            fields = once_each(read_form(http.body)) if len(http.body) <= _LONGEST_BODY else {}
            request = read_posted(fields.get("SAMLRequest", ""), found.saml.request_certificate)
        else:
            fields = once_each(read_query(http.query)) if len(http.query) <= _LONGEST_QUERY else {}
            request = read_redirected(http.query if fields else "", found.saml.request_certificate)
    except (BadXml, Unreadable) as problem:
        raise _request_refused(str(problem)) from problem
    relay_state = fields.get("RelayState", "")
    if request.issuer != found.saml.audience:
        raise _request_refused("it is of another service provider")
    if request.destination not in ("", own) or (found.saml.request_certificate and not request.destination):
        raise _request_refused("it is not sent to here")
    if request.acs_url and request.acs_url not in found.saml.acs_urls:
        raise _request_refused("its AssertionConsumerServiceURL is none of the application's")
    if request.passive:
        raise _request_refused("it wants to show nothing (IsPassive)")
    if not -_AHEAD <= arrived.time - request.issued < _LIFETIME:
        raise _request_refused("it is too old, or of the future")
    if len(relay_state) > _LONGEST_RELAY_STATE:
        raise _request_refused("its RelayState is too long")
    return AskedFor(
        application=found.saml.id,
        request=request.id,
        acs_url=request.acs_url or found.saml.acs_urls[0],
        relay_state=relay_state,
        issued=request.issued,
        force=request.force,
        received=arrived.time,
    )


def _request_refused(why: str) -> Problem:
    return Problem(400, "InvalidRequest", f"What the application asks for is refused: {why}.")


def _authn_request(keyring: Keyring, http: HttpRequest, found: Application, now: datetime) -> AskedFor | None:
    """What the application has asked for; None if the person begins in the portal. Raises Problem."""
    if "asked=" not in http.query:
        return None
    opened = open_token(keyring, Purpose.SIGN_IN_TOKENS, _KIND, parameter(http, "asked"))
    try:
        asked = msgspec.msgpack.decode(opened.plain, type=AskedFor) if opened is not None else None
    except msgspec.MsgspecError:
        asked = None
    if asked is None or asked.application != found.saml.id or not timedelta() <= now - asked.received < _LIFETIME:
        raise _request_refused("it was too long ago. Begin again in the application")
    if asked.acs_url not in found.saml.acs_urls:
        raise _request_refused("its address is the application's no more")
    return asked


def _is_too_old(browser: SignedInBrowser, asked: AskedFor | None) -> bool:
    """Whether the application wants a sign-in that is newer than what it asks."""
    return asked is not None and asked.force and browser.session.created < asked.received
