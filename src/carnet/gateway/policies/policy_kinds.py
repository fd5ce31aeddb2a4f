"""The kinds of resources that have policies: their limits, and AWS's errors for a policy that cannot be put.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from carnet.gateway.checks.resource_tags import queue_url
from carnet.gateway.policies import permissions

Members = Mapping[str, Any]
_KB = 1024
NO_TABLE_POLICY = "Resource-based policy not found for the provided ResourceArn: {}"


class Lockout(Struct, frozen=True, kw_only=True):
    """The check that callers do not lock themselves out by a policy that they put."""

    action: str
    """What the caller must be allowed once the policy is there."""
    confirmed: str = ""
    """The member of the input by which a caller does without the check."""
    code: str = ""
    message: str = ""


class Kind(Struct, frozen=True, kw_only=True):
    """The policies of one kind of resource."""

    describe: str
    """The operation that tells whether the resource is there."""
    asked: Callable[[str], Members]
    """Its input, for an ARN."""
    most: int
    """How long a policy may be, in bytes."""
    malformed: str
    """The code of the error for what is no policy."""
    says_malformed: str = ""
    """AWS's sentence for it; empty for Carnet's own, which says what is wrong."""
    lockout: Lockout | None = None
    actions: frozenset[str] = frozenset()
    """The actions that it may name, in lower case; empty if it may name any, and all at once."""
    out_of_scope: str = ""
    """AWS's sentence for a policy about another action."""
    no_principal: str = ""
    """AWS's sentence for a principal that does not exist; empty for Carnet's own."""
    takes_away: bool = False
    """Whether an empty policy takes the policy away."""
    missing: str = ""
    """The code of the error for a policy that is asked for and not there; empty if that is none."""
    says_missing: str = ""
    """AWS's sentence for it, with the ARN as `{}`."""
    too_long: str = ""
    """The code of the error for a policy that is too long; empty for `malformed`."""


def of_table(arn: str) -> Members:
    """The member that names a table, whose ARN or the ARN of whose index is given."""
    return {"TableName": arn.partition(":table/")[2].partition("/")[0]}


def _function_members(arn: str) -> Members:
    name, *qualifier = arn.split(":")[6:]
    return {"FunctionName": name} | ({"Qualifier": qualifier[0]} if qualifier else {})


def _layer_version(arn: str) -> Members:
    name, number = arn.split(":")[6:8]
    return {"LayerName": name, "VersionNumber": int(number)}


KEY = Kind(
    describe="DescribeKey",
    asked=lambda arn: {"KeyId": arn},
    most=32 * _KB,
    malformed="MalformedPolicyDocumentException",
    lockout=Lockout(
        action="kms:PutKeyPolicy",
        confirmed="BypassPolicyLockoutSafetyCheck",
        code="MalformedPolicyDocumentException",
        message="The new key policy will not allow you to update the key policy in the future.",
    ),
    no_principal="Policy contains a statement with one or more invalid principals.",
)
SECRET = Kind(
    describe="DescribeSecret",
    asked=lambda arn: {"SecretId": arn},
    most=20 * _KB,
    malformed="MalformedPolicyDocumentException",
    says_malformed="This resource policy contains a syntax error.",
    no_principal="This resource policy contains an unsupported principal.",
)
TABLE = Kind(
    describe="DescribeTable",
    asked=of_table,
    most=20 * _KB,
    malformed="ValidationException",
    missing="PolicyNotFoundException",
    says_missing=NO_TABLE_POLICY,
    lockout=Lockout(
        action="dynamodb:PutResourcePolicy",
        confirmed="ConfirmRemoveSelfResourceAccess",
        code="AccessDeniedException",
        message="The new resource policy will not allow you to update the resource policy in the future.",
    ),
)
TOPIC = Kind(
    describe="GetTopicAttributes",
    asked=lambda arn: {"TopicArn": arn},
    most=30 * _KB,
    malformed="InvalidParameter",
    actions=permissions.OF_TOPICS,
    out_of_scope=permissions.TOPIC_OUT_OF_SCOPE,
    no_principal=permissions.NO_TOPIC_PRINCIPAL,
    takes_away=True,
)

QUEUE = Kind(
    describe="GetQueueAttributes",
    asked=lambda arn: {"QueueUrl": queue_url(arn), "AttributeNames": ["QueueArn"]},
    most=20 * _KB,
    malformed="InvalidAttributeValue",
    no_principal="Invalid value for the parameter Policy.",
    takes_away=True,
)

FUNCTION = Kind(
    describe="GetFunctionConfiguration",
    asked=_function_members,
    most=20 * _KB,
    malformed="InvalidParameterValueException",
    no_principal=permissions.NO_FUNCTION_PRINCIPAL,
    missing="ResourceNotFoundException",
    says_missing="The resource you requested does not exist.",
    too_long="PolicyLengthExceededException",
)
LAYER = replace(FUNCTION, describe="GetLayerVersion", asked=_layer_version)
