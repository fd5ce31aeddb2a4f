"""Checks the one-time codes of an MFA device. A code can be used once, and the number of wrong codes is limited.

AWS publishes neither how far a device's clock may be off nor how many attempts are allowed.
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
"""How many steps two consecutive codes may be early or late. The offset of the device's clock is then remembered."""
FREE_FAILURES = 5
"""How many wrong codes in a row are allowed before the next one has to wait."""
PAUSE = timedelta(minutes=1)
"""How long the next code then has to wait."""
MOST_FAILURES = 50
"""How many wrong codes in a row are allowed before single codes are no longer checked.

A guess of a single code is right 3 times in a million. Two consecutive codes cannot be guessed at the remaining pace,
so the owner can resynchronize the device with them (ResyncMFADevice) after somebody else has used up its attempts.
"""


class Hindrance(Enum):
    """Why a code is not checked."""

    PAUSE = "pause"
    """Too many codes were wrong just now."""
    LOCK = "lock"
    """Too many codes were wrong since the last right one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """One code of a device, or two consecutive ones, from whoever holds it."""

    device: MfaDevice
    """The device as it was when the codes arrived."""
    codes: tuple[str, ...] = field(repr=False)

    @property
    def are_pair(self) -> bool:
        return len(self.codes) > 1

    def hindrance(self, device: MfaDevice, now: datetime) -> Hindrance | None:
        """Why the codes may not be checked for the device as it is now; None if they may."""
        if device.failures >= MOST_FAILURES and not self.are_pair:
            return Hindrance.LOCK
        if device.failures >= FREE_FAILURES and device.failed is not None and now - device.failed < PAUSE:
            return Hindrance.PAUSE
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The result of checking codes. The device has to be stored, whether or not they were right."""

    device: MfaDevice
    right: bool


def judge(keyring: Keyring, device: MfaDevice, given: Codes, now: datetime) -> Judged:
    """Check codes of a device that no hindrance holds back. Right codes are used up, wrong ones are counted.

    INVARIANT: it is called under the head lock, with the device as it is there, and the result is stored.
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
    """The offset of the device's clock that a pair of codes shows; none if the pair was merely typed a little late."""
    return told if abs(told) > CODE_STEPS else 0


def open_seed(keyring: Keyring, device: MfaDevice) -> bytes | None:
    """The seed of a virtual device; None if it has none, or a seed that was sealed for another device or holder.

    INVARIANT: no code is ever made of a passkey's public key, which is no secret.
    """
    return opened(keyring, device) if device.kind is MfaKind.VIRTUAL else None


def opened(keyring: Keyring, device: MfaDevice) -> bytes | None:
    """The seed or the public key of a device; None as for `open_seed`."""
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
    """The device enabled for another holder, or for none.

    INVARIANT: the seed is sealed for its holder, so that somebody who can write to the database cannot give one user's
    device to another.
    """
    seed = open_seed(keyring, device)
    handed = replace(device, holder=holder, enabled=enabled)
    return with_seed(keyring, handed, seed) if seed is not None else replace(handed, sealed_seed=b"")


def seed_context(device: MfaDevice) -> SealContext:
    """The context that a seed or a public key is bound to: the device, its kind, and its holder."""
    return SealContext(
        table="mfa_devices",
        column="sealed_seed" if device.kind is MfaKind.VIRTUAL else "sealed_public_key",
        account=device.account,
        key=device.id,
        owner=device.holder or "",
        purpose=Purpose.MFA_SEEDS,
    )
