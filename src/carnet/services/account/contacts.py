"""The primary contact of an account, and those for billing, operations and security.

https://docs.aws.amazon.com/accounts/latest/reference/API_PutContactInformation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Missing
from carnet.services.account import sentences
from carnet.services.account.condition_keys import alternate_contact_types
from carnet.services.account.service import account
from carnet.services.account.targets import own_account
from carnet.services.account_details import details_of, keep_details
from carnet.services.operation import Answer, Call, WriteCall

_OF_A_CONTACT = ("Name", "Title", "EmailAddress", "PhoneNumber")


@account.read("GetContactInformation", on=own_account)
def get_contact_information(call: Call, given: Mapping[str, Any]) -> Answer:
    """The primary contact; an account of this server has none before it is given one."""
    contact = details_of(call.view).contact
    if not contact:
        raise Missing(sentences.CONTACT_MISSING)
    return {"ContactInformation": contact}


@account.write("PutContactInformation", on=own_account)
def put_contact_information(call: WriteCall, given: Mapping[str, Any]) -> Answer:
    """Set the whole primary contact: what is not given is gone."""
    keep_details(call, replace(details_of(call.view), contact=dict(given["ContactInformation"])))
    return {}


@account.read("GetAlternateContact", on=own_account, context=(alternate_contact_types,))
def get_alternate_contact(call: Call, given: Mapping[str, Any]) -> Answer:
    """One alternate contact."""
    kind: str = given["AlternateContactType"]
    contact = details_of(call.view).alternate_contacts.get(kind)
    if contact is None:
        raise Missing(sentences.ALTERNATE_CONTACT_MISSING)
    return {"AlternateContact": {**contact, "AlternateContactType": kind}}


@account.write("PutAlternateContact", on=own_account, context=(alternate_contact_types,))
def put_alternate_contact(call: WriteCall, given: Mapping[str, Any]) -> Answer:
    """Set one alternate contact, in place of the one of this type."""
    details = details_of(call.view)
    contact = {name: given[name] for name in _OF_A_CONTACT}
    contacts = {**details.alternate_contacts, given["AlternateContactType"]: contact}
    keep_details(call, replace(details, alternate_contacts=contacts))
    return {}


@account.write("DeleteAlternateContact", on=own_account, context=(alternate_contact_types,))
def delete_alternate_contact(call: WriteCall, given: Mapping[str, Any]) -> Answer:
    """Remove one alternate contact."""
    details, kind = details_of(call.view), given["AlternateContactType"]
    if kind not in details.alternate_contacts:
        raise Missing(sentences.ALTERNATE_CONTACT_MISSING)
    kept = {name: contact for name, contact in details.alternate_contacts.items() if name != kind}
    keep_details(call, replace(details, alternate_contacts=kept))
    return {}
