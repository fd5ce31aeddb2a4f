"""Signin tokens: who has shown the credentials of a session gets one, and a browser signs in by it, once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, structs

from carnet.audit.sign_in_events import sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.faults import AlreadyExists
from carnet.console.access_control import ELSEWHERE, denied_after, denied_before
from carnet.console.callers import caller_of
from carnet.console.entering import LONGEST_AGENT, make_room, session_id
from carnet.console.holders import Holder, Visitor
from carnet.console.outcomes import Refusal, Told
from carnet.console.parts import ConsoleParts
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import SESSION_TOKEN, BrowserSession, HolderKind
from carnet.entities.redeemed_assertion import RedeemedAssertion
from carnet.entities.role import Role
from carnet.entities.token_form import TOKEN_BYTES
from carnet.identity.credential import Credential, TokenExpired
from carnet.identity.credentials import Credentials, standing
from carnet.identity.oauth_tokens import SigninToken, moment_of, opened, sealed
from carnet.identity.principals import ASSUMED_ROLE, FEDERATED_USER
from carnet.keyring.packing import pack, unpack
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import Principal
from carnet.server.own_api.problems import Problem
from carnet.services.execution import Done
from carnet.store.unit_of_work import UnitOfWork

LIVES = timedelta(minutes=15)
LEAST_SECONDS, MOST_SECONDS = 900, 43_200
_SECONDS = re.compile(r"[0-9]{1,6}", re.ASCII)
_LONGEST_SHOWN = 256
_NOT_GOOD = Problem(400, "InvalidRequest", "The credentials are not good: sessionId, sessionKey and sessionToken.")
_NO_TOKEN = Problem(400, "InvalidRequest", "The SigninToken was used before, or has expired. Ask for another URL.")


class _Session(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The parameter Session."""

    session_id: Annotated[str, Meta(max_length=128)]
    session_key: Annotated[str, Meta(max_length=128)]
    session_token: Annotated[str, Meta(max_length=8192)]


def new_signin_token(
    parts: ConsoleParts, credentials: Credentials, arrived: Arrived, fields: Mapping[str, str]
) -> Told:
    """A token for a program that has the credentials in `Session`. Raises Problem, Unavailable."""
    credential, claims = _given_session(credentials, fields)
    seconds = _seconds(parts.execution.directory.snapshot, claims, fields.get("SessionDuration"))
    parts.execution.parts.tokens.check_issuing()
    packed = pack(claims)
    assert packed is not None, "it was in a session token"
    token = SigninToken(
        claims=packed,
        seconds=seconds,
        expires_ms=int((arrived.time + LIVES).timestamp() * 1000),
        nonce=parts.execution.parts.ids.uuid(),
    )
    holder = _holder(parts.execution.directory.snapshot, credential.principal)
    event = sign_in_event(arrived, holder.who, name=_EVENT, to="")
    text = sealed(parts.execution.parts.keyring, token).text
    return Told(members={"SigninToken": text}, event=event, account=claims.account)


_EVENT = "GetSigninToken"


def _given_session(credentials: Credentials, fields: Mapping[str, str]) -> tuple[Credential, SessionClaims]:
    """The session of the given credentials. Raises Problem for those that cannot be used to sign in."""
    try:
        given = msgspec.json.decode(fields.get("Session", ""), type=_Session)
        credential = credentials.find(given.session_id, given.session_token)
    except (msgspec.DecodeError, UnicodeEncodeError, TokenExpired):
        raise _NOT_GOOD from None
    if credential is None or not hmac.compare_digest(credential.secret.encode(), given.session_key.encode()):
        raise _NOT_GOOD
    claims = credential.session
    if claims is None or claims.kind not in (ASSUMED_ROLE, FEDERATED_USER):
        raise Problem(400, "InvalidRequest", "Only sessions of AssumeRole and GetFederationToken sign in by a URL.")
    return credential, claims


def _seconds(snapshot: Snapshot, claims: SessionClaims, given: str | None) -> int:
    """The duration of the sign-in in seconds; 0 if it is not given. Raises Problem."""
    if given is None:
        return 0
    seconds = int(given) if _SECONDS.fullmatch(given) else 0
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise Problem(400, "InvalidRequest", f"SessionDuration is {LEAST_SECONDS} to {MOST_SECONDS} seconds.")
    if claims.kind != ASSUMED_ROLE or claims.chain_depth:
        raise Problem(
            400, "InvalidRequest", "SessionDuration is not for GetFederationToken, and not for chained roles."
        )
    if claims.scope_down:
        # INVARIANT: what was scoped down outlives nothing.
        raise Problem(400, "InvalidRequest", "SessionDuration is not for a session that was scoped down.")
    role = snapshot.accounts[claims.account].of(Role).get(claims.principal_id)
    if role is None or seconds > role.max_session_seconds:
        raise Problem(400, "InvalidRequest", "SessionDuration is longer than the role's maximum session duration.")
    return seconds


