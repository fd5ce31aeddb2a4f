"""The tags of buckets and of access points, and the errors of wrong ones.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from carnet.base.faults import Refused
from carnet.entities.entity import Tags
from carnet.entities.tag_characters import takes
from carnet.policy.request import Value

MOST_TAGS = 50
_LONGEST_KEY, _LONGEST_VALUE, _OF_AWS, _INVALID = 128, 256, "aws:", "InvalidTag"
_NO_TAG = (
    "This request contains a tag key or value that isn't valid. Valid characters include the following: "
    f"[a-zA-Z+-=._:/]. Tag keys can contain up to {_LONGEST_KEY} characters. Tag values can contain up to "
    f"{_LONGEST_VALUE} characters."
)


class Voice(Struct, frozen=True, kw_only=True):
    """The errors of one of the two APIs for wrong tags."""

    bad_key: str
    bad_value: str
    twice: str
    of_aws: str
    too_many: tuple[str, str]
    """Code and sentence."""


S3 = Voice(
    bad_key="The TagKey you have provided is invalid",
    bad_value="The TagValue you have provided is invalid",
    twice="Cannot provide multiple Tags with the same key",
    of_aws="System tags cannot be added/updated by requester",
    too_many=("BadRequest", f"Bucket tag count cannot be greater than {MOST_TAGS}"),
)
CONTROL = Voice(
    bad_key=_NO_TAG,
    bad_value=_NO_TAG,
    twice="There are duplicate tag keys in your request. Remove the duplicate tag keys and try again.",
    of_aws='User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove "aws:" '
    "from your tag keys and try again.",
    too_many=("TooManyTags", f"The maximum number of tags allowed on a resource is {MOST_TAGS}."),
)


def read_tags(given: Iterable[Mapping[str, Any]], voice: Voice = CONTROL) -> dict[str, str]:
    """The tags in a request. Raises Refused for tags that AWS does not accept."""
    found: dict[str, str] = {}
    for tag in given:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if not 0 < len(key) <= _LONGEST_KEY or not takes(key):
            raise Refused(_INVALID, voice.bad_key)
        if len(value) > _LONGEST_VALUE or not takes(value):
            raise Refused(_INVALID, voice.bad_value)
        if key.lower().startswith(_OF_AWS):
            raise Refused(_INVALID, voice.of_aws)
        if key in found:
            raise Refused(_INVALID, voice.twice)
        found[key] = value
    _check_count(found, voice)
    return found


def with_tags(tags: Tags, more: Tags) -> dict[str, str]:
    """The tags after a change. Raises Refused if there are too many."""
    together = {**tags, **more}
    _check_count(together, CONTROL)
    return together


def without_tags(tags: Tags, keys: Iterable[str]) -> dict[str, str]:
    gone = frozenset(keys)
    return {key: value for key, value in tags.items() if key not in gone}


def tag_keys(tags: Tags) -> dict[str, Value]:
    """The condition keys of the tags in a request; none without tags."""
    if not tags:
        return {}
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | {"aws:TagKeys": tuple(tags)}


def _check_count(tags: Tags, voice: Voice) -> None:
    if len(tags) > MOST_TAGS:
        raise Refused(*voice.too_many)
