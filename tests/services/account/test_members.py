"""Account Management of the members of an organization: who may give which AccountId, and what is said to others."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.services.registry import SERVICES
from tests.services.account.test_contacts import ALTERNATE, CONTACT, allowing, call, refused
from tests.services.organizations.estate import Estate, an_estate
from tests.services.world import Caller, World

SERVICE = "account.amazonaws.com"
TRUST_NEEDED = " (Your organization must first enable trusted access with AWS Account Management.)"
STANDALONE_NEEDED = (
    " (The management account can only be managed using the standalone context from the management account.)"
)
GIVEN: dict[str, dict[str, Any]] = {
    "DeleteAlternateContact": {"AlternateContactType": "BILLING"},
    "DisableRegion": {"RegionName": "af-south-1"},
    "EnableRegion": {"RegionName": "af-south-1"},
    "GetAccountInformation": {},
    "GetAlternateContact": {"AlternateContactType": "BILLING"},
    "GetContactInformation": {},
    "GetPrimaryEmail": {},
    "GetRegionOptStatus": {"RegionName": "af-south-1"},
    "ListRegions": {},
    "PutAccountName": {"AccountName": "engines"},
    "PutAlternateContact": {"AlternateContactType": "BILLING", **ALTERNATE},
    "PutContactInformation": {"ContactInformation": CONTACT},
}


@pytest.fixture
def estate(world: World) -> Estate:
    """An organization that trusts Account Management."""
    made = an_estate(world)
    made.call("EnableAWSServiceAccess", ServicePrincipal=SERVICE)
    return made


def _administrator(estate: Estate, service: str = SERVICE) -> Caller:
    """The root user of a member that administers a service."""
    member = estate.member()
    estate.call("EnableAWSServiceAccess", ServicePrincipal=service)
    estate.call("RegisterDelegatedAdministrator", AccountId=estate.account_of(member), ServicePrincipal=service)
    return member


def _all_refused(world: World, caller: Caller, account: str, why: str, **other: str) -> None:
    arn = world.principal(caller).principal.arn
    for operation, given in GIVEN.items():
        expected = f"User: {arn} is not authorized to perform: account:{operation}{other.get(operation, why)}"
        told = refused(world, caller, operation, AccountId=account, **given)
        assert told == ("AccessDeniedException", expected)


def test_these_are_the_operations() -> None:
    (of,) = (service for service in SERVICES.values() if service.name == "account")
    assert set(of.operations) == set(GIVEN)


def test_an_account_without_an_organization_names_none(world: World) -> None:
    for account in (world.principal(world.account()).principal.account, world.account_id, "111122223333"):
        _all_refused(world, world.root, account, "")


def test_trusted_access_comes_first(world: World) -> None:
    estate = an_estate(world)
    member = estate.member()
    for account in (estate.account_of(member), world.account_id):
        _all_refused(world, world.root, account, TRUST_NEEDED)
    _all_refused(world, member, estate.account_of(member), "")


def test_trusted_access_is_over_with_all_that_hangs_on_it(estate: Estate) -> None:
    member = estate.account_of(estate.member())
    assert call(estate.world, estate.world.root, "GetAccountInformation", AccountId=member)["AccountId"] == member
    estate.call("DisableAWSServiceAccess", ServicePrincipal=SERVICE)
    _all_refused(estate.world, estate.world.root, member, TRUST_NEEDED)


def test_the_management_account_does_not_name_itself_nor_is_named(estate: Estate) -> None:
    world = estate.world
    for caller in (world.root, _administrator(estate)):
        _all_refused(world, caller, world.account_id, STANDALONE_NEEDED, GetPrimaryEmail=" (Access Denied)")


def test_members_name_nobody_unless_they_administer_this_service(estate: Estate) -> None:
    other = estate.account_of(estate.member())
    for member in (estate.member(), _administrator(estate, "config.amazonaws.com")):
        for account in (other, estate.account_of(member), estate.world.account_id):
            _all_refused(estate.world, member, account, "")


def test_an_account_of_no_or_another_organization_is_not_named(estate: Estate) -> None:
    world = estate.world
    for account in (world.principal(world.account()).principal.account, "111122223333"):
        for caller in (world.root, _administrator(estate) if account[0] == "1" else world.root):
            _all_refused(world, caller, account, "")


@pytest.mark.parametrize("delegated", [False, True])
def test_a_member_is_managed_and_nobody_else(estate: Estate, delegated: bool) -> None:
    world, member = estate.world, estate.member()
    caller = _administrator(estate) if delegated else world.root
    to: dict[str, Any] = {"AccountId": estate.account_of(member)}
    call(world, caller, "PutContactInformation", ContactInformation=CONTACT, **to)
    call(world, caller, "PutAlternateContact", AlternateContactType="BILLING", **ALTERNATE, **to)
    call(world, caller, "EnableRegion", RegionName="af-south-1", **to)
    call(world, caller, "PutAccountName", AccountName="member", **to)
    for asking, given in ((caller, to), (member, {})):
        assert call(world, asking, "GetContactInformation", **given) == {"ContactInformation": CONTACT}
        told = call(world, asking, "GetAlternateContact", AlternateContactType="BILLING", **given)
        assert told["AlternateContact"]["Name"] == ALTERNATE["Name"]
        assert (
            call(world, asking, "GetRegionOptStatus", RegionName="af-south-1", **given)["RegionOptStatus"] == "ENABLED"
        )
        enabled = call(world, asking, "ListRegions", RegionOptStatusContains=["ENABLED"], **given)["Regions"]
        assert [each["RegionName"] for each in enabled] == ["af-south-1"]
        assert call(world, asking, "GetAccountInformation", **given)["AccountName"] == "member"
    assert refused(world, caller, "GetContactInformation")[0] == "ResourceNotFoundException"
    assert call(world, caller, "GetRegionOptStatus", RegionName="af-south-1")["RegionOptStatus"] == "DISABLED"
    assert call(world, caller, "GetAccountInformation")["AccountName"] != "member"
    call(world, caller, "DisableRegion", RegionName="af-south-1", **to)
    call(world, caller, "DeleteAlternateContact", AlternateContactType="BILLING", **to)
    assert (
        refused(world, member, "GetAlternateContact", AlternateContactType="BILLING")[0] == "ResourceNotFoundException"
    )


def test_the_primary_email_address_of_a_member(estate: Estate) -> None:
    world, account = estate.world, estate.account_of(estate.member())
    told = call(world, world.root, "GetPrimaryEmail", AccountId=account)
    assert told == {"PrimaryEmail": world.snapshot.accounts[account].account.email}


def test_a_delegated_administrator_names_itself(estate: Estate) -> None:
    caller = _administrator(estate)
    account = estate.account_of(caller)
    assert call(estate.world, caller, "GetAccountInformation", AccountId=account)["AccountId"] == account


def test_a_closed_account_is_still_managed(estate: Estate) -> None:
    world, account = estate.world, estate.account_of(estate.member())
    estate.call("CloseAccount", AccountId=account)
    assert call(world, world.root, "GetAccountInformation", AccountId=account)["AccountState"] == "CLOSED"


def test_the_resource_is_the_member_in_the_management_account(estate: Estate) -> None:
    world, member = estate.world, estate.account_of(estate.member())
    arn = f"arn:aws:account::{world.account_id}:account/{estate.organization}/{member}"
    manager = world.user("manager", [allowing("account:GetAccountInformation", arn)])
    assert call(world, manager, "GetAccountInformation", AccountId=member)["AccountId"] == member
    other = estate.account_of(estate.member())
    for given, resource in (
        ({"AccountId": other}, arn.replace(member, other)),
        ({}, f"arn:aws:account::{world.account_id}:account"),
    ):
        code, message = refused(world, manager, "GetAccountInformation", **given)
        assert code == "AccessDeniedException"
        assert f"account:GetAccountInformation on resource: {resource} because no identity-based policy" in message


def test_place_and_tags_of_the_member_are_condition_keys(estate: Estate) -> None:
    world, unit = estate.world, estate.unit("workloads")
    inside, outside = estate.account_of(estate.member(unit)), estate.account_of(estate.member())
    estate.tagged(inside, {"team": "red"})
    path = f"{estate.organization}/{estate.root}/{unit}/"
    for number, condition in enumerate(
        (
            {"ForAnyValue:StringLike": {"account:AccountResourceOrgPaths": f"{path}*"}},
            {"StringEquals": {"account:AccountResourceOrgTags/team": "red"}},
        )
    ):
        manager = world.user(f"manager{number}", [allowing("account:*", condition=condition)])
        assert call(world, manager, "GetAccountInformation", AccountId=inside)["AccountId"] == inside
        for given in ({"AccountId": outside}, {}):
            assert refused(world, manager, "GetAccountInformation", **given)[0] == "AccessDeniedException"


def test_whoever_may_not_ask_learns_neither_place_nor_tags(estate: Estate) -> None:
    """A policy of one's own with a condition would tell them by the sentence of the refusal."""
    member, other = estate.member(), estate.account_of(estate.member())
    estate.tagged(other, {"team": "red"})
    condition = {"StringEquals": {"account:AccountResourceOrgTags/team": "red"}}
    curious = estate.world.user("curious", [allowing("account:*", condition=condition)], root=member)
    code, message = refused(estate.world, curious, "GetAccountInformation", AccountId=other)
    assert code == "AccessDeniedException"
    assert "because no identity-based policy allows" in message
