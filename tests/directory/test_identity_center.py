"""Instances of Identity Center, and who is in them, as the directory finds them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from carnet.directory.identity_center import (
    group_named,
    group_with_external_id,
    instance_called,
    instance_of_store,
    memberships_in_group,
    memberships_of_user,
    own_instance,
    person,
    user_named,
    user_with_email,
    user_with_external_id,
    visible_instances,
)
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.membership import Membership
from carnet.entities.organization import Organization
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.entities.organizational_unit import OrganizationalUnit
from tests.directory.snapshots import snapshot_of
from tests.stores.entities import ACCOUNT, ACCOUNT_ID, NOW

MEMBER = "444455556666"
INSTANCE = Instance(
    id="ssoins-7223b02a9e0c1f43", account=ACCOUNT_ID, organization="o-exampleorg1", region="eu-west-1", created=NOW
)
MEMBERS_OWN = Instance(id="ssoins-8824c3d2e1f0a9b8", account=MEMBER, region="eu-west-1", created=NOW)
STORE = "d-7223b02a9e"
WHO: Any = {"created": NOW, "created_by": "me", "updated": NOW, "updated_by": "me"}
ALICE = IdentityStoreUser(
    id="7223b02a9e-11111111-2222-4333-8444-555555555555",
    account=ACCOUNT_ID,
    identity_store=STORE,
    user_name="Ålice",
    attributes={"Emails": [{"Value": "Alice@Example.com"}]},
    external_ids={"https://idp.example": "42"},
    **WHO,
)
ADMINS = IdentityStoreGroup(
    id="7223b02a9e-66666666-2222-4333-8444-555555555555",
    account=ACCOUNT_ID,
    identity_store=STORE,
    display_name="Admins",
    external_ids={"https://idp.example": "g"},
    **WHO,
)
ALICE_IN_ADMINS = IdentityStoreMembership(
    id="7223b02a9e-77777777-2222-4333-8444-555555555555",
    account=ACCOUNT_ID,
    identity_store=STORE,
    group=ADMINS.id,
    member=ALICE.id,
    created=NOW,
    created_by="me",
)


def _snapshot(*more: object) -> Snapshot:
    return snapshot_of(ACCOUNT, INSTANCE, ALICE, ADMINS, ALICE_IN_ADMINS, *more)


def _organization() -> tuple[object, ...]:
    def place(account: str) -> OrganizationAccount:
        return OrganizationAccount(
            id=account,
            organization="o-exampleorg1",
            parent="r-1234",
            joined_method=JoinedMethod.CREATED,
            joined=NOW,
        )

    return (
        Organization(id="o-exampleorg1", management=ACCOUNT_ID, created=NOW),
        OrganizationalUnit(id="r-1234", organization="o-exampleorg1", parent=None, name="Root"),
        *(place(each) for each in (ACCOUNT_ID, MEMBER)),
        *(Membership(account=each, organization="o-exampleorg1") for each in (ACCOUNT_ID, MEMBER)),
        Account(id=MEMBER, name="member", email="member@example.com", created=NOW),
    )


def test_an_instance_is_found_by_its_own_id_and_by_that_of_its_store() -> None:
    snapshot = _snapshot()
    assert INSTANCE.identity_store == STORE
    assert instance_of_store(snapshot, STORE) == INSTANCE
    assert instance_called(snapshot, INSTANCE.id) == INSTANCE
    assert instance_called(snapshot, "ssoins-7223b02a9e000000") is None
    assert instance_of_store(snapshot, "d-0000000000") is None


def test_what_a_closed_account_owns_is_not_found() -> None:
    closed = Membership(account=ACCOUNT_ID, organization="o-exampleorg1", closed=NOW)
    snapshot = _snapshot(closed)
    assert instance_of_store(snapshot, STORE) is None
    assert person(snapshot, ALICE.id) is None


def test_an_account_sees_its_own_instance_and_that_of_its_organization() -> None:
    snapshot = _snapshot(*_organization(), MEMBERS_OWN)
    assert own_instance(snapshot.accounts[MEMBER]) == MEMBERS_OWN
    assert list(visible_instances(snapshot, MEMBER)) == [INSTANCE, MEMBERS_OWN]
    assert list(visible_instances(snapshot, ACCOUNT_ID)) == [INSTANCE]


def test_a_member_does_not_see_an_account_instance_of_the_management_account() -> None:
    kept = replace(INSTANCE, organization=None)
    snapshot = snapshot_of(ACCOUNT, kept, *_organization())
    assert list(visible_instances(snapshot, MEMBER)) == []
    assert list(visible_instances(snapshot, ACCOUNT_ID)) == [kept]


def test_people_are_found_by_id_name_email_and_external_id_without_regard_to_case() -> None:
    snapshot = _snapshot()
    view = snapshot.accounts[ACCOUNT_ID]
    assert person(snapshot, ALICE.id) is ALICE
    assert user_named(view, "a\u030aLICE") is ALICE  # the same letter, written as two characters
    assert user_with_email(view, "ALICE@example.COM") is ALICE
    assert user_with_external_id(view, "https://idp.example", "42") is ALICE
    assert user_with_external_id(view, "https://other.example", "42") is None
    assert user_named(view, "bob") is None


def test_groups_are_found_by_name_and_external_id_and_memberships_from_both_sides() -> None:
    view = _snapshot().accounts[ACCOUNT_ID]
    assert group_named(view, "ADMINS") is ADMINS
    assert group_with_external_id(view, "https://idp.example", "g") is ADMINS
    assert memberships_of_user(view, ALICE.id) == memberships_in_group(view, ADMINS.id) == (ALICE_IN_ADMINS,)
