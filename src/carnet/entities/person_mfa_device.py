"""MFA devices of people in an identity store of IAM Identity Center."""

from __future__ import annotations

from dataclasses import dataclass

from carnet.entities.mfa_device import MfaDevice


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonMfaDevice(MfaDevice):
    """A device of a person, who always holds it. `path` is the person's id between slashes, so names are the person's.

    INVARIANT: it is a kind of its own, so that no operation of IAM finds it.
    """

    @property
    def arn(self) -> str:
        """AWS names these devices by no ARN: it is the id."""
        return self.id
