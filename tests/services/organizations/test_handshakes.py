from __future__ import annotations

import json
from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from carnet.entities.handshake import Handshake
from carnet.entities.organization_account import OrganizationAccount
from carnet.services.organizations import handshake_parts
from carnet.services.organizations.service import organizations
from tests.services.iam.expect import set_quotas
from tests.services.organizations.estate import SERVICE, Estate, an_estate
from tests.services.organizations.policies import a_policy, attach, detach
from tests.services.world import START, Caller, ServiceError, World

DAY = 86_400


def invite(estate: Estate, invited: Caller, **given: object) -> dict[str, Any]:
    """An invitation of a stand-alone account, by its id."""
    target = {"Type": "ACCOUNT", "Id": estate.account_of(invited)}
    made: dict[str, Any] = estate.call("InviteAccountToOrganization", Target=target, **given)["Handshake"]
    return made


def respond(estate: Estate, caller: Caller, operation: str, handshake: dict[str, Any]) -> dict[str, Any]:
    answered: dict[str, Any] = estate.call_as(caller, operation, HandshakeId=handshake["Id"])["Handshake"]
    return answered


def reason(caught: pytest.ExceptionInfo[ServiceError]) -> object:
    """The Reason that comes with an error."""
    return getattr(caught.value.__cause__, "members", {}).get("Reason")


def states(estate: Estate, caller: Caller) -> list[str]:
    """The states of the handshakes that an account has received."""
    return [str(one["State"]) for one in estate.call_as(caller, "ListHandshakesForAccount")["Handshakes"]]


def with_all_features_to_come(world: World, invited: int) -> tuple[Estate, list[Caller], Caller]:
    """An organization with consolidated billing, its invited members, and one that it created."""
    estate = an_estate(world, FeatureSet="CONSOLIDATED_BILLING")
    members = [world.account() for _ in range(invited)]
    for member in members:
        respond(estate, member, "AcceptHandshake", invite(estate, member))
    return estate, members, estate.member()


def test_an_invitation_is_accepted(estate: Estate) -> None:
    invited = estate.world.account()
    account = estate.account_of(invited)
    sent = invite(estate, invited, Notes="Come in", Tags=[{"Key": "team", "Value": "red"}])
    organization, management = estate.organization, estate.world.account_id
    assert sent == {
        "Id": sent["Id"],
        "Arn": f"arn:aws:organizations::{management}:handshake/{organization}/invite/{sent['Id']}",
        "Parties": [
            {"Id": organization.removeprefix("o-"), "Type": "ORGANIZATION"},
            {"Id": account, "Type": "ACCOUNT"},
        ],
        "State": "OPEN",
        "RequestedTimestamp": START,
        "ExpirationTimestamp": sent["ExpirationTimestamp"],
        "Action": "INVITE",
        "Resources": [
            {
                "Type": "ORGANIZATION",
                "Value": organization,
                "Resources": [
                    {"Type": "MASTER_EMAIL", "Value": "test@example.com"},
                    {"Type": "MASTER_NAME", "Value": "test"},
                    {"Type": "ORGANIZATION_FEATURE_SET", "Value": "ALL"},
                ],
            },
            {"Type": "ACCOUNT", "Value": account},
            {"Type": "NOTES", "Value": "Come in"},
        ],
    }
    assert (sent["ExpirationTimestamp"] - START).days == 15
    assert estate.call_as(invited, "ListHandshakesForAccount")["Handshakes"] == [sent]
    assert estate.call("ListHandshakesForOrganization")["Handshakes"] == [sent]
    for party in (invited, estate.world.root):
        assert respond(estate, party, "DescribeHandshake", sent) == sent
    assert respond(estate, invited, "AcceptHandshake", sent) == {**sent, "State": "ACCEPTED"}
    joined = estate.call("DescribeAccount", AccountId=account)["Account"]
    assert (joined["JoinedMethod"], joined["Paths"]) == ("INVITED", [f"{organization}/{estate.root}/{account}/"])
    node = estate.world.snapshot.organizations[organization].node(account)
    assert node is not None
    assert node.tags == {"team": "red"}
    estate.world.call(invited, "GetRole", RoleName="AWSServiceRoleForOrganizations")
    with pytest.raises(ServiceError, match="OrganizationAccountAccessRole cannot be found"):
        estate.world.call(invited, "GetRole", RoleName="OrganizationAccountAccessRole")


