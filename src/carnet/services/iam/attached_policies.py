"""Attach and detach managed policies of users, groups and roles, and list what is attached.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from carnet.base.arns import parse_arn
from carnet.base.faults import Missing, TooMany
from carnet.entities.entity import name_key
from carnet.entities.group import Group
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam import sentences, shapes
from carnet.services.iam.attachable import attachable_policy
from carnet.services.iam.condition_keys import policy_arn, present_boundary
from carnet.services.iam.kinds import GROUPS, ROLES, USERS, Kind
from carnet.services.iam.policy_arns import parse_policy_arn
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.operation import Adds, Answer, Call, WriteCall
from carnet.services.paging import page, sort_token

H = TypeVar("H", bound=User | Group | Role)


def _change_family(
    kind: Kind[H], *, attach: str, detach: str, most: Callable[[IamQuotas], int], context: tuple[Adds, ...] = ()
) -> None:
    """Register the operations of these names that change what is attached to one kind of entity."""

    @iam.write(attach, on=kind.to_change, context=(policy_arn, *context))
    def attach_policy(call: WriteCall, given: Any, entity: H) -> Answer:
        """Attach a managed policy; nothing changes if it is attached already."""
        arn = attachable_policy(call, given["PolicyArn"], holder=kind.word).arn
        if arn not in entity.attached:
            _check_room(entity, kind.word, most(call.quotas))
            kind.save(call, entity, replace(entity, attached=(*entity.attached, arn)))
        return {}

    @iam.write(detach, on=kind.to_change, context=(policy_arn, *context))
    def detach_policy(call: WriteCall, given: Any, entity: H) -> Answer:
        """Detach a managed policy."""
        arn = given["PolicyArn"]
        parse_policy_arn(arn)
        if arn not in entity.attached:
            raise Missing(sentences.policy_missing(arn))
        kind.save(call, entity, replace(entity, attached=tuple(each for each in entity.attached if each != arn)))
        return {}


def _check_room(entity: User | Group | Role, word: str, most: int) -> None:
    if len(entity.attached) >= most:
        raise TooMany(sentences.quota(f"PoliciesPer{word}", most))


def _list_family(kind: Kind[H], list_attached: str) -> None:
    """Register the operation of this name that lists what is attached to one kind of entity."""

    @iam.read(list_attached, on=kind.target)
    def list_attached_policies(call: Call, given: Any, entity: H) -> Answer:
        """The attached managed policies below PathPrefix, by name."""
        prefix = given.get("PathPrefix", "/")
        arns = [arn for arn in entity.attached if _path(arn).startswith(prefix)]
        arns.sort(key=lambda arn: sort_token(_order(arn)))
        return page(call.paging, list_attached, arns, given, key=_order).answer(
            "AttachedPolicies", shapes.attached_policy
        )


def _order(arn: str) -> str:
    """The sort key: the name, then the ARN, as a policy of AWS and one of the account may have the same name. No name
    contains a space."""
    return f"{name_key(arn.rpartition('/')[2])} {arn}"


def _path(policy: str) -> str:
    """The path in a policy's ARN, as `/division/`."""
    arn = parse_arn(policy)
    return arn.resource.removeprefix("policy").rpartition("/")[0] + "/" if arn is not None else "/"


_change_family(
    USERS,
    attach="AttachUserPolicy",
    detach="DetachUserPolicy",
    most=lambda quotas: quotas.policies_per_user,
    context=(present_boundary,),
)
_change_family(
    GROUPS, attach="AttachGroupPolicy", detach="DetachGroupPolicy", most=lambda quotas: quotas.policies_per_group
)
_change_family(
    ROLES,
    attach="AttachRolePolicy",
    detach="DetachRolePolicy",
    most=lambda quotas: quotas.policies_per_role,
    context=(present_boundary,),
)
_list_family(USERS, "ListAttachedUserPolicies")
_list_family(GROUPS, "ListAttachedGroupPolicies")
_list_family(ROLES, "ListAttachedRolePolicies")
