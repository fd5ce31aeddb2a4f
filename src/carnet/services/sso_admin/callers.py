"""The accounts from which an instance may be administered; an allow in a policy is not enough.

https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import instance_called, is_administrator, visible_instances
from carnet.entities.identity_center_instance import Instance
from carnet.services.operation import Call
from carnet.services.sso_admin import sentences


class Held(NamedTuple):
    """An instance that the caller can access."""

    instance: Instance
    view: AccountView
    """The view of the account that owns the instance, with all that the instance holds."""
    delegated: bool
    """Whether the caller's account is a delegated administrator, which has no say over the management account."""


Whence: TypeAlias = Callable[[Call, Instance], bool]
"""Whether the caller's account reaches an instance."""


def administrator(call: Call, instance: Instance) -> bool:
    """The owner of the instance; for an organization's instance, also its delegated administrator for IAM Identity
    Center."""
    return is_administrator(call.snapshot, instance, call.account)


def whoever_sees_it(call: Call, instance: Instance) -> bool:
    """As `administrator`, and every account of the organization."""
    return any(each.id == instance.id for each in visible_instances(call.snapshot, call.account))


def held(call: Call, arn: str, whence: Whence) -> Held | None:
    """The instance of that ARN; None if the caller's account does not reach it, or there is none.

    Raises Unavailable if the organization of the caller's account cannot be read.
    """
    instance = instance_called(call.snapshot, arn.rpartition("/")[2])
    if instance is None or instance.arn != arn or not whence(call, instance):
        return None
    return held_by(call, instance)


def held_by(call: Call, instance: Instance) -> Held:
    """An instance that the caller's account can access."""
    return Held(instance, call.snapshot.accounts[instance.account], instance.account != call.account)


def check_administers(held_: Held, account: str) -> None:
    """Raise Denied if a delegated administrator changes who has access to the management account."""
    if held_.delegated and account == held_.instance.account:
        raise sentences.not_in_management()
