"""The operations on policies of resources, which are answered here: what each has in its input, and what it answers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from carnet.base.faults import Refused
from carnet.gateway.checks.services.secretsmanager import PUT_POLICY
from carnet.gateway.policies import permissions
from carnet.gateway.policies.permissions import revision_of
from carnet.gateway.policies.policy_kinds import (
    FUNCTION,
    KEY,
    LAYER,
    NO_TABLE_POLICY,
    QUEUE,
    SECRET,
    TABLE,
    TOPIC,
    Kind,
    Lockout,
    Members,
    of_table,
)
from carnet.policy.document import Grammar
from carnet.policy.public import is_public
from carnet.services.documents import parse_once

_ATTRIBUTES, _POLICY = "Attributes", "Policy"
PUBLIC_POLICY = "You can not attach a resource policy that grants Public access to your secret."
LOCKS_OUT = "This resource policy will not allow you to manage this secret in the future."
_NO_POLICY = "NO_POLICY"
"""Expected where a table has no policy."""


class Act(Enum):
    """What is done with the policy."""

    PUT = "put"
    GET = "get"
    DELETE = "delete"
    LIST = "list"
    REVISE = "revise"
    VALIDATE = "validate"
    """Checked, and not put."""


CHANGES = frozenset((Act.PUT, Act.DELETE, Act.REVISE))


class Told(Struct, frozen=True, kw_only=True):
    """What an answer is made from."""

    arn: str
    described: Members
    """What the upstream says of the resource."""
    policy: str | None
    """The policy as it reads now, or read until it was taken away; None if there is none, and was none."""
    given: Members


class PolicyOperation(Struct, frozen=True, kw_only=True):
    """One operation."""

    act: Act
    kind: Kind
    answer: Callable[[Told], Members] = lambda told: {}
    policy: Callable[[Members], str | None] = lambda given: None
    """The policy in the input of what puts one; empty text takes it away."""
    revise: Callable[[str, str | None, Members], str | None] | None = None
    """From the ARN, the policy as it reads now, and the input to the new policy. May raise Refused."""
    check: Callable[[str | None, Members], None] = lambda current, given: None
    """Whether the policy as it reads now is the one that the caller knows. May raise Refused."""

    def revised(self, arn: str, current: str | None, given: Members) -> str | None:
        """The new policy. May raise Refused."""
        self.check(current, given)
        return (self.policy(given) or None) if self.revise is None else self.revise(arn, current, given)


def _secret_members(told: Told) -> dict[str, Any]:
    return {"ARN": told.arn, "Name": told.described.get("Name", "")}


def _check_table_revision(current: str | None, given: Members) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html"""
    wanted, revision = given.get("ExpectedRevisionId"), None if current is None else revision_of(current)
    if wanted is None or wanted == (revision or _NO_POLICY):
        return
    table = of_table(given["ResourceArn"])["TableName"]
    if wanted == _NO_POLICY:
        none = f"expecting none to be present for table {table}, but a policy exists with revision id {revision}"
        raise Refused("PolicyNotFoundException", NO_TABLE_POLICY.format(f"Requested policy update {none}."))
    has = (
        f"the policy associated to target table {table} has revision id {revision}"
        if revision
        else f"table {table} has no associated policy"
    )
    asked = f"Requested update for policy with revision id {wanted}, but {has}."
    raise Refused("PolicyNotFoundException", NO_TABLE_POLICY.format(asked))


