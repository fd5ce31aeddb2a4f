"""Leave to set a new password of a root user, once, which the operator of the installation gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from carnet.entities.token_form import TokenForm

RESET_TOKEN = TokenForm("carnet_rr_")


@dataclass(frozen=True, kw_only=True, slots=True)
class RootReset:
    """The leave of one account, which has one of them at most. Only the digest of its token is kept."""

    account: str
    digest: str = field(repr=False)
    remove_mfa: bool
    """Whether the root user's MFA devices go when the password is set."""
    created: datetime
    expires: datetime

    @property
    def id(self) -> str:
        return self.account

    def is_good(self, now: datetime) -> bool:
        return now < self.expires
