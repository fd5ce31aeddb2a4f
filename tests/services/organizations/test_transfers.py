from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from carnet.entities.handshake import Handshake
from carnet.entities.responsibility_transfer import ResponsibilityTransfer
from carnet.services.organizations import handshake_parts
from carnet.services.organizations.service import organizations
from tests.services.iam.documents import allow
from tests.services.iam.expect import set_quotas
from tests.services.organizations.estate import Estate
from tests.services.organizations.test_handshakes import DAY, reason, respond
from tests.services.world import START, Caller, ServiceError

FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
END_OF_JANUARY = FEBRUARY - timedelta(milliseconds=1)
INVITE = "InviteOrganizationToTransferResponsibility"


def manager(estate: Estate) -> Caller:
    """The root user of the management account of another organization."""
    caller = estate.world.account()
    estate.call_as(caller, "CreateOrganization")
    return caller


def invite(estate: Estate, source: Caller, target: Caller | None = None, **given: object) -> dict[str, Any]:
    """The handshake by which the estate, or another organization, invites a management account."""
    asked = {
        "Type": "BILLING",
        "Target": {"Type": "ACCOUNT", "Id": estate.account_of(source)},
        "StartTimestamp": FEBRUARY,
        "SourceName": "red",
        **given,
    }
    made: dict[str, Any] = estate.call_as(target or estate.world.root, INVITE, **asked)["Handshake"]
    return made


def inbound(estate: Estate, caller: Caller | None = None, **given: object) -> list[dict[str, Any]]:
    asked = {"Type": "BILLING", **given}
    told = estate.call_as(caller or estate.world.root, "ListInboundResponsibilityTransfers", **asked)
    return list(told["ResponsibilityTransfers"])


def outbound(estate: Estate, caller: Caller) -> list[dict[str, Any]]:
    told = estate.call_as(caller, "ListOutboundResponsibilityTransfers", Type="BILLING")
    return list(told["ResponsibilityTransfers"])


def accepted(estate: Estate, source: Caller, target: Caller | None = None) -> dict[str, Any]:
    """A transfer that was accepted, as its target sees it."""
    handshake = invite(estate, source, target)
    respond(estate, source, "AcceptHandshake", handshake)
    transfer_id = "rt-" + handshake["Id"].removeprefix("h-")
    (transfer,) = inbound(estate, target, Id=transfer_id)
    return transfer


def terminate(estate: Estate, caller: Caller, transfer: dict[str, Any], **given: object) -> dict[str, Any]:
    told = estate.call_as(caller, "TerminateResponsibilityTransfer", Id=transfer["Id"], **given)
    return dict(told["ResponsibilityTransfer"])


