"""Instances of Identity Center come to be."""

from __future__ import annotations

import pytest

from carnet.base.faults import AlreadyExists, Invalid, Missing
from carnet.directory.identity_center import own_instance
from carnet.entities.identity_center_instance import Instance
from carnet.entities.organization import Organization
from carnet.entities.role import Role
from carnet.services.identity_center import enable_here
from tests.services.organizations.estate import Estate, an_estate
from tests.services.world import World

SSO = "sso.amazonaws.com"


def enabled(world: World, account: str, region: str = "eu-west-1") -> Instance:
    installation = world.installation
    made = enable_here(installation.operator_call(), account=account, region=region)
    installation.directory.catch_up()
    return made


def has_role(world: World, account: str) -> bool:
    role = world.snapshot.accounts[account].of(Role).named("AWSServiceRoleForSSO")
    return role is not None and role.path == f"/aws-service-role/{SSO}/"


@pytest.fixture
def estate(world: World) -> Estate:
    return an_estate(world)


def created(estate: Estate, email: str) -> str:
    """The id of an account that the organization makes."""
    asked = estate.call("CreateAccount", Email=email, AccountName="new")["CreateAccountStatus"]["Id"]
    done = estate.call("DescribeCreateAccountStatus", CreateAccountRequestId=asked)["CreateAccountStatus"]
    return str(done["AccountId"])


def trusted(estate: Estate) -> bool:
    view = estate.world.snapshot.organizations[estate.organization]
    return SSO in view.of(Organization).by_id[estate.organization].trusted_services


def test_the_management_account_gets_the_instance_of_its_organization(world: World, estate: Estate) -> None:
    member = estate.account_of(estate.member())
    made = enabled(world, world.account_id)
    assert own_instance(world.snapshot.accounts[world.account_id]) == made
    assert (made.organization, made.region) == (estate.organization, "eu-west-1")
    assert made.arn == f"arn:aws:sso:::instance/{made.id}"
    assert made.identity_store[2:] == made.id[len("ssoins-") :][:10]
    assert made.start_url == f"https://{made.identity_store}.awsapps.com/start"
    assert trusted(estate)
    assert has_role(world, world.account_id)
    assert has_role(world, member)


def test_an_account_that_joins_later_gets_the_role_too_and_no_other_does(world: World, estate: Estate) -> None:
    assert not has_role(world, created(estate, "before@example.com"))
    enabled(world, world.account_id)
    assert has_role(world, created(estate, "after@example.com"))


def test_a_stand_alone_account_gets_an_instance_of_its_own(world: World) -> None:
    assert enabled(world, world.account_id).organization is None
    assert has_role(world, world.account_id)


def test_an_account_has_one_instance(world: World) -> None:
    first = enabled(world, world.account_id)
    with pytest.raises(AlreadyExists, match=first.id):
        enabled(world, world.account_id)


def test_a_member_and_an_organization_without_all_features_get_none(world: World, estate: Estate) -> None:
    member = estate.account_of(estate.member())
    with pytest.raises(Invalid, match=f"in the management account {world.account_id}"):
        enabled(world, member)
    root = world.account()
    other = world.call(root, "CreateOrganization", service="organizations", FeatureSet="CONSOLIDATED_BILLING")
    with pytest.raises(Invalid, match=f"{other['Organization']['Id']} has not all features"):
        enabled(world, world.principal(root).principal.account)


def test_what_is_no_account_and_no_region_is_said(world: World) -> None:
    with pytest.raises(Missing, match="There is no account 000000000000"):
        enabled(world, "000000000000")
    with pytest.raises(Invalid, match="mars-1 is no Region of the partition aws"):
        enabled(world, world.account_id, "mars-1")
