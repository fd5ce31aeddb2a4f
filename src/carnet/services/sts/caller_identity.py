"""GetCallerIdentity.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.services.operation import Answer, Call, account_wide
from carnet.services.sts.service import sts


@sts.read("GetCallerIdentity", on=account_wide)
def get_caller_identity(call: Call, given: Mapping[str, object]) -> Answer:
    """The caller's identity. No policy can deny this operation."""
    principal = call.caller.principal
    return {"UserId": principal.id, "Account": principal.account, "Arn": principal.arn}
