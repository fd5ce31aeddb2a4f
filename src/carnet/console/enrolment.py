"""New MFA devices: authenticator apps of people, and passkeys of everybody who signs in.

Those of IAM users and root users are IAM's own devices; EnableMFADevice enables their authenticator apps.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_fido.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from carnet.access.authorize import Check
from carnet.audit.sign_in_events import FAILED, NEW_DEVICE, sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.faults import AlreadyExists
from carnet.base.ids import Ids
from carnet.console.callers import decide, flow_caller
from carnet.console.changes import StepChange, spend_challenge, with_mfa
from carnet.console.entering import enter, failure, holder_at
from carnet.console.flow import Flow, sealed_flow
from carnet.console.given import GiveCodes, GiveNewPasskey
from carnet.console.holders import Holder
from carnet.console.outcomes import INCORRECT, NOT_ALLOWED, NOT_MADE, TOO_MANY_DEVICES, Refusal, expired
from carnet.console.parts import ConsoleParts
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.mfa_device import MfaDevice, MfaKind
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.user import User
from carnet.identity.mfa import Codes, judge, with_seed
from carnet.identity.passkeys import CHALLENGE_BYTES, NewPasskey, passkey_device
from carnet.identity.totp import SEED_BYTES
from carnet.services.execution import Done
from carnet.services.iam.qr_code import otpauth_uri, png
from carnet.services.preparing import Pool, Preparation
from carnet.services.turns import Whose
from carnet.store.unit_of_work import UnitOfWork

MOST_DEVICES = 8
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html"""
_QR_CODES = Pool(name="console-qr-codes", size=1, waiting=32, seconds=5.0)
_SUFFIX_BYTES = 15
_REGISTER = "iam:RegisterSecurityKey"
CREATE_KEYS: Mapping[str, str] = {_REGISTER: "Create"}
"""The condition keys of beginning to register a security key."""


async def begin_app(parts: ConsoleParts, flow: Flow) -> dict[str, Any]:
    """A seed for an authenticator app, and its QR code. The browser is shown them once, and nothing is stored."""
    holder = _holder(parts, flow)
    if not isinstance(holder.entity, IdentityStoreUser):
        raise expired()
    seed = parts.execution.parts.ids.random(SEED_BYTES)
    text = base64.b32encode(seed).decode("ascii")

    def work(_: object, __: object) -> bytes:
        return png(otpauth_uri(holder.name, "Carnet", text))

    drawing = Preparation(pool=_QR_CODES, work=work)
    picture: bytes = await parts.pools.run(drawing, None, None, Whose(flow.account))
    return {
        "next": "enrol-app",
        "seed": text,
        "picture": f"data:image/png;base64,{base64.b64encode(picture).decode('ascii')}",
        "flow": sealed_flow(parts.execution.parts.keyring, flow.but(seed=seed.hex())),
    }


def begin_passkey(parts: ConsoleParts, flow: Flow) -> dict[str, Any]:
    """The options by which a browser creates a passkey."""
    holder = _holder(parts, flow)
    if parts.passkeys is None:
        raise expired()
    challenge = parts.execution.parts.ids.random(CHALLENGE_BYTES)
    create = parts.passkeys.creation_options(
        challenge, user_id=hashlib.sha256(holder.id.encode()).digest(), name=holder.name, known=holder.passkeys
    )
    return {"create": create, "flow": sealed_flow(parts.execution.parts.keyring, flow.but(challenge=challenge.hex()))}


def given_passkey(parts: ConsoleParts, arrived: Arrived, flow: Flow, given: GiveNewPasskey) -> NewDevice:
    """Look at what a browser has made: for a fraction of a millisecond, so at once. Raises Refusal."""
    holder = _holder(parts, flow)
    if parts.passkeys is None or not flow.challenge:
        raise expired()
    made = parts.passkeys.registered(bytes.fromhex(flow.challenge), given.credential, arrived.time.date())
    if made is None:
        raise Refusal("PasskeyRefused", NOT_MADE, failure(parts, arrived, holder, FAILED), 400)
    return NewDevice(parts=parts, arrived=arrived, flow=flow, passkey=made)


