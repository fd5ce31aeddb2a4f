"""Where an entity belongs: to an account, to an organization, or to the installation."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from carnet.base.arns import ACCOUNT_ID

_ORGANIZATION_ID = re.compile(r"o-[a-z0-9]{10,32}")
"""https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html"""


class ScopeKind(StrEnum):
    INSTALLATION = "installation"
    ORGANIZATION = "organization"
    ACCOUNT = "account"


class Scope(NamedTuple):
    """An account or an organization by its id, or the installation, whose id is empty."""

    kind: ScopeKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}".rstrip()

    @classmethod
    def of_id(cls, text: str) -> Scope:
        """The scope of that id: AWS's ids tell what they are of.

        What is neither an account's nor an organization's is the installation's. So a scope of a kind that this
        release does not know is never smaller than it is: holding it back holds everything back.
        """
        if ACCOUNT_ID.fullmatch(text):
            return cls(ScopeKind.ACCOUNT, text)
        if _ORGANIZATION_ID.fullmatch(text):
            return cls(ScopeKind.ORGANIZATION, text)
        return INSTALLATION


INSTALLATION = Scope(ScopeKind.INSTALLATION, "")


def account_scope(account: str) -> Scope:
    return Scope(ScopeKind.ACCOUNT, account)
