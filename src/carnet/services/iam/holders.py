"""Whom a request is about that may leave out the user: the caller, then."""

from __future__ import annotations

from typing import Any

from carnet.entities.account import Account
from carnet.entities.user import User
from carnet.services.iam.calling_user import calling_user
from carnet.services.iam.kinds import USERS
from carnet.services.operation import Call


def holder(call: Call, given: Any) -> User | Account:
    """The user called UserName; without one the caller, where the account stands for its root user.

    Raises Missing for a user that does not exist, Invalid for a session, which has no user.
    """
    return USERS.existing(call, given) if "UserName" in given else calling_user(call)
