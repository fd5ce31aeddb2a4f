"""The request of `aws login` to a signed-in principal, and the code that it gets (PKCE).

https://docs.aws.amazon.com/signin/latest/userguide/command-line-sign-in.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from msgspec import structs

from carnet.entities.browser_session import BrowserSession
from carnet.entities.oauth_session import LONGEST_CODE
from carnet.identity.oauth_tokens import AuthorizationCode, SignedInAs, digest, packed, sealed
from carnet.keyring.keyring import Keyring
from carnet.services.loopback_redirects import is_redirect
from carnet.services.pkce import is_challenge
from carnet.services.signin.login import CROSS_DEVICE, SAME_DEVICE

PATH, CONFIRMATION = "/v1/authorize", "/v1/sessions/confirmation"
CODE_LIVES = {SAME_DEVICE: timedelta(seconds=60), CROSS_DEVICE: LONGEST_CODE}
"""A code that a person carries to another machine needs the time for it."""
_STATE = re.compile(r"[\x21-\x7e]{1,1024}", re.ASCII)
_LONGEST_REDIRECT = 2048


class CannotAsk(Exception):
    """A request that is not one of `aws login`. INVARIANT: the browser is sent nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The request."""

    client: str
    redirect_uri: str
    state: str = field(repr=False)
    challenge: str = field(repr=False)

    @property
    def cross_device(self) -> bool:
        """Whether the client runs on another machine, to which the person carries the code."""
        return self.client == CROSS_DEVICE

    def refused(self) -> str | None:
        """The URL for the browser if the principal refuses; None if there is none."""
        return None if self.cross_device else self._url({"error": "access_denied", "state": self.state})

    def code(self, keyring: Keyring, session: BrowserSession, now: datetime) -> str:
        """The code for the principal of a browser session, who has consented."""
        code = AuthorizationCode(
            account=session.account,
            holder=session.holder,
            instance="",
            client=digest(self.client),
            redirect=digest(self.redirect_uri),
            challenge=self.challenge,
            scopes=("openid",),
            expires_ms=int((now + CODE_LIVES[self.client]).timestamp() * 1000),
            sign_in=session.id,
            claims=packed(structs.replace(signed_in_as(session), redirect_uri=self.redirect_uri)),
        )
        return sealed(keyring, code).text

    def back(self, code: str) -> str:
        """The URL to which the browser takes a code."""
        return self._url({"code": code, "state": self.state})

    def to_carry(self, code: str) -> str:
        """The text that a person copies to the other machine."""
        return base64.b64encode(urlencode({"state": self.state, "code": code}).encode()).decode()

    def _url(self, fields: Mapping[str, str]) -> str:
        return f"{self.redirect_uri}?{urlencode(fields)}"


def signed_in_as(session: BrowserSession) -> SignedInAs:
    """The principal that has signed in in a browser, and the credential used."""
    return SignedInAs(
        principal_id=session.holder,
        password_set=session.password_set,
        mfa=session.mfa,
        mfa_device=session.mfa_device,
    )


def asked(fields: Mapping[str, str]) -> Login:
    """What the fields of GET /v1/authorize ask for, each of which is there once. Raises CannotAsk."""
    login = Login(
        client=fields.get("client_id", ""),
        redirect_uri=fields.get("redirect_uri", ""),
        state=fields.get("state", ""),
        challenge=fields.get("code_challenge", ""),
    )
    if login.client not in CODE_LIVES or not _is_redirect(login):
        raise CannotAsk("This client, or the address that it waits at, is none of aws login.")
    if fields.get("response_type") != "code" or "openid" not in fields.get("scope", "").split():
        raise CannotAsk("Only a code for the scope openid is given.")
    if fields.get("code_challenge_method") != "SHA-256" or not is_challenge(login.challenge):
        raise CannotAsk("The client has not sent a code challenge by SHA-256.")
    if _STATE.fullmatch(login.state) is None:
        raise CannotAsk("The client has sent no state, or one that cannot be sent back.")
    return login


def _is_redirect(login: Login) -> bool:
    """On the same device, a program on loopback; on another one, the confirmation page, which is never gone to."""
    if not login.cross_device:
        return is_redirect(login.redirect_uri)
    try:
        return len(login.redirect_uri) <= _LONGEST_REDIRECT and urlsplit(login.redirect_uri).path == CONFIRMATION
    except ValueError:
        return False
