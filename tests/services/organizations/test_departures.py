from __future__ import annotations

from copy import copy
from dataclasses import replace

import pytest

from carnet.base.faults import Invalid, Missing
from carnet.entities.membership import KEPT_CLOSED, Membership
from carnet.entities.organization_account import OrganizationAccount
from carnet.services.closed_accounts import remove_closed_accounts, reopen_account
from carnet.services.execution import Failed
from carnet.services.iam.service import iam
from carnet.services.organizations.service import organizations
from tests.services.iam.expect import set_quotas
from tests.services.organizations.estate import Estate, an_estate
from tests.services.world import START, Caller, ServiceError, World

EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
DAY = 86_400


def closed(estate: Estate, caller: Caller) -> None:
    estate.call("CloseAccount", AccountId=estate.account_of(caller))


def role_for(estate: Estate, owner: Caller, trusted: str) -> str:
    """The ARN of a role in the account of `owner` that the account `trusted` may assume."""
    trust = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",'
        f'"Principal":{{"AWS":"{trusted}"}}}}}}'
    )
    made = estate.world.call(owner, "CreateRole", RoleName="open", AssumeRolePolicyDocument=trust)
    return str(made["Role"]["Arn"])


def test_a_closed_account_is_suspended_and_stays_in_the_organization(estate: Estate) -> None:
    account = estate.account_of(estate.member())
    estate.call("CloseAccount", AccountId=account)
    told = estate.call("DescribeAccount", AccountId=account)["Account"]
    assert (told["Status"], told["State"]) == ("SUSPENDED", "CLOSED")
    assert account in [one["Id"] for one in estate.call("ListAccounts")["Accounts"]]
    with pytest.raises(ServiceError, match="AccountAlreadyClosedException"):
        estate.call("CloseAccount", AccountId=account)


def test_nobody_in_a_closed_account_is_authenticated(estate: Estate) -> None:
    world, member = estate.world, estate.member()
    user = world.user("ann", [EVERYTHING], root=member)
    arn = role_for(estate, member, estate.account_of(member))
    sessions = [
        world.session(world.call(user, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="s")),
        world.session(world.call(user, "GetSessionToken", service="sts")),
        world.session(world.call(user, "GetFederationToken", service="sts", Name="f")),
    ]
    for caller in (member, user, *sessions):
        assert world.call(caller, "GetCallerIdentity", service="sts")
    closed(estate, member)
    for caller in (member, user, *sessions):
        with pytest.raises(ServiceError, match="InvalidClientTokenId"):
            world.call(caller, "GetCallerIdentity", service="sts")


def test_a_call_that_is_under_way_when_its_account_is_closed_changes_nothing(estate: Estate) -> None:
    world, member = estate.world, estate.member()
    under_way = world.principal(member)
    closed(estate, member)
    operation = iam.operations["CreateUser"]
    outcome = world.installation.execution.write(operation, world.parsed(operation, under_way, {"UserName": "late"}))
    assert isinstance(outcome, Failed)
    assert "security token included in the request is invalid" in str(outcome.problem)


def test_no_role_of_a_closed_account_is_assumed(estate: Estate) -> None:
    world, member = estate.world, estate.member()
    arn = role_for(estate, member, world.account_id)
    user = world.user("visitor", [EVERYTHING])
    assert world.call(user, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="s")
    closed(estate, member)
    with pytest.raises(ServiceError, match="is not authorized to perform: sts:AssumeRole"):
        world.call(user, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="s")


def test_the_management_account_is_not_closed(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="ConstraintViolationException: You can't close the management account"):
        estate.call("CloseAccount", AccountId=estate.world.account_id)


def test_without_all_features_no_account_is_closed(world: World) -> None:
    estate = an_estate(world, FeatureSet="CONSOLIDATED_BILLING")
    with pytest.raises(ServiceError, match="ConstraintViolationException"):
        closed(estate, estate.member())


