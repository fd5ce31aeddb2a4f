"""The account that an operation of Account Management acts on.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsaccountmanagement.html
"""

from __future__ import annotations

from typing import Any

from carnet.base.arns import Arn
from carnet.base.faults import Denied
from carnet.services.account import sentences
from carnet.services.operation import Call
from carnet.services.target import Target


def own_account(call: Call, given: Any) -> Target[()]:
    """The caller's account. Another one may be named by an organization's management account only."""
    arn = Arn(partition=call.partition, service="account", region="", account=call.account, resource="account")
    named = given.get("AccountId")
    found = () if named is None else Denied(sentences.no_management_account(call.caller.principal.arn, named))
    return Target(arn=str(arn), account=call.account, found=found)
