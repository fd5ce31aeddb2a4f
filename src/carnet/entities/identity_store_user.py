"""People: the users of an identity store.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_User.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from carnet.base.folding import folded

Attributes = Mapping[str, Any]
"""Members of the model's User, as requests give them and answers tell them: `DisplayName`, `Name`, `Emails` ..."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityStoreUser:
    """One person."""

    id: str
    """The digits of the identity store, a hyphen, and a UUID."""
    account: str
    """The account that owns the instance."""
    identity_store: str
    user_name: str
    attributes: Attributes = field(default_factory=dict[str, Any])
    """All that the person is said to be besides the user name. INVARIANT: never changed in place."""
    external_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    """Issuer to the person's id there."""
    enabled: bool = True
    """Who is not signs in nowhere, and sessions that began before are worth nothing."""
    revision: int = 1
    """How often the person was saved."""
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str

    @property
    def name_key(self) -> str:
        """The user name as uniqueness sees it."""
        return folded(self.user_name)

    @property
    def email(self) -> str | None:
        """The email address, of which there is one at most."""
        return next((one.get("Value") for one in self.attributes.get("Emails", ())), None)

    @property
    def email_key(self) -> str | None:
        """The email address as uniqueness sees it."""
        email = self.email
        return None if email is None else folded(email)

    @property
    def external_keys(self) -> Iterator[str]:
        """What the person is found by in the directories of others."""
        return (external_key(issuer, key) for issuer, key in self.external_ids.items())


def external_key(issuer: str, key: str) -> str:
    """An issuer and an id there, as one text. Neither has blanks."""
    return f"{issuer} {key}"
