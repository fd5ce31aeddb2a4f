"""Sessions of browsers, in which somebody has signed in: an IAM user, a root user, or a person of Identity Center."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from carnet.entities.entity import Tags
from carnet.entities.token_form import TokenForm

SESSION_TOKEN = TokenForm("carnet_bs_")
"""What the cookie of a browser holds."""
ID_BEGINS = "bs-"
"""What the ids of sessions begin with: no access key's id does."""
IDLE = timedelta(hours=1)
"""How long a browser may ask for nothing before its session is over."""
USUAL_LENGTH = timedelta(hours=12)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/console.html"""
PERSON_LENGTH = timedelta(hours=8)
"""https://docs.aws.amazon.com/singlesignon/latest/userguide/authconcept.html"""


class HolderKind(StrEnum):
    """Who signs in."""

    USER = "user"
    """An IAM user."""
    ROOT = "root"
    PERSON = "person"
    """A user of IAM Identity Center."""
    SESSION = "session"
    """A session of a role, or of a federated user, which has signed in by a URL that its credentials have made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserSession:
    """One browser in which somebody has signed in. Only the digest of its token is kept.

    INVARIANT: it is bound to unique ids, and to what it was proven with: it is over when the holder or the MFA device
    is gone, the password changed, or another identity source vouches for people.
    """

    id: str
    account: str
    """The holder's; of a person that of its Identity Center instance."""
    kind: HolderKind
    holder: str
    """A user's id (AIDA...), the account's id for the root user, the id of a person, or a session's aws:userid."""
    digest: str = field(repr=False)
    created: datetime
    expires: datetime
    password_set: datetime | None
    """When the password was set that was given; None if an identity provider vouched for the holder, or credentials."""
    provider: str | None = None
    """The issuer of that identity provider."""
    attributes: Tags = field(default_factory=dict[str, str])
    """Attributes for access control, as the identity provider has told them."""
    mfa: datetime | None = None
    """When MFA was given; None for a sign-in without."""
    mfa_device: str | None = None
    """The id of the device that it was given with."""
    address: str = ""
    """Where it was signed in from."""
    user_agent: str = ""
    claims: bytes = field(default=b"", repr=False)
    """Of a `HolderKind.SESSION`: the claims of the session, packed; they end when the browser's session does."""

    def is_good(self, used: datetime | None, now: datetime) -> bool:
        """Whether its time is not over; `used` is when it was last used, as far as that is known."""
        last = self.created if used is None else max(self.created, used)
        return now < self.expires and now - last < IDLE
