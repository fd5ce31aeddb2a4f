"""The end of a sign-in: what is still to be given, and if nothing is, the session."""

from __future__ import annotations

import base64
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from carnet.audit.events import Event
from carnet.audit.sign_in_events import sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.ids import Ids
from carnet.console.access_control import ELSEWHERE, denied_after
from carnet.console.callers import flow_caller
from carnet.console.flow import Flow, Stage, sealed_flow
from carnet.console.holders import Holder, find_holder, proven_at
from carnet.console.outcomes import expired
from carnet.console.parts import ConsoleParts
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import ID_BEGINS, SESSION_TOKEN, BrowserSession
from carnet.entities.entity import Tags
from carnet.entities.token_form import TOKEN_BYTES
from carnet.identity.passkeys import CHALLENGE_BYTES
from carnet.services.execution import Done
from carnet.store.unit_of_work import UnitOfWork

MOST_SESSIONS = 50
"""Sessions of one holder; with one more, the oldest goes. Each costs a password that is right."""
LONGEST_AGENT = 256
NO_ATTRIBUTES: Tags = MappingProxyType({})


def holder_at(snapshot: Snapshot, flow: Flow) -> Holder:
    """The holder of a sign-in. Raises Refusal if the holder or the password that was given no longer exists."""
    holder = proven_at(find_holder(snapshot, flow.account, flow.kind, flow.holder), flow.password_set)
    if holder is None:
        raise expired()
    if flow.mfa_device is not None and all(device.id != flow.mfa_device for device in holder.devices):
        raise expired()
    return holder


def next_stage(flow: Flow, holder: Holder) -> Stage | None:
    """What is to be given next; None if nothing is.

    INVARIANT: who has an MFA device is signed in by one of them, whatever else was given.
    """
    if flow.mfa is None and holder.devices:
        return Stage.MFA
    if flow.mfa is None and holder.needs_mfa:
        return Stage.ENROL
    return Stage.NEW_PASSWORD if flow.must_change else None


def asked(parts: ConsoleParts, flow: Flow, holder: Holder, stage: Stage) -> dict[str, Any]:
    """What the browser is to ask for. It names the devices: whoever is told this knows the password."""
    flow = flow.but(stage=stage)
    told: dict[str, Any] = {"next": stage}
    if stage is Stage.MFA:
        told["apps"] = [{"id": device.id, "name": device.name} for device in holder.apps]
        told["passkey"] = None
        if holder.passkeys and parts.passkeys is not None:
            challenge = parts.execution.parts.ids.random(CHALLENGE_BYTES)
            flow = flow.but(challenge=challenge.hex())
            told["passkey"] = parts.passkeys.request_options(challenge, holder.passkeys)
    return {**told, "flow": sealed_flow(parts.execution.parts.keyring, flow)}


def enter(
    parts: ConsoleParts, unit: UnitOfWork, snapshot: Snapshot, arrived: Arrived, holder: Holder, flow: Flow
) -> Done:
    """Go on in a change of the store: ask for what comes next, or begin the session.

    INVARIANT: the holder was looked for at the locked revision.
    """
    stage = next_stage(flow, holder)
    mfa = next((device.serial for device in holder.devices if device.id == flow.mfa_device), None)
    if stage is not None:
        event = sign_in_event(arrived, holder.who, name="CheckMfa", to=parts.origin.url, mfa=mfa)
        return Done(answer=asked(parts, flow, holder, stage), event=event, decided=())
    denied = _why_denied(parts, snapshot, arrived, holder, flow)
    if denied is not None:
        # Told as an answer: what was proven, such as a code, stays used.
        return Done(answer={"refused": ELSEWHERE}, event=failure(parts, arrived, holder, denied, mfa), decided=())
    token = begin_session(
        parts.execution.parts.ids,
        unit,
        arrived,
        holder,
        Proof(password_set=flow.password_set, mfa=flow.mfa, mfa_device=flow.mfa_device),
        expires=arrived.time + holder.session_length,
    )
    event = sign_in_event(arrived, holder.who, to=parts.origin.url, mfa=mfa)
    return Done(answer={"next": "done", "token": token}, event=event, decided=())


def _why_denied(parts: ConsoleParts, snapshot: Snapshot, arrived: Arrived, holder: Holder, flow: Flow) -> str | None:
    """Why the holder is not let in from there; people are principals of no account. Raises Unavailable."""
    caller = flow_caller(snapshot, holder, flow, arrived.time)
    if caller is None:
        return None
    return denied_after(parts.execution.parts.engine, snapshot, caller, arrived.http, arrived.time)


async def read_policies(parts: ConsoleParts, arrived: Arrived, flow: Flow) -> None:
    """Decide what `enter` decides, so that policies are read by then. Raises as `ConsoleParts.deciding` does."""
    await parts.deciding(
        lambda snapshot: _why_denied(parts, snapshot, arrived, holder_at(snapshot, flow), flow),
        flow.account,
        arrived.http.peer,
        partial(holder_at, flow=flow),
    )


def make_room(unit: UnitOfWork, holder: Holder) -> None:
    """End the holder's oldest sessions, if one more would be too many."""
    for old in holder.view.of(BrowserSession).referring("holder", holder.id)[: 1 - MOST_SESSIONS]:
        unit.remove(old)


def failure(parts: ConsoleParts, arrived: Arrived, holder: Holder, problem: str, mfa: str | None = None) -> Event:
    """The event of a sign-in of somebody whose password was right, and that failed nevertheless."""
    return sign_in_event(arrived, holder.who, to=parts.origin.url, problem=problem, mfa=mfa)


class Proof(NamedTuple):
    """By what somebody has signed in, as `BrowserSession` has it."""

    password_set: datetime | None = None
    mfa: datetime | None = None
    mfa_device: str | None = None
    provider: str | None = None
    attributes: Tags = NO_ATTRIBUTES


def begin_session(
    ids: Ids, unit: UnitOfWork, arrived: Arrived, holder: Holder, proof: Proof, *, expires: datetime
) -> str:
    """Store a session in a change; returns its token."""
    token = SESSION_TOKEN.text(ids.random(TOKEN_BYTES))
    digest = SESSION_TOKEN.digest(token)
    assert digest is not None, "it has the form of a token"
    make_room(unit, holder)
    unit.add(
        BrowserSession(
            id=session_id(ids),
            account=holder.account,
            kind=holder.kind,
            holder=holder.id,
            digest=digest,
            created=arrived.time,
            expires=expires,
            password_set=proof.password_set,
            provider=proof.provider,
            attributes=proof.attributes,
            mfa=proof.mfa,
            mfa_device=proof.mfa_device,
            address=arrived.http.peer,
            user_agent=(arrived.http.header("user-agent") or "")[:LONGEST_AGENT],
        )
    )
    return token


def session_id(ids: Ids) -> str:
    """The id of a session in lists and events, where its token must not be."""
    return ID_BEGINS + base64.b32encode(ids.random(15)).decode("ascii").lower()
