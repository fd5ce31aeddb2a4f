"""Checks a policy of a bucket or an access point before it is put, by Amazon S3's rules and with its errors.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from carnet.base.arns import root_arn
from carnet.base.canonical_users import account_of
from carnet.base.faults import Malformed, Refused
from carnet.catalog import actions
from carnet.entities.bucket import bucket_arn
from carnet.gateway.checks.services.s3_names import ACCESS_POINT, BUCKET, OBJECT, OBJECT_THROUGH
from carnet.policy.document import Grammar, Policy
from carnet.policy.patterns import ascii_lower
from carnet.policy.principals import PrincipalType
from carnet.policy.sentences import INVALID_JSON
from carnet.policy.statement import Statement
from carnet.services.documents import parse_once

MOST = 20 * 1024
"""Bytes of a policy."""
_INVALID_RESOURCE = "Policy has invalid resource"
_SENTENCES = (
    (INVALID_JSON, "Policies must be valid JSON and the first byte must be '{'"),
    ("Invalid principal in policy", "Invalid principal in policy"),
    ("Missing required field Principal", "Missing required field Principal"),
    ("Policy statement must contain actions", "Missing required field Action"),
    ("Policy statement must contain resources", "Missing required field Resource"),
    ("Resource ", _INVALID_RESOURCE),
    ("Partition ", _INVALID_RESOURCE),
    ("Actions/Conditions must be prefaced by a vendor", "Policy has invalid action"),
    ("Vendor ", "Policy has invalid action"),
)
"""How the sentences of IAM for what is no policy begin, and what Amazon S3 says instead."""
_OTHERWISE = "Invalid policy syntax."
_WILD = ("*", "?", "$")
_PREFIX = "s3"


class _Place(NamedTuple):
    """The resource that a policy is for."""

    arn: str
    itself: str
    """Its resource type, and that of what is in it."""
    content: str
    within: str
    """What stands between its ARN and the name of what is in it."""


def malformed(sentence: str) -> Refused:
    return Refused("MalformedPolicy", sentence)


def read_bucket_policy(text: str, partition: str, bucket: str) -> Policy:
    """The policy of a bucket of that name. Raises Refused: PolicyTooLarge, MalformedPolicy.

    The longest document takes some milliseconds of processor time: it is read before the writer takes its lock, and
    is remembered.
    """
    return _parse_policy(text, partition, _Place(bucket_arn(partition, bucket), BUCKET, OBJECT, "/"))


def read_access_point_policy(text: str, partition: str, arn: str) -> Policy:
    """The policy of an access point of that ARN. Raises Refused as `read_bucket_policy`, which see."""
    return _parse_policy(text, partition, _Place(arn, ACCESS_POINT, OBJECT_THROUGH, "/object/"))


def _parse_policy(text: str, partition: str, place: _Place) -> Policy:
    if len(text.encode("utf-8", "replace")) > MOST:
        raise Refused("PolicyTooLarge", "Policy exceeds the maximum allowed document size.")
    if not text.startswith("{"):
        raise malformed("Policies must be valid JSON and the first byte must be '{'")
    try:
        policy = parse_once(text, Grammar.RESOURCE, partition)
    except Malformed as problem:
        raise malformed(_sentence(problem.message)) from None
    if not policy.statements:
        raise malformed("Could not parse the policy: Statement is empty!")
    for statement in policy.statements:
        _check(statement, place)
    return policy


def _sentence(of_iam: str) -> str:
    return next((own for beginning, own in _SENTENCES if of_iam.startswith(beginning)), _OTHERWISE)


def _check(statement: Statement, place: _Place) -> None:
    if statement.resources is None:
        raise malformed("Missing required field Resource")
    types = {kind for pattern in statement.resources.patterns for kind in _types_of(pattern.text, place)}
    for pattern in statement.actions.patterns:
        fitting = _types_for(pattern.text)
        if not fitting and not _is_action(pattern.text):
            raise malformed("Policy has invalid action")
        if not statement.actions.negated and not statement.resources.negated and fitting.isdisjoint(types):
            raise malformed("Action does not apply to any resource(s) in statement")
    _check_conditions(statement)


def _types_of(resource: str, place: _Place) -> Iterator[str]:
    """What a resource of the statement may be: the bucket, objects in it, or with a wildcard in time, both."""
    name, rest = resource[: len(place.arn)], resource[len(place.arn) :]
    if name != place.arn or (rest and not rest.startswith((place.within, "/*", *_WILD[:2]))):
        raise malformed(_INVALID_RESOURCE)
    if not rest.startswith("/"):
        yield place.itself
    if rest:
        yield place.content


@lru_cache(1_000)
def _types_for(action: str) -> frozenset[str]:
    """What an action may be on; empty if it is on nothing, or AWS has none of that name.

    Only patterns that end with their one wildcard are looked up: others may match resources of any type.
    """
    prefix, _, name = action.partition(":")
    if action != "*" and ascii_lower(prefix) != _PREFIX:
        return frozenset()
    if action == "*" or any(sign in name[:-1] for sign in _WILD) or name.endswith("?"):
        return frozenset((ACCESS_POINT, BUCKET, OBJECT, OBJECT_THROUGH))
    return frozenset(one.type.name for each in _actions_named(name) for one in each.resource_types)


def _is_action(action: str) -> bool:
    """Whether AWS has the action, for any resource type."""
    prefix, _, name = action.partition(":")
    return ascii_lower(prefix) == _PREFIX and any(True for _ in _actions_named(name))


def _actions_named(name: str) -> Iterator[actions.Action]:
    """The actions that a name covers, which may end in a star."""
    service = actions.service(_PREFIX)
    assert service is not None, "the catalogue has Amazon S3"
    beginning = ascii_lower(name.removesuffix("*"))
    if beginning == ascii_lower(name):
        yield from filter(None, (service.actions.get(beginning),))
    else:
        yield from (each for known, each in service.actions.items() if known.startswith(beginning))


def _check_conditions(statement: Statement) -> None:
    for condition in statement.conditions:
        key = ascii_lower(condition.key)
        if key.startswith(f"{_PREFIX}:") and not _is_key(key):
            raise malformed("Policy has an invalid condition key")


@lru_cache(1_000)
def _is_key(key: str) -> bool:
    service = actions.service(_PREFIX)
    return service is not None and service.condition_key(key) is not None


def with_accounts(text: str, partition: str) -> str:
    """The document with the ARNs of accounts in the place of their canonical ids, as Amazon S3 keeps it.

    Raises Refused for an id of no account. `text` is a policy.
    """
    if PrincipalType.CANONICAL_USER not in text:
        return text
    document: dict[str, Any] = json.loads(text)
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            given = statement.get(element)
            if isinstance(given, dict) and (ids := given.pop(PrincipalType.CANONICAL_USER.value, None)) is not None:
                given["AWS"] = [*_as_list(given.get("AWS", [])), *(_root_of(partition, one) for one in _as_list(ids))]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _as_list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _root_of(partition: str, canonical_user: Any) -> str:
    account = account_of(str(canonical_user))
    if account is None:
        raise malformed("Invalid principal in policy")
    return root_arn(partition, account)