def test_joining_needs_the_permission_to_make_the_service_linked_role(estate: Estate) -> None:
    invited = estate.world.account()
    sent = invite(estate, invited)
    accept = {"Effect": "Allow", "Action": "organizations:AcceptHandshake", "Resource": sent["Arn"]}
    link = {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*"}
    one = estate.world.user("one", [{"Version": "2012-10-17", "Statement": accept}], root=invited)
    both = estate.world.user("both", [{"Version": "2012-10-17", "Statement": [accept, link]}], root=invited)
    with pytest.raises(ServiceError, match="is not authorized to perform: iam:CreateServiceLinkedRole"):
        respond(estate, one, "AcceptHandshake", sent)
    assert respond(estate, both, "AcceptHandshake", sent)["State"] == "ACCEPTED"


def test_an_email_address_stands_for_the_one_account_that_has_it(estate: Estate) -> None:
    invited = estate.world.account()
    view = estate.world.snapshot.accounts[estate.account_of(invited)]
    with pytest.raises(ServiceError, match="Several accounts have this email address"):
        estate.call("InviteAccountToOrganization", Target={"Type": "EMAIL", "Id": "test@example.com"})
    with pytest.raises(ServiceError, match="There is no such account"):
        estate.call("InviteAccountToOrganization", Target={"Type": "EMAIL", "Id": "one@example.com"})
    with estate.world.installation.store.write() as unit:
        unit.save(replace(view.account, email="One@example.com"))
    estate.world.installation.directory.catch_up()
    target = {"Type": "EMAIL", "Id": "one@example.com"}
    sent = estate.call("InviteAccountToOrganization", Target=target)["Handshake"]
    assert sent["Parties"][1] == {"Id": "one@example.com", "Type": "EMAIL"}
    assert sent["Resources"][1] == {"Type": "EMAIL", "Value": "one@example.com"}
    accepted = respond(estate, invited, "AcceptHandshake", sent)
    assert accepted["Resources"][1] == {"Type": "ACCOUNT", "Value": estate.account_of(invited)}


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"Type": "ACCOUNT", "Id": "000000000000"}, "INVALID_PATTERN_TARGET_ID"),
        ({"Type": "ACCOUNT", "Id": "ann"}, "INVALID_PATTERN"),
        ({"Type": "EMAIL", "Id": "nobody@example.com"}, "INVALID_EMAIL_ADDRESS_TARGET"),
        ({"Type": "EMAIL", "Id": "nobody"}, "INVALID_EMAIL_ADDRESS_TARGET"),
        ({"Type": "ORGANIZATION", "Id": "o-abcdefghij"}, "INVALID_PARTY_TYPE_TARGET"),
    ],
)
def test_who_is_not_there_is_not_invited(estate: Estate, target: dict[str, str], why: str) -> None:
    with pytest.raises(ServiceError, match="InvalidInputException") as caught:
        estate.call("InviteAccountToOrganization", Target=target)
    assert reason(caught) == why


def test_the_tags_of_an_invitation_are_looked_at_before_whom_it_is_for(estate: Estate) -> None:
    target = {"Type": "ACCOUNT", "Id": estate.world.account_id}
    twice = [{"Key": "team", "Value": "red"}, {"Key": "team", "Value": "blue"}]
    with pytest.raises(ServiceError, match="InvalidInputException: Your request includes duplicate tag keys") as caught:
        estate.call("InviteAccountToOrganization", Target=target, Tags=twice)
    assert reason(caught) == "DUPLICATE_TAG_KEY"
    with pytest.raises(ServiceError, match="The AWS account is already a member of an organization") as caught:
        estate.call("InviteAccountToOrganization", Target=target)
    assert reason(caught) == "ALREADY_IN_AN_ORGANIZATION"


