"""What an account is called, and the email address of its root user.

https://docs.aws.amazon.com/accounts/latest/reference/API_GetAccountInformation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Invalid
from carnet.directory.account_view import AccountView
from carnet.services.account import sentences
from carnet.services.account.condition_keys import of_the_member
from carnet.services.account.service import account
from carnet.services.account.targets import account_asked_for
from carnet.services.operation import Answer, Call, WriteCall


@account.read("GetAccountInformation", on=account_asked_for("GetAccountInformation"), context=(of_the_member,))
def get_account_information(call: Call, given: Mapping[str, Any], view: AccountView) -> Answer:
    """Id, name, age and state of the account."""
    known = view.account
    return {
        "AccountId": known.id,
        "AccountName": known.name,
        "AccountCreatedDate": known.created,
        "AccountState": "CLOSED" if view.closed else "ACTIVE",
    }


@account.write("PutAccountName", on=account_asked_for("PutAccountName"), context=(of_the_member,))
def put_account_name(call: WriteCall, given: Mapping[str, Any], view: AccountView) -> Answer:
    """Give the account another name, without the spaces around it."""
    name = given["AccountName"].strip()
    if not name:
        raise Invalid(sentences.NAME_BLANK)
    call.store.save(replace(view.account, name=name))
    return {}


@account.read(
    "GetPrimaryEmail",
    on=account_asked_for("GetPrimaryEmail", to_itself="Access Denied"),
    context=(of_the_member,),
)
def get_primary_email(call: Call, given: Mapping[str, Any], view: AccountView) -> Answer:
    """The email address of a member's root user: nobody can ask for that of the own account, which AWS shows nobody."""
    return {"PrimaryEmail": view.account.email}
