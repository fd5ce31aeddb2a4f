"""ValidateResourcePolicy of AWS Secrets Manager: what would be wrong with a policy, if it were put.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ValidateResourcePolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator

from carnet.audit.events import success_event
from carnet.directory.snapshot import Snapshot
from carnet.gateway.answers import audited, written
from carnet.gateway.call import Call
from carnet.gateway.policies.policy_change import PolicyChange, ShutsOut
from carnet.gateway.policies.policy_operations import LOCKS_OUT, PUBLIC_POLICY
from carnet.policy.document import Grammar
from carnet.policy.public import is_public
from carnet.server.outbox import Answer
from carnet.services.documents import parse_once


async def validated(call: Call, snapshot: Snapshot, change: PolicyChange, policy: str) -> Answer:
    """The answer for a policy that can be read. Raises Malformed for one that names who is not there.

    `change` would put it; `change.keeps` is what the caller has to be allowed afterwards.
    """
    errors = await call.deciding(lambda: [*_errors(call, snapshot, change, policy)])
    told = [{"CheckName": check, "ErrorMessage": message} for check, message in errors]
    answer = {"PolicyValidationPassed": not told, "ValidationErrors": told}
    event = success_event(call.parsed, {}, tuple(call.decided))
    return audited(call.operation, call.parsed, written(call, answer), event, tuple(call.decided))


def _errors(call: Call, snapshot: Snapshot, change: PolicyChange, policy: str) -> Iterator[tuple[str, str]]:
    """The checks that the policy does not pass, by AWS's names, with AWS's sentences."""
    if is_public(parse_once(policy, Grammar.RESOURCE, call.caller.principal.arn.split(":", 2)[1])):
        yield "BlockPublicPolicyCheck", PUBLIC_POLICY
    try:
        change.put_by(snapshot, call.caller, policy)
    except ShutsOut:
        yield "LockOutCheck", LOCKS_OUT
