"""Secrets that are deleted by force: AWS Secrets Manager answers as if they had been there.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
"""

from __future__ import annotations

from carnet.base.http import HttpResponse
from carnet.gateway.answers import written
from carnet.gateway.call import Call

_FORCED, _BY_FORCE = ("secretsmanager", "DeleteSecret"), "ForceDeleteWithoutRecovery"


def forced_away(call: Call) -> HttpResponse | None:
    """The answer to an allowed request whose secret is not there; None for every other request.

    INVARIANT: nothing is sent on. A secret that somebody creates meanwhile is another one than was decided on.
    """
    if (call.operation.service.name, call.operation.name) != _FORCED or not call.given.get(_BY_FORCE):
        return None
    arn = call.decided[-1].check.resource
    return written(call, {"ARN": arn, "Name": arn.rpartition(":secret:")[2], "DeletionDate": call.arrived.time})