def test_a_second_invitation_waits_for_the_end_of_the_first(estate: Estate) -> None:
    invited = estate.world.account()
    invite(estate, invited)
    estate.world.clock.advance(15 * DAY - 1)
    with pytest.raises(ServiceError, match="DuplicateHandshakeException"):
        invite(estate, invited)
    estate.world.clock.advance(1)
    invite(estate, invited)
    assert sorted(states(estate, invited)) == ["EXPIRED", "OPEN"]


def test_an_expired_invitation_is_not_accepted(estate: Estate) -> None:
    early, late = estate.world.account(), estate.world.account()
    first, second = invite(estate, early), invite(estate, late)
    estate.world.clock.advance(15 * DAY - 1)
    assert respond(estate, early, "AcceptHandshake", first)["State"] == "ACCEPTED"
    estate.world.clock.advance(1)
    with pytest.raises(ServiceError, match="InvalidHandshakeTransitionException"):
        respond(estate, late, "AcceptHandshake", second)


@pytest.mark.parametrize(
    ("operation", "by_sender", "state"),
    [("DeclineHandshake", False, "DECLINED"), ("CancelHandshake", True, "CANCELED")],
)
def test_an_invitation_is_declined_or_canceled(estate: Estate, operation: str, by_sender: bool, state: str) -> None:
    invited = estate.world.account()
    sent = invite(estate, invited)
    who, other = (estate.world.root, invited) if by_sender else (invited, estate.world.root)
    with pytest.raises(ServiceError, match="AccessDeniedException: You don't have permissions"):
        respond(estate, other, operation, sent)
    assert respond(estate, who, operation, sent)["State"] == state
    with pytest.raises(ServiceError, match="HandshakeAlreadyInStateException"):
        respond(estate, who, operation, sent)
    with pytest.raises(ServiceError, match="InvalidHandshakeTransitionException"):
        respond(estate, invited, "AcceptHandshake", sent)
    invite(estate, invited)


def test_who_is_no_party_does_not_find_a_handshake(estate: Estate) -> None:
    sent = invite(estate, estate.world.account())
    for operation in ("AcceptHandshake", "CancelHandshake", "DeclineHandshake", "DescribeHandshake"):
        for stranger in (estate.world.account(), estate.member()):
            with pytest.raises(ServiceError, match="HandshakeNotFoundException"):
                respond(estate, stranger, operation, sent)
    with pytest.raises(ServiceError, match="AccessDeniedException: You don't have permissions"):
        respond(estate, estate.world.root, "AcceptHandshake", sent)


def another_estate(world: World) -> Estate:
    """A second organization in the same installation."""
    beside = copy(world)
    beside.root = world.account()
    return an_estate(beside)


def members_of(estate: Estate) -> list[str]:
    return [one["Id"] for one in estate.call("ListAccounts")["Accounts"]]


