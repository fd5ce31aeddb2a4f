"""Signing in: what `POST /console/session` does, step by step.

Each step answers what comes next: `{"next": "mfa" | "new-password" | "enrol" | "done", "flow": ..., ...}`.
"""

from __future__ import annotations

from typing import Any

from carnet.audit.sign_in_events import FAILED
from carnet.audit.steps import Arrived
from carnet.console.changes import Entering, GivingCode, GivingPasskey
from carnet.console.enrolment import (
    CREATE_KEYS,
    NewDevice,
    begin_app,
    begin_passkey,
    check_room_now,
    given_codes,
    given_passkey,
)
from carnet.console.entering import failure, holder_at, read_policies
from carnet.console.first_step import first_step
from carnet.console.flow import Flow, Stage, opened_flow
from carnet.console.given import (
    BeginApp,
    BeginPasskey,
    GiveCode,
    GiveCodes,
    GiveNewPasskey,
    GivePasskey,
    GivePassword,
    LaterStep,
    LeaveForProvider,
    SetPassword,
    SignInStep,
    UseAssertion,
    UseInvitation,
)
from carnet.console.invited import use_invitation
from carnet.console.leaving_for_provider import leave_for_provider
from carnet.console.new_password import hash_new
from carnet.console.outcomes import INCORRECT, Refusal, Told, expired
from carnet.console.parts import ConsoleParts
from carnet.console.provider_sign_in import use_assertion
from carnet.entities.browser_session import HolderKind
from carnet.services.execution import OtherChange


async def take_step(parts: ConsoleParts, arrived: Arrived, given: SignInStep) -> Told:
    """Carry out one step of a sign-in. Raises Refusal, Problem, a Fault."""
    match given:
        case GivePassword():
            flow, next_step = await first_step(parts, arrived, given)
            if next_step is not None:
                return Told(members=next_step, account=flow.account)
            return await _change(parts, arrived, flow, Entering(parts=parts, arrived=arrived, flow=flow))
        case UseInvitation():
            return await use_invitation(parts, arrived, given)
        case LeaveForProvider():
            return await leave_for_provider(parts, arrived, given)
        case UseAssertion():
            return await use_assertion(parts, arrived, given)
        case _:
            return await _go_on(parts, arrived, given, _flow(parts, arrived, given))


def _flow(parts: ConsoleParts, arrived: Arrived, given: LaterStep) -> Flow:
    """What the step before has answered. Raises Refusal for what it has not, or for another step."""
    flow = opened_flow(parts.execution.parts.keyring, given.flow, arrived.time)
    match given:
        case SetPassword():
            wanted = Stage.NEW_PASSWORD
        case GiveCode() | GivePasskey():
            wanted = Stage.MFA
        case _:
            wanted = Stage.ENROL
    if flow is None or flow.stage is not wanted:
        raise expired()
    return flow


async def _go_on(parts: ConsoleParts, arrived: Arrived, given: LaterStep, flow: Flow) -> Told:
    match given:
        case BeginApp():
            return Told(members=await begin_app(parts, flow), account=flow.account)
        case BeginPasskey():
            await check_room_now(parts, arrived, flow, CREATE_KEYS)
            return Told(members=begin_passkey(parts, flow), account=flow.account)
        case GiveCodes():
            return await _enrol(parts, arrived, flow, given_codes(parts, arrived, flow, given))
        case GiveNewPasskey():
            return await _enrol(parts, arrived, flow, given_passkey(parts, arrived, flow, given))
        case GiveCode():
            giving = GivingCode(parts=parts, arrived=arrived, flow=flow, given=given)
            giving.refuse_hindered(parts.execution.directory.snapshot)
            return await _change(parts, arrived, flow, giving)
        case GivePasskey():
            return await _change(parts, arrived, flow, _passkey(parts, arrived, flow, given))
        case SetPassword():
            return await _change(parts, arrived, flow, await hash_new(parts, arrived, flow, given))


async def _enrol(parts: ConsoleParts, arrived: Arrived, flow: Flow, device: NewDevice) -> Told:
    await check_room_now(parts, arrived, flow, device.keys)
    return await _change(parts, arrived, flow, device)


def _passkey(parts: ConsoleParts, arrived: Arrived, flow: Flow, given: GivePasskey) -> GivingPasskey:
    """Look at what a passkey has signed: for a fraction of a millisecond, so at once."""
    holder = holder_at(parts.execution.directory.snapshot, flow)
    if parts.passkeys is None or not flow.challenge:
        raise expired()
    used = parts.passkeys.proven(bytes.fromhex(flow.challenge), holder.passkeys, given.credential)
    if used is None:
        raise Refusal("SignInFailed", INCORRECT, failure(parts, arrived, holder, FAILED, "passkey"))
    before = next(device for device in holder.passkeys if device.id == used.id)
    return GivingPasskey(parts=parts, arrived=arrived, flow=flow, before=before, used=used)


async def _change(parts: ConsoleParts, arrived: Arrived, flow: Flow, change: OtherChange) -> Told:
    await read_policies(parts, arrived, flow)
    outcome = await parts.writer.make(change, flow.account)
    event = None if outcome.recorded else outcome.event
    members: dict[str, Any] = dict(outcome.answer)
    if "refused" in members:
        raise Refusal("SignInFailed", members["refused"], event)
    token = members.pop("token", None)
    if token is not None and flow.kind is not HolderKind.PERSON:
        parts.execution.parts.last_used.note_password(flow.holder, arrived.time)
    return Told(members=members, event=event, token=token, account=flow.account, revision=outcome.revision)
