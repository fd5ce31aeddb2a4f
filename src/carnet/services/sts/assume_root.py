"""AssumeRoot: privileged tasks as the root user of a member account.

The management account of an organization, or a delegated administrator for IAM, may call it while the feature that the
task belongs to is enabled.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from carnet.access.documents import stored_policy
from carnet.access.gather import find_managed_policy
from carnet.base.arns import root_arn
from carnet.base.faults import Denied, Invalid
from carnet.directory.account_view import AccountView
from carnet.directory.root_access import feature_of, is_administrator, is_managed
from carnet.identity.principals import ASSUMED_ROOT
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy
from carnet.policy.request import PrincipalKind
from carnet.services.operation import Answer, Call
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import issue
from carnet.services.target import Keys, Target

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRootRequestTypeDef

_TARGET = re.compile(r"(?:arn:[^:]+:iam::)?([0-9]{12})(?::root)?", re.ASCII)
_MOST_SECONDS = 900


def root_to_assume(call: Call, given: Any) -> Target[AccountView]:
    """The root user of TargetPrincipal, a member account. Raises Invalid if it is neither an account id nor a root
    user's ARN.

    A caller who may not assume it is not told why.
    """
    if call.caller.principal.kind is PrincipalKind.ROOT:
        raise Denied("Root users may not call AssumeRoot.")
    principal: str = given["TargetPrincipal"]
    account = _TARGET.fullmatch(principal)
    if account is None or principal.startswith("arn:") is not principal.endswith(":root"):
        raise Invalid("Request must contain a valid target principal")
    arn = root_arn(call.partition, account[1])
    member = _member(call, account[1], given["TaskPolicyArn"].get("arn", ""))
    if member is None:
        caller = call.caller.principal.arn
        nobody = Denied(f"User: {caller} is not authorized to perform: sts:AssumeRoot on resource: {arn}")
        return Target(arn=arn, account=account[1], found=nobody)
    return Target(
        arn=arn, account=account[1], found=(member,), policies=(_organization_consent(call.account, account[1]),)
    )


def _member(call: Call, account: str, task_policy: str) -> AccountView | None:
    """The account, if callers of this account may assume its root user for the task."""
    view = call.snapshot.organization_of(call.account)
    if view is None or not is_administrator(view, call.account):
        return None
    target = call.snapshot.open_account(account)
    membership = target.membership if target is not None else None
    if membership is None or membership.organization != view.scope.id:
        return None
    return target if is_managed(call.snapshot, account, task_policy, by=call.account) else None


def _organization_consent(administrator: str, member: str) -> ResourcePolicy:
    """A resource policy that stands for the organization's management of root users. The caller's own policies have to
    allow, too."""
    statement = {"Effect": "Allow", "Principal": {"AWS": administrator}, "Action": "sts:AssumeRoot", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return ResourcePolicy(policy=stored_policy(document, Grammar.RESOURCE, "centralized root access"), account=member)


def task_policy(call: Call, given: Any, target: object) -> Keys:
    """sts:TaskPolicyArn: the task policy of the session. Raises Invalid if it is no task policy."""
    arn = given["TaskPolicyArn"].get("arn", "")
    if feature_of(arn) is None or find_managed_policy(call.view, arn) is None:
        raise Invalid("Request must contain valid AWS managed task policy ARN")
    return {"sts:TaskPolicyArn": arn}


@sts.read("AssumeRoot", on=root_to_assume, context=(task_policy,))
def assume_root(call: Call, given: AssumeRootRequestTypeDef, member: AccountView) -> Answer:
    """Give out a session of the member's root user that may perform only the task. It is not stored."""
    parent = call.caller.credential.session
    expires_ms = call.now_ms + 1000 * given.get("DurationSeconds", _MOST_SECONDS)
    if parent is not None:
        expires_ms = call.parts.session_lifetime.end_ms(expires_ms, parent.expires_ms)
    claims = SessionClaims(
        kind=ASSUMED_ROOT,
        account=member.account.id,
        principal_id=member.account.id,
        issued_ms=call.now_ms,
        expires_ms=expires_ms,
        token_id=call.ids.uuid(),
        source_identity=parent.source_identity if parent is not None else None,
        policy_arns=(given["TaskPolicyArn"].get("arn", ""),),
        chain_depth=0 if parent is None else parent.chain_depth + 1,
        epoch=call.snapshot.epoch,
        administrator=call.account,
    )
    answer = issue(call, claims)
    return answer if claims.source_identity is None else {**answer, "SourceIdentity": claims.source_identity}
