"""A delegated administrator does about people what the owner of the instance does, but for those who manage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.entities.account_assignment import AccountAssignment, PrincipalType
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.membership import Membership
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.services.accounts import NewAccounts, create_accounts
from tests.attacks.wire import audit
from tests.console.browsing import Browser
from tests.console.conftest import GOOD, Site
from tests.console.test_people import instance, save, with_password
from tests.console.test_people_actions import ALL, act

assert callable(instance), "a fixture"
DELEGATED = {"ServicePrincipal": "sso.amazonaws.com"}


@pytest.fixture(scope="module")
def organizations(site: Site) -> Any:
    made = site.server.client("organizations")
    made.create_organization(FeatureSet="ALL")
    return made


@pytest.fixture(scope="module")
def member(site: Site, organizations: Any, instance: Instance) -> tuple[str, Browser]:
    """An account of the organization, and a browser of a user there who may do everything."""
    here = site.server.installation
    (made,) = create_accounts(
        here.store,
        here.keyring,
        here.ids,
        NewAccounts(names=("m",), emails=("m@example.com",), partition="aws"),
        now=here.clock(),
    )
    (root,) = organizations.list_roots()["Roots"]
    organization = organizations.describe_organization()["Organization"]["Id"]
    place: dict[str, Any] = {"organization": organization, "parent": root["Id"], "joined": here.clock()}
    for entity in (
        Membership(account=made.account, organization=organization),
        OrganizationAccount(id=made.account, joined_method=JoinedMethod.CREATED, **place),
    ):
        save(site, entity, new=True)
    iam = site.server.client("iam", made.access_key_id, made.secret_access_key)
    iam.create_user(UserName="admin")
    iam.create_login_profile(UserName="admin", Password=GOOD)
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam.put_user_policy(UserName="admin", PolicyName="p", PolicyDocument=json.dumps(everything))
    browser = site.browser
    assert browser.sign_in(account=made.account, name="admin", password=GOOD).told["next"] == "done"
    return made.account, browser


def test_a_member_acts_on_people_once_it_is_the_delegate(
    site: Site, organizations: Any, instance: Instance, member: tuple[str, Browser]
) -> None:
    (account, browser), someone = member, with_password(site, instance)
    assert act(browser, ALL[2], someone.id).status == 404, "attack 21: a member administers nobody"
    organizations.register_delegated_administrator(AccountId=account, **DELEGATED)
    assert "#carnet_pi_" in act(browser, ALL[2], someone.id).told["link"]
    assert audit(site.server)[-1]["eventName"] == "UpdatePassword"
    assert act(browser, ALL[3], someone.id).told["sessions"] == []
    for by_group in (False, True):
        manager = with_password(site, instance)
        assign(site, instance, manager, by_group=by_group)
        for action, more in ((ALL[2], {"removeMfa": True}), (ALL[1], {"deviceId": "x"})):
            page = act(browser, action, manager.id, **more)
            assert (page.status, page.told["code"]) == (403, "AccessDenied"), "attack 22"
        assert act(browser, ALL[3], manager.id).status == 200
    organizations.deregister_delegated_administrator(AccountId=account, **DELEGATED)
    assert act(browser, ALL[2], someone.id).status == 404


def assign(site: Site, instance: Instance, person: IdentityStoreUser, *, by_group: bool) -> None:
    """Give a person something in the management account."""
    now, ids = site.server.clock(), site.server.installation.ids
    principal = (PrincipalType.USER, person.id)
    store: dict[str, Any] = {"account": site.account, "identity_store": instance.identity_store}
    made: dict[str, Any] = {"created": now, "created_by": "test"}
    updated: dict[str, Any] = {"updated": now, "updated_by": "test"}
    if by_group:
        group = f"{instance.identity_store[2:]}-{ids.uuid()}"
        principal = (PrincipalType.GROUP, group)
        save(site, IdentityStoreGroup(id=group, display_name=group, **store, **made, **updated), new=True)
        joined = IdentityStoreMembership(id=ids.uuid(), group=group, member=person.id, **store, **made)
        save(site, joined, new=True)
    assignment = AccountAssignment(
        account=site.account,
        instance=instance.id,
        permission_set="ps-0123456789abcdef",
        target=site.account,
        principal_type=principal[0],
        principal=principal[1],
        created=now,
    )
    save(site, assignment, new=True)
