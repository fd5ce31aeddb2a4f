"""The statements that AddPermission and its kin add to a resource's policy, and RemovePermission takes away.

https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from carnet.base.arns import ACCOUNT_ID, root_arn
from carnet.base.faults import Refused

Members = Mapping[str, Any]
_VERSION, _OLDER_VERSION = "2012-10-17", "2008-10-17"
"""The Version of the policies that AWS Lambda makes, and of those that Amazon SNS and Amazon SQS make."""
_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|internal)", re.ASCII)
_EVERYBODY, _BY_URL = "*", "lambda:InvokeFunctionUrl"
NO_FUNCTION_PRINCIPAL = "The provided principal was invalid. Please check the principal and try again."
_NOT_FOUND, _INVALID = "ResourceNotFoundException", "InvalidParameterValueException"
_OF_OTHERS = frozenset(
    (
        *("*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"),
        *("ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage"),
    )
)
"""What another account can be given on a queue."""
_MOST_ACTIONS = 7
"""In one statement of a queue's policy."""


def revision_of(policy: str) -> str:
    """The name of one state of a policy."""
    return sha256(policy.encode("utf-8", "replace")).hexdigest()[:32]


def _statements(policy: Members) -> list[Members]:
    found = policy["Statement"]
    return list(found) if isinstance(found, list) else [found]


def _add_statement(current: str | None, new: Members, first: Members, taken: Refused) -> str:
    """The policy with one statement more; `first` is what a policy begins with."""
    policy = {"Statement": [], **first} if current is None else json.loads(current)
    statements = _statements(policy)
    if any(one.get("Sid") == new["Sid"] for one in statements):
        raise taken
    return json.dumps({**policy, "Statement": [*statements, new]}, ensure_ascii=False, separators=(",", ":"))


def _remove_statement(current: str | None, sid: str, missing: Refused) -> str | None:
    """The policy without one statement; None if none is left."""
    left = _without_statement(current, sid)
    if left == current:
        raise missing
    return left


def _without_statement(current: str | None, sid: str) -> str | None:
    """As `_remove_statement`; the policy as it is if it has no such statement."""
    if current is None:
        return None
    policy = json.loads(current)
    statements = _statements(policy)
    left = [one for one in statements if one.get("Sid") != sid]
    if len(left) == len(statements):
        return current
    return json.dumps({**policy, "Statement": left}, ensure_ascii=False, separators=(",", ":")) if left else None


def _one_or_more(values: Sequence[str]) -> str | list[str]:
    """As AWS writes a list of one."""
    return values[0] if len(values) == 1 else list(values)


# AWS Lambda


def function_statement(arn: str, given: Members) -> dict[str, Any]:
    """What AddPermission adds to the policy of a function. Raises Refused."""
    if "FunctionUrlAuthType" in given and given["Action"] != _BY_URL:
        raise Refused(_INVALID, f"FunctionUrlAuthType is only supported for {_BY_URL} action")
    condition: dict[str, dict[str, Any]] = {}
    texts = {
        "AWS:SourceAccount": given.get("SourceAccount"),
        "lambda:EventSourceToken": given.get("EventSourceToken"),
        "lambda:FunctionUrlAuthType": given.get("FunctionUrlAuthType"),
        "aws:PrincipalOrgID": given.get("PrincipalOrgID"),
    }
    if wanted := {key: value for key, value in texts.items() if value is not None}:
        condition["StringEquals"] = wanted
    if "InvokedViaFunctionUrl" in given:
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": "true" if given["InvokedViaFunctionUrl"] else "false"}
    if "SourceArn" in given:
        condition["ArnLike"] = {"AWS:SourceArn": given["SourceArn"]}
    return _allow_statement(arn, given, condition)


def layer_statement(arn: str, given: Members) -> dict[str, Any]:
    """What AddLayerVersionPermission adds to the policy of a version of a layer. Raises Refused."""
    organization = given.get("OrganizationId")
    if organization is not None and given["Principal"] != _EVERYBODY:
        raise Refused(_INVALID, "OrganizationId needs * as the Principal.")
    condition = {} if organization is None else {"StringEquals": {"aws:PrincipalOrgID": organization}}
    return _allow_statement(arn, given, condition)


def _allow_statement(arn: str, given: Members, condition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Sid": given["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(arn, given["Principal"]),
        "Action": given["Action"],
        "Resource": arn,
        **({"Condition": condition} if condition else {}),
    }


def _principal(arn: str, written: str) -> str | dict[str, str]:
    partition = arn.split(":", 2)[1]
    if written == _EVERYBODY:
        return written
    if ACCOUNT_ID.fullmatch(written):
        return {"AWS": root_arn(partition, written)}
    if written.startswith("arn:"):
        return {"AWS": written}
    if not _SERVICE.fullmatch(written):
        raise Refused(_INVALID, NO_FUNCTION_PRINCIPAL)
    return {"Service": written}


def permit_function(arn: str, current: str | None, given: Members) -> str:
    _check_revision(current, given)
    return _add_statement(current, function_statement(arn, given), _DEFAULT, _conflict(given))


def permit_layer(arn: str, current: str | None, given: Members) -> str:
    _check_revision(current, given)
    return _add_statement(current, layer_statement(arn, given), _DEFAULT, _conflict(given))


