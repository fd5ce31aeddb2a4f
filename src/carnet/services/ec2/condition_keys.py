"""Condition keys that EC2 brings to every request.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-policy-keys
"""

from __future__ import annotations

from typing import Any

from carnet.services.operation import Call
from carnet.services.target import Keys


def region(call: Call, given: Any, target: object) -> Keys:
    """ec2:Region: the Region of the signature."""
    return {"ec2:Region": call.caller.region} if call.caller.region else {}
