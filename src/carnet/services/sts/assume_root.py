"""AssumeRoot, for accounts that are in no organization: they have no member account to assume the root user of.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from carnet.base.arns import root_arn
from carnet.base.faults import Denied, Invalid
from carnet.policy.request import PrincipalKind
from carnet.services.operation import Call
from carnet.services.sts.service import sts
from carnet.services.target import Keys, Target

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRootRequestTypeDef

_TARGET = re.compile(r"(?:arn:[^:]+:iam::)?([0-9]{12})(?::root)?", re.ASCII)
_TASK_POLICY = re.compile(
    r"arn:[^:]+:iam::aws:policy/root-task/"
    r"(?:IAMAuditRootUserCredentials|IAMCreateRootUserPassword|IAMDeleteRootUserCredentials"
    r"|S3UnlockBucketPolicy|SQSUnlockQueuePolicy)",
    re.ASCII,
)


def root_to_assume(call: Call, given: Any) -> Target[()]:
    """The root user of TargetPrincipal, an account. Raises Invalid for what is neither its id nor its root's ARN.

    Nobody may assume it: the caller's account manages no other.
    """
    if call.caller.principal.kind is PrincipalKind.ROOT:
        raise Denied("Root users may not call AssumeRoot.")
    principal: str = given["TargetPrincipal"]
    account = _TARGET.fullmatch(principal)
    if account is None or principal.startswith("arn:") is not principal.endswith(":root"):
        raise Invalid(f"{principal} is invalid")
    arn = root_arn(call.partition, account[1])
    caller = call.caller.principal.arn
    nobody = Denied(f"User: {caller} is not authorized to perform: sts:AssumeRoot on resource: {arn}")
    return Target(arn=arn, account=account[1], found=nobody)


def task_policy(call: Call, given: Any, target: object) -> Keys:
    """sts:TaskPolicyArn: the policy that the session would be for. Raises Invalid for one that is for no such task."""
    arn = given["TaskPolicyArn"].get("arn", "")
    if _TASK_POLICY.fullmatch(arn) is None:
        raise Invalid(f"{arn} is not a policy for privileged tasks.")
    return {"sts:TaskPolicyArn": arn}


@sts.read("AssumeRoot", on=root_to_assume, context=(task_policy,))
def assume_root(call: Call, given: AssumeRootRequestTypeDef) -> NoReturn:
    """Never reached: what the target finds is the refusal."""
    raise Denied("AssumeRoot is for the management account of an organization.")