def test_an_invitation_becomes_a_transfer(estate: Estate) -> None:
    world, source = estate.world, manager(estate)
    management, other = world.account_id, estate.account_of(source)
    sent = invite(estate, source, Notes="We pay")
    (asked,) = inbound(estate)
    assert asked == {
        "Arn": f"arn:aws:organizations::{management}:transfer/{estate.organization}/billing/inbound/{asked['Id']}",
        "Name": "red",
        "Id": asked["Id"],
        "Type": "BILLING",
        "Status": "REQUESTED",
        "Source": {"ManagementAccountId": other, "ManagementAccountEmail": asked["Source"]["ManagementAccountEmail"]},
        "Target": {"ManagementAccountId": management, "ManagementAccountEmail": "test@example.com"},
        "StartTimestamp": FEBRUARY,
        "ActiveHandshakeId": sent["Id"],
    }
    assert (sent["Action"], sent["State"]) == ("TRANSFER_RESPONSIBILITY", "OPEN")
    assert sent["Arn"].endswith(f":handshake/{estate.organization}/transfer_responsibility/{sent['Id']}")
    assert sent["ExpirationTimestamp"] == START + timedelta(days=15)
    assert sent["Parties"][1] == {"Id": other, "Type": "ACCOUNT"}
    assert sent["Resources"] == [
        {
            "Type": "ORGANIZATION",
            "Value": estate.organization,
            "Resources": [
                {"Type": "MANAGEMENT_ACCOUNT", "Value": management},
                {"Type": "MANAGEMENT_EMAIL", "Value": "test@example.com"},
                {"Type": "MANAGEMENT_NAME", "Value": "test"},
            ],
        },
        {"Type": "ACCOUNT", "Value": other},
        {"Type": "RESPONSIBILITY_TRANSFER", "Value": asked["Id"]},
        {"Type": "TRANSFER_TYPE", "Value": "BILLING"},
        {"Type": "TRANSFER_START_TIMESTAMP", "Value": "2026-02-01T00:00:00Z"},
        {"Type": "NOTES", "Value": "We pay"},
    ]
    assert estate.call_as(source, "ListHandshakesForAccount")["Handshakes"] == [sent]
    assert respond(estate, source, "AcceptHandshake", sent) == {**sent, "State": "ACCEPTED"}
    assert inbound(estate) == [{**asked, "Status": "ACCEPTED"}]
    (seen,) = outbound(estate, source)
    organization = estate.call_as(source, "DescribeOrganization")["Organization"]["Id"]
    arn = f"arn:aws:organizations::{other}:transfer/{organization}/billing/outbound/{asked['Id']}"
    assert seen == {**asked, "Status": "ACCEPTED", "Arn": arn}
    described = estate.call_as(source, "DescribeResponsibilityTransfer", Id=asked["Id"])
    assert described["ResponsibilityTransfer"] == seen
    assert (inbound(estate, source), outbound(estate, world.root)) == ([], [])


@pytest.mark.parametrize(
    ("operation", "by_sender", "status"),
    [("DeclineHandshake", False, "DECLINED"), ("CancelHandshake", True, "CANCELED"), (None, False, "EXPIRED")],
)
def test_an_invitation_that_is_not_accepted_ends_the_transfer(
    estate: Estate, operation: str | None, by_sender: bool, status: str
) -> None:
    source = manager(estate)
    sent = invite(estate, source)
    estate.world.clock.advance(15 * DAY - 1)
    assert inbound(estate)[0]["Status"] == "REQUESTED"
    if operation is None:
        estate.world.clock.advance(1)
    else:
        respond(estate, estate.world.root if by_sender else source, operation, sent)
    (transfer,) = inbound(estate)
    assert (transfer["Status"], outbound(estate, source)[0]["Status"]) == (status, status)
    with pytest.raises(ServiceError, match="InvalidResponsibilityTransferTransitionException"):
        terminate(estate, source, transfer)
    with pytest.raises(ServiceError, match="ConstraintViolationException") as caught:
        estate.call("UpdateResponsibilityTransfer", Id=transfer["Id"], Name="blue")
    assert reason(caught) == "TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED"
    estate.world.clock.advance(30 * DAY - 1)
    assert inbound(estate) == [transfer]
    estate.world.clock.advance(1)
    assert (inbound(estate), outbound(estate, source)) == ([], [])
    with pytest.raises(ServiceError, match="ResponsibilityTransferNotFoundException"):
        estate.call("DescribeResponsibilityTransfer", Id=transfer["Id"])
    invite(estate, source, StartTimestamp=datetime(2026, 4, 1, tzinfo=UTC))
    installation = estate.world.snapshot.installation
    assert (len(installation.of(Handshake)), len(installation.of(ResponsibilityTransfer))) == (1, 1)


def test_an_accepted_transfer_outlasts_its_handshake(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake_parts, "_ENDED_KEPT", 0)
    transfer = accepted(estate, manager(estate))
    invite(estate, manager(estate))
    estate.world.clock.advance(31 * DAY)
    assert transfer in inbound(estate)
    assert estate.world.snapshot.installation.of(Handshake).get(transfer["ActiveHandshakeId"]) is None


