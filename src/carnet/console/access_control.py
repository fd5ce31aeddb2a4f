"""Whether policies for AWS Sign-In deny a sign-in: before a password counts, after it, and while the session lasts.

A Deny of an RCP or of the account's own policy counts in each phase, and one of SCPs and of the principal's policies
once it is known who it is; nothing has to allow. They are asked only if console authorization is enabled.

https://docs.aws.amazon.com/signin/latest/userguide/console-access-control.html
"""

from __future__ import annotations

from datetime import datetime

from carnet.access.authorize import Check, authorize
from carnet.access.gather import NOBODYS
from carnet.access.request_context import request_keys, resource_keys
from carnet.access.sign_in_policy import (
    AUTHENTICATE,
    AUTHORIZE,
    CLAIMED,
    CREATE_TOKEN,
    authorization_of,
    sign_in_policies,
)
from carnet.base.http import RequestHead
from carnet.console.callers import caller_of, decide
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.browser_session import BrowserSession
from carnet.identity.caller import NOBODY, SignedIn
from carnet.policy.compile import Engine
from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.request import Context

ELSEWHERE = (
    "Authentication failed: To access this account, sign in from a different network, or contact your administrator "
    "for more information"
)
"""AWS's sentence, once it is known who it is; before that, a denial is told as a wrong password."""


def denied_before(
    engine: Engine, snapshot: Snapshot, view: AccountView, claimed: str, http: RequestHead, now: datetime
) -> str | None:
    """Why nobody who says to be the principal of that ARN is let in, as events tell it; None if that is not so.

    Raises Unavailable.
    """
    if authorization_of(snapshot, view.account.id) is None:
        return None
    account = view.account
    context = Context(
        principal=NOBODYS.keys,
        request=request_keys(http, "", now),
        resource=resource_keys(snapshot, account.id),
    )
    check = Check(
        action=AUTHENTICATE,
        resource=_console(account),
        resource_account=account.id,
        keys={CLAIMED: claimed},
        policies=sign_in_policies(snapshot, view),
    )
    return _denial(authorize(engine, snapshot, NOBODY, NOBODYS.policies, context, check).decision)


def denied_after(engine: Engine, snapshot: Snapshot, caller: SignedIn, http: RequestHead, now: datetime) -> str | None:
    """Why this caller is not let in, as events tell it; None if that is not so. Raises Unavailable."""
    view = snapshot.accounts[caller.principal.account]
    if authorization_of(snapshot, view.account.id) is None:
        return None
    for action in (AUTHORIZE, CREATE_TOKEN):
        check = Check(
            action=action,
            resource=_console(view.account),
            resource_account=view.account.id,
            policies=sign_in_policies(snapshot, view),
        )
        found = _denial(decide(engine, snapshot, caller, http, now, check).decision)
        if found is not None:
            return found
    return None


def may_stay(engine: Engine, snapshot: Snapshot, session: BrowserSession, head: RequestHead, now: datetime) -> bool:
    """Whether a browser that has signed in may go on, from where it is now. People are principals of no account.

    Raises Unavailable.
    """
    caller = caller_of(snapshot, session)
    return caller is None or denied_after(engine, snapshot, caller, head, now) is None


def _denial(decision: Decision) -> str | None:
    if decision.problem:
        return "Authorization denied because the policies are too long to be decided"
    if decision.verdict is not Verdict.EXPLICIT_DENY or decision.layer is None:
        return None
    article = "an" if decision.layer is Layer.IDENTITY else "a"
    return f"Authorization denied because of {article} {decision.layer}"


def _console(account: Account) -> str:
    return f"arn:{account.partition}:signin:::console/carnet"
