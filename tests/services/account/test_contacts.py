"""The contacts of an account."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.world import Caller, ServiceError, World

CONTACT = {
    "FullName": "Ada Lovelace",
    "AddressLine1": "12 St James's Square",
    "City": "London",
    "PostalCode": "SW1Y 4LB",
    "CountryCode": "GB",
    "PhoneNumber": "+442079460000",
}
ALTERNATE = {"Name": "Ada", "Title": "Countess", "EmailAddress": "ada@example.com", "PhoneNumber": "+44 20 7946 0000"}


def call(world: World, caller: Caller, operation: str, **given: Any) -> dict[str, Any]:
    return world.call(caller, operation, service="account", **given)


def refused(world: World, caller: Caller, operation: str, **given: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as raised:
        call(world, caller, operation, **given)
    return raised.value.code, raised.value.message


def allowing(action: str, resource: str = "*", condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition or {}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_the_primary_contact_is_kept_as_a_whole(world: World) -> None:
    assert refused(world, world.root, "GetContactInformation")[0] == "ResourceNotFoundException"
    call(world, world.root, "PutContactInformation", ContactInformation={**CONTACT, "CompanyName": "Engines"})
    call(world, world.root, "PutContactInformation", ContactInformation=CONTACT)
    assert call(world, world.root, "GetContactInformation") == {"ContactInformation": CONTACT}
    assert refused(world, world.account(), "GetContactInformation")[0] == "ResourceNotFoundException"


def test_each_type_has_one_alternate_contact(world: World) -> None:
    for kind in ("BILLING", "SECURITY"):
        call(world, world.root, "PutAlternateContact", AlternateContactType=kind, **ALTERNATE)
    call(world, world.root, "PutAlternateContact", AlternateContactType="BILLING", **ALTERNATE | {"Name": "Charles"})
    told = call(world, world.root, "GetAlternateContact", AlternateContactType="BILLING")["AlternateContact"]
    assert told == {**ALTERNATE, "Name": "Charles", "AlternateContactType": "BILLING"}
    call(world, world.root, "DeleteAlternateContact", AlternateContactType="BILLING")
    expected = ("ResourceNotFoundException", "No contact of the inputted alternate contact type found.")
    for operation in ("GetAlternateContact", "DeleteAlternateContact"):
        assert refused(world, world.root, operation, AlternateContactType="BILLING") == expected
    assert call(world, world.root, "GetAlternateContact", AlternateContactType="SECURITY")["AlternateContact"]


def test_spaces_around_an_email_address_are_not_kept(world: World) -> None:
    given = {**ALTERNATE, "Name": " Ada ", "EmailAddress": " Ada@example.com  "}
    call(world, world.root, "PutAlternateContact", AlternateContactType="BILLING", **given)
    told = call(world, world.root, "GetAlternateContact", AlternateContactType="BILLING")["AlternateContact"]
    assert (told["Name"], told["EmailAddress"]) == (" Ada ", "Ada@example.com")


def test_the_type_of_the_contact_is_a_condition_key(world: World) -> None:
    condition = {"ForAnyValue:StringEquals": {"account:AlternateContactTypes": "SECURITY"}}
    officer = world.user("officer", [allowing("account:*AlternateContact", condition=condition)])
    call(world, officer, "PutAlternateContact", AlternateContactType="SECURITY", **ALTERNATE)
    assert call(world, officer, "GetAlternateContact", AlternateContactType="SECURITY")
    for operation in ("PutAlternateContact", "GetAlternateContact", "DeleteAlternateContact"):
        given = ALTERNATE if operation.startswith("Put") else {}
        assert refused(world, officer, operation, AlternateContactType="BILLING", **given)[0] == "AccessDeniedException"


def test_the_resource_is_the_account(world: World) -> None:
    arn = f"arn:aws:account::{world.account_id}:account"
    reader = world.user("reader", [allowing("account:GetContactInformation", arn)])
    other = world.user("other", [allowing("account:GetContactInformation", arn.replace(world.account_id, "1" * 12))])
    assert refused(world, reader, "GetContactInformation")[0] == "ResourceNotFoundException"
    code, message = refused(world, other, "GetContactInformation")
    assert code == "AccessDeniedException"
    assert message.endswith(
        f"account:GetContactInformation on resource: {arn} because no identity-based policy allows "
        "the account:GetContactInformation action"
    )


def test_the_name_of_an_account(world: World) -> None:
    call(world, world.root, "PutAccountName", AccountName="engines")
    told = call(world, world.root, "GetAccountInformation")
    assert (told["AccountId"], told["AccountName"], told["AccountState"]) == (world.account_id, "engines", "ACTIVE")
    call(world, world.root, "PutAccountName", AccountName="  steam engines ")
    blank = ("ValidationException", "The input AccountName must not be null or only whitespace.")
    assert refused(world, world.root, "PutAccountName", AccountName=" ") == blank
    assert call(world, world.root, "GetAccountInformation")["AccountName"] == "steam engines"
    reader = world.user("reader", [allowing("account:GetAccountInformation")])
    assert call(world, reader, "GetAccountInformation")["AccountName"] == "steam engines"
    assert refused(world, reader, "PutAccountName", AccountName="mine")[0] == "AccessDeniedException"