def _end(snapshot: Snapshot, claims: SessionClaims, now: datetime, seconds: int) -> datetime:
    """The end of the sign-in: not after the MaxSigninSessionDuration of the role, if that is set."""
    asked = now + timedelta(seconds=seconds) if seconds else moment_of(claims.expires_ms)
    role = snapshot.accounts[claims.account].of(Role).get(claims.principal_id)
    if role is None or role.max_signin_seconds is None:
        return asked
    return min(asked, now + timedelta(seconds=role.max_signin_seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A browser that signs in by a token: an `execution.OtherChange`."""

    parts: ConsoleParts
    arrived: Arrived
    token: str
    issuer: str

    @property
    def account(self) -> str:
        """Whose turn to write it is; that of nobody for a token that was not made here."""
        token = self._token()
        claims = unpack(token.claims) if token is not None else None
        return claims.account if claims is not None else ""

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """INVARIANT: a token counts once, on all nodes, and the session is looked at at the locked revision."""
        text = SESSION_TOKEN.text(self.parts.execution.parts.ids.random(TOKEN_BYTES))
        token, holder, session = self.found(snapshot, text)
        _spend(unit, token, session.account)
        make_room(unit, holder)
        unit.add(session)
        event = sign_in_event(self.arrived, holder.who, to=self.parts.origin.url)
        event["additionalEventData"] |= {"Issuer": self.issuer[:_LONGEST_SHOWN]}
        return Done(answer={"token": text, "holder": holder}, event=event, decided=())

    def _refuse_denied(self, snapshot: Snapshot, holder: Holder, session: BrowserSession) -> None:
        """Raise Refusal if the policies for AWS Sign-In let nobody in from here, or not this principal."""
        caller, http, now = caller_of(snapshot, session), self.arrived.http, self.arrived.time
        if caller is None:
            raise _NO_TOKEN
        engine, claimed = self.parts.execution.parts.engine, caller.principal.role_arn or caller.principal.arn
        denied = denied_before(engine, snapshot, holder.view, claimed, http, now)
        denied = denied or denied_after(engine, snapshot, caller, http, now)
        if denied is not None:
            event = sign_in_event(self.arrived, holder.who, to=self.parts.origin.url, problem=denied)
            raise Refusal("SignInFailed", ELSEWHERE, event, 403)

    def found(self, snapshot: Snapshot, text: str) -> tuple[SigninToken, Holder, BrowserSession]:
        """What the token is, whose, and the browser's session, with a token of its own. Raises Problem, Unavailable."""
        token, now = self._token(), self.arrived.time
        claims = unpack(token.claims) if token is not None else None
        if token is None or claims is None or now.timestamp() * 1000 >= min(token.expires_ms, claims.expires_ms):
            raise _NO_TOKEN
        principal = standing(snapshot, claims)
        if principal is None:
            raise _NO_TOKEN
        until = _end(snapshot, claims, now, token.seconds)
        claims = structs.replace(claims, expires_ms=int(until.timestamp() * 1000))
        holder = _holder(snapshot, principal)
        session = self._session(text, holder, claims, until)
        self._refuse_denied(snapshot, holder, session)
        return token, holder, session

    async def read_policies(self) -> None:
        """Decide what the change decides, so that policies are read by then. Raises as `found`."""
        text = SESSION_TOKEN.text(bytes(TOKEN_BYTES))
        look = partial(self.found, text=text)
        await self.parts.deciding(look, self.account, self.arrived.http.peer, look)

    def _token(self) -> SigninToken | None:
        return opened(self.parts.execution.parts.keyring, SigninToken, self.token)

    def _session(self, text: str, holder: Holder, claims: SessionClaims, until: datetime) -> BrowserSession:
        digest, packed, http = SESSION_TOKEN.digest(text), pack(claims), self.arrived.http
        assert digest is not None, "it has the form of a token"
        assert packed is not None, "it was packed before"
        return BrowserSession(
            id=session_id(self.parts.execution.parts.ids),
            account=holder.account,
            kind=HolderKind.SESSION,
            holder=holder.id,
            digest=digest,
            created=self.arrived.time,
            expires=until,
            password_set=None,
            mfa=moment_of(claims.mfa_ms) if claims.mfa_ms is not None else None,
            address=http.peer,
            user_agent=(http.header("user-agent") or "")[:LONGEST_AGENT],
            claims=packed,
        )


def _spend(unit: UnitOfWork, token: SigninToken, account: str) -> None:
    spent = hashlib.sha256(f"signin-token\0{token.nonce}".encode()).hexdigest()
    try:
        unit.add(RedeemedAssertion(id=spent, account=account, expires=moment_of(token.expires_ms)))
    except AlreadyExists:
        raise _NO_TOKEN from None


def _holder(snapshot: Snapshot, principal: Principal) -> Holder:
    view = snapshot.accounts[principal.account]
    return Holder(kind=HolderKind.SESSION, view=view, entity=Visitor(principal=principal))
