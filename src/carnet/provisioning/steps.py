"""What can be done to come to what is wanted: AWS's operations, and what only the operator does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carnet.entities.account import Account
from carnet.provisioning.wanted import WantedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    """Call an operation of IAM, with this input, by the names of AWS's model."""

    name: str
    given: Mapping[str, Any]
    unique_id: str | None = None
    """What it creates gets this id; None for one that is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    account: Account

    @property
    def name(self) -> str:
        return "CreateAccount"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAccount:
    """Change the name or the email address of an account."""

    title: str | None
    email: str | None

    @property
    def name(self) -> str:
        return "UpdateAccount"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAccessKey:
    """Add a key whose id and secret are given, to a user or, without one, to the root user."""

    user: str | None
    key: WantedKey

    @property
    def name(self) -> str:
        return "CreateAccessKey"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetKeyStatus:
    """Make a key active or inactive."""

    key: WantedKey

    @property
    def name(self) -> str:
        return "UpdateAccessKey"


Step = Invoke | CreateAccount | UpdateAccount | AddAccessKey | SetKeyStatus
"""`name` is what a plan and the audit call it."""
