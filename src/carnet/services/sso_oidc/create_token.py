"""CreateToken: a client brings the proof of a person's consent, and gets tokens.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Refused
from carnet.entities.device_authorization import DeviceAuthorization, DeviceState
from carnet.entities.oauth_session import PORTAL_SESSION, Grantor, OAuthSession
from carnet.identity.authenticate import Authenticate
from carnet.identity.oauth_tokens import (
    AuthorizationCode,
    DeviceCode,
    Registration,
    digest,
    moment_of,
    opened,
)
from carnet.services.oauth_sessions import attributes_of
from carnet.services.operation import AnonymousCall, AnonymousWriteCall, Answer, Refusal, anybody
from carnet.services.pkce import is_verifier_of
from carnet.services.preparing import Preparation
from carnet.services.sso_oidc import refusals
from carnet.services.sso_oidc.clients import CODE, DEVICE, REFRESH, client_of
from carnet.services.sso_oidc.devices import CHECKED
from carnet.services.sso_oidc.polls import Polls
from carnet.services.sso_oidc.service import sso_oidc
from carnet.services.sso_oidc.sessions import ended, kept, member, rotated, tokens_of

Given = Mapping[str, Any]
_POLLS = Polls()


async def _refuse_early(call: AnonymousCall, given: Given) -> None:
    """Refuse wrong requests before the turn to write: devices poll every second."""
    client = client_of(call, given)
    if given["grantType"] == DEVICE:
        try:
            _answered_device(call, given)
        except Refused as waiting:
            if waiting.code == refusals.pending().code and _POLLS.too_soon(digest(given["deviceCode"]), call.now):
                raise refusals.slow_down() from waiting
            raise
    elif given["grantType"] not in (CODE, REFRESH):
        raise refusals.unsupported_grant_type()
    elif client.grant_types and given["grantType"] not in client.grant_types:
        raise refusals.unauthorized_client()


@sso_oidc.write(
    "CreateToken",
    on=anybody,
    authenticate=Authenticate.ANONYMOUS,
    prepare=Preparation(pool=CHECKED, work=_refuse_early),
)
def create_token(call: AnonymousWriteCall, given: Given) -> Answer:
    """Issue an access token and, if the client has registered scopes, a refresh token."""
    return _GRANTS[given["grantType"]](call, given, client_of(call, given))


def _by_device_code(call: AnonymousWriteCall, given: Given, client: Registration) -> Answer:
    device = _answered_device(call, given)
    call.store.remove(device)
    session = _begin_session(
        call,
        OAuthSession(
            id=call.parts.ids.uuid(),
            account=device.account,
            kind=Grantor.PERSON,
            holder=device.holder,
            instance=device.instance,
            client=device.client,
            client_name=device.client_name,
            scopes=device.scopes,
            grant=digest(device.id),
            created=call.now,
            expires=call.now + PORTAL_SESSION,
            rotated=call.now,
            sign_in=device.sign_in,
        ),
    )
    return tokens_of(call, session, refreshed=bool(client.scopes))


def _answered_device(call: AnonymousCall, given: Given) -> DeviceAuthorization:
    """The authorization of a device code, once a person has approved it. Raises Refused as RFC 8628 says."""
    code = opened(call.parts.keyring, DeviceCode, member(given, "deviceCode"))
    view = call.snapshot.open_account(code.account) if code is not None else None
    device = view.of(DeviceAuthorization).get(code.device) if code is not None and view is not None else None
    if device is None or device.client != digest(given["clientId"]):
        raise refusals.invalid_grant()
    if call.now >= device.expires:
        raise refusals.expired()
    if device.state is DeviceState.DENIED:
        raise refusals.access_denied()
    if device.state is not DeviceState.APPROVED:
        raise refusals.pending()
    return device


def _by_code(call: AnonymousWriteCall, given: Given, client: Registration) -> Answer:
    text = member(given, "code")
    code = opened(call.parts.keyring, AuthorizationCode, text)
    if code is None or code.client != digest(given["clientId"]):
        raise refusals.invalid_grant()
    made = call.snapshot.named(OAuthSession, digest(text))
    if made is not None:
        return ended(call, made)
    if call.now >= moment_of(code.expires_ms) or code.redirect != digest(member(given, "redirectUri")):
        raise refusals.invalid_grant()
    if not is_verifier_of(code.challenge, member(given, "codeVerifier")):
        raise refusals.invalid_grant()
    session = OAuthSession(
        id=call.parts.ids.uuid(),
        account=code.account,
        kind=Grantor.PERSON,
        holder=code.holder,
        instance=code.instance,
        client=code.client,
        client_name=client.name,
        scopes=code.scopes,
        grant=digest(text),
        created=call.now,
        expires=call.now + PORTAL_SESSION,
        rotated=call.now,
        sign_in=code.sign_in,
    )
    return tokens_of(call, _begin_session(call, session), refreshed=REFRESH in client.grant_types)


def _by_refresh_token(call: AnonymousWriteCall, given: Given, client: Registration) -> Answer:
    session = rotated(call, given, digest(given["clientId"]))
    return session if isinstance(session, Refusal) else tokens_of(call, session, refreshed=True)


_GRANTS: Mapping[str, Callable[[AnonymousWriteCall, Given, Registration], Answer]] = {
    DEVICE: _by_device_code,
    CODE: _by_code,
    REFRESH: _by_refresh_token,
}


def _begin_session(call: AnonymousWriteCall, session: OAuthSession) -> OAuthSession:
    """Keep a session. Raises Refused as `kept`, or if the person has signed out of the browser that consented."""
    attributes = attributes_of(call.snapshot.accounts[session.account], session.sign_in, session.holder)
    if attributes is None:
        raise refusals.invalid_grant()
    return kept(call, replace(session, attributes=attributes))
