"""Condition keys that all services share: tags in requests, and roles that are passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from carnet.gateway.checks.check import Asked, Check, Members, invalid
from carnet.gateway.checks.hand import Hand, Unknown
from carnet.gateway.checks.members import structures, texts
from carnet.policy.request import Value

_TAGS = ("Tags", "tags", "TagList")
SPECIFICATIONS = "TagSpecifications"
_KEYS, _VALUES = ("Key", "TagKey", "key"), ("Value", "TagValue", "value")
_REMOVED = ("TagKeys", "tagKeys", "TagKeyList")
_PASSED_TO = {
    "dynamodb": "dynamodb.application-autoscaling.amazonaws.com",
    "ecr": "ecr.amazonaws.com",
    "events": "events.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "logs": "logs.amazonaws.com",
    "kinesis": "kinesis.amazonaws.com",
    "s3": "s3.amazonaws.com",
    "secretsmanager": "secretsmanager.amazonaws.com",
    "sns": "sns.amazonaws.com",
    "ssm": "ssm.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PassedToService"""


def request_tags(asked: Asked, check: Check) -> Mapping[str, Value]:
    """aws:RequestTag/key: the tags in the request. Raises Refused."""
    found: dict[str, Value] = {}
    for key, value in _tags(asked, check):
        if found.setdefault(key, value) != value:
            raise invalid(f"The tag {key[:128]!r} is given twice.")
    return found


def _tag_keys(asked: Asked, check: Check) -> Value | None:
    """aws:TagKeys: the keys of tags that are added or removed."""
    removed = [key for name in _REMOVED for key in texts(asked.members, name)]
    return tuple(dict.fromkeys([*(key for key, _ in _tags(asked, check)), *removed])) or None


def _tags(asked: Asked, check: Check) -> Iterator[tuple[str, str]]:
    """The tags, in a map or in a list of structures; those of Amazon EC2 are one level deeper, by resource type."""
    for name in _TAGS:
        given = asked.members.get(name)
        if isinstance(given, Mapping):
            yield from ((_text(key), _text(value)) for key, value in given.items())
        else:
            yield from pairs(structures(asked.members, name))
    for specification in structures(asked.members, SPECIFICATIONS):
        if specification.get("ResourceType") == check.type:
            yield from pairs(structures(specification, "Tags"))


def has_tags(asked: Asked) -> bool:
    """Whether the request contains tags; those of Amazon EC2 do not count."""
    return any(asked.members.get(name) for name in _TAGS)


def pairs(tags: Iterable[Members]) -> Iterator[tuple[str, str]]:
    """The keys and values of a list of tags, whatever the service names them."""
    yield from map(_pair, tags)


def _pair(tag: Mapping[str, Any]) -> tuple[str, str]:
    keys, values = ([tag[name] for name in names if name in tag] for names in (_KEYS, _VALUES))
    if len(keys) != 1:
        raise invalid("A tag has no key.")
    return _text(keys[0]), _text(values[0] if values else "")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise invalid("A tag is not text.")
    return value


def _passed_to(asked: Asked, check: Check) -> Value | Unknown | None:
    return _PASSED_TO.get(asked.service, Unknown.UNKNOWN)


COMMON = Hand(
    keys={"aws:TagKeys": _tag_keys, "iam:PassedToService": _passed_to},
    templates={"aws:RequestTag/${TagKey}": request_tags},
)
