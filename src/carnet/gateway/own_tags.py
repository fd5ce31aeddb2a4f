"""Changes of a secret's tags by which callers would lock themselves out. AWS Secrets Manager refuses them.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UntagResource.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.gateway.call import Call
from carnet.gateway.checks.members import needed, structures, texts
from carnet.gateway.deciding import Resolved, among, decide
from carnet.gateway.policies.policy_operations import LOCKS_OUT
from carnet.policy.request import Value
from carnet.protocols.errors import WireError
from carnet.services.execution import Execution

_NAMES = ("aws:ResourceTag/", "secretsmanager:ResourceTag/")
_OPERATIONS = ("TagResource", "UntagResource")


def changes_own(call: Call) -> bool:
    return call.operation.service.name == "secretsmanager" and call.operation.name in _OPERATIONS


async def shuts_out(execution: Execution, call: Call, resolved: tuple[Resolved, ...]) -> bool:
    """Whether the request, once carried out, would take from its caller the permission to make it again.

    If it is denied, that decision becomes the call's last one.

    `resolved` is allowed with the present tags. If its decisions do not depend on tags, the answer is False.
    """
    if any(among(one.check.unknown)(f"{_NAMES[0]}x") for one in resolved):
        return False
    after = [one._replace(keys=_keys_after(call, one.keys)) for one in resolved]
    snapshot = execution.directory.snapshot
    made = await call.deciding(lambda: decide(execution, snapshot, call.caller, call.arrived, after))
    if not made[-1].decision.allowed:
        call.decided_again(made)
    return not made[-1].decision.allowed


def shut_out(call: Call) -> WireError:
    """AWS's error for such a request: it speaks of a policy, as recorded."""
    return WireError("AccessDeniedException", LOCKS_OUT, call.operation)


def _keys_after(call: Call, keys: Mapping[str, Value]) -> Mapping[str, Value]:
    """The condition keys with the tags as they will be after the request."""
    gone = {f"{name}{key}" for name in _NAMES for key in texts(call.given, "TagKeys")}
    given = {needed(tag, "Key"): str(tag.get("Value") or "") for tag in structures(call.given, "Tags")}
    new = {f"{name}{key}": value for name in _NAMES for key, value in given.items()}
    return {key: value for key, value in keys.items() if key not in gone} | new
