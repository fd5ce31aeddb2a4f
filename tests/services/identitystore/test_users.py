"""People of an identity store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carnet import models
from carnet.audit.redaction import HIDDEN, shown
from carnet.entities.person_password import PersonPassword
from carnet.services.identitystore.service import identitystore
from tests.services.iam.expect import set_quotas
from tests.services.identitystore.people import NOBODY, Store, a_store
from tests.services.organizations.estate import an_estate
from tests.services.world import START, ServiceError, World

ALL: dict[str, Any] = {
    "NickName": "al",
    "ProfileUrl": "https://example.com/al",
    "Emails": [{"Value": "Al@Example.com", "Type": "work", "Primary": True}],
    "Addresses": [{"StreetAddress": "1 Road", "Country": "Ö", "Primary": True}],
    "PhoneNumbers": [{"Value": "+1 555"}],
    "UserType": "Human",
    "Title": "Dr.",
    "PreferredLanguage": "de",
    "Locale": "de-AT",
    "Timezone": "Europe/Vienna",
    "Photos": [{"Value": "https://example.com/al.png", "Display": "al"}],
    "Website": "https://al.example.com",
    "Birthdate": "1990-01-01",
    "Roles": [{"Value": "admin"}],
}
ENTERPRISE = "aws:identitystore:enterprise"


def refused(store: Store, operation: str, /, **given: object) -> ServiceError:
    with pytest.raises(ServiceError) as refusal:
        store.call(operation, **given)
    return refusal.value


def test_a_user_is_told_as_it_was_given(shared: Store, name: str) -> None:
    user = shared.user(name, **ALL)
    assert user.startswith(f"{shared.id.removeprefix('d-')}-")
    me = f"arn:aws:iam::{shared.world.account_id}:root"
    assert shared.described(user) == {
        **ALL,
        "IdentityStoreId": shared.id,
        "UserId": user,
        "UserArn": f"arn:aws:identitystore:::user/{user}",
        "UserName": name,
        "DisplayName": name,
        "Name": {"GivenName": name, "FamilyName": "Doe"},
        "UserStatus": "ENABLED",
        "Revision": "1",
        "CreatedAt": START,
        "CreatedBy": me,
        "UpdatedAt": START,
        "UpdatedBy": me,
    }


def test_ids_may_be_arns(shared: Store, name: str) -> None:
    user = shared.user(name)
    arn = f"arn:aws:identitystore:::user/{user}"
    assert shared.described(arn, IdentityStoreId=shared.instance.identity_store_arn)["UserId"] == user
    wrong = refused(shared, "DescribeUser", UserId=f"arn:aws:identitystore:::group/{user}")
    assert wrong.code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("lacking", "told"),
    [
        ({"UserName": None}, "username: The attribute username is required"),
        ({"DisplayName": None}, "displayname: The attribute displayname is required"),
        (
            {"DisplayName": None, "Name": None},
            "displayname: The attribute displayname is required, name: The attribute name is required",
        ),
        ({"Name": {"GivenName": "x"}}, "familyname: The attribute familyname is required"),
        ({"Name": {"FamilyName": "x"}}, "givenname: The attribute givenname is required"),
    ],
)
def test_what_everybody_has_is_required(shared: Store, name: str, lacking: Mapping[str, Any], told: str) -> None:
    whole = {"UserName": name, "DisplayName": name, "Name": {"GivenName": "x", "FamilyName": "y"}, **lacking}
    refusal = refused(shared, "CreateUser", **{member: value for member, value in whole.items() if value is not None})
    assert (refusal.code, refusal.message) == ("ValidationException", told)


def test_a_user_name_is_taken_whatever_its_case(shared: Store, name: str) -> None:
    shared.user(name)
    with pytest.raises(ServiceError, match="ConflictException: Duplicate UserName") as refusal:
        shared.user(name.upper())
    assert refusal.value.members == {"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}
    second = shared.user(f"{name}-2")
    with pytest.raises(ServiceError, match="Duplicate UserName"):
        shared.update(second, "userName", name.upper())
    assert shared.update(second, "userName", f"{name}-2".upper())["Revision"] == "2"


def test_an_email_address_is_one_person_s(shared: Store, name: str) -> None:
    first = shared.user(name, Emails=[{"Value": f"{name}@example.com"}])
    shared.update(first, "title", "Dr.")
    with pytest.raises(ServiceError, match="ConflictException: Duplicate Emails"):
        shared.user(f"{name}-2", Emails=[{"Value": f"{name}@EXAMPLE.com"}])
    second = shared.user(f"{name}-2")
    with pytest.raises(ServiceError, match="ConflictException: Duplicate Emails"):
        shared.update(second, "emails", [{"value": f"{name}@EXAMPLE.com"}])
    assert "Emails" not in shared.described(second)


def test_a_user_is_found_by_name_and_email_in_whatever_case(shared: Store, name: str) -> None:
    user = shared.user(name, Emails=[{"Value": f"{name}@example.com"}])
    for path, value in (("UserName", name.upper()), ("userName", name), ("emails.value", f"{name}@Example.com")):
        found = shared.call(
            "GetUserId", AlternateIdentifier={"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}
        )
        assert found == {
            "IdentityStoreId": shared.id,
            "UserId": user,
            "UserArn": f"arn:aws:identitystore:::user/{user}",
        }


@pytest.mark.parametrize(
    ("identifier", "code", "told"),
    [
        (
            {"UniqueAttribute": {"AttributePath": "title", "AttributeValue": "x"}},
            "ValidationException",
            "The attribute title is not a unique attribute",
        ),
        (
            {"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": {"a": 1}}},
            "ValidationException",
            "attribute value cannot be empty or null for attribute path userName",
        ),
        (
            {"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": "nobody"}},
            "ResourceNotFoundException",
            "USER not found.",
        ),
        ({"ExternalId": {"Issuer": "i", "Id": "x"}}, "ResourceNotFoundException", "USER not found."),
    ],
)
def test_who_is_not_found_is_said(shared: Store, identifier: object, code: str, told: str) -> None:
    refusal = refused(shared, "GetUserId", AlternateIdentifier=identifier)
    assert (refusal.code, refusal.message) == (code, told)
    if code == "ResourceNotFoundException":
        assert refusal.members == {"ResourceType": "USER"}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("displayName", "New", {"DisplayName": "New"}),
        ("DisplayName", "New", {"DisplayName": "New"}),
        ("title", None, {"Title": None}),
        ("name.middleName", "M", {"Name": {"GivenName": "x", "FamilyName": "Doe", "MiddleName": "M"}}),
        ("name", {"givenName": "A", "familyName": "B"}, {"Name": {"GivenName": "A", "FamilyName": "B"}}),
        (
            "emails",
            [{"value": "n@example.com", "primary": True}],
            {"Emails": [{"Value": "n@example.com", "Primary": True}]},
        ),
        ("emails", [{"Value": "n@example.com"}], {"Emails": [{"Value": "n@example.com"}]}),
        ("emails", None, {"Emails": None}),
        ("addresses", [{"streetAddress": "2 Road"}], {"Addresses": [{"StreetAddress": "2 Road"}]}),
        ("photos", [{"value": "a"}, {"value": "b"}], {"Photos": [{"Value": "a"}, {"Value": "b"}]}),
    ],
)
def test_an_attribute_is_set_and_taken_away(
    store: Store, path: str, value: object, expected: Mapping[str, Any]
) -> None:
    user = store.user("x", **ALL)
    store.world.clock.advance(60)
    assert store.update(user, path, value)["Revision"] == "2"
    told = store.described(user)
    assert {each: told.get(each) for each in expected} == expected
    assert told["UpdatedAt"] > told["CreatedAt"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("nothing", "x"),
        ("name.nothing", "x"),
        ("title.more", "x"),
        ("externalIds", []),
        ("userStatus", "DISABLED"),
        ("displayName", 1),
        ("displayName", ""),
        ("displayName", "x" * 1025),
        ("displayName", "a\x00b"),
        ("displayName", {"a": "b"}),
        ("displayName", None),
        ("name.givenName", None),
        ("name", {"givenName": "x"}),
        ("userName", "a b"),
        ("userName", "x" * 129),
        ("userName", None),
        ("emails", []),
        ("emails", "n@example.com"),
        ("emails", [{"value": "a"}, {"value": "b"}]),
        ("emails", [{"nothing": "a"}]),
        ("emails", [{"value": "a", "primary": "yes"}]),
        ("emails", ["a"]),
        (f"{ENTERPRISE}.department.name", None),
        (f"{ENTERPRISE}.nothing", "x"),
        (f"{ENTERPRISE}.manager.nothing", "x"),
        (ENTERPRISE, {"department": 1}),
        ("aws:identitystore:other", {"department": "x"}),
    ],
)
def test_what_an_attribute_cannot_hold_is_refused_and_changes_nothing(
    shared: Store, name: str, path: str, value: object
) -> None:
    user = shared.user(name)
    before = shared.described(user)
    with pytest.raises(ServiceError, match="ValidationException"):
        shared.call(
            "UpdateUser",
            UserId=user,
            Operations=[
                {"AttributePath": "title", "AttributeValue": "Dr."},
                {"AttributePath": path} | ({} if value is None else {"AttributeValue": value}),
            ],
        )
    assert shared.described(user) == before


def test_the_longest_texts_are_taken(shared: Store, name: str) -> None:
    user = shared.user(name)
    shared.update(user, "displayName", "x" * 1024)
    shared.update(user, "userName", name.ljust(128, "x"))


def test_the_enterprise_extension_is_told_to_who_asks_for_it(shared: Store, name: str) -> None:
    user = shared.user(name, Extensions={ENTERPRISE: {"department": "red", "manager": {"value": "boss"}}})
    assert "Extensions" not in shared.described(user)
    shared.update(user, f"{ENTERPRISE}.costCenter", "42")
    shared.update(user, f"{ENTERPRISE}.manager.displayName", "The Boss")
    shared.update(user, f"{ENTERPRISE}.department")
    asked = shared.described(user, Extensions=[ENTERPRISE])["Extensions"]
    assert asked == {ENTERPRISE: {"costCenter": "42", "manager": {"value": "boss", "displayName": "The Boss"}}}
    shared.update(user, ENTERPRISE)
    assert "Extensions" not in shared.described(user, Extensions=[ENTERPRISE])
    with pytest.raises(ServiceError, match="ValidationException"):
        shared.user(f"{name}-2", Extensions={"aws:identitystore:other": {}})


def test_a_revision_that_is_not_the_newest_is_a_conflict(shared: Store, name: str) -> None:
    user = shared.user(name)
    assert shared.update(user, "title", "a", Revision="1")["Revision"] == "2"
    with pytest.raises(ServiceError, match="ConflictException") as refusal:
        shared.update(user, "title", "b", Revision="1")
    assert refusal.value.members == {"Reason": "CONCURRENT_MODIFICATION"}
    with pytest.raises(ServiceError, match="ConflictException"):
        shared.call("DeleteUser", UserId=user, Revision="1")
    assert shared.call("DeleteUser", UserId=user, Revision="2") == {}


def test_a_deleted_user_leaves_its_groups_and_its_name_to_somebody_else(shared: Store, name: str) -> None:
    user, group = shared.user(name), shared.group(name)
    shared.member(group, user)
    shared.call("DeleteUser", UserId=user)
    assert shared.call("ListGroupMemberships", GroupId=group)["GroupMemberships"] == []
    assert refused(shared, "DescribeUser", UserId=user).message == "User not found"
    again = shared.user(name)
    assert again != user
    listed = shared.call("ListGroupMembershipsForMember", MemberId={"UserId": again})
    assert listed["GroupMemberships"] == []


def test_what_is_said_of_a_person_alone_goes_with_it(store: Store) -> None:
    user, other = store.user("leaving"), store.user("staying")
    installation, now = store.world.installation, store.world.clock()
    with installation.store.write() as unit:
        for each in (user, other):
            unit.add(
                PersonPassword(id=each, account=store.world.account_id, sealed_hashes=b"", created=now, changed=now)
            )
    installation.directory.catch_up()
    store.call("DeleteUser", UserId=user)
    left = store.world.snapshot.accounts[store.world.account_id].of(PersonPassword)
    assert [each.id for each in left] == [other]


@pytest.mark.parametrize("operation", ["DescribeUser", "UpdateUser", "DeleteUser"])
def test_nobody_is_not_found(shared: Store, operation: str) -> None:
    operations = {"Operations": [{"AttributePath": "title", "AttributeValue": "x"}]}
    refusal = refused(shared, operation, UserId=NOBODY, **(operations if operation == "UpdateUser" else {}))
    told = "User not found" if operation == "DescribeUser" else "USER not found."
    assert (refusal.code, refusal.message) == ("ResourceNotFoundException", told)
    assert refusal.members == {"ResourceType": "USER"}


def test_users_are_listed_page_by_page_and_by_name(store: Store) -> None:
    users = sorted(store.user(f"user{number}") for number in range(5))
    first = store.call("ListUsers", MaxResults=3)
    rest = store.call("ListUsers", MaxResults=3, NextToken=first["NextToken"])
    assert [each["UserId"] for each in (*first["Users"], *rest["Users"])] == users
    assert "NextToken" not in rest
    filtered = store.call("ListUsers", Filters=[{"AttributePath": "UserName", "AttributeValue": "user3"}])
    assert [each["UserName"] for each in filtered["Users"]] == ["user3"]
    nobody = store.call("ListUsers", Filters=[{"AttributePath": "UserName", "AttributeValue": "user9"}])
    assert nobody["Users"] == []
    wrong = refused(store, "ListUsers", Filters=[{"AttributePath": "Title", "AttributeValue": "x"}])
    assert wrong.code == "ValidationException"


def test_a_store_holds_so_many_users_and_groups(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CreateUser", "CreateGroup"):
        set_quotas(monkeypatch, name, identitystore, identity_store_users=1, identity_store_groups=1)
    store.user("one")
    store.group("one")
    with pytest.raises(ServiceError, match=r"ServiceQuotaExceededException: .* 1 users at most"):
        store.user("two")
    with pytest.raises(ServiceError, match=r"ServiceQuotaExceededException: .* 1 groups at most"):
        store.group("two")


def test_a_delegated_administrator_has_the_quotas_of_the_account_that_owns_the_store(world: World) -> None:
    estate = an_estate(world)
    store, member = a_store(world), estate.member()
    account, service = estate.account_of(member), "sso.amazonaws.com"
    estate.call("RegisterDelegatedAdministrator", AccountId=account, ServicePrincipal=service)
    estate.limit(identity_store_groups=1)
    store.call_as(member, "CreateGroup", DisplayName="one")
    with pytest.raises(ServiceError, match=r"ServiceQuotaExceededException: .* 1 groups at most"):
        store.call_as(member, "CreateGroup", DisplayName="two")


def test_the_audit_log_does_not_say_what_people_are(shared: Store) -> None:
    operation = models.operation("identitystore", "UpdateUser")
    given = {"UserId": NOBODY, "Operations": [{"AttributePath": "title", "AttributeValue": {"secret": "Dr."}}]}
    parameters, _ = shown(operation, given)
    assert parameters["operations"] == [{"attributePath": "title", "attributeValue": HIDDEN}]