def test_so_many_accounts_are_closed_within_thirty_days(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CloseAccount", organizations, closed_accounts=1)
    first, second = estate.member(), estate.member()
    closed(estate, first)
    estate.world.clock.advance(30 * DAY - 1)
    with pytest.raises(ServiceError, match="ConstraintViolationException: You have exceeded close account quota"):
        closed(estate, second)
    estate.world.clock.advance(1)
    closed(estate, second)


def test_a_fifth_of_many_members_may_be_closed(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CloseAccount", organizations, closed_accounts=0)
    members = [estate.member() for _ in range(5)]
    closed(estate, members[0])
    with pytest.raises(ServiceError, match="exceeded close account quota"):
        closed(estate, members[1])
    set_quotas(monkeypatch, "CloseAccount", organizations, closed_accounts=9, closed_accounts_at_most=1)
    with pytest.raises(ServiceError, match="exceeded close account quota"):
        closed(estate, members[1])


def test_an_account_that_is_opened_again_is_as_it_was(estate: Estate) -> None:
    world, place = estate.world, estate.unit("payments")
    member = estate.member(place)
    user, account = world.user("ann", [EVERYTHING], root=member), estate.account_of(member)
    session = world.session(world.call(user, "GetSessionToken", service="sts"))
    closed(estate, member)
    with world.installation.store.write() as unit:
        reopen_account(unit, account)
    world.installation.directory.catch_up()
    for caller in (member, user, session):
        assert world.call(caller, "GetCallerIdentity", service="sts")["Account"] == account
    told = estate.call("DescribeAccount", AccountId=account)["Account"]
    assert (told["Status"], told["State"]) == ("ACTIVE", "ACTIVE")
    assert account in [one["Id"] for one in estate.call("ListAccountsForParent", ParentId=place)["Accounts"]]
    closed(estate, member)


@pytest.mark.parametrize(("member", "told"), [(True, "is not closed"), (False, "There is no account")])
def test_only_a_closed_member_is_opened_again(estate: Estate, member: bool, told: str) -> None:
    account = estate.account_of(estate.member()) if member else estate.account_of(estate.world.account())
    with pytest.raises(Invalid if member else Missing, match=told), estate.world.installation.store.write() as unit:
        reopen_account(unit, account)


def test_the_management_account_is_told_of_a_closed_account_that_is_gone(estate: Estate) -> None:
    world, member = estate.world, estate.member()
    account, store = estate.account_of(member), world.installation.store
    closed(estate, member)
    with store.write() as unit:
        unit.save(Membership(account=account, organization=estate.organization, closed=store.clock() - KEPT_CLOSED))
    lease = store.leases.take("closed-accounts", "me")
    assert lease is not None
    list(remove_closed_accounts(store, lease, clock=world.clock))
    world.installation.directory.catch_up()
    assert account not in [one["Id"] for one in estate.call("ListAccounts")["Accounts"]]
    event = store.audit_events()[-1][1]
    assert (event["eventName"], event["recipientAccountId"]) == ("AccountDepartedOrganization", world.account_id)
    details = event["serviceEventDetails"]
    assert (details["accountId"], details["departureMethod"]) == (account, "CLEANED")


@pytest.mark.parametrize("by_itself", [True, False])
def test_a_member_becomes_a_stand_alone_account(estate: Estate, by_itself: bool) -> None:
    member = estate.member()
    account = estate.account_of(member)
    if by_itself:
        estate.call_as(member, "LeaveOrganization")
    else:
        estate.call("RemoveAccountFromOrganization", AccountId=account)
    with pytest.raises(ServiceError, match="AWSOrganizationsNotInUseException"):
        estate.call_as(member, "DescribeOrganization")
    with pytest.raises(ServiceError, match="AccountNotFoundException"):
        estate.call("DescribeAccount", AccountId=account)
    assert estate.call_as(member, "CreateOrganization")["Organization"]["MasterAccountId"] == account


def test_the_management_account_does_not_leave(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="MasterCannotLeaveOrganizationException"):
        estate.call("LeaveOrganization")
    with pytest.raises(ServiceError, match="MasterCannotLeaveOrganizationException"):
        estate.call("RemoveAccountFromOrganization", AccountId=estate.world.account_id)


def test_a_closed_account_does_not_leave_and_so_stays_closed(estate: Estate) -> None:
    member = estate.member()
    account = estate.account_of(member)
    estate.call("CloseAccount", AccountId=account)
    with pytest.raises(ServiceError, match=r"ConstraintViolationException: .* is closed"):
        estate.call("RemoveAccountFromOrganization", AccountId=account)


def test_a_delegated_administrator_does_not_leave(estate: Estate) -> None:
    member = estate.member()
    account = estate.account_of(member)
    node = estate.world.snapshot.organizations[estate.organization].of(OrganizationAccount).by_id[account]
    with estate.world.installation.store.write() as unit:
        unit.save(replace(node, delegations={"sso.amazonaws.com": int(START.timestamp() * 1000)}))
    estate.world.installation.directory.catch_up()
    leaving: tuple[tuple[Caller, str, dict[str, object]], ...] = (
        (member, "LeaveOrganization", {}),
        (estate.world.root, "RemoveAccountFromOrganization", {"AccountId": account}),
    )
    for caller, operation, given in leaving:
        with pytest.raises(ServiceError, match=r"ConstraintViolationException: .* delegated administrator"):
            estate.call_as(caller, operation, **given)


def test_a_node_that_hears_of_leaving_and_joining_at_once_sees_the_account_in_one_organization(world: World) -> None:
    first = an_estate(world)
    member = first.member()
    beside = copy(world)
    beside.root = world.account()
    second = an_estate(beside)
    account, before = first.account_of(member), world.installation.store.revision()
    first.call("RemoveAccountFromOrganization", AccountId=account)
    invitation = second.call("InviteAccountToOrganization", Target={"Type": "ACCOUNT", "Id": account})["Handshake"]
    first.call_as(member, "AcceptHandshake", HandshakeId=invitation["Id"])
    told = world.installation.store.changes_since(before).changes
    places = {(change.scope.id, change.entity is None) for change in told if change.type.entity is OrganizationAccount}
    assert places == {(first.organization, True), (second.organization, False)}
