"""Shows the environment variables of a function only to callers who may decrypt them.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentResponse.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from carnet.access.authorize import Decided
from carnet.base.http import HttpResponse
from carnet.gateway.answers import FIRST_ERROR, answered_by
from carnet.gateway.call import Call
from carnet.gateway.deciding import Resolved
from carnet.gateway.failures import told_denial
from carnet.gateway.keys.key_permissions import key_decided
from carnet.gateway.keys.key_uses.use import DECRYPT, KeyUse
from carnet.gateway.older_form import taken_whole
from carnet.gateway.policies.reread import members_of
from carnet.gateway.upstreams.configured import Mode
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.server.outbox import Answer
from carnet.services.execution import Execution

SHOWS = frozenset(
    (
        *("GetFunction", "GetFunctionConfiguration", "ListFunctions", "ListVersionsByFunction"),
        *("PublishVersion", "UpdateFunctionCode", "UpdateFunctionConfiguration"),
    )
)
"""Operations whose answers have the environment of functions. Whoever makes a function has written its environment."""
_AWS_MANAGED = "alias/aws/lambda"
_EMPTY = (b"", b"{}")
_HIDDEN = (
    "Lambda was unable to decrypt your environment variables because the KMS access was denied. "
    "Please check your KMS permissions. KMS Exception: AccessDeniedException KMS Message: {}"
)


async def shown(execution: Execution, call: Call, on: Resolved, response: UpstreamResponse) -> Answer:
    """The upstream's answer, with an error in the place of each environment that the caller may not decrypt.

    Raises UpstreamFailed for an answer that cannot be read, and as `key_decided`.
    """
    told = await taken_whole(response, call.bodies)
    if told.status >= FIRST_ERROR:
        return answered_by(call, told)
    members = members_of(told.body)
    if not members and told.body.strip() not in _EMPTY:
        raise UpstreamFailed(f"the answer is none of {call.operation.name}", sent=True)
    denials: list[Decided] = []
    for function in _functions(members):
        last = await _decide_decrypt(execution, call, on, function)
        if last.decision.allowed:
            call.decided.append(last)
        else:
            denials.append(last)
            _, sentence = told_denial("lambda", last)
            error = {"ErrorCode": "AccessDeniedException", "Message": _HIDDEN.format(sentence)}
            function["Environment"] = {"Error": error}
    call.decided += denials[:1]
    if not denials or call.mode is not Mode.ENFORCE:
        return answered_by(call, told)
    return answered_by(call, HttpResponse(status=told.status, headers=told.headers, body=json.dumps(members).encode()))


def _functions(members: Any) -> Iterator[dict[str, Any]]:
    """Those that have variables, of one configuration or of a list of them."""
    for one in (members, members.get("Configuration"), *(members.get("Functions") or members.get("Versions") or ())):
        if isinstance(one, dict) and one.get("Environment") not in (None, {}, {"Variables": {}}):
            yield one


async def _decide_decrypt(execution: Execution, call: Call, on: Resolved, function: dict[str, Any]) -> Decided:
    """Whether the caller may decrypt it with the function's key: its own, or the one that AWS makes."""
    arn = ":".join(str(function.get("FunctionArn")).split(":")[:7])
    if arn.count(":") != 6 or arn.split(":")[4] != on.account:
        raise UpstreamFailed("the upstream does not tell the function", sent=True)
    key = str(function.get("KMSKeyArn") or _AWS_MANAGED)
    use = KeyUse(key=key, actions=(DECRYPT,), context={"aws:lambda:FunctionArn": arn})
    return await key_decided(execution, call, on._replace(resource=arn), use)
