"""Operator tokens: what the operator of an installation gives to programs that call Carnet's own HTTP API."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from carnet.entities.token_form import TOKEN_BYTES, TokenForm

PREFIX = "carnet_ot_"
"""How every token begins. Scanners for secrets find one by `carnet_ot_[0-9a-f]{64}`."""
_FORM = TokenForm(PREFIX)
token_text, token_digest = _FORM.text, _FORM.digest
_NAME = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?", re.ASCII)

TOKEN_RULE = f"An operator token is {PREFIX} and {2 * TOKEN_BYTES} of the characters 0 to 9 and a to f."
NAME_RULE = "The name of an operator token has 1 to 64 printable ASCII characters, and no space at its ends."


class OperatorScope(StrEnum):
    """What a token may be used for, in all accounts."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    ROOT_RESET = "root:reset"
    """To let somebody set the password of any root user."""
    PEOPLE_RESET = "people:reset"
    """To let somebody set the password of any person of an identity store."""
    SCIM_WRITE = "scim:write"
    """To make and delete the tokens by which people of an identity store are provisioned."""
    AUDIT_READ = "audit:read"
    DECISIONS_READ = "decisions:read"
    STATUS_READ = "status:read"
    GATEWAY_WRITE = "gateway:write"
    """To make buckets that a store has those of an account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorToken:
    """A token, of which only the digest is kept.

    `scopes` may hold some that a later release has made: they allow nothing here.
    """

    id: str
    name: str
    digest: str = field(repr=False)
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime

    def is_good(self, now: datetime) -> bool:
        return now < self.expires


def is_token_name(text: str) -> bool:
    """Whether a token may be called that."""
    return _NAME.fullmatch(text) is not None