def test_an_invitation_cannot_be_accepted_after_the_start(estate: Estate) -> None:
    estate.world.clock.advance(20 * DAY)
    sent = invite(estate, manager(estate))
    assert sent["ExpirationTimestamp"] == FEBRUARY


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC), "START_DATE_NOT_BEGINNING_OF_DAY"),
        (datetime(2026, 2, 2, tzinfo=UTC), "START_DATE_NOT_BEGINNING_OF_MONTH"),
        (datetime(2026, 1, 1, tzinfo=UTC), "START_DATE_TOO_EARLY"),
        (datetime(2027, 1, 1, tzinfo=UTC), None),
        (datetime(2027, 2, 1, tzinfo=UTC), "START_DATE_TOO_LATE"),
        (datetime(9999, 12, 1, tzinfo=UTC), "START_DATE_TOO_LATE"),
    ],
)
def test_a_transfer_starts_with_a_month(estate: Estate, start: datetime, why: str | None) -> None:
    source = manager(estate)
    if why is None:
        invite(estate, source, StartTimestamp=start)
        return
    with pytest.raises(ServiceError, match="InvalidInputException") as caught:
        invite(estate, source, StartTimestamp=start)
    assert reason(caught) == why


@pytest.mark.parametrize(
    ("end", "ends"),
    [
        (None, END_OF_JANUARY),
        (END_OF_JANUARY, END_OF_JANUARY),
        (END_OF_JANUARY.replace(microsecond=0), END_OF_JANUARY),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        (FEBRUARY, "END_DATE_NOT_END_OF_MONTH"),
        (datetime(2026, 2, 28, 23, 59, 58, tzinfo=UTC), "END_DATE_NOT_END_OF_MONTH"),
        (datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), "END_DATE_TOO_EARLY"),
        (datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), "END_DATE_TOO_LATE"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "END_DATE_TOO_LATE"),
    ],
)
def test_a_transfer_ends_with_a_month(estate: Estate, end: datetime | None, ends: datetime | str) -> None:
    source = manager(estate)
    transfer = accepted(estate, source)
    given = {} if end is None else {"EndTimestamp": end}
    if isinstance(ends, str):
        with pytest.raises(ServiceError, match="InvalidInputException") as caught:
            terminate(estate, source, transfer, **given)
        assert reason(caught) == ends
        return
    ended = terminate(estate, source, transfer, **given)
    assert (ended["Status"], ended["EndTimestamp"]) == ("WITHDRAWN", ends)
    assert inbound(estate) == [{**ended, "Arn": transfer["Arn"]}]
    with pytest.raises(ServiceError, match="ResponsibilityTransferAlreadyInStatusException"):
        terminate(estate, estate.world.root, transfer)


def test_either_side_ends_a_transfer_and_the_one_that_named_it_renames_it(estate: Estate) -> None:
    source = manager(estate)
    transfer = accepted(estate, source)
    named = estate.call("UpdateResponsibilityTransfer", Id=transfer["Id"], Name="blue")["ResponsibilityTransfer"]
    assert named == {**transfer, "Name": "blue"}
    with pytest.raises(ServiceError, match="AccessDeniedException: You don't have permissions"):
        estate.call_as(source, "UpdateResponsibilityTransfer", Id=transfer["Id"], Name="green")
    assert terminate(estate, estate.world.root, transfer)["Status"] == "WITHDRAWN"


def test_nobody_else_finds_a_transfer(estate: Estate) -> None:
    transfer = accepted(estate, manager(estate))
    for operation, given in (
        ("DescribeResponsibilityTransfer", {}),
        ("TerminateResponsibilityTransfer", {}),
        ("UpdateResponsibilityTransfer", {"Name": "blue"}),
    ):
        for stranger, error in (
            (manager(estate), "ResponsibilityTransferNotFoundException"),
            (estate.member(), "AccessDeniedException: You don't have permissions"),
            (estate.world.account(), "AWSOrganizationsNotInUseException"),
        ):
            with pytest.raises(ServiceError, match=error):
                estate.call_as(stranger, operation, Id=transfer["Id"], **given)
    with pytest.raises(ServiceError, match="ResponsibilityTransferNotFoundException"):
        inbound(estate, Id="rt-notthere")


