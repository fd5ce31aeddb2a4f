"""Root passwords: an operator gives leave to set one, and whoever has the token sets it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from carnet.entities.operator_token import OperatorScope
from carnet.entities.password_policy import LONGEST_PASSWORD
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, OwnWriteCall, Told, Turn, without_token
from carnet.services.iam.new_passwords import HASHING
from carnet.services.preparing import Preparation
from carnet.services.root_passwords import HashedForRoot, give_leave, hash_root_password, set_root_password, told

LONGEST_HOURS, USUAL_HOURS = 168, 24


class Leave(Input, frozen=True, kw_only=True):
    """How the root user of an account is reset."""

    hours: Annotated[int, Meta(ge=1, le=LONGEST_HOURS)] = USUAL_HOURS
    """How long the token is good."""
    remove_mfa: bool = False


class NewRootPassword(Input, frozen=True, kw_only=True):
    """What a root password is set by."""

    token: Annotated[str, Meta(max_length=128)]
    password: Annotated[str, Meta(max_length=LONGEST_PASSWORD)]


def reset_root(call: OwnWriteCall) -> Told:
    """Make a token by which the root password of an account is set once. It is shown this once."""
    given: Leave = call.given
    new = give_leave(
        call.transaction,
        account=call.named_account,
        lifetime=timedelta(hours=given.hours),
        remove_mfa=given.remove_mfa,
    )
    return {**told(new.reset), "token": new.token}


def _hash_password(call: OwnCall, _: object) -> HashedForRoot:
    given: NewRootPassword = call.given
    passwords = call.parts.passwords
    return hash_root_password(call.snapshot, passwords, token=given.token, password=given.password, now=call.now)


def change_root_password(call: OwnWriteCall) -> Told:
    """Set a root password by a token, which is then used up."""
    given: NewRootPassword = call.given
    done = set_root_password(call.store, call.snapshot, call.prepared, token=given.token, now=call.now)
    return {"account": done.account, "mfaDevicesRemoved": done.mfa_devices_removed}


ENDPOINTS = (
    Endpoint(
        name="ResetRoot",
        method="POST",
        path="accounts/{account}/root-reset",
        scope=OperatorScope.ROOT_RESET,
        resource=None,
        body=reset_root,
        turn=Turn.IN_TRANSACTION,
        given=Leave,
        status=201,
        audited=without_token,
    ),
    Endpoint(
        name="SetRootPassword",
        method="POST",
        path="root-password",
        scope=None,
        resource=None,
        anybody=True,
        body=change_root_password,
        turn=Turn.IN_TRANSACTION,
        given=NewRootPassword,
        secret=frozenset(("token", "password")),
        prepare=Preparation(pool=HASHING, work=_hash_password),
        audited=dict,
    ),
)
