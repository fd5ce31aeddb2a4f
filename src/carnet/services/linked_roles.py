"""Makes service-linked roles: for IAM's CreateServiceLinkedRole, and for a service that is switched on.

https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from carnet.access.authorize import Check
from carnet.base.arns import iam_arn
from carnet.base.ids import ROLE, Ids
from carnet.catalog.managed_policies import managed_policy
from carnet.catalog.service_linked_roles import LinkedRole, linked_role
from carnet.directory.account_view import AccountView
from carnet.entities.account import Account
from carnet.entities.role import SERVICE_LINKED_PATH, Role
from carnet.services.operation import Call
from carnet.services.target import Keys


def linked_role_of(service: str) -> LinkedRole:
    """What the catalogue knows about the service-linked role of a service. Raises LookupError if the service has
    none."""
    linked = linked_role(service)
    if linked is None:
        raise LookupError(f"the catalogue has no role of {service}")
    return linked


def has_linked_role(view: AccountView, linked: LinkedRole) -> bool:
    """Whether the account has the role of a service."""
    return view.of(Role).named(linked.name) is not None


def making_linked_role(call: Call, linked: LinkedRole) -> Iterator[Check]:
    """For `also=` of an operation that makes the role of a service in the caller's account:
    iam:CreateServiceLinkedRole.

    No check if the role exists already.
    """
    if not has_linked_role(call.view, linked):
        arn = iam_arn(call.partition, call.account, f"role{linked_path(linked)}{linked.name}")
        added: Keys = {"iam:AWSServiceName": linked.service}
        yield Check(action="iam:CreateServiceLinkedRole", resource=arn, resource_account=call.account, keys=added)


def service_linked_role(
    ids: Ids, account: Account, linked: LinkedRole, *, name: str, description: str | None = None, now: datetime
) -> Role:
    """The role of a service in an account, with the policies that AWS gives it."""
    return Role(
        id=ids.unique(ROLE),
        account=account.id,
        partition=account.partition,
        path=linked_path(linked),
        name=name,
        trust=linked_trust(linked.service, "sts:AssumeRole"),
        description=description,
        attached=tuple(_policies(account.partition, linked)),
        linked_service=linked.service,
        created=now,
    )


def linked_path(linked: LinkedRole) -> str:
    """Where the role of a service is."""
    return f"{SERVICE_LINKED_PATH}{linked.service}/"


def linked_trust(service: str | list[str], action: str | list[str]) -> str:
    """The trust policy. The answer to CreateServiceLinkedRole writes it with lists, all other answers without."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _policies(partition: str, linked: LinkedRole) -> Iterator[str]:
    """The ARNs of the role's policies, as far as the catalogue has them."""
    for name in linked.policies:
        arn = f"arn:{partition}:iam::aws:policy{SERVICE_LINKED_PATH}{name}"
        if managed_policy(arn) is not None:
            yield arn
