"""Memberships of people in groups.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GroupMembership.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnet.base.faults import Fault
from carnet.directory.identity_center import memberships_in_group, memberships_of_user
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership, membership_pair
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.services.identitystore import sentences, shapes, targets
from carnet.services.identitystore.service import read, write
from carnet.services.identitystore.targets import StoreView, administrator, anywhere, arn_of, plain_id, primary_region
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.target import AnyTarget, Target

_KEYS = (primary_region,)


def _pair(call: Call, given: Any) -> Target[StoreView, IdentityStoreGroup, IdentityStoreUser]:
    """The group and the person in a request."""
    return targets.in_store(call, given, administrator, lambda store: _find_pair(store, given))


def _find_pair(store: StoreView, given: Any) -> tuple[StoreView, IdentityStoreGroup, IdentityStoreUser] | Fault:
    user = targets.find(store, IdentityStoreUser, given["MemberId"]["UserId"])
    if user is None:
        return sentences.missing(sentences.USER, sentences.NO_MEMBER)
    group = targets.find(store, IdentityStoreGroup, given["GroupId"])
    if group is None:
        return sentences.missing(sentences.GROUP, sentences.NO_GROUP)
    return store, group, user


def _pair_arns(given: Any, target: AnyTarget) -> Iterator[str]:
    yield arn_of(target, IdentityStoreGroup, plain_id(given["GroupId"]))
    yield from _member_arn(given, target)


def _member_arn(given: Any, target: AnyTarget) -> Iterator[str]:
    yield arn_of(target, IdentityStoreUser, plain_id(given["MemberId"]["UserId"]))


def _membership_arns(given: Any, target: AnyTarget) -> Iterator[str]:
    """The ARNs of the membership, its group and its person, if there is one."""
    found = () if isinstance(target.found, Fault) else target.found
    membership = next((each for each in found if isinstance(each, IdentityStoreMembership)), None)
    named = plain_id(given["MembershipId"]) if "MembershipId" in given else "*"
    yield arn_of(target, IdentityStoreMembership, membership.id if membership is not None else named)
    if membership is not None:
        yield arn_of(target, IdentityStoreGroup, membership.group)
        yield arn_of(target, IdentityStoreUser, membership.member)


def _membership_of_pair(call: Call, given: Any) -> Target[StoreView, IdentityStoreMembership]:
    return targets.in_store(call, given, anywhere, lambda store: _find_membership(store, given))


def _find_membership(store: StoreView, given: Any) -> tuple[StoreView, IdentityStoreMembership] | Fault:
    pair = membership_pair(plain_id(given["GroupId"]), plain_id(given["MemberId"]["UserId"]))
    membership = store.owner.of(IdentityStoreMembership).named(pair)
    return sentences.missing(sentences.MEMBERSHIP) if membership is None else (store, membership)


@write("CreateGroupMembership", on=_pair, acts_on=_pair_arns, context=_KEYS)
def create_group_membership(
    call: WriteCall,
    given: Mapping[str, Any],
    store: StoreView,
    group: IdentityStoreGroup,
    user: IdentityStoreUser,
) -> Answer:
    """Add a person to a group."""
    return shapes.membership_named(store, targets.change(call, store).add_member(group, user))


@read(
    "DescribeGroupMembership",
    on=targets.member(anywhere, IdentityStoreMembership, "MembershipId"),
    acts_on=_membership_arns,
    context=_KEYS,
)
def describe_group_membership(
    call: Call,
    given: Mapping[str, Any],
    store: StoreView,
    membership: IdentityStoreMembership,
) -> Answer:
    """A membership."""
    return shapes.membership(store, membership)


@write(
    "DeleteGroupMembership",
    on=targets.member(administrator, IdentityStoreMembership, "MembershipId"),
    acts_on=_membership_arns,
    context=_KEYS,
)
def delete_group_membership(
    call: WriteCall,
    given: Mapping[str, Any],
    store: StoreView,
    membership: IdentityStoreMembership,
) -> Answer:
    """Remove a person from a group."""
    call.store.remove(membership)
    return {}


@read(
    "GetGroupMembershipId",
    on=_membership_of_pair,
    acts_on=_membership_arns,
    context=_KEYS,
)
def get_group_membership_id(
    call: Call,
    given: Mapping[str, Any],
    store: StoreView,
    membership: IdentityStoreMembership,
) -> Answer:
    """The membership of a person in a group."""
    return shapes.membership_named(store, membership)


def _list_arns(given: Any, target: AnyTarget) -> Iterator[str]:
    yield arn_of(target, IdentityStoreGroup, plain_id(given["GroupId"]))
    yield arn_of(target, IdentityStoreMembership, "*")


@read(
    "ListGroupMemberships",
    on=targets.member(anywhere, IdentityStoreGroup, "GroupId"),
    acts_on=_list_arns,
    context=_KEYS,
)
def list_group_memberships(call: Call, given: Mapping[str, Any], store: StoreView, group: IdentityStoreGroup) -> Answer:
    """The members of a group, by the id of the membership."""
    memberships = memberships_in_group(store.owner, group.id)
    found = page(call.paging, "ListGroupMemberships", memberships, given, key=lambda each: each.id)
    return found.answer("GroupMemberships", lambda each: shapes.membership(store, each))


def _member(call: Call, given: Any) -> Target[StoreView, IdentityStoreUser]:
    return targets.in_store(call, given, anywhere, lambda store: _find_member(store, given))


def _find_member(store: StoreView, given: Any) -> tuple[StoreView, IdentityStoreUser] | Fault:
    user = targets.find(store, IdentityStoreUser, given["MemberId"]["UserId"])
    return sentences.missing(sentences.USER) if user is None else (store, user)


def _lists_of_member(given: Any, target: AnyTarget) -> Iterator[str]:
    yield from _member_arn(given, target)
    yield arn_of(target, IdentityStoreMembership, "*")


@read(
    "ListGroupMembershipsForMember",
    on=_member,
    acts_on=_lists_of_member,
    context=_KEYS,
)
def list_group_memberships_for_member(
    call: Call, given: Mapping[str, Any], store: StoreView, user: IdentityStoreUser
) -> Answer:
    """The groups of a person, by the id of the membership."""
    memberships = memberships_of_user(store.owner, user.id)
    found = page(call.paging, "ListGroupMembershipsForMember", memberships, given, key=lambda each: each.id)
    return found.answer("GroupMemberships", lambda each: shapes.membership(store, each))


def _every_group_asked(given: Any, target: AnyTarget) -> Iterator[str]:
    yield from _lists_of_member(given, target)
    for group in dict.fromkeys(map(plain_id, given["GroupIds"])):
        yield arn_of(target, IdentityStoreGroup, group)


@read("IsMemberInGroups", on=targets.identity_store(anywhere), acts_on=_every_group_asked, context=_KEYS)
def is_member_in_groups(call: Call, given: Mapping[str, Any], store: StoreView) -> Answer:
    """For each of the groups, whether a person is a member. A person or a group that does not exist is no error."""
    memberships, member = store.owner.of(IdentityStoreMembership), plain_id(given["MemberId"]["UserId"])

    def result(group: str) -> dict[str, object]:
        exists = memberships.named(membership_pair(plain_id(group), member)) is not None
        return {"GroupId": group, "MemberId": {"UserId": member}, "MembershipExists": exists}

    return {"Results": list(map(result, given["GroupIds"]))}
