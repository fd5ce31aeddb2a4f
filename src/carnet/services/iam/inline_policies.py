"""Put, Get, Delete and List the inline policies of users, groups and roles.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from carnet.base.faults import Missing
from carnet.entities.entity import Documents, name_key
from carnet.entities.group import Group
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.policy.document import Grammar
from carnet.services.documents import parsed_before
from carnet.services.iam import sentences, shapes
from carnet.services.iam.condition_keys import present_boundary
from carnet.services.iam.documents import check_identity_policy, check_inline_sizes
from carnet.services.iam.kinds import GROUPS, ROLES, USERS, Kind
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.operation import Adds, Answer, Call, WriteCall
from carnet.services.paging import page, sort_token

H = TypeVar("H", bound=User | Group | Role)


def _change_family(
    kind: Kind[H], *, put: str, delete: str, size: Callable[[IamQuotas], int], context: tuple[Adds, ...] = ()
) -> None:
    """Register the operations of these names that change the inline policies of one kind of entity."""
    word = kind.word.lower()
    prepare = parsed_before("PolicyDocument", Grammar.IDENTITY, size)

    @iam.write(put, on=kind.to_change, context=context, prepare=prepare)
    def put_policy(call: WriteCall, given: Any, entity: H) -> Answer:
        """Add an inline policy, or replace the one of that name, in whatever case: it keeps its spelling."""
        name = _stored_name(entity.inline, given["PolicyName"])
        inline = {**entity.inline, name: given["PolicyDocument"]}
        check_inline_sizes(call, inline, size(call.quotas), holder=word, name=entity.name)
        check_identity_policy(call, given["PolicyDocument"])
        kind.save(call, entity, replace(entity, inline=inline))
        return {}

    @iam.write(delete, on=kind.to_change, context=context)
    def delete_policy(call: WriteCall, given: Any, entity: H) -> Answer:
        """Remove an inline policy."""
        gone = _existing_name(word, entity.inline, given["PolicyName"])
        inline = {name: text for name, text in entity.inline.items() if name != gone}
        kind.save(call, entity, replace(entity, inline=inline))
        return {}


def _read_family(kind: Kind[H], *, get: str, list_names: str) -> None:
    """Register the operations of these names that read the inline policies of one kind of entity."""
    word = kind.word.lower()

    @iam.read(get, on=kind.target)
    def get_policy(call: Call, given: Any, entity: H) -> Answer:
        """One inline policy, under the name that it was asked for by, as AWS tells it."""
        text = entity.inline[_existing_name(word, entity.inline, given["PolicyName"])]
        return {
            kind.member: entity.name,
            "PolicyName": given["PolicyName"],
            "PolicyDocument": shapes.document(text),
        }

    @iam.read(list_names, on=kind.target)
    def list_policies(call: Call, given: Any, entity: H) -> Answer:
        """The names of the inline policies."""
        names = sorted(entity.inline, key=sort_token)
        return page(call.paging, list_names, names, given, key=str).answer("PolicyNames", str)


def _stored_name(inline: Documents, name: str) -> str:
    """How the policy of this name is stored; the name itself if there is none.

    Case does not count, as recorded from AWS. Two that were stored when it did are told apart by it.
    """
    if name in inline:
        return name
    return next((stored for stored in inline if name_key(stored) == name_key(name)), name)


def _existing_name(word: str, inline: Documents, name: str) -> str:
    """The stored name of the policy. Raises Missing."""
    stored = _stored_name(inline, name)
    if stored not in inline:
        raise Missing(sentences.inline_policy_missing(word, name))
    return stored


_change_family(
    USERS,
    put="PutUserPolicy",
    delete="DeleteUserPolicy",
    size=lambda quotas: quotas.user_inline_size,
    context=(present_boundary,),
)
_change_family(GROUPS, put="PutGroupPolicy", delete="DeleteGroupPolicy", size=lambda quotas: quotas.group_inline_size)
_change_family(
    ROLES,
    put="PutRolePolicy",
    delete="DeleteRolePolicy",
    size=lambda quotas: quotas.role_inline_size,
    context=(present_boundary,),
)
_read_family(USERS, get="GetUserPolicy", list_names="ListUserPolicies")
_read_family(GROUPS, get="GetGroupPolicy", list_names="ListGroupPolicies")
_read_family(ROLES, get="GetRolePolicy", list_names="ListRolePolicies")
