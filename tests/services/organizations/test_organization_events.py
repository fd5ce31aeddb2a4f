"""What Organizations tells management accounts by itself, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from carnet.audit.event_lines import as_text
from carnet.audit.redaction import HIDDEN
from carnet.services.account_removal import delete_account
from carnet.services.accounts import Joining, NewAccounts, create_accounts
from tests.services.organizations.estate import Estate, an_estate
from tests.services.organizations.test_handshakes import invite, respond
from tests.services.organizations.test_transfers import accepted as agreed
from tests.services.organizations.test_transfers import inbound, manager, terminate
from tests.services.organizations.test_transfers import invite as invite_to_transfer
from tests.services.world import World

TIME = "Jan 02, 2026, 03:04:05 AM"


def told(world: World, do: Callable[[], object]) -> list[dict[str, Any]]:
    """The service events of what is done, each with its name and for whom it is."""
    before = world.installation.store.revision().seq
    do()
    events = [dict(event) for _, event in world.installation.store.audit_events(before)]
    return [
        {"name": event["eventName"], "for": event["recipientAccountId"], **event["serviceEventDetails"]}
        for event in events
        if event["eventType"] == "AwsServiceEvent"
    ]


def membership(estate: Estate, joined_or_departed: str, account: str, **details: str) -> dict[str, Any]:
    return {
        "name": f"Account{joined_or_departed}Organization",
        "for": estate.world.account_id,
        "organizationId": estate.organization,
        "accountId": account,
        **details,
    }


def test_the_management_account_is_told_of_an_account_that_is_created(estate: Estate) -> None:
    given = {"AccountName": "shop", "Email": "shop@example.com"}
    joined, result = told(estate.world, lambda: estate.call("CreateAccount", **given))
    status = estate.call("ListCreateAccountStatus")["CreateAccountStatuses"][0]
    assert joined == membership(estate, "Joined", status["AccountId"], joinedMethod="CREATED", joinedTime=TIME)
    assert result == {
        "name": "CreateAccountResult",
        "for": estate.world.account_id,
        "createAccountStatus": {
            "id": status["Id"],
            "accountName": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "state": "SUCCEEDED",
            "accountId": status["AccountId"],
            "requestedTimestamp": TIME,
            "completedTimestamp": TIME,
        },
    }
    (failed,) = told(estate.world, lambda: estate.call("CreateAccount", **given))
    told_status = failed["createAccountStatus"]
    assert (told_status["state"], told_status["failureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert "accountId" not in told_status


def test_an_organization_tells_of_its_management_account(world: World) -> None:
    made: list[Estate] = []
    joined = told(world, lambda: made.append(an_estate(world)))
    (estate,) = made
    assert joined == [membership(estate, "Joined", world.account_id, joinedMethod="INVITED", joinedTime=TIME)]
    departed = told(world, lambda: estate.call("DeleteOrganization"))
    assert departed == [membership(estate, "Departed", world.account_id, departureMethod="LEFT", departureTime=TIME)]


def test_an_account_goes_from_one_organization_to_another(estate: Estate) -> None:
    world = estate.world
    invited = world.account()
    account = estate.account_of(invited)
    joined = told(world, lambda: respond(estate, invited, "AcceptHandshake", invite(estate, invited)))
    assert joined == [membership(estate, "Joined", account, joinedMethod="INVITED", joinedTime=TIME)]
    other_root = world.account()
    made = world.call(other_root, "CreateOrganization", service="organizations")["Organization"]
    target = {"Type": "ACCOUNT", "Id": account}
    sent = estate.call_as(other_root, "InviteAccountToOrganization", Target=target)["Handshake"]
    departed, joined_other = told(world, lambda: respond(estate, invited, "AcceptHandshake", sent))
    assert departed == membership(estate, "Departed", account, departureMethod="LEFT", departureTime=TIME)
    assert (joined_other["for"], joined_other["organizationId"]) == (estate.account_of(other_root), made["Id"])


@pytest.mark.parametrize(
    ("operation", "method"), [("RemoveAccountFromOrganization", "REMOVED"), ("LeaveOrganization", "LEFT")]
)
def test_how_a_member_has_gone_is_told(estate: Estate, operation: str, method: str) -> None:
    member = estate.member()
    account = estate.account_of(member)
    caller, given = (estate.world.root, {"AccountId": account}) if method == "REMOVED" else (member, {})
    (departed,) = told(estate.world, lambda: estate.call_as(caller, operation, **given))
    assert departed == membership(estate, "Departed", account, departureMethod=method, departureTime=TIME)


def test_an_account_that_is_closed_stays_and_one_that_is_no_more_has_gone(estate: Estate) -> None:
    world, account = estate.world, estate.account_of(estate.member())
    (closed,) = told(world, lambda: estate.call("CloseAccount", AccountId=account))
    assert closed["name"] == "CloseAccountResult"
    assert closed["closeAccountStatus"] == {
        "accountId": account,
        "state": "SUCCEEDED",
        "requestedTimestamp": TIME,
        "completedTimestamp": TIME,
    }
    now = world.clock()
    (gone,) = told(world, lambda: delete_account(world.installation.store, account=account, now=now))
    assert gone == membership(estate, "Departed", account, departureMethod="CLEANED", departureTime=TIME)


def test_the_operator_who_makes_a_member_tells_the_management_account(estate: Estate) -> None:
    installation = estate.world.installation
    joining = Joining(directory=installation.directory, organization=estate.organization)

    def create() -> None:
        create_accounts(
            installation.store,
            installation.keyring,
            installation.ids,
            NewAccounts(names=("a", "b"), emails=("a@example.com", "b@example.com"), partition="aws"),
            now=estate.world.clock(),
            joining=joining,
        )

    assert [event["joinedMethod"] for event in told(estate.world, create)] == ["CREATED", "CREATED"]


def test_both_sides_of_a_transfer_and_who_is_upstream_are_told_of_it(estate: Estate) -> None:
    world, source, upstream = estate.world, manager(estate), manager(estate)
    agreed(estate, world.root, upstream)
    sent = invite_to_transfer(estate, source)
    accepted = told(world, lambda: respond(estate, source, "AcceptHandshake", sent))
    everybody = sorted(estate.account_of(each) for each in (world.root, source, upstream))
    assert sorted(event["for"] for event in accepted) == everybody
    assert {event["name"] for event in accepted} == {"ResponsibilityTransferAccepted"}
    (transfer,) = inbound(estate)
    ended = told(world, lambda: terminate(estate, source, transfer))
    assert sorted(event["for"] for event in ended) == everybody
    (details,) = {json.dumps(event["responsibilityTransfer"], sort_keys=True) for event in ended}
    assert json.loads(details) == {
        "arn": transfer["Arn"],
        "name": HIDDEN,
        "id": transfer["Id"],
        "type": "BILLING",
        "status": "WITHDRAWN",
        "source": {"managementAccountId": estate.account_of(source), "managementAccountEmail": HIDDEN},
        "target": {"managementAccountId": world.account_id, "managementAccountEmail": HIDDEN},
        "startTimestamp": "Feb 01, 2026, 12:00:00 AM",
        "endTimestamp": "Jan 31, 2026, 11:59:59 PM",
        "activeHandshakeId": sent["Id"],
    }
    assert {event["name"] for event in ended} == {"ResponsibilityTransferTerminated"}


def test_who_is_upstream_no_more_is_not_told(estate: Estate) -> None:
    world, source, upstream = estate.world, manager(estate), manager(estate)
    terminate(estate, upstream, agreed(estate, world.root, upstream))
    world.clock.advance(30 * 86_400)
    sent = invite_to_transfer(estate, source, StartTimestamp=datetime(2026, 3, 1, tzinfo=UTC))
    accepted = told(world, lambda: respond(estate, source, "AcceptHandshake", sent))
    assert sorted(event["for"] for event in accepted) == sorted((world.account_id, estate.account_of(source)))


def test_a_service_event_has_the_service_for_its_caller(estate: Estate) -> None:
    estate.call("CreateAccount", AccountName="shop", Email="shop@example.com")
    events = [event for _, event in estate.world.installation.store.audit_events()]
    event = next(event for event in events if event["eventName"] == "CreateAccountResult")
    source = "organizations.amazonaws.com"
    assert event["userIdentity"] == {"accountId": estate.world.account_id, "invokedBy": source}
    assert (event["awsRegion"], event["sourceIPAddress"], event["userAgent"]) == ("us-east-1", source, source)
    assert (event["eventSource"], event["readOnly"], event["eventCategory"]) == (source, False, "Management")
    assert event["requestParameters"] is event["responseElements"] is None
    assert "organizations:CreateAccountResult" in as_text(event)
    assert source in as_text(event)
