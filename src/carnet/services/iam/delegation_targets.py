"""The delegation requests that operations act on, and who may without further permission.

Who is no identity of the account that a request is for is told that there is none.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html
"""

from __future__ import annotations

import json
from typing import Any

from carnet.access.documents import stored_policy
from carnet.base.arns import iam_arn
from carnet.base.faults import Fault, Missing, Refused
from carnet.entities.delegation_request import DelegationRequest
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy
from carnet.services.iam import template_sentences
from carnet.services.operation import Call
from carnet.services.target import Keys, Target

_TYPE = "delegation-request"
_OF_THE_OWNER = (
    "iam:GetDelegationRequest",
    "iam:UpdateDelegationRequest",
    "iam:GetHumanReadableSummary",
)
"""What the owner of a request may do with it by default."""


def delegation_request(call: Call, given: Any) -> Target[DelegationRequest]:
    """The request DelegationRequestId."""
    return _request(call, given["DelegationRequestId"])


def summarized_request(call: Call, given: Any) -> Target[DelegationRequest]:
    """The request EntityArn. Raises Refused (InvalidInput) for an ARN of another kind."""
    arn: str = given["EntityArn"]
    beginning, _, name = arn.rpartition(f":{_TYPE}/")
    if not beginning.startswith(f"arn:{call.partition}:iam::"):
        raise Refused("InvalidInput", template_sentences.NOT_SUMMARIZED)
    return _request(call, name)


def new_delegation_request(call: Call, given: Any) -> Target[()]:
    """The request to create, which has no id yet."""
    return Target(arn=iam_arn(call.partition, call.account, f"{_TYPE}/*"), account=call.account, found=())


def owner_key(call: Call, given: Any, target: Target[DelegationRequest]) -> Keys:
    """iam:DelegationRequestOwner: the ARN of the request's owner."""
    owner = None if isinstance(target.found, Fault) else target.found[0].owner
    return {} if owner is None else {"iam:DelegationRequestOwner": owner}


def listed_owner(call: Call, given: Any, target: object) -> Keys:
    """iam:DelegationRequestOwner: the owner whose requests are listed."""
    return {"iam:DelegationRequestOwner": given["OwnerId"]} if "OwnerId" in given else {}


def new_delegation(call: Call, given: Any, target: object) -> Keys:
    """iam:DelegationDuration, iam:NotificationChannel and iam:TemplateArn of the request to create."""
    keys: dict[str, Any] = {
        "iam:DelegationDuration": str(given["SessionDuration"]),
        "iam:NotificationChannel": given["NotificationChannel"],
    }
    template = given["Permissions"].get("PolicyTemplateArn")
    return keys if template is None else {**keys, "iam:TemplateArn": template}


def request_arn(call: Call, request: DelegationRequest) -> str:
    """The request's ARN in the account that it is for, or else in the caller's."""
    return iam_arn(call.partition, request.owner_account or call.account, f"{_TYPE}/{request.id}")


def visible_requests(call: Call) -> tuple[DelegationRequest, ...]:
    """The requests for the caller's account, oldest first."""
    requests = call.snapshot.installation.of(DelegationRequest).referring("owner_account", call.account)
    return tuple(request for request in requests if _is_of_now(call, request))


def _request(call: Call, request_id: str) -> Target[DelegationRequest]:
    found = call.snapshot.named(DelegationRequest, request_id)
    if found is None or found.owner_account not in (None, call.account) or not _is_of_now(call, found):
        arn = iam_arn(call.partition, call.account, f"{_TYPE}/{request_id}")
        missing = Missing(template_sentences.delegation_request_missing(request_id))
        return Target(arn=arn, account=call.account, found=missing)
    return Target(
        arn=request_arn(call, found),
        account=call.account,
        found=(found,),
        policies=(_default_permissions(call, found),) if found.owner_id == call.caller.principal.id else (),
    )


def _default_permissions(call: Call, request: DelegationRequest) -> ResourcePolicy:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": call.caller.principal.arn},
        "Action": list(_OF_THE_OWNER),
        "Resource": "*",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    policy = stored_policy(text, Grammar.RESOURCE, request_arn(call, request))
    return ResourcePolicy(policy=policy, account=call.account)


def _is_of_now(call: Call, request: DelegationRequest) -> bool:
    """Whether the named accounts still are the same accounts: the operator may give an account id again."""
    named = [request.requestor, *([request.owner_account] if request.owner is not None else [])]
    views = [call.snapshot.account(account) for account in filter(None, named)]
    return all(view is not None and view.account.created <= request.created for view in views)
