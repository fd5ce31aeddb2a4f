"""A page of a long list costs what the first one costs: how many things a call looks at is counted, not timed."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.entities.account import Account
from carnet.entities.membership import Membership
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from tests.counting import counted
from tests.services.organizations.estate import Estate

PAGES = 1_000
STEPS_OF_A_SEARCH = 2 * (2 * PAGES).bit_length()
"""Going on from a marker is a search in a sorted list, which compares two keys a step at the most."""


@pytest.fixture
def wide(estate: Estate) -> Estate:
    """An organization of two accounts a page."""
    with estate.world.installation.store.write() as unit:
        for number in range(2 * PAGES - 1):
            account = Account(id=f"{number:012}", name="n", email="n@example.com", created=estate.world.clock())
            unit.add(account)
            unit.add(Membership(account=account.id, organization=estate.organization))
            unit.add(
                OrganizationAccount(
                    id=account.id,
                    organization=estate.organization,
                    parent=estate.root,
                    joined_method=JoinedMethod.CREATED,
                    joined=account.created,
                )
            )
    estate.world.installation.directory.catch_up()
    return estate


@pytest.mark.parametrize(
    ("operation", "of_parent"),
    [
        ("ListAccounts", {}),
        ("ListAccountsForParent", {"ParentId": ""}),
        ("ListChildren", {"ParentId": "", "ChildType": "ACCOUNT"}),
    ],
)
def test_page_1000_looks_at_as_many_accounts_as_page_1(wide: Estate, operation: str, of_parent: dict[str, str]) -> None:
    asked: dict[str, Any] = of_parent | ({"ParentId": wide.root} if of_parent else {}) | {"MaxResults": 2}
    page = wide.call(operation, **asked)  # which sorts the list, once
    costs: list[int] = []
    for number in range(1, PAGES + 1):
        with counted() as calls:
            page = wide.call(operation, **asked)
            costs.append(calls())
        assert ("NextToken" in page) == (number < PAGES)
        asked["NextToken"] = page.get("NextToken")
    assert len(costs) == PAGES
    assert costs[-1] <= costs[1] + STEPS_OF_A_SEARCH
    assert max(costs) <= costs[0] + 2 * STEPS_OF_A_SEARCH