def test_who_manages_no_other_organization_is_not_invited(estate: Estate) -> None:
    foreign = estate.world.account("aws-cn")
    for invited, why in (
        (estate.world.root, "SOURCE_AND_TARGET_CANNOT_MATCH"),
        (estate.member(), "TARGET_ACCOUNT_VALIDATION_FAILURE"),
        (estate.world.account(), "TARGET_ACCOUNT_VALIDATION_FAILURE"),
        (foreign, "ORGANIZATION_FROM_DIFFERENT_SELLER_OF_RECORD"),
    ):
        with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
            invite(estate, invited)
        assert reason(caught) == why
    with pytest.raises(ServiceError, match="InvalidInputException") as caught:
        estate.call(
            INVITE,
            Type="BILLING",
            Target={"Type": "ORGANIZATION", "Id": estate.organization},
            StartTimestamp=FEBRUARY,
            SourceName="red",
        )
    assert reason(caught) == "INVALID_PARTY_TYPE_TARGET"


def test_there_is_one_transfer_between_two_organizations(estate: Estate) -> None:
    source = manager(estate)
    sent = invite(estate, source)
    with pytest.raises(ServiceError, match="DuplicateHandshakeException"):
        invite(estate, source)
    respond(estate, source, "AcceptHandshake", sent)
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        invite(estate, source)
    assert reason(caught) == "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS"
    (transfer,) = inbound(estate)
    terminate(estate, source, transfer)
    march = datetime(2026, 3, 1, tzinfo=UTC)
    estate.world.clock.now = END_OF_JANUARY - timedelta(milliseconds=1)
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException"):
        invite(estate, source, StartTimestamp=march)
    estate.world.clock.now = END_OF_JANUARY
    invite(estate, source, StartTimestamp=march)


def test_an_organization_transfers_to_one_other_and_two_levels_are_the_most(estate: Estate) -> None:
    top, middle, bottom = (manager(estate) for _ in range(3))
    accepted(estate, bottom, middle)
    accepted(estate, middle, top)
    for source, target, why in (
        (middle, estate.world.root, "RESPONSIBILITY_TRANSFER_MAX_OUTBOUND_QUOTA_VIOLATION"),
        (top, estate.world.root, "RESPONSIBILITY_TRANSFER_MAX_LEVEL_VIOLATION"),
        (estate.world.root, bottom, "RESPONSIBILITY_TRANSFER_MAX_LEVEL_VIOLATION"),
        (top, bottom, "RESPONSIBILITY_TRANSFER_MAX_LEVEL_VIOLATION"),
    ):
        sent = invite(estate, source, target)  # who invites is not told of the transfers of the other
        with pytest.raises(ServiceError, match="ConstraintViolationException") as caught:
            respond(estate, source, "AcceptHandshake", sent)
        assert reason(caught) == why
        respond(estate, source, "DeclineHandshake", sent)


