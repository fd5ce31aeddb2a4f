"""The condition keys of Organizations.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
"""

from __future__ import annotations

from typing import Any

from carnet.services.operation import Call
from carnet.services.target import Keys


def service_principal(call: Call, given: Any, target: object) -> Keys:
    """organizations:ServicePrincipal: the AWS service that the request is about; nothing if it names none."""
    service = given.get("ServicePrincipal")
    return {} if service is None else {"organizations:ServicePrincipal": service}


def policy_type(call: Call, given: Any, target: object) -> Keys:
    """organizations:PolicyType: the type of policies that the request is about."""
    return {"organizations:PolicyType": given["PolicyType"]}
