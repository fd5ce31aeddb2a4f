"""MFA devices of users and of the root user.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from carnet.base.arns import parse_arn
from carnet.entities.entity import Entity, name_key


class MfaKind(StrEnum):
    """What a device is. Virtual ones are enabled by EnableMFADevice, the others in a browser."""

    VIRTUAL = "virtual"
    """A program that makes time-based one-time codes of a seed."""
    FIDO = "fido"
    """A passkey or a security key."""


_RESOURCES = {MfaKind.VIRTUAL: "mfa", MfaKind.FIDO: "u2f"}


@dataclass(frozen=True, kw_only=True, slots=True)
class MfaDevice(Entity):
    """A device, which at most one user or the root user holds: whoever it is enabled for.

    `path` and `name` together are unique in the account. Steps count the 30 seconds since 1970 (`identity.totp`).
    """

    resource_type: ClassVar[str] = "mfa"

    kind: MfaKind = MfaKind.VIRTUAL
    holder: str | None = None
    """A user's id (AIDA...), the account id for the root user, or None while the device is enabled for nobody."""
    enabled: datetime | None = None
    sealed_seed: bytes = field(repr=False)
    """What a virtual device makes its codes of, or the public key of a passkey, sealed."""
    credential_id: str | None = None
    """Of a passkey: its id, in base64url. INVARIANT: it is unique in the installation."""
    sign_count: int = 0
    """How often a passkey says that it was used; many do not count, and always say 0."""
    drift: int = 0
    """By how many steps the device's clock is ahead of the server's."""
    last_step: int = 0
    """The newest step whose code was accepted. INVARIANT: it never goes back, so no code is accepted twice."""
    failures: int = 0
    """Wrong codes since the last right one."""
    failed: datetime | None = None
    """When the last wrong code was given."""

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:{_RESOURCES[self.kind]}{self.path}{self.name}"

    @property
    def serial(self) -> str:
        """SerialNumber: of these devices it is the ARN."""
        return self.arn

    @property
    def name_key(self) -> str:
        return name_key(self.path + self.name)

    def used(self, sign_count: int) -> Self:
        """The passkey once it was used."""
        return replace(self, sign_count=sign_count)

    def failing(self, now: datetime) -> Self:
        """The device once a wrong code was given."""
        return replace(self, failures=self.failures + 1, failed=now)

    def accepting(self, step: int, drift: int) -> Self:
        """The device once the code of a step was accepted, and that of none before it will be."""
        return replace(self, last_step=step, drift=drift, failures=0, failed=None)


def key_of_serial(serial: str) -> str | None:
    """Path and name of the device that a serial number may be that of; None for what is no device's ARN."""
    kind, rest = _parts(serial)
    return "/" + rest if kind is not None else None


def kind_of_serial(serial: str) -> MfaKind | None:
    """Of which kind a device of that serial number would be; None for what is no device's ARN."""
    return _parts(serial)[0]


def _parts(serial: str) -> tuple[MfaKind | None, str]:
    arn = parse_arn(serial)
    word, _, rest = arn.resource.partition("/") if arn is not None and arn.service == "iam" else ("", "", "")
    return next((kind for kind, own in _RESOURCES.items() if own == word and rest), None), rest
