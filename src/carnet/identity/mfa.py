"""Looks at the one-time codes of an MFA device. A code counts once, and only so many may be wrong.

AWS publishes neither how far a device's clock may be wrong nor how many attempts there are.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from carnet.entities.mfa_device import MfaDevice, MfaKind
from carnet.identity.totp import find_step, step_at
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring, SealContext

_LOG = logging.getLogger(__name__)

CODE_STEPS = 1
"""How many steps a code may be early or late."""
PAIR_STEPS = 30
"""How many steps two consecutive codes may be early or late: what they tell of the device's clock is remembered."""
FREE_FAILURES = 5
"""Wrong codes, one after the other, before the next one has to wait."""
PAUSE = timedelta(minutes=1)
"""How long the next one has to wait then."""
MOST_FAILURES = 50
"""Wrong codes, one after the other, before no single code is looked at any more.

Guesses of single codes are right 3 times in a million. Two consecutive codes cannot be guessed at the pace that is
left, so that they set the device right (ResyncMFADevice) when somebody else has spent its attempts.
"""


class Hindrance(Enum):
    """Why a code is not even looked at."""

    PAUSE = "pause"
    """Too many were wrong a moment ago."""
    LOCK = "lock"
    """Too many were wrong since the last right one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """One code of a device, or two consecutive ones, from whoever holds it."""

    device: MfaDevice
    """As it was known when the codes came."""
    codes: tuple[str, ...] = field(repr=False)

    @property
    def are_pair(self) -> bool:
        return len(self.codes) > 1

    def hindrance(self, device: MfaDevice, now: datetime) -> Hindrance | None:
        """Why the codes may not be looked at, as the device is now."""
        if device.failures >= MOST_FAILURES and not self.are_pair:
            return Hindrance.LOCK
        if device.failures >= FREE_FAILURES and device.failed is not None and now - device.failed < PAUSE:
            return Hindrance.PAUSE
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of looking at codes: the device is to be stored, whether or not they were right."""

    device: MfaDevice
    right: bool


def judge(keyring: Keyring, device: MfaDevice, given: Codes, now: datetime) -> Judged:
    """Look at codes of a device that nothing hinders. Right codes are used up, wrong ones are counted.

    INVARIANT: it is called under the head lock, with the device as it is there, and what it gives is stored.
    """
    seed = open_seed(keyring, device)
    present = step_at(now) + (0 if given.are_pair else device.drift)
    width = PAIR_STEPS if given.are_pair else CODE_STEPS
    unused = range(max(present - width, device.last_step + 1), present + width + 1)
    step = find_step(seed, given.codes, unused) if seed is not None else None
    if step is None:
        return Judged(device=device.failing(now), right=False)
    return Judged(device=device.accepting(step, _drift(step - present) if given.are_pair else device.drift), right=True)


def _drift(told: int) -> int:
    """What a pair tells of a device's clock: nothing, if it was merely typed a moment too late."""
    return told if abs(told) > CODE_STEPS else 0


def open_seed(keyring: Keyring, device: MfaDevice) -> bytes | None:
    """The seed of a virtual device; None if it has none, or one that does not belong to it and its holder.

    INVARIANT: no code is ever made of a passkey's public key, which is no secret.
    """
    return opened(keyring, device) if device.kind is MfaKind.VIRTUAL else None


def opened(keyring: Keyring, device: MfaDevice) -> bytes | None:
    """What a device is known by: its seed, or its public key; None as `open_seed`."""
    if not device.sealed_seed:
        return None
    try:
        return keyring.open(device.sealed_seed, context=seed_context(device))
    except Unsealable as problem:
        _LOG.warning("nothing proves %s: %s", device.serial, problem)
        return None


def with_seed(keyring: Keyring, device: MfaDevice, seed: bytes) -> MfaDevice:
    """The device with a seed, sealed for it and its holder."""
    return replace(device, sealed_seed=keyring.seal(seed, context=seed_context(device)))


def handed_over(keyring: Keyring, device: MfaDevice, holder: str | None, enabled: datetime | None) -> MfaDevice:
    """The device enabled for somebody else, or for nobody.

    INVARIANT: the seed is sealed for its holder, so that whoever can write to the database cannot give one user's
    device to another.
    """
    seed = open_seed(keyring, device)
    handed = replace(device, holder=holder, enabled=enabled)
    return with_seed(keyring, handed, seed) if seed is not None else replace(handed, sealed_seed=b"")


def seed_context(device: MfaDevice) -> SealContext:
    """What a seed or a public key is bound to: its device and the kind of it, and whoever holds that."""
    return SealContext(
        table="mfa_devices",
        column="sealed_seed" if device.kind is MfaKind.VIRTUAL else "sealed_public_key",
        account=device.account,
        key=device.id,
        owner=device.holder or "",
        purpose=Purpose.MFA_SEEDS,
    )
