"""The primary contact of an account, and those for billing, operations and security.

https://docs.aws.amazon.com/accounts/latest/reference/API_PutContactInformation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Missing
from carnet.directory.account_view import AccountView
from carnet.services.account import sentences
from carnet.services.account.condition_keys import alternate_contact_types, of_the_member
from carnet.services.account.service import account
from carnet.services.account.targets import account_asked_for
from carnet.services.account_details import details_of, keep_details
from carnet.services.operation import Answer, Call, WriteCall

_OF_A_CONTACT = ("Name", "Title", "EmailAddress", "PhoneNumber")


@account.read("GetContactInformation", on=account_asked_for("GetContactInformation"), context=(of_the_member,))
def get_contact_information(call: Call, given: Mapping[str, Any], view: AccountView) -> Answer:
    """The primary contact; an account of this server has none before it is given one."""
    contact = details_of(view).contact
    if not contact:
        raise Missing(sentences.CONTACT_MISSING)
    return {"ContactInformation": contact}


@account.write("PutContactInformation", on=account_asked_for("PutContactInformation"), context=(of_the_member,))
def put_contact_information(call: WriteCall, given: Mapping[str, Any], view: AccountView) -> Answer:
    """Set the whole primary contact: what is not given is gone."""
    keep_details(call, view, replace(details_of(view), contact=dict(given["ContactInformation"])))
    return {}


@account.read(
    "GetAlternateContact", on=account_asked_for("GetAlternateContact"), context=(of_the_member, alternate_contact_types)
)
def get_alternate_contact(call: Call, given: Mapping[str, Any], view: AccountView) -> Answer:
    """One alternate contact."""
    kind: str = given["AlternateContactType"]
    contact = details_of(view).alternate_contacts.get(kind)
    if contact is None:
        raise Missing(sentences.ALTERNATE_CONTACT_MISSING)
    return {"AlternateContact": {**contact, "AlternateContactType": kind}}


@account.write(
    "PutAlternateContact", on=account_asked_for("PutAlternateContact"), context=(of_the_member, alternate_contact_types)
)
def put_alternate_contact(call: WriteCall, given: Mapping[str, Any], view: AccountView) -> Answer:
    """Set one alternate contact, in place of the one of this type."""
    details = details_of(view)
    contact = {name: given[name] for name in _OF_A_CONTACT} | {"EmailAddress": given["EmailAddress"].strip()}
    contacts = {**details.alternate_contacts, given["AlternateContactType"]: contact}
    keep_details(call, view, replace(details, alternate_contacts=contacts))
    return {}


@account.write(
    "DeleteAlternateContact",
    on=account_asked_for("DeleteAlternateContact"),
    context=(of_the_member, alternate_contact_types),
)
def delete_alternate_contact(call: WriteCall, given: Mapping[str, Any], view: AccountView) -> Answer:
    """Remove one alternate contact."""
    details, kind = details_of(view), given["AlternateContactType"]
    if kind not in details.alternate_contacts:
        raise Missing(sentences.ALTERNATE_CONTACT_MISSING)
    kept = {name: contact for name, contact in details.alternate_contacts.items() if name != kind}
    keep_details(call, view, replace(details, alternate_contacts=kept))
    return {}
