"""The consent of a person to a client, and the code that the browser takes to it (authorization code grant with PKCE).

Pages ask the person; here is what they show, and where the browser goes then.

https://www.rfc-editor.org/rfc/rfc6749#section-4.1 https://www.rfc-editor.org/rfc/rfc7636
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from carnet.directory.identity_center import application_at, instance_called, may_use
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import BrowserSession
from carnet.entities.identity_center_instance import Instance
from carnet.entities.sso_application import SsoApplication
from carnet.identity.oauth_tokens import AuthorizationCode, digest, registered, sealed
from carnet.keyring.keyring import Keyring
from carnet.services.loopback_redirects import is_same_redirect
from carnet.services.pkce import is_challenge
from carnet.services.sso_oidc.applications import redirects_of, scopes_of_application
from carnet.services.sso_oidc.clients import CODE, meant, scopes_of

CODE_LIVES = timedelta(seconds=60)
_STATE = re.compile(r"[\x20-\x7e]{1,1024}", re.ASCII)


class CannotAsk(Exception):
    """A request of which nothing is known to be the client's. INVARIANT: the browser is sent nowhere."""


class SentBack(Exception):
    """A request of a known client that cannot be met: the browser goes to `url`, which says why."""

    def __init__(self, url: str) -> None:
        super().__init__("the client is told")
        self.url = url


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A client's request for a person's consent."""

    client: str
    """The digest of its id."""
    client_name: str
    """What it calls itself: anybody may call themselves anything, if it is no application."""
    application: SsoApplication | None = None
    """None for a program on the person's machine, which has registered itself."""
    instance: Instance
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str = field(repr=False)
    challenge: str = field(repr=False)

    def is_for(self, snapshot: Snapshot, person: str) -> bool:
        """Whether the person of that id may be asked: an application may require an assignment."""
        view = snapshot.accounts[self.instance.account]
        return self.application is None or may_use(view, self.application, person)

    def refused(self) -> str:
        """The URL for the browser if the person does not consent."""
        return self.told("access_denied")

    def told(self, error: str) -> str:
        return _url(self.redirect_uri, {"error": error, "state": self.state})

    def given(self, keyring: Keyring, session: BrowserSession, now: datetime) -> str:
        """Where the browser goes once the person of its session has consented: with a code, good for a minute.

        INVARIANT: the caller has made sure that the person consents, by a page of its own, and is of the instance.
        """
        if session.account != self.instance.account:
            raise ValueError("the person is of another instance")
        code = AuthorizationCode(
            account=session.account,
            holder=session.holder,
            instance=self.instance.id,
            client=self.client,
            redirect=digest(self.redirect_uri),
            challenge=self.challenge,
            scopes=self.scopes,
            expires_ms=int((now + CODE_LIVES).timestamp() * 1000),
            sign_in=session.id,
        )
        return _url(self.redirect_uri, {"code": sealed(keyring, code).text, "state": self.state})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Client:
    """The client, and what it may ask for."""

    name: str
    application: SsoApplication | None
    instance: Instance | None
    scopes: tuple[str, ...]
    has_codes: bool
    """Whether the authorization code is one of its grants."""
    takes: Callable[[str], bool]
    """Whether a browser may take a code to a URI."""


def asked(fields: Mapping[str, str], keyring: Keyring, snapshot: Snapshot, now: datetime) -> Consent:
    """What the fields of GET /authorize ask for, each of which is there once. Raises CannotAsk, SentBack.

    Clients of AWS send `scopes`, separated by spaces, instead of `scope`.
    """
    client = _application_client(fields, snapshot) or _registered_client(fields, keyring, snapshot, now)
    redirect_uri = fields.get("redirect_uri", "")
    if client is None:
        raise CannotAsk("The client is not registered, or its registration has expired. Sign in with it again.")
    if not client.takes(redirect_uri):
        raise CannotAsk("The client has not registered the address that the browser is to be sent back to.")
    if client.instance is None:
        raise CannotAsk("The start URL of the client is of no instance of IAM Identity Center here.")
    consent = Consent(
        client=digest(fields["client_id"]),
        client_name=client.name,
        application=client.application,
        instance=client.instance,
        scopes=meant((fields.get("scopes") or fields.get("scope") or "").split()) or client.scopes,
        redirect_uri=redirect_uri,
        state=fields.get("state", ""),
        challenge=fields.get("code_challenge", ""),
    )
    _check(consent, fields, client)
    return consent


def _registered_client(
    fields: Mapping[str, str], keyring: Keyring, snapshot: Snapshot, now: datetime
) -> _Client | None:
    """A client that has registered itself."""
    found = registered(keyring, fields.get("client_id", ""), None, now)
    if found is None:
        return None
    return _Client(
        name=found.name,
        application=None,
        instance=instance_called(snapshot, found.instance),
        scopes=scopes_of(found),
        has_codes=CODE in found.grant_types,
        takes=lambda uri: any(is_same_redirect(each, uri) for each in found.redirect_uris),
    )


def _application_client(fields: Mapping[str, str], snapshot: Snapshot) -> _Client | None:
    """An application, whose client id is its ARN."""
    found = application_at(snapshot, fields.get("client_id", ""))
    if found is None:
        return None
    return _Client(
        name=found.name,
        application=found,
        instance=instance_called(snapshot, found.instance),
        scopes=scopes_of_application(found),
        has_codes=CODE in found.grants,
        takes=lambda uri: uri in redirects_of(found, CODE),
    )


def _check(consent: Consent, fields: Mapping[str, str], client: _Client) -> None:
    if _STATE.fullmatch(consent.state) is None:
        raise CannotAsk("The client has sent no state, or one that cannot be sent back.")
    if fields.get("response_type") != "code":
        raise SentBack(consent.told("unsupported_response_type"))
    if not client.has_codes:
        raise SentBack(consent.told("unauthorized_client"))
    if not _is_challenged(consent, fields):
        raise SentBack(consent.told("invalid_request"))
    if not set(consent.scopes) <= set(client.scopes):
        raise SentBack(consent.told("invalid_scope"))


def _is_challenged(consent: Consent, fields: Mapping[str, str]) -> bool:
    """Whether the client has sent a challenge by SHA-256. An application, which signs its requests, may send none."""
    if consent.application is not None and not consent.challenge:
        return "code_challenge_method" not in fields
    return fields.get("code_challenge_method") == "S256" and is_challenge(consent.challenge)


def _url(redirect_uri: str, fields: Mapping[str, str]) -> str:
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(fields)}"