def forbid_lambda(arn: str, current: str | None, given: Members) -> str | None:
    """RemovePermission and RemoveLayerVersionPermission. Raises Refused."""
    if current is None:
        raise Refused(_NOT_FOUND, "No policy is associated with the given resource.")
    _check_revision(current, given)
    sid = given["StatementId"]
    return _remove_statement(current, sid, Refused(_NOT_FOUND, f"Statement {sid} is not found in resource policy."))


_DEFAULT = {"Version": _VERSION, "Id": "default"}


def _conflict(given: Members) -> Refused:
    return Refused(
        "ResourceConflictException",
        f"The statement id ({given['StatementId']}) provided already exists. Please provide a new statement id, or "
        "remove the existing statement.",
    )


def _check_revision(current: str | None, given: Members) -> None:
    wanted = given.get("RevisionId")
    if wanted is not None and wanted != (None if current is None else revision_of(current)):
        raise Refused(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the "
            "latest Revision Id",
        )


# Amazon SNS and Amazon SQS


TOPIC_OUT_OF_SCOPE = "Invalid parameter: Policy statement action out of service scope!"
NO_TOPIC_PRINCIPAL = "Invalid parameter: Policy Error: PrincipalNotFound"
_OF_TOPICS = (
    *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic"),
    *("Subscribe", "ListSubscriptionsByTopic", "Publish"),
)
"""What the policy that Amazon SNS makes with a topic is about."""
OF_TOPICS = frozenset(
    name.lower()
    for name in (*_OF_TOPICS, "GetDataProtectionPolicy", "ListTagsForResource", "PutDataProtectionPolicy", "Receive")
)
"""The actions that a topic's policy may name, in lower case.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
"""


def _default_of_topic(arn: str) -> dict[str, Any]:
    """The policy that a topic has until it is given another, as Amazon SNS tells it.

    It allows nobody anything: no request has the condition key AWS:SourceOwner.
    """
    owner = {"StringEquals": {"AWS:SourceOwner": arn.split(":")[4]}}
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{name}" for name in _OF_TOPICS],
        "Resource": arn,
        "Condition": owner,
    }
    return {"Version": _OLDER_VERSION, "Id": "__default_policy_ID", "Statement": [statement]}


def permit_topic(arn: str, current: str | None, given: Members) -> str:
    if not OF_TOPICS.issuperset(map(str.lower, given["ActionName"])):
        raise Refused("InvalidParameter", TOPIC_OUT_OF_SCOPE)
    accounts = given["AWSAccountId"]
    if not _are_accounts(accounts):
        raise Refused("InvalidParameter", NO_TOPIC_PRINCIPAL)
    new = {
        "Sid": given["Label"],
        "Effect": "Allow",
        "Principal": {"AWS": _roots(arn, accounts)},
        "Action": _one_or_more([f"SNS:{name}" for name in given["ActionName"]]),
        "Resource": arn,
    }
    taken = Refused("InvalidParameter", "Invalid parameter: Statement already exists")
    return _add_statement(current, new, _default_of_topic(arn), taken)


def forbid_topic(arn: str, current: str | None, given: Members) -> str | None:
    """A label that no statement has changes nothing."""
    return _without_statement(current, given["Label"])


def permit_queue(arn: str, current: str | None, given: Members) -> str:
    accounts = given["AWSAccountIds"]
    if not given["Actions"]:
        raise Refused("MissingParameter", "The request must contain the parameter Actions.")
    if not _are_accounts(accounts):
        raise _invalid(f"[{', '.join(accounts)}]", "PrincipalId", "Unable to verify.")
    if (asked := len(given["Actions"])) > _MOST_ACTIONS:
        raise Refused("OverLimit", f"{asked} Actions were found, maximum allowed is {_MOST_ACTIONS}.")
    for name in given["Actions"]:
        if name not in _OF_OTHERS:
            raise _invalid(f"SQS:{name}", "ActionName", "Only the queue owner is allowed to invoke this action.")
    new = {
        "Sid": given["Label"],
        "Effect": "Allow",
        "Principal": {"AWS": _roots(arn, accounts)},
        "Action": _one_or_more([f"SQS:{name}" for name in given["Actions"]]),
        "Resource": arn,
    }
    taken = _invalid(given["Label"], "Label", "Already exists.")
    return _add_statement(current, new, {"Version": _OLDER_VERSION, "Id": f"{arn}/SQSDefaultPolicy"}, taken)


def forbid_queue(arn: str, current: str | None, given: Members) -> str | None:
    return _remove_statement(
        current, given["Label"], _invalid(given["Label"], "Label", "can't find label on existing policy.")
    )


def _are_accounts(accounts: Sequence[str]) -> bool:
    return bool(accounts) and all(map(ACCOUNT_ID.fullmatch, accounts))


def _roots(arn: str, accounts: Sequence[str]) -> str | list[str]:
    partition = arn.split(":", 2)[1]
    return _one_or_more([root_arn(partition, account) for account in accounts])


def _invalid(value: str, name: str, reason: str) -> Refused:
    return Refused("InvalidParameterValue", f"Value {value} for parameter {name} is invalid. Reason: {reason}")