def _secret_policy(arn: str, current: str | None, given: Members) -> str:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html"""
    policy = str(given["ResourcePolicy"])
    if given.get("BlockPublicPolicy") and is_public(parse_once(policy, Grammar.RESOURCE, arn.split(":", 2)[1])):
        raise Refused("PublicPolicyException", PUBLIC_POLICY)
    return policy


def _with_revision(told: Told) -> Members:
    return {"Policy": told.policy, "RevisionId": revision_of(told.policy or "")}


def _revision_taken_away(told: Told) -> Members:
    return {} if told.policy is None else {"RevisionId": revision_of(told.policy)}


def _statement_of(made: Callable[[str, Members], Members]) -> Callable[[Told], Members]:
    """What AddPermission of AWS Lambda answers."""
    return lambda told: {"Statement": json.dumps(made(told.arn, told.given), separators=(",", ":"))}


OPERATIONS: Mapping[str, Mapping[str, PolicyOperation]] = {
    "kms": {
        "PutKeyPolicy": PolicyOperation(act=Act.PUT, kind=KEY, policy=lambda given: given["Policy"]),
        "GetKeyPolicy": PolicyOperation(
            act=Act.GET, kind=KEY, answer=lambda told: {"Policy": told.policy, "PolicyName": "default"}
        ),
        "ListKeyPolicies": PolicyOperation(
            act=Act.LIST, kind=KEY, answer=lambda told: {"PolicyNames": ["default"], "Truncated": False}
        ),
    },
    "secretsmanager": {
        "PutResourcePolicy": PolicyOperation(
            act=Act.PUT,
            kind=SECRET,
            policy=lambda given: given["ResourcePolicy"],
            revise=_secret_policy,
            answer=_secret_members,
        ),
        "GetResourcePolicy": PolicyOperation(
            act=Act.GET,
            kind=SECRET,
            answer=lambda told: (
                _secret_members(told) | ({} if told.policy is None else {"ResourcePolicy": told.policy})
            ),
        ),
        "DeleteResourcePolicy": PolicyOperation(act=Act.DELETE, kind=SECRET, answer=_secret_members),
        "ValidateResourcePolicy": PolicyOperation(
            act=Act.VALIDATE,
            kind=replace(SECRET, lockout=Lockout(action=PUT_POLICY)),
            policy=lambda given: given["ResourcePolicy"],
        ),
    },
    "dynamodb": {
        "PutResourcePolicy": PolicyOperation(
            act=Act.PUT,
            kind=TABLE,
            policy=lambda given: given["Policy"],
            check=_check_table_revision,
            answer=lambda told: {"RevisionId": revision_of(told.policy or "")},
        ),
        "GetResourcePolicy": PolicyOperation(act=Act.GET, kind=TABLE, answer=_with_revision),
        "DeleteResourcePolicy": PolicyOperation(
            act=Act.DELETE, kind=TABLE, check=_check_table_revision, answer=_revision_taken_away
        ),
    },
    "lambda": {
        "AddPermission": PolicyOperation(
            act=Act.REVISE,
            kind=FUNCTION,
            revise=permissions.permit_function,
            answer=_statement_of(permissions.function_statement),
        ),
        "RemovePermission": PolicyOperation(act=Act.REVISE, kind=FUNCTION, revise=permissions.forbid_lambda),
        "GetPolicy": PolicyOperation(act=Act.GET, kind=FUNCTION, answer=_with_revision),
        "AddLayerVersionPermission": PolicyOperation(
            act=Act.REVISE,
            kind=LAYER,
            revise=permissions.permit_layer,
            answer=_statement_of(permissions.layer_statement),
        ),
        "RemoveLayerVersionPermission": PolicyOperation(act=Act.REVISE, kind=LAYER, revise=permissions.forbid_lambda),
        "GetLayerVersionPolicy": PolicyOperation(act=Act.GET, kind=LAYER, answer=_with_revision),
    },
    "sns": {
        "SetTopicAttributes": PolicyOperation(
            act=Act.PUT, kind=TOPIC, policy=lambda given: given.get("AttributeValue", "")
        ),
        "AddPermission": PolicyOperation(act=Act.REVISE, kind=TOPIC, revise=permissions.permit_topic),
        "RemovePermission": PolicyOperation(act=Act.REVISE, kind=TOPIC, revise=permissions.forbid_topic),
    },
    "sqs": {
        "SetQueueAttributes": PolicyOperation(
            act=Act.PUT, kind=QUEUE, policy=lambda given: given[_ATTRIBUTES][_POLICY]
        ),
        "AddPermission": PolicyOperation(act=Act.REVISE, kind=QUEUE, revise=permissions.permit_queue),
        "RemovePermission": PolicyOperation(act=Act.REVISE, kind=QUEUE, revise=permissions.forbid_queue),
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
    ("dynamodb", "CreateTable"): (replace(TABLE, lockout=None), "ResourcePolicy", ()),
    ("kms", "CreateKey"): (KEY, _POLICY, ("KeyMetadata", "Arn")),
    ("sns", "CreateTopic"): (TOPIC, _ATTRIBUTES, ()),
    ("sqs", "CreateQueue"): (QUEUE, _ATTRIBUTES, ()),
    ("sqs", "SetQueueAttributes"): (QUEUE, _ATTRIBUTES, ()),
}
"""Operations whose input may have a policy: of what it is, in which member, and where the answer has the ARN."""

SHOWS_POLICY = frozenset((("sns", "GetTopicAttributes"), ("sqs", "GetQueueAttributes")))
"""Operations whose answers have a resource's policy among its attributes."""

ENDS = frozenset(
    (("dynamodb", "DeleteTable"), ("lambda", "DeleteFunction"), ("sns", "DeleteTopic"), ("sqs", "DeleteQueue"))
)
"""Operations behind which a resource is gone whose name another may have."""
MAKES = frozenset((("dynamodb", "CreateTable"), ("lambda", "CreateFunction")))
"""Operations that fail if there is a resource of that name: what they make has no older one's policy."""
MADE_AGAIN: Mapping[tuple[str, str], Kind] = {("sns", "CreateTopic"): TOPIC, ("sqs", "CreateQueue"): QUEUE}
"""Operations that answer alike whether there was a resource of that name or not."""
