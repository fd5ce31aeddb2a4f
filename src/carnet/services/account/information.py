"""What an account is called.

https://docs.aws.amazon.com/accounts/latest/reference/API_GetAccountInformation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.services.account.service import account
from carnet.services.account.targets import own_account
from carnet.services.operation import Answer, Call, WriteCall


@account.read("GetAccountInformation", on=own_account)
def get_account_information(call: Call, given: Mapping[str, Any]) -> Answer:
    """Id, name and age of the account."""
    known = call.view.account
    return {
        "AccountId": known.id,
        "AccountName": known.name,
        "AccountCreatedDate": known.created,
        "AccountState": "ACTIVE",
    }


@account.write("PutAccountName", on=own_account)
def put_account_name(call: WriteCall, given: Mapping[str, Any]) -> Answer:
    """Give the account another name."""
    call.store.save(replace(call.view.account, name=given["AccountName"]))
    return {}
