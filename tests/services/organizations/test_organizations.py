from __future__ import annotations

import re

import pytest

from tests.services.organizations.estate import SERVICE, Estate, an_estate
from tests.services.organizations.policies import a_policy
from tests.services.world import ServiceError, World


def test_a_new_organization_has_its_management_account_and_a_root_without_policies(world: World) -> None:
    made = world.call(world.root, "CreateOrganization", service=SERVICE)["Organization"]
    assert re.fullmatch(r"o-[a-z0-9]{10}", made["Id"])
    account = world.account_id
    assert made == {
        "Id": made["Id"],
        "Arn": f"arn:aws:organizations::{account}:organization/{made['Id']}",
        "FeatureSet": "ALL",
        "MasterAccountArn": f"arn:aws:organizations::{account}:account/{made['Id']}/{account}",
        "MasterAccountId": account,
        "MasterAccountEmail": "test@example.com",
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }
    assert world.call(world.root, "DescribeOrganization", service=SERVICE)["Organization"] == made
    (root,) = world.call(world.root, "ListRoots", service=SERVICE)["Roots"]
    assert re.fullmatch(r"r-[a-z0-9]{4}", root["Id"])
    assert root == {
        "Id": root["Id"],
        "Arn": f"arn:aws:organizations::{account}:root/{made['Id']}/{root['Id']}",
        "Name": "Root",
        "PolicyTypes": [],
    }


def test_ids_have_the_form_of_awss(estate: Estate) -> None:
    management = estate.world.account_id
    unit = estate.unit("sales")
    assert re.fullmatch(rf"ou-{estate.root.removeprefix('r-')}-[a-z0-9]{{8}}", unit)
    policy = estate.call("DescribePolicy", PolicyId=a_policy(estate, "p"))["Policy"]["PolicySummary"]
    assert re.fullmatch(r"p-[a-z0-9]{8}", policy["Id"])
    arn = f"arn:aws:organizations::{management}:policy/{estate.organization}/service_control_policy/{policy['Id']}"
    assert policy["Arn"] == arn
    target = {"Type": "ACCOUNT", "Id": estate.account_of(estate.world.account())}
    sent = estate.call("InviteAccountToOrganization", Target=target)["Handshake"]
    assert re.fullmatch(r"h-[a-z0-9]{32}", sent["Id"])


def test_consolidated_billing_has_no_policies(world: World) -> None:
    estate = an_estate(world, FeatureSet="CONSOLIDATED_BILLING")
    assert estate.call("DescribeOrganization")["Organization"]["AvailablePolicyTypes"] == []
    assert estate.call("ListRoots")["Roots"][0]["PolicyTypes"] == []
    with pytest.raises(ServiceError, match="PolicyTypeNotAvailableForOrganizationException"):
        estate.call("EnablePolicyType", RootId=estate.root, PolicyType="TAG_POLICY")


def test_an_account_is_in_one_organization(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="AlreadyInOrganizationException"):
        estate.call("CreateOrganization")
    with pytest.raises(ServiceError, match="AlreadyInOrganizationException"):
        estate.call_as(estate.member(), "CreateOrganization")


def test_whoever_is_in_no_organization_is_told_so(world: World) -> None:
    with pytest.raises(ServiceError, match="AWSOrganizationsNotInUseException: Your account is not a member"):
        world.call(world.root, "DescribeOrganization", service=SERVICE)


def test_a_member_sees_the_organization_and_no_more(estate: Estate) -> None:
    member = estate.member()
    assert estate.call_as(member, "DescribeOrganization")["Organization"]["Id"] == estate.organization
    for operation, given in (
        ("ListAccounts", {}),
        ("ListRoots", {}),
        ("DescribeOrganizationalUnit", {"OrganizationalUnitId": "ou-abcd-12345678"}),
        ("DeleteOrganization", {}),
    ):
        with pytest.raises(ServiceError, match="AccessDeniedException: You don't have permissions") as refused:
            estate.call_as(member, operation, **given)
        assert refused.value.code == "AccessDeniedException"


def test_an_organization_with_members_stays(estate: Estate) -> None:
    estate.member()
    with pytest.raises(ServiceError, match="OrganizationNotEmptyException"):
        estate.call("DeleteOrganization")


def test_an_organization_is_removed_with_its_units(estate: Estate) -> None:
    estate.unit("one", estate.unit("two"))
    estate.call("DeleteOrganization")
    with pytest.raises(ServiceError, match="AWSOrganizationsNotInUseException"):
        estate.call("DescribeOrganization")
    again = an_estate(estate.world)
    assert again.organization != estate.organization


def test_a_policy_type_is_enabled_and_disabled(estate: Estate) -> None:
    enabled = estate.call("EnablePolicyType", RootId=estate.root, PolicyType="TAG_POLICY")["Root"]
    assert [each["Type"] for each in enabled["PolicyTypes"]] == ["SERVICE_CONTROL_POLICY", "TAG_POLICY"]
    more = estate.call("EnablePolicyType", RootId=estate.root, PolicyType="BACKUP_POLICY")["Root"]
    assert [each["Type"] for each in more["PolicyTypes"]] == ["BACKUP_POLICY", "SERVICE_CONTROL_POLICY", "TAG_POLICY"]
    estate.call("DisablePolicyType", RootId=estate.root, PolicyType="BACKUP_POLICY")
    with pytest.raises(ServiceError, match="PolicyTypeAlreadyEnabledException"):
        estate.call("EnablePolicyType", RootId=estate.root, PolicyType="TAG_POLICY")
    estate.call("DisablePolicyType", RootId=estate.root, PolicyType="TAG_POLICY")
    with pytest.raises(ServiceError, match="PolicyTypeNotEnabledException"):
        estate.call("DisablePolicyType", RootId=estate.root, PolicyType="TAG_POLICY")
    with pytest.raises(ServiceError, match="RootNotFoundException"):
        estate.call("EnablePolicyType", RootId="r-none", PolicyType="TAG_POLICY")
