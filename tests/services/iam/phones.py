"""Authenticator apps: another implementation of RFC 6238, which knows nothing of Carnet's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.services.world import Caller, ServiceError, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """An app with one device."""

    clock: Callable[[], datetime]
    serial: str
    base32: bytes

    @property
    def seed(self) -> bytes:
        return base64.b32decode(self.base32)

    def code(self, ahead: int = 0) -> str:
        """What is shown `ahead` steps of 30 seconds from now."""
        step = int(self.clock().timestamp()) // 30 + ahead
        digest = hmac.new(self.seed, struct.pack(">Q", step), hashlib.sha1).digest()
        start = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"

    def pair(self, ahead: int = 0) -> dict[str, str]:
        """The code of `ahead` steps from now, and the one before it."""
        return {"AuthenticationCode1": self.code(ahead - 1), "AuthenticationCode2": self.code(ahead)}

    def wrong(self) -> str:
        """A code that is shown at no time near."""
        shown = {self.code(ahead) for ahead in range(-40, 41)}
        return next(code for code in map("{:06d}".format, range(100)) if code not in shown)


def make_phone(world: World, name: str = "phone", caller: Caller | None = None, **given: Any) -> Phone:
    """A device that is enabled for nobody."""
    answer = world.call(caller or world.root, "CreateVirtualMFADevice", VirtualMFADeviceName=name, **given)
    made = answer["VirtualMFADevice"]
    return Phone(clock=world.clock, serial=made["SerialNumber"], base32=made["Base32StringSeed"])


def enabled_phone(world: World, user: str, name: str = "phone", caller: Caller | None = None) -> Phone:
    """A device of a user, whose next code is the one that it will show in 30 seconds."""
    phone = make_phone(world, name)
    by = caller or world.root
    world.call(by, "EnableMFADevice", UserName=user, SerialNumber=phone.serial, **phone.pair())
    return phone


def spend_attempts(world: World, phone: Phone, most: int = 5) -> None:
    """Give wrong pairs for alice's device until the next codes have to wait, or further, a minute apart."""
    wrong = phone.wrong()
    pair = {"AuthenticationCode1": wrong, "AuthenticationCode2": wrong}
    for number in range(most):
        if number >= 5:
            world.clock.advance(60)
        with pytest.raises(ServiceError, match="Authentication code for device is not valid"):
            world.call(world.root, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **pair)