def test_a_member_is_not_invited_again(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        invite(estate, estate.member())
    assert reason(caught) == "ALREADY_IN_AN_ORGANIZATION"


def test_a_member_goes_from_its_organization_to_the_one_that_invited_it(estate: Estate) -> None:
    other, mover = another_estate(estate.world), estate.member()
    account, before = estate.account_of(mover), estate.world.installation.store.revision()
    sent = invite(other, mover)
    assert respond(estate, mover, "AcceptHandshake", sent)["State"] == "ACCEPTED"
    assert account not in members_of(estate)
    assert account in members_of(other)
    assert estate.call_as(mover, "DescribeOrganization")["Organization"]["Id"] == other.organization
    told = estate.world.installation.store.changes_since(before).changes
    places = {(change.scope.id, change.entity is None) for change in told if change.type.entity is OrganizationAccount}
    assert places == {(estate.organization, True), (other.organization, False)}


def test_who_may_not_leave_does_not_go_to_another_organization_either(estate: Estate) -> None:
    other, mover = another_estate(estate.world), estate.member()
    sent = invite(other, mover)
    statement = {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}
    guardrail = a_policy(estate, "stay", content=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    attach(estate, guardrail, estate.root)
    with pytest.raises(ServiceError, match=r"AccessDenied.*organizations:LeaveOrganization.*service control policy"):
        respond(estate, mover, "AcceptHandshake", sent)
    assert estate.account_of(mover) in members_of(estate)
    detach(estate, guardrail, estate.root)
    respond(estate, mover, "AcceptHandshake", sent)


def test_delegated_administrators_and_management_accounts_stay(estate: Estate) -> None:
    other, mover = another_estate(estate.world), estate.member()
    service = "access-analyzer.amazonaws.com"
    estate.call("EnableAWSServiceAccess", ServicePrincipal=service)
    estate.call("RegisterDelegatedAdministrator", AccountId=estate.account_of(mover), ServicePrincipal=service)
    with pytest.raises(ServiceError, match="ConstraintViolationException") as caught:
        respond(estate, mover, "AcceptHandshake", invite(other, mover))
    assert reason(caught) == "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG"
    with pytest.raises(ServiceError, match="MasterCannotLeaveOrganizationException"):
        respond(estate, estate.world.root, "AcceptHandshake", invite(other, estate.world.root))


def test_an_account_of_another_partition_is_not_invited(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        invite(estate, estate.world.account("aws-cn"))
    assert reason(caught) == "ORGANIZATION_FROM_DIFFERENT_SELLER_OF_RECORD"


def test_members_invite_nobody(estate: Estate) -> None:
    target = {"Type": "ACCOUNT", "Id": estate.account_of(estate.world.account())}
    member = estate.member()
    for operation, given in (
        ("InviteAccountToOrganization", {"Target": target}),
        ("ListHandshakesForOrganization", {}),
    ):
        with pytest.raises(ServiceError, match="AccessDeniedException: You don't have permissions"):
            estate.call_as(member, operation, **given)


def test_a_full_organization_invites_and_admits_nobody(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "InviteAccountToOrganization", organizations, organization_accounts=2)
    set_quotas(monkeypatch, "AcceptHandshake", organizations, organization_accounts=2)
    invited = estate.world.account()
    sent = invite(estate, invited)
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        invite(estate, estate.world.account())
    assert reason(caught) == "ACCOUNT_NUMBER_LIMIT_EXCEEDED"
    estate.member()
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        respond(estate, invited, "AcceptHandshake", sent)
    assert reason(caught) == "ACCOUNT_NUMBER_LIMIT_EXCEEDED"


def test_who_is_invited_takes_a_place_until_it_is_settled(estate: Estate) -> None:
    estate.limit(organization_accounts=2)
    sent, given = invite(estate, estate.world.account()), {"AccountName": "shop", "Email": "shop@example.com"}
    with pytest.raises(ServiceError, match="ConstraintViolationException") as refused:
        estate.call("CreateAccount", **given)
    assert refused.value.members == {"Reason": "ACCOUNT_NUMBER_LIMIT_EXCEEDED"}
    estate.call("CancelHandshake", HandshakeId=sent["Id"])
    assert estate.call("CreateAccount", **given)
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException"):
        invite(estate, estate.world.account())


def test_so_many_invitations_are_sent_in_a_day(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "InviteAccountToOrganization", organizations, invitations_per_day=2)
    first, second = estate.world.account(), estate.world.account()
    respond(estate, first, "AcceptHandshake", invite(estate, first))  # accepted ones do not count
    for _ in range(2):
        respond(estate, second, "DeclineHandshake", invite(estate, second))
    estate.world.clock.advance(DAY - 1)
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        invite(estate, second)
    assert reason(caught) == "HANDSHAKE_RATE_LIMIT_EXCEEDED"
    estate.world.clock.advance(1)
    invite(estate, second)


def test_handshakes_are_told_of_for_thirty_days_and_then_forgotten(estate: Estate) -> None:
    declined, expired, other = (estate.world.account() for _ in range(3))
    sent = invite(estate, declined)
    respond(estate, declined, "DeclineHandshake", sent)
    invite(estate, expired)
    estate.world.clock.advance(30 * DAY - 1)
    assert (states(estate, declined), states(estate, expired)) == (["DECLINED"], ["EXPIRED"])
    estate.world.clock.advance(1)
    assert (states(estate, declined), states(estate, expired)) == ([], ["EXPIRED"])
    with pytest.raises(ServiceError, match="HandshakeNotFoundException"):
        respond(estate, declined, "DescribeHandshake", sent)
    estate.world.clock.advance(15 * DAY)
    invite(estate, other)
    assert len(estate.world.snapshot.installation.of(Handshake)) == 1


def test_only_so_many_that_are_at_their_end_are_kept(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake_parts, "_ENDED_KEPT", 1)
    invited = estate.world.account()
    for _ in range(3):
        respond(estate, invited, "DeclineHandshake", invite(estate, invited))
        estate.world.clock.advance(1)
    invite(estate, invited)
    assert sorted(states(estate, invited)) == ["DECLINED", "OPEN"]


def test_handshakes_are_filtered_and_paged(estate: Estate) -> None:
    sent = [invite(estate, estate.world.account()) for _ in range(3)]
    first = estate.call("ListHandshakesForOrganization", MaxResults=2, Filter={"ActionType": "INVITE"})
    rest = estate.call("ListHandshakesForOrganization", MaxResults=2, NextToken=first["NextToken"])
    assert first["Handshakes"] + rest["Handshakes"] == sorted(sent, key=lambda one: str(one["Id"]))
    for nothing in ({"ActionType": "APPROVE_ALL_FEATURES"}, {"ParentHandshakeId": sent[0]["Id"]}):
        assert estate.call("ListHandshakesForOrganization", Filter=nothing)["Handshakes"] == []
    both = {"ActionType": "INVITE", "ParentHandshakeId": sent[0]["Id"]}
    with pytest.raises(ServiceError, match="InvalidInputException: You specified too many filter parameters"):
        estate.call("ListHandshakesForOrganization", Filter=both)


def test_the_handshakes_of_an_organization_go_with_it(estate: Estate) -> None:
    invited = estate.world.account()
    sent = invite(estate, invited)
    estate.call("DeleteOrganization")
    assert states(estate, invited) == []
    with pytest.raises(ServiceError, match="HandshakeNotFoundException"):
        respond(estate, invited, "AcceptHandshake", sent)
    assert not len(estate.world.snapshot.installation.of(Handshake))


def test_all_features_are_enabled_when_every_invited_account_has_approved(world: World) -> None:
    estate, (first, second), created = with_all_features_to_come(world, 2)
    parent = estate.call("EnableAllFeatures")["Handshake"]
    assert (parent["Action"], parent["State"]) == ("ENABLE_ALL_FEATURES", "REQUESTED")
    assert parent["Arn"].endswith(f":handshake/{estate.organization}/enable_all_features/{parent['Id']}")
    assert parent["Parties"] == [{"Id": estate.organization.removeprefix("o-"), "Type": "ORGANIZATION"}]
    assert parent["Resources"] == [{"Type": "ORGANIZATION", "Value": estate.organization}]
    assert (parent["ExpirationTimestamp"] - START).days == 90
    asked = estate.call("ListHandshakesForOrganization", Filter={"ParentHandshakeId": parent["Id"]})["Handshakes"]
    assert sorted(one["Parties"][1]["Id"] for one in asked) == sorted(map(estate.account_of, (first, second)))
    assert {"Type": "PARENT_HANDSHAKE", "Value": parent["Id"]} in asked[0]["Resources"]
    assert states(estate, created) == []
    with pytest.raises(ServiceError, match="InvalidHandshakeTransitionException"):
        respond(estate, world.root, "AcceptHandshake", parent)
    for number, member in enumerate((first, second)):
        wanted = {"ActionType": "APPROVE_ALL_FEATURES"}
        (one,) = estate.call_as(member, "ListHandshakesForAccount", Filter=wanted)["Handshakes"]
        respond(estate, member, "AcceptHandshake", one)
        now = respond(estate, world.root, "DescribeHandshake", parent)["State"]
        assert now == ("OPEN" if number == 1 else "REQUESTED")
    assert estate.call("DescribeOrganization")["Organization"]["FeatureSet"] == "CONSOLIDATED_BILLING"
    assert respond(estate, world.root, "AcceptHandshake", parent)["State"] == "ACCEPTED"
    assert estate.call("DescribeOrganization")["Organization"]["FeatureSet"] == "ALL"
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        estate.call("EnableAllFeatures")
    assert reason(caught) == "ORGANIZATION_ALREADY_HAS_ALL_FEATURES"


def test_without_invited_accounts_all_features_can_be_confirmed_at_once(world: World) -> None:
    estate, _, _ = with_all_features_to_come(world, 0)
    parent = estate.call("EnableAllFeatures")["Handshake"]
    assert parent["State"] == "OPEN"
    with pytest.raises(ServiceError, match="InvalidHandshakeTransitionException"):
        respond(estate, world.root, "DeclineHandshake", parent)
    respond(estate, world.root, "AcceptHandshake", parent)
    assert estate.call("DescribeOrganization")["Organization"]["FeatureSet"] == "ALL"


def test_nobody_is_invited_while_all_features_are_being_enabled(world: World) -> None:
    estate, _, _ = with_all_features_to_come(world, 1)
    invited = world.account()
    before = invite(estate, invited)
    parent = estate.call("EnableAllFeatures")["Handshake"]
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        invite(estate, world.account())
    assert reason(caught) == "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        respond(estate, invited, "AcceptHandshake", before)
    assert reason(caught) == "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        estate.call("EnableAllFeatures")
    assert reason(caught) == "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"
    respond(estate, world.root, "CancelHandshake", parent)
    respond(estate, invited, "AcceptHandshake", before)


def test_what_is_canceled_is_not_approved(world: World) -> None:
    estate, (member,), _ = with_all_features_to_come(world, 1)
    respond(estate, world.root, "CancelHandshake", estate.call("EnableAllFeatures")["Handshake"])
    assert "CANCELED" in states(estate, member)
    again = estate.call("EnableAllFeatures")["Handshake"]
    assert again["State"] == "REQUESTED"


def test_who_leaves_or_declines_is_not_taken_for_an_approval(world: World) -> None:
    estate, (leaving, declining), _ = with_all_features_to_come(world, 2)
    parent = estate.call("EnableAllFeatures")["Handshake"]
    wanted = {"ActionType": "APPROVE_ALL_FEATURES"}
    (asked,) = estate.call_as(declining, "ListHandshakesForAccount", Filter=wanted)["Handshakes"]
    respond(estate, declining, "DeclineHandshake", asked)
    estate.call("RemoveAccountFromOrganization", AccountId=estate.account_of(leaving))
    assert "CANCELED" in states(estate, leaving)
    assert respond(estate, world.root, "DescribeHandshake", parent)["State"] == "REQUESTED"
    estate.call_as(declining, "LeaveOrganization")
    assert respond(estate, world.root, "DescribeHandshake", parent)["State"] == "OPEN"


def test_a_stand_alone_account_has_no_handshakes_to_list_for_an_organization(world: World) -> None:
    with pytest.raises(ServiceError, match="AWSOrganizationsNotInUseException"):
        world.call(world.root, "ListHandshakesForOrganization", service=SERVICE)
    assert world.call(world.root, "ListHandshakesForAccount", service=SERVICE)["Handshakes"] == []


def test_who_joins_is_bound_by_the_quotas_of_the_organization(estate: Estate) -> None:
    invited = estate.world.account()
    sent = invite(estate, invited)
    estate.limit(organization_accounts=1)
    with pytest.raises(ServiceError) as refused:
        respond(estate, invited, "AcceptHandshake", sent)
    assert refused.value.members == {"Reason": "ACCOUNT_NUMBER_LIMIT_EXCEEDED"}
    estate.limit(organization_accounts=2)
    respond(estate, invited, "AcceptHandshake", sent)
