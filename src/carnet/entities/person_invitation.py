"""Leave to set a person's password, once: what a link says that somebody is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from carnet.entities.token_form import TokenForm

INVITATION_TOKEN = TokenForm("carnet_pi_")


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonInvitation:
    """The leave of one person, by whose id it is found: a new one takes the place of the one before. Only the digest of
    its token is kept."""

    id: str
    account: str
    """That of the Identity Center instance."""
    digest: str = field(repr=False)
    remove_mfa: bool
    """Whether the person's MFA devices go when the password is set."""
    created: datetime
    expires: datetime

    def is_good(self, now: datetime) -> bool:
        return now < self.expires
