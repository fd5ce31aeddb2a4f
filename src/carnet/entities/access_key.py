"""Long-term access keys."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

_ID = re.compile(r"AKIA[A-Z0-9]{12,124}", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9/+=_.-]{16,128}", re.ASCII)

ID_RULE = "The id of an access key is AKIA and 12 to 124 capital letters and digits."
SECRET_RULE = "A secret access key has 16 to 128 letters, digits and / + = _ . -"  # noqa: S105 - a sentence


def is_access_key_id(text: str) -> bool:
    """Whether a long-term key may be given this id."""
    return _ID.fullmatch(text) is not None


def is_secret_access_key(text: str) -> bool:
    """Whether a long-term key may be given this secret."""
    return _SECRET.fullmatch(text) is not None


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
