"""Another MFA device for a signed-in holder: a passkey."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from carnet.audit.steps import Arrived
from carnet.console.enrolment import CREATE_KEYS, begin_passkey, check_room_now
from carnet.console.flow import Flow, Stage
from carnet.console.outcomes import SIGN_IN_AGAIN, Refusal, expired
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser

FRESH = timedelta(minutes=15)
"""How old a sign-in may be for what would let somebody else sign in later."""


def check_fresh(arrived: Arrived, browser: SignedInBrowser) -> None:
    """Raise Refusal if the holder has to sign in again first: the browser may have been left unattended."""
    if arrived.time - browser.session.created > FRESH:
        raise Refusal("SignInAgain", SIGN_IN_AGAIN, None, 403)


async def begin_own_passkey(parts: ConsoleParts, arrived: Arrived, browser: SignedInBrowser) -> dict[str, Any]:
    """What a browser makes a passkey of; the step `new-passkey` is given it. Raises Refusal."""
    check_fresh(arrived, browser)
    session = browser.session
    if session.password_set is None:
        raise expired()
    flow = Flow(
        kind=session.kind,
        account=session.account,
        holder=session.holder,
        password_set=session.password_set,
        stage=Stage.ENROL,
        started=arrived.time,
        mfa=session.mfa,
        mfa_device=session.mfa_device,
    )
    await check_room_now(parts, arrived, flow, CREATE_KEYS)
    return begin_passkey(parts, flow)
