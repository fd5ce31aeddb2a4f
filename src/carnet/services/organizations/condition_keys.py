"""The condition keys of Organizations.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
"""

from __future__ import annotations

from typing import Any

from carnet.services.operation import Call
from carnet.services.target import Keys


def policy_type(call: Call, given: Any, target: object) -> Keys:
    """organizations:PolicyType: the type of policies that the request is about."""
    return {"organizations:PolicyType": given["PolicyType"]}
