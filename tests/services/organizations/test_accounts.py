from __future__ import annotations

import pytest

from tests.services.organizations.estate import Estate
from tests.services.world import START, ServiceError


def test_accounts_are_listed_page_by_page(estate: Estate) -> None:
    members = sorted([estate.world.account_id, *(estate.account_of(estate.member()) for _ in range(4))])
    first = estate.call("ListAccounts", MaxResults=3)
    rest = estate.call("ListAccounts", MaxResults=3, NextToken=first["NextToken"])
    assert [one["Id"] for one in first["Accounts"] + rest["Accounts"]] == members
    assert "NextToken" not in rest
    with pytest.raises(ServiceError, match="InvalidInputException"):
        estate.call("ListAccounts", NextToken="made up")


def test_an_account_is_described(estate: Estate) -> None:
    unit = estate.unit("Sandbox")
    account = estate.account_of(estate.member(unit))
    assert estate.call("DescribeAccount", AccountId=account)["Account"] == {
        "Id": account,
        "Arn": f"arn:aws:organizations::{estate.world.account_id}:account/{estate.organization}/{account}",
        "Email": "test@example.com",
        "Name": "test",
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "Paths": [f"{estate.organization}/{estate.root}/{unit}/{account}/"],
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": START,
    }
    with pytest.raises(ServiceError, match="AccountNotFoundException"):
        estate.call("DescribeAccount", AccountId="000000000000")


def test_an_account_is_moved(estate: Estate) -> None:
    unit = estate.unit("Sandbox")
    account = estate.account_of(estate.member())
    move = {"AccountId": account, "SourceParentId": estate.root, "DestinationParentId": unit}
    estate.call("MoveAccount", **move)
    assert [one["Id"] for one in estate.call("ListAccountsForParent", ParentId=unit)["Accounts"]] == [account]
    with pytest.raises(ServiceError, match="SourceParentNotFoundException"):
        estate.call("MoveAccount", **move)
    with pytest.raises(ServiceError, match="DuplicateAccountException"):
        estate.call("MoveAccount", **{**move, "SourceParentId": unit})
    with pytest.raises(ServiceError, match="DestinationParentNotFoundException"):
        estate.call("MoveAccount", **{**move, "SourceParentId": unit, "DestinationParentId": "r-none"})


@pytest.mark.parametrize("forgotten", ["account", "SourceParentId", "DestinationParentId"])
def test_moving_needs_the_permission_for_the_account_and_for_both_parents(estate: Estate, forgotten: str) -> None:
    unit = estate.unit("Sandbox")
    account = estate.account_of(estate.member())
    parents = {"SourceParentId": estate.root, "DestinationParentId": unit}
    resources = {
        "account": f"*:account/*/{account}",
        "SourceParentId": "*:root/*",
        "DestinationParentId": "*:ou/*",
    }
    statement = {
        "Effect": "Allow",
        "Action": "organizations:MoveAccount",
        "Resource": [f"arn:aws:organizations::{arn}" for name, arn in resources.items() if name != forgotten],
    }
    mover = estate.world.user("mover", [{"Version": "2012-10-17", "Statement": statement}])
    with pytest.raises(ServiceError, match="is not authorized to perform: organizations:MoveAccount"):
        estate.call_as(mover, "MoveAccount", AccountId=account, **parents)