def test_an_organization_has_so_many_transfers_to_it(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    for operation in (INVITE, "AcceptHandshake"):
        set_quotas(monkeypatch, operation, organizations, inbound_transfers=1)
    source = manager(estate)
    sent = invite(estate, source)
    for _ in range(2):
        with pytest.raises(ServiceError, match="ConstraintViolationException") as caught:
            invite(estate, manager(estate))
        assert reason(caught) == "RESPONSIBILITY_TRANSFER_MAX_INBOUND_QUOTA_VIOLATION"
        if sent["State"] == "OPEN":
            sent = respond(estate, source, "AcceptHandshake", sent)


def test_invitations_to_transfers_count_among_those_of_a_day(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, INVITE, organizations, invitations_per_day=1)
    source = manager(estate)
    respond(estate, source, "DeclineHandshake", invite(estate, source))
    with pytest.raises(ServiceError, match="HandshakeConstraintViolationException") as caught:
        invite(estate, source)
    assert reason(caught) == "HANDSHAKE_RATE_LIMIT_EXCEEDED"


def test_an_organization_with_a_transfer_is_not_deleted(estate: Estate) -> None:
    source = manager(estate)
    transfer = accepted(estate, source)
    asked = manager(estate)
    sent = invite(estate, asked)
    for side in (estate.world.root, source, asked):
        with pytest.raises(ServiceError, match="ConstraintViolationException") as caught:
            estate.call_as(side, "DeleteOrganization")
        assert reason(caught) == "ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS"
    respond(estate, asked, "DeclineHandshake", sent)
    terminate(estate, source, transfer)
    estate.world.clock.now = FEBRUARY
    for side in (asked, source):
        estate.call_as(side, "DeleteOrganization")
    assert len(inbound(estate)) == 2
    estate.call("DeleteOrganization")
    assert not len(estate.world.snapshot.installation.of(ResponsibilityTransfer))


def test_policies_see_the_type_and_the_direction(estate: Estate) -> None:
    source = manager(estate)
    transfer = accepted(estate, source)
    for root, direction in ((estate.world.root, "INBOUND"), (source, "OUTBOUND")):
        keys = {"organizations:TransferType": "BILLING", "organizations:TransferDirection": direction}
        user = estate.world.user("billing", [allow("organizations:*", condition={"StringEquals": keys})], root=root)
        estate.call_as(user, "DescribeResponsibilityTransfer", Id=transfer["Id"])
        listing = f"List{direction.title()}ResponsibilityTransfers"
        other = "Outbound" if direction == "INBOUND" else "Inbound"
        estate.call_as(user, listing, Type="BILLING")
        with pytest.raises(ServiceError, match="is not authorized to perform"):
            estate.call_as(user, f"List{other}ResponsibilityTransfers", Type="BILLING")


def test_the_tags_of_a_transfer_are_those_of_its_target(estate: Estate) -> None:
    source = manager(estate)
    invite(estate, source, Tags=[{"Key": "team", "Value": "red"}])
    (transfer,) = inbound(estate)
    red = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    describe = allow("organizations:DescribeResponsibilityTransfer", condition=red)
    ours = estate.world.user("ours", [describe])
    theirs = estate.world.user("theirs", [describe], root=source)
    estate.call_as(ours, "DescribeResponsibilityTransfer", Id=transfer["Id"])
    with pytest.raises(ServiceError, match="is not authorized to perform"):
        estate.call_as(theirs, "DescribeResponsibilityTransfer", Id=transfer["Id"])


def test_the_target_tags_a_transfer_and_the_source_does_not_see_its_tags(estate: Estate) -> None:
    source = manager(estate)
    transfers = f"arn:aws:organizations::*:transfer/{estate.organization}/billing/inbound/*"
    billing = {"StringEquals": {"organizations:TransferType": "BILLING"}}
    allows = allow("organizations:TagResource", resource=transfers, condition=billing)
    inviting = allow(f"organizations:{INVITE}")
    only, both = (
        estate.world.user(name, policies) for name, policies in (("a", [inviting]), ("b", [inviting, allows]))
    )
    tags = [{"Key": "team", "Value": "red"}]
    with pytest.raises(ServiceError, match="is not authorized to perform: organizations:TagResource"):
        invite(estate, source, only, Tags=tags)
    invite(estate, source, both, Tags=tags)
    (transfer,) = inbound(estate)
    estate.call_as(both, "TagResource", ResourceId=transfer["Id"], Tags=[{"Key": "cost", "Value": "1"}])
    estate.call("UntagResource", ResourceId=transfer["Id"], TagKeys=["team"])
    assert estate.call("ListTagsForResource", ResourceId=transfer["Id"])["Tags"] == [{"Key": "cost", "Value": "1"}]
    with pytest.raises(ServiceError, match="TargetNotFoundException"):
        estate.call_as(source, "ListTagsForResource", ResourceId=transfer["Id"])


def test_transfers_are_paged(estate: Estate) -> None:
    for _ in range(3):
        invite(estate, manager(estate))
    first = estate.call("ListInboundResponsibilityTransfers", Type="BILLING", MaxResults=2)
    rest = inbound(estate, MaxResults=2, NextToken=first["NextToken"])
    assert first["ResponsibilityTransfers"] + rest == sorted(inbound(estate), key=lambda one: str(one["Id"]))
