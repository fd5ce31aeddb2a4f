"""The tags of access points.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from carnet.entities.entity import Tags
from carnet.gateway.s3.faults import S3Fault
from carnet.policy.request import Value

MOST_TAGS = 50
_LONGEST_KEY, _LONGEST_VALUE, _OF_AWS = 128, 256, "aws:"


def read_tags(given: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Raises S3Fault for tags that AWS does not take."""
    found: dict[str, str] = {}
    for tag in given:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if not 0 < len(key) <= _LONGEST_KEY:
            raise _invalid("The TagKey you have provided is invalid")
        if len(value) > _LONGEST_VALUE:
            raise _invalid("The TagValue you have provided is invalid")
        if key.lower().startswith(_OF_AWS):
            raise _invalid("System tags cannot be added/updated by requester")
        if key in found:
            raise _invalid("Cannot provide multiple Tags with the same key")
        found[key] = value
    _check_count(found)
    return found


def with_tags(tags: Tags, more: Tags) -> dict[str, str]:
    """Raises S3Fault if they become too many."""
    together = {**tags, **more}
    _check_count(together)
    return together


def without_tags(tags: Tags, keys: Iterable[str]) -> dict[str, str]:
    gone = frozenset(keys)
    return {key: value for key, value in tags.items() if key not in gone}


def tag_keys(tags: Tags) -> dict[str, Value]:
    """The condition keys of tags that a request sets; none if it sets none."""
    if not tags:
        return {}
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | {"aws:TagKeys": tuple(tags)}


def _check_count(tags: Tags) -> None:
    if len(tags) > MOST_TAGS:
        raise _invalid(f"The maximum number of tags for a resource is {MOST_TAGS}")


def _invalid(sentence: str) -> S3Fault:
    return S3Fault("InvalidTag", sentence)
