"""Groups of an identity store, and who is in them."""

from __future__ import annotations

import pytest

from tests.services.identitystore.people import NOBODY, Store
from tests.services.world import START, ServiceError


def test_a_group_is_told_as_it_was_given(shared: Store, name: str) -> None:
    group = shared.group(name, Description="who may")
    me = f"arn:aws:iam::{shared.world.account_id}:root"
    assert shared.call("DescribeGroup", GroupId=f"arn:aws:identitystore:::group/{group}") == {
        "IdentityStoreId": shared.id,
        "GroupId": group,
        "GroupArn": f"arn:aws:identitystore:::group/{group}",
        "DisplayName": name,
        "Description": "who may",
        "Revision": "1",
        "CreatedAt": START,
        "CreatedBy": me,
        "UpdatedAt": START,
        "UpdatedBy": me,
    }


def test_a_group_name_is_required_and_taken_whatever_its_case(shared: Store, name: str) -> None:
    with pytest.raises(ServiceError, match="ValidationException: displayname: The attribute displayname is required"):
        shared.call("CreateGroup")
    shared.group(name)
    with pytest.raises(ServiceError, match="ConflictException: Duplicate GroupDisplayName") as refusal:
        shared.group(name.upper())
    assert refusal.value.members == {"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}


def test_a_group_is_not_renamed_to_another_one(shared: Store, name: str) -> None:
    shared.group(name)
    other = shared.group(f"{name}-2")
    renamed = [{"AttributePath": "displayName", "AttributeValue": name.upper()}]
    with pytest.raises(ServiceError, match="ConflictException: Duplicate GroupDisplayName"):
        shared.call("UpdateGroup", GroupId=other, Operations=renamed)
    own = [{"AttributePath": "displayName", "AttributeValue": f"{name}-2".upper()}]
    assert shared.call("UpdateGroup", GroupId=other, Operations=own)["Revision"] == "2"


def test_a_group_is_changed_with_a_revision(shared: Store, name: str) -> None:
    group = shared.group(name, Description="who may")
    renamed = [
        {"AttributePath": "displayName", "AttributeValue": f"{name}-new"},
        {"AttributePath": "description"},
    ]
    changed = shared.call("UpdateGroup", GroupId=group, Operations=renamed, Revision="1")
    assert changed["Revision"] == "2"
    told = shared.call("DescribeGroup", GroupId=group)
    assert (told["DisplayName"], "Description" in told) == (f"{name}-new", False)
    with pytest.raises(ServiceError, match="ConflictException"):
        shared.call("UpdateGroup", GroupId=group, Operations=renamed, Revision="1")
    with pytest.raises(ServiceError, match="ConflictException"):
        shared.call("DeleteGroup", GroupId=group, Revision="1")


@pytest.mark.parametrize(("path", "value"), [("members", []), ("displayName", None), ("displayName", 5), ("x", "y")])
def test_what_a_group_has_not_is_refused(shared: Store, name: str, path: str, value: object) -> None:
    operation = {"AttributePath": path} | ({} if value is None else {"AttributeValue": value})
    with pytest.raises(ServiceError, match="ValidationException"):
        shared.call("UpdateGroup", GroupId=shared.group(name), Operations=[operation])


def test_a_group_is_found_by_its_name(shared: Store, name: str) -> None:
    group = shared.group(name)
    unique = {"AttributePath": "DisplayName", "AttributeValue": name.upper()}
    assert shared.call("GetGroupId", AlternateIdentifier={"UniqueAttribute": unique})["GroupId"] == group
    listed = shared.call("ListGroups", Filters=[{"AttributePath": "DisplayName", "AttributeValue": name}])
    assert [each["GroupId"] for each in listed["Groups"]] == [group]
    unique = {"AttributePath": "DisplayName", "AttributeValue": "nothing"}
    with pytest.raises(ServiceError, match=r"ResourceNotFoundException: GROUP not found\."):
        shared.call("GetGroupId", AlternateIdentifier={"UniqueAttribute": unique})


def test_a_membership_is_made_found_listed_and_removed(shared: Store, name: str) -> None:
    user, group, other = shared.user(name), shared.group(name), shared.group(f"{name}-2")
    membership = shared.member(group, user)
    me = f"arn:aws:iam::{shared.world.account_id}:root"
    told = {
        "IdentityStoreId": shared.id,
        "MembershipId": membership,
        "MembershipArn": f"arn:aws:identitystore:::membership/{membership}",
        "GroupId": group,
        "MemberId": {"UserId": user},
        "CreatedAt": START,
        "CreatedBy": me,
        "UpdatedAt": START,
        "UpdatedBy": me,
    }
    assert shared.call("DescribeGroupMembership", MembershipId=membership) == told
    found = shared.call("GetGroupMembershipId", GroupId=group, MemberId={"UserId": user})
    assert found["MembershipId"] == membership
    assert shared.call("ListGroupMemberships", GroupId=group)["GroupMemberships"] == [told]
    mine = shared.call("ListGroupMembershipsForMember", MemberId={"UserId": user})
    assert mine["GroupMemberships"] == [told]
    results = shared.call("IsMemberInGroups", MemberId={"UserId": user}, GroupIds=[group, other, NOBODY])["Results"]
    assert [each["MembershipExists"] for each in results] == [True, False, False]
    shared.call("DeleteGroupMembership", MembershipId=membership)
    assert shared.call("ListGroupMemberships", GroupId=group)["GroupMemberships"] == []


def test_a_person_is_in_a_group_once(shared: Store, name: str) -> None:
    user, group = shared.user(name), shared.group(name)
    shared.member(group, user)
    with pytest.raises(
        ServiceError, match="ConflictException: Member and Group relationship already exists"
    ) as refusal:
        shared.member(group, user)
    assert refusal.value.members == {"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}


def test_a_group_goes_and_its_members_stay(shared: Store, name: str) -> None:
    user, group = shared.user(name), shared.group(name)
    shared.member(group, user)
    shared.call("DeleteGroup", GroupId=group)
    assert shared.call("ListGroupMembershipsForMember", MemberId={"UserId": user})["GroupMemberships"] == []
    with pytest.raises(ServiceError, match=r"GROUP not found\."):
        shared.call("DeleteGroup", GroupId=group)


def test_nobody_is_in_no_group(shared: Store, name: str) -> None:
    nobody, groups = {"UserId": NOBODY}, [shared.group(name), NOBODY]
    shared.member(groups[0], shared.user(name))
    told = shared.call("IsMemberInGroups", MemberId=nobody, GroupIds=groups)["Results"]
    assert told == [{"GroupId": group, "MemberId": nobody, "MembershipExists": False} for group in groups]


def test_what_is_not_there_is_said(shared: Store, name: str) -> None:
    user, group, nobody = shared.user(name), shared.group(name), {"UserId": NOBODY}
    for operation, given, told in (
        ("CreateGroupMembership", {"GroupId": group, "MemberId": nobody}, "Member does not exist"),
        ("CreateGroupMembership", {"GroupId": NOBODY, "MemberId": {"UserId": user}}, "Group does not exist"),
        ("GetGroupMembershipId", {"GroupId": group, "MemberId": {"UserId": user}}, "GROUP_MEMBERSHIP not found."),
        ("DescribeGroupMembership", {"MembershipId": NOBODY}, "GROUP_MEMBERSHIP not found."),
        ("DeleteGroupMembership", {"MembershipId": NOBODY}, "GROUP_MEMBERSHIP not found."),
        ("ListGroupMemberships", {"GroupId": NOBODY}, "GROUP not found."),
        ("ListGroupMembershipsForMember", {"MemberId": nobody}, "USER not found."),
    ):
        with pytest.raises(ServiceError) as refusal:
            shared.call(operation, **given)
        assert (refusal.value.code, refusal.value.message) == ("ResourceNotFoundException", told)
