"""Long-term access keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessKey:
    """An access key id and its secret, sealed. `owner` is a user's id (AIDA...) or, for root keys, the account id."""

    id: str
    account: str
    owner: str
    active: bool = True
    sealed_secret: bytes = field(repr=False)
    created: datetime

    @property
    def of_root(self) -> bool:
        return self.owner == self.account
