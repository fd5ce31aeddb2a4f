"""Accounts of an imported organization: when they were closed, and which services they administer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from carnet.policy.case_members import Misread
from carnet.provisioning.estates.document import read_estate
from carnet.provisioning.plan import Verdict
from carnet.services.organizations.quotas import DELEGATED_ADMINISTRATORS
from tests.provisioning.test_estates import MANAGEMENT, MEMBER, changed, exported, imported, plan_of
from tests.services.world import World


def closed_of(world: World) -> datetime | None:
    """When MEMBER was closed."""
    membership = world.snapshot.accounts[MEMBER].membership
    assert membership is not None
    return membership.closed


def test_a_closed_account_keeps_the_day_on_which_it_goes(world: World) -> None:
    data = changed()
    data["Accounts"][1] |= {"State": "CLOSED", "ClosedTimestamp": "2025-12-24T12:00:00+01:00"}
    imported(world, data)
    closed = closed_of(world)
    assert closed == datetime(2025, 12, 24, 11, tzinfo=UTC)
    told = exported(world)
    assert told["Accounts"][1]["ClosedTimestamp"] == "2025-12-24T11:00:00Z"
    assert "ClosedTimestamp" not in told["Accounts"][0]
    assert {item.verdict for item in plan_of(world, told)} == {Verdict.UNCHANGED}
    data["Accounts"][1]["ClosedTimestamp"] = "2024-12-24T12:00:00Z"
    imported(world, data)
    assert closed_of(world) == closed, "what is closed here would go earlier"


@pytest.mark.parametrize("told", [{}, {"ClosedTimestamp": "2999-01-01T00:00:00Z"}])
def test_an_account_whose_closure_is_unknown_or_to_come_is_closed_now(world: World, told: dict[str, str]) -> None:
    data = changed()
    data["Accounts"][1] |= {"State": "CLOSED", **told}
    imported(world, data)
    assert closed_of(world) == world.clock()


def test_of_an_open_account_no_closure_is_kept(world: World) -> None:
    data = changed()
    data["Accounts"][1]["ClosedTimestamp"] = "2025-12-24T12:00:00Z"
    imported(world, data)
    assert closed_of(world) is None


@pytest.mark.parametrize("told", ["yesterday", "2025-12-24T12:00:00"])
def test_a_closure_is_a_moment(told: str) -> None:
    data = changed()
    data["Accounts"][1] |= {"State": "CLOSED", "ClosedTimestamp": told}
    with pytest.raises(Misread, match="must be a moment, such as") as raised:
        read_estate(data)
    assert ".Accounts[1].ClosedTimestamp" in str(raised.value)


def _administered(service: str, number: int) -> dict[str, Any]:
    """An organization in which that many accounts administer a service."""
    data = changed()
    ids = [f"{400000000000 + each}" for each in range(number)]
    data["Accounts"] += [{**data["Accounts"][1], "Id": each, "Email": f"a{each}@example.com"} for each in ids]
    data["Attachments"] += [{"PolicyId": "p-FullAWSAccess", "TargetId": each} for each in ids]
    data["DelegatedAdministrators"] = [{"Id": each, "ServicePrincipals": [service, service]} for each in ids]
    return data


@pytest.mark.parametrize(("service", "most"), DELEGATED_ADMINISTRATORS.items())
def test_a_service_has_as_many_delegated_administrators_as_aws_lets_it(service: str, most: int) -> None:
    delegations = read_estate(_administered(service, most)).delegations
    assert delegations is not None
    assert set(delegations.values()) == {(service,)}
    problem = f".DelegatedAdministrators has {most + 1} of {service}, which has {most} at most"
    with pytest.raises(Misread, match=re.escape(problem)):
        read_estate(_administered(service, most + 1))


@pytest.mark.parametrize(
    ("administrators", "problem"),
    [
        ([MANAGEMENT], f"[0].Id is '{MANAGEMENT}', the management account, which administers every service"),
        ([MEMBER, MEMBER], f"[1].Id is '{MEMBER}' a second time"),
    ],
)
def test_who_cannot_be_a_delegated_administrator(administrators: list[str], problem: str) -> None:
    data = changed()
    services = ["guardduty.amazonaws.com"]
    data["DelegatedAdministrators"] = [{"Id": each, "ServicePrincipals": services} for each in administrators]
    with pytest.raises(Misread, match=re.escape(f".DelegatedAdministrators{problem}")):
        read_estate(data)
