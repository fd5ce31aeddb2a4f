"""What somebody has let a client do in their name: the sessions behind access tokens and refresh tokens.

https://docs.aws.amazon.com/singlesignon/latest/userguide/authconcept.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from carnet.entities.entity import Tags

REGISTERED_FOR = timedelta(days=90)
"""How long a client's registration is good."""
PORTAL_SESSION = timedelta(hours=8)
"""How long a person stays signed in to the access portal, if nothing else is configured."""
LONGEST_SESSION = timedelta(days=7)
"""The longest that can be configured."""
SIGN_IN_SESSION = timedelta(hours=12)
"""How long `aws login` lasts."""
GRACE = timedelta(seconds=60)
"""How long a refresh token that was used still gives its successor: processes that share one send it at once."""
LONGEST_CODE = timedelta(minutes=5)
"""How long the code of a session is good at most."""
MOST_EXCHANGES = 10
"""How many token exchanges may lie between a session and the sign-in that it goes back to: each of them is looked at
whenever a token of it is used. AWS names no figure."""
_PROOFS_KEPT = 32


class Grantor(StrEnum):
    """Who lets clients act."""

    PERSON = "person"
    """A user of IAM Identity Center, through sso-oidc."""
    PRINCIPAL = "principal"
    """A principal of an account, through `aws login`."""


class RefreshUse(StrEnum):
    """What it means that a refresh token is used."""

    NEXT = "next"
    """The newest one: its successor is made."""
    AGAIN = "again"
    """The one before, by who did not see its successor: that is given once more."""
    STOLEN = "stolen"
    """An older one, or the one before after `GRACE`: somebody has it who should not, so the session ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuthSession:
    """One consent of one person or principal to one client, and how far its refresh tokens have come.

    INVARIANT: tokens say which session and which generation they are of. A session that is revoked is kept until it
    would have ended, so that its code makes no other one.
    """

    id: str
    account: str
    """The holder's; of a person that of its Identity Center instance."""
    kind: Grantor
    holder: str
    """The id of a person, or the unique id of a principal (AIDA..., AROA..., the account's of the root user)."""
    instance: str = ""
    """The ARN of the Identity Center instance; empty for a principal."""
    client: str
    """What the client's registration, or AWS, calls it."""
    client_name: str
    scopes: tuple[str, ...] = ()
    grant: str
    """What it was made with: the digest of the code, or by token exchange what `exchange_of` gives.

    INVARIANT: unique, so that a code makes one session.
    """
    created: datetime
    expires: datetime
    generation: int = 0
    """The number of the newest refresh token."""
    rotated: datetime
    """When that was made."""
    revoked: bool = False
    sign_in: str = ""
    """The id of the browser's session in which it was consented to."""
    key: str = ""
    """The thumbprint of the key that the client must prove to hold; empty if it need not."""
    proofs: tuple[str, ...] = ()
    """The digests of the newest proofs of that key, each of which is taken once."""
    attributes: Tags = field(default_factory=dict[str, str])
    """Of a person: those of the browser's session, which may be over sooner."""
    claims: bytes = field(default=b"", repr=False)
    """Of a principal: who it is, packed as the claims of a session."""

    @property
    def exchanged_for(self) -> tuple[str, str] | None:
        """The account and the id of the session whose token was exchanged for this one; None if none was."""
        account, slash, rest = self.grant.partition("/")
        return (account, rest.partition("/")[0]) if slash else None

    @property
    def counted_with(self) -> str:
        """What the holder's sessions are counted by: an application's ARN; empty for clients that register themselves.

        Anybody registers as many of those as they like.
        """
        return self.client if self.client.startswith("arn:") else ""

    def exchange_of(self, unique: str) -> str:
        """The `grant` of a session that a token of this one is exchanged for."""
        return f"{self.account}/{self.id}/{unique}"

    def is_good(self, now: datetime) -> bool:
        return not self.revoked and now < self.expires

    def use_of(self, generation: int, now: datetime) -> RefreshUse:
        """What it means that a refresh token of a generation is used."""
        if generation == self.generation:
            return RefreshUse.NEXT
        if generation == self.generation - 1 and now - self.rotated <= GRACE:
            return RefreshUse.AGAIN
        return RefreshUse.STOLEN

    def rotating(self, now: datetime) -> OAuthSession:
        """The same, with a refresh token more."""
        return replace(self, generation=self.generation + 1, rotated=now)

    def proven(self, proof: str) -> OAuthSession:
        """The same, once a proof was taken."""
        return replace(self, proofs=(*self.proofs, proof)[-_PROOFS_KEPT:])
