"""The operations on policies of resources, which are answered here: what each has in its input, and what it answers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from hashlib import sha256
from typing import Any

from msgspec import Struct

Members = Mapping[str, Any]
_KB = 1024
_ATTRIBUTES, _POLICY = "Attributes", "Policy"


class Act(Enum):
    """What is done with the policy."""

    PUT = "put"
    GET = "get"
    DELETE = "delete"
    LIST = "list"


class Told(Struct, frozen=True, kw_only=True):
    """Of what an answer is made."""

    arn: str
    described: Members
    """What the upstream tells of the resource."""
    policy: str | None
    """The policy as it reads now; None if there is none."""
    given: Members


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
    keeps: str = ""
    """The action that who puts a policy must be allowed still, so that nobody shuts himself out; empty for none."""
    takes_away: bool = False
    """Whether an empty policy takes the policy away."""
    missing: str = ""
    """The code of the error for a policy that is asked for and not there; empty if that is none."""


class PolicyOperation(Struct, frozen=True, kw_only=True):
    """One operation."""

    act: Act
    kind: Kind
    answer: Callable[[Told], Members] = lambda told: {}
    policy: Callable[[Members], str | None] = lambda given: None
    """The policy in the input of what puts one; empty text takes it away."""


def _of_table(arn: str) -> Members:
    return {"TableName": arn.partition(":table/")[2].partition("/")[0]}


def _named(told: Told) -> dict[str, Any]:
    return {"ARN": told.arn, "Name": told.described.get("Name", "")}


def _url_of(arn: str) -> str:
    *_, account, name = arn.split(":")
    return f"http://queue/{account}/{name}"


def revision_of(policy: str) -> str:
    """The name of one state of a policy."""
    return sha256(policy.encode("utf-8", "replace")).hexdigest()[:32]


_KEY = Kind(
    describe="DescribeKey",
    asked=lambda arn: {"KeyId": arn},
    most=32 * _KB,
    malformed="MalformedPolicyDocumentException",
    keeps="kms:PutKeyPolicy",
)
_SECRET = Kind(
    describe="DescribeSecret",
    asked=lambda arn: {"SecretId": arn},
    most=20 * _KB,
    malformed="MalformedPolicyDocumentException",
)
_TABLE = Kind(
    describe="DescribeTable",
    asked=_of_table,
    most=20 * _KB,
    malformed="ValidationException",
    missing="PolicyNotFoundException",
)
_TOPIC = Kind(
    describe="GetTopicAttributes",
    asked=lambda arn: {"TopicArn": arn},
    most=30 * _KB,
    malformed="InvalidParameter",
    takes_away=True,
)

_QUEUE = Kind(
    describe="GetQueueAttributes",
    asked=lambda arn: {"QueueUrl": _url_of(arn), "AttributeNames": ["QueueArn"]},
    most=20 * _KB,
    malformed="InvalidAttributeValue",
    takes_away=True,
)

OPERATIONS: Mapping[str, Mapping[str, PolicyOperation]] = {
    "kms": {
        "PutKeyPolicy": PolicyOperation(act=Act.PUT, kind=_KEY, policy=lambda given: given["Policy"]),
        "GetKeyPolicy": PolicyOperation(
            act=Act.GET, kind=_KEY, answer=lambda told: {"Policy": told.policy, "PolicyName": "default"}
        ),
        "ListKeyPolicies": PolicyOperation(
            act=Act.LIST, kind=_KEY, answer=lambda told: {"PolicyNames": ["default"], "Truncated": False}
        ),
    },
    "secretsmanager": {
        "PutResourcePolicy": PolicyOperation(
            act=Act.PUT, kind=_SECRET, policy=lambda given: given["ResourcePolicy"], answer=_named
        ),
        "GetResourcePolicy": PolicyOperation(
            act=Act.GET,
            kind=_SECRET,
            answer=lambda told: _named(told) | ({} if told.policy is None else {"ResourcePolicy": told.policy}),
        ),
        "DeleteResourcePolicy": PolicyOperation(act=Act.DELETE, kind=_SECRET, answer=_named),
    },
    "dynamodb": {
        "PutResourcePolicy": PolicyOperation(
            act=Act.PUT,
            kind=_TABLE,
            policy=lambda given: given["Policy"],
            answer=lambda told: {"RevisionId": revision_of(told.given["Policy"])},
        ),
        "GetResourcePolicy": PolicyOperation(
            act=Act.GET,
            kind=_TABLE,
            answer=lambda told: {"Policy": told.policy, "RevisionId": revision_of(told.policy or "")},
        ),
        "DeleteResourcePolicy": PolicyOperation(act=Act.DELETE, kind=_TABLE),
    },
    "sns": {
        "SetTopicAttributes": PolicyOperation(
            act=Act.PUT, kind=_TOPIC, policy=lambda given: given.get("AttributeValue", "")
        ),
    },
    "sqs": {
        "SetQueueAttributes": PolicyOperation(
            act=Act.PUT, kind=_QUEUE, policy=lambda given: given[_ATTRIBUTES][_POLICY]
        ),
    },
}
"""By botocore's names of services."""


def policy_operation(service: str, operation: str, given: Members) -> PolicyOperation | None:
    """What is to be done, if the request is about the policy of a resource alone."""
    found = OPERATIONS.get(service, {}).get(operation)
    if operation == "SetTopicAttributes" and given.get("AttributeName") != _POLICY:
        return None
    if operation == "SetQueueAttributes" and given[_ATTRIBUTES].keys() != {_POLICY}:
        return None
    return found


class CarriedPolicy(Struct, frozen=True, kw_only=True):
    """A policy in a request that does something else, too."""

    kind: Kind
    policy: str | None
    """None to take it away."""
    rest: Members
    """The input without it."""
    made: tuple[str, ...] = ()
    """Where the upstream's answer has the ARN of the resource; empty if the request names it."""


def carried_policy(service: str, operation: str, given: Members) -> CarriedPolicy | None:
    """The policy that a request carries; None if it carries none, or it is not known what it is of."""
    kind, member, made = _CARRIED.get((service, operation), (None, "", ()))
    within = given.get(_ATTRIBUTES, {}) if member == _ATTRIBUTES else given
    name = _POLICY if member == _ATTRIBUTES else member
    if kind is None or name not in within:
        return None
    rest = {key: value for key, value in within.items() if key != name}
    if member == _ATTRIBUTES:
        rest = {**given, _ATTRIBUTES: rest}
    return CarriedPolicy(kind=kind, policy=within[name] or None, rest=rest, made=made)


_CARRIED: Mapping[tuple[str, str], tuple[Kind, str, tuple[str, ...]]] = {
    ("dynamodb", "CreateTable"): (_TABLE, "ResourcePolicy", ()),
    ("kms", "CreateKey"): (_KEY, _POLICY, ("KeyMetadata", "Arn")),
    ("sns", "CreateTopic"): (_TOPIC, _ATTRIBUTES, ()),
    ("sqs", "CreateQueue"): (_QUEUE, _ATTRIBUTES, ()),
    ("sqs", "SetQueueAttributes"): (_QUEUE, _ATTRIBUTES, ()),
}
"""Operations whose input may have a policy: of what it is, in which member, and where the answer has the ARN."""

SHOWS_POLICY = frozenset((("sns", "GetTopicAttributes"), ("sqs", "GetQueueAttributes")))
"""Operations whose answers have a resource's policy among its attributes."""


def members_of(body: bytes) -> Members:
    """The members of an answer in JSON; none of another."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
