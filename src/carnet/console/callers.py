"""Who has signed in, as a caller whose policies decide: an authenticator, beside those of signatures and tokens.

A browser's principal is the IAM user or the root user, as in a session of GetSessionToken: with MFA, if it was given;
or that of the session that came by a URL.
"""

from __future__ import annotations

from datetime import datetime

from carnet.access.authorize import Check, Decided, authorize
from carnet.access.gather import carried_by
from carnet.access.request_context import caller_context
from carnet.base.http import RequestHead
from carnet.console.flow import Flow
from carnet.console.holders import Holder
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import BrowserSession
from carnet.identity.caller import COOKIE_AUTHENTICATOR, SignedIn
from carnet.identity.credentials import browser_credential
from carnet.policy.compile import Engine


def caller_of(snapshot: Snapshot, session: BrowserSession) -> SignedIn | None:
    """The caller that a session is of; None for a person of Identity Center, who is no principal of an account."""
    credential = browser_credential(snapshot, session)
    return SignedIn(COOKIE_AUTHENTICATOR, credential=credential) if credential is not None else None


def flow_caller(snapshot: Snapshot, holder: Holder, flow: Flow, now: datetime) -> SignedIn | None:
    """The caller that a sign-in would be of, as far as it has come: policies may ask for MFA. None for a person."""
    session = BrowserSession(
        id="",
        account=holder.account,
        kind=holder.kind,
        holder=holder.id,
        digest="",
        created=flow.started,
        expires=now + holder.session_length,
        password_set=flow.password_set,
        mfa=flow.mfa,
    )
    return caller_of(snapshot, session)


def decide(
    engine: Engine, snapshot: Snapshot, caller: SignedIn, http: RequestHead, now: datetime, check: Check
) -> Decided:
    """Put one check to the policies of somebody who has signed in. Raises Unavailable."""
    policies, keys = carried_by(snapshot, caller.credential)
    context = caller_context(keys, caller, http, now)
    return authorize(engine, snapshot, caller.principal, policies, context, check)
