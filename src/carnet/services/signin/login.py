"""The principal that `aws login` signs in as, and whether the policies allow it, at the consent and each refresh.

https://docs.aws.amazon.com/signin/latest/userguide/command-line-sign-in.html
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from carnet.access.authorize import Check, Decided, authorize
from carnet.access.denial import denied
from carnet.access.gather import carried_by
from carnet.access.request_context import aged
from carnet.access.sign_in_policy import sign_in_policies
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.login_profile import LoginProfile
from carnet.entities.mfa_device import MfaDevice
from carnet.identity.credentials import unissued
from carnet.identity.oauth_tokens import SignedInAs
from carnet.identity.principals import SIGN_IN, long_term_principal
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.compile import Engine
from carnet.policy.request import Context, Principal, Values
from carnet.services.operation import Parts
from carnet.services.signin import refusals

SAME_DEVICE = "arn:aws:signin:::devtools/same-device"
CROSS_DEVICE = "arn:aws:signin:::devtools/cross-device"
CREDENTIALS_SECONDS = 900
CLIENT_ID, GRANT_TYPE = "signin:OAuthClientId", "signin:OAuthGrantType"
CLIENT_AUTHENTICATION, REDIRECT_URI = "signin:OAuthClientAuthentication", "signin:OAuthRedirectUri"
"""Condition keys of what a client asks.

https://docs.aws.amazon.com/signin/latest/userguide/reference-signin-condition-keys.html
"""
REGION = "us-east-1"
"""The Region in the ARN of the public client. Nothing tells in which Region a browser signs in."""
_PUBLIC_CLIENTS = {SAME_DEVICE: "localhost", CROSS_DEVICE: "remote"}


def public_client(account: Account, client: str) -> str:
    """The ARN of a client, as a resource of an account."""
    return f"arn:{account.partition}:signin:{REGION}:{account.id}:oauth2/public-client/{_PUBLIC_CLIENTS[client]}"


def service_principal(account: Account, region: str, name: str) -> str:
    """The ARN of a service, as a resource of an account."""
    return f"arn:{account.partition}:signin:{region}:{account.id}:service-principal/{name}"


def principal_of(snapshot: Snapshot, account: str, who: SignedInAs) -> Principal:
    """The principal, if the credential of the sign-in is still valid at this revision. Raises Refused."""
    view = snapshot.open_account(account)
    principal = long_term_principal(view, who.principal_id) if view is not None else None
    if view is None or principal is None:
        raise refusals.token_expired()
    profile = view.of(LoginProfile).get(who.principal_id)
    if profile is None or profile.changed != who.password_set:
        raise refusals.credentials_changed()
    if who.mfa_device is not None:
        device = view.of(MfaDevice).get(who.mfa_device)
        if device is None or device.holder != who.principal_id:
            raise refusals.credentials_changed()
    return principal


def claims_of(snapshot: Snapshot, parts: Parts, account: str, who: SignedInAs, now: datetime) -> SessionClaims:
    """The claims of credentials for 15 minutes."""
    issued_ms = int(now.timestamp() * 1000)
    return SessionClaims(
        kind=SIGN_IN,
        account=account,
        principal_id=who.principal_id,
        issued_ms=issued_ms,
        expires_ms=issued_ms + 1000 * CREDENTIALS_SECONDS,
        token_id=parts.ids.uuid(),
        mfa_ms=int(who.mfa.timestamp() * 1000) if who.mfa is not None else None,
        epoch=snapshot.epoch,
    )


class ClientRequest(NamedTuple):
    """What a client asks for."""

    action: str
    client: str
    keys: Values
    """The condition keys of the request; that of the client is added."""
    service: str | None = None
    """The service principal that the client asks a token for, if it is for one."""


def check_allowed(
    snapshot: Snapshot, engine: Engine, principal: Principal, claims: SessionClaims, asked: ClientRequest, now: datetime
) -> Decided:
    """Ask the policies whether the principal may let that client sign in. Raises Refused, Unavailable."""
    policies, keys = carried_by(snapshot, unissued(principal, claims))
    account = snapshot.accounts[principal.account].account
    check = Check(
        action=asked.action,
        resource=public_client(account, asked.client)
        if asked.service is None
        else service_principal(account, REGION, asked.service),
        resource_account=account.id,
        policies=sign_in_policies(snapshot, snapshot.accounts[account.id]),
    )
    context = Context(principal=aged(keys, claims, now), request={**asked.keys, CLIENT_ID: asked.client})
    decided = authorize(engine, snapshot, principal, policies, context, check)
    if not decided.decision.allowed:
        raise refusals.not_allowed(denied(decided).message)
    return decided