def given_codes(parts: ConsoleParts, arrived: Arrived, flow: Flow, given: GiveCodes) -> NewDevice:
    """The two codes of the app, once they are verified."""
    _holder(parts, flow)
    if not flow.seed:
        raise expired()
    codes = tuple("".join(code.split()) for code in given.codes)
    return NewDevice(parts=parts, arrived=arrived, flow=flow, codes=codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice(StepChange):
    """A new device, by which the sign-in then has MFA."""

    passkey: NewPasskey | None = None
    codes: tuple[str, ...] = ()

    @property
    def keys(self) -> Mapping[str, str]:
        """The condition keys that the operation adds to the request."""
        return {} if self.passkey is None else {_REGISTER: "Activate", **self.passkey.certifications}

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """INVARIANT: whether there is room, and leave, is looked at again at the locked revision."""
        holder = holder_at(snapshot, self.flow)
        check_room(self.parts, self.arrived, snapshot, holder, self.flow, self.keys)
        device = self._device(holder)
        if self.passkey is not None:
            spend_challenge(unit, self.flow)
        try:
            unit.add(device)
        except AlreadyExists:
            raise expired() from None
        to = self.parts.origin.url
        unit.audit(sign_in_event(self.arrived, holder.who, name=NEW_DEVICE, to=to, mfa=device.serial))
        return enter(self.parts, unit, snapshot, self.arrived, holder, with_mfa(self.flow, device, self.arrived))

    def _device(self, holder: Holder) -> MfaDevice:
        ids, keyring, now = self.parts.execution.parts.ids, self.parts.execution.parts.keyring, self.arrived.time
        if self.passkey is not None:
            return passkey_device(keyring, _blank(holder, ids, MfaKind.FIDO, self.arrived), self.passkey)
        device = with_seed(keyring, _blank(holder, ids, MfaKind.VIRTUAL, self.arrived), bytes.fromhex(self.flow.seed))
        judged = judge(keyring, device, Codes(device=device, codes=self.codes), now)
        if not judged.right:
            raise Refusal("SignInFailed", INCORRECT, failure(self.parts, self.arrived, holder, FAILED))
        return judged.device


async def check_room_now(parts: ConsoleParts, arrived: Arrived, flow: Flow, keys: Mapping[str, str]) -> None:
    """`check_room` at the present revision. Raises as `ConsoleParts.deciding`, too."""
    await parts.deciding(
        lambda snapshot: check_room(parts, arrived, snapshot, holder_at(snapshot, flow), flow, keys),
        flow.account,
        arrived.http.peer,
        partial(holder_at, flow=flow),
    )


def check_room(
    parts: ConsoleParts, arrived: Arrived, snapshot: Snapshot, holder: Holder, flow: Flow, keys: Mapping[str, str]
) -> None:
    """Raise Refusal if the holder has as many devices as can be, or may not have one more by its policies.

    `keys` are condition keys of the operation: policies may let a security key be made (CREATE_KEYS) and taken
    (`NewDevice.keys`) under conditions of their own.

    INVARIANT: a password alone adds no device beside another one: who stole it would be one step behind its owner.
    """
    if flow.mfa is None and holder.devices:
        raise expired()
    if len(holder.devices) >= MOST_DEVICES:
        raise Refusal("LimitExceeded", TOO_MANY_DEVICES, None, 409)
    caller = flow_caller(snapshot, holder, flow, arrived.time)
    if caller is None:
        return
    resource = holder.entity.arn if isinstance(holder.entity, User) else holder.view.account.root_arn
    check = Check(action="iam:EnableMFADevice", resource=resource, resource_account=holder.account, keys=keys)
    decided = decide(parts.execution.parts.engine, snapshot, caller, arrived.http, arrived.time, check)
    if not decided.decision.allowed:
        raise Refusal("AccessDenied", NOT_ALLOWED, None, 403)


def _holder(parts: ConsoleParts, flow: Flow) -> Holder:
    return holder_at(parts.execution.directory.snapshot, flow)


def _blank(holder: Holder, ids: Ids, kind: MfaKind, arrived: Arrived) -> MfaDevice:
    """A device without what it is known by, named as AWS names them."""
    suffix = base64.b32encode(ids.random(_SUFFIX_BYTES)).decode("ascii")
    word = "passkey" if kind is MfaKind.FIDO else "app"
    members: dict[str, Any] = {
        "id": ids.uuid(),
        "account": holder.account,
        "partition": holder.view.account.partition,
        "name": f"{word}-{suffix}",
        "created": arrived.time,
        "kind": kind,
        "holder": holder.id,
        "enabled": arrived.time,
        "sealed_seed": b"",
    }
    match holder.entity:
        case IdentityStoreUser(id=person):
            return PersonMfaDevice(path=f"/{person}/", **members)
        case User(name=name):
            return MfaDevice(path=f"/user/{name}/", **members)
        case _:
            return MfaDevice(path="/root/", **members)
