"""The tags of a resource, as its upstream answers them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from carnet.gateway.checks.check import Members, Refused
from carnet.gateway.checks.common import pairs
from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.lookups import LookupFailed


class _Tagging(Struct, frozen=True, kw_only=True):
    """The operation of a service that answers the tags of one resource."""

    operation: str
    asked: Callable[[str], Members]
    """The input, for an ARN."""
    told: str = "Tags"
    next_told: str = ""
    """Where an answer says how it goes on; empty if it is whole."""
    next_asked: str = ""


def _table_of(arn: str) -> str:
    """An index has the tags of its table."""
    return arn.partition("/index/")[0].partition("/stream/")[0]


def _without_qualifier(arn: str) -> str:
    """A version or an alias has the tags of its function."""
    return ":".join(arn.split(":")[:7])


def queue_url(arn: str) -> str:
    """The URL of a queue; its host does not matter."""
    *_, account, name = arn.split(":")
    return f"http://queue/{account}/{name}"


def _without_streams(arn: str) -> str:
    return arn.partition(":log-stream:")[0]


def _id_of(arn: str) -> str:
    return arn.rpartition("/")[2]


_TAGGING: Mapping[str, _Tagging] = {
    "dynamodb": _Tagging(
        operation="ListTagsOfResource",
        asked=lambda arn: {"ResourceArn": _table_of(arn)},
        next_told="NextToken",
        next_asked="NextToken",
    ),
    "ec2": _Tagging(
        operation="DescribeTags",
        asked=lambda arn: {"Filters": [{"Name": "resource-id", "Values": [_id_of(arn)]}]},
        next_told="NextToken",
        next_asked="NextToken",
    ),
    "ecr": _Tagging(operation="ListTagsForResource", asked=lambda arn: {"resourceArn": arn}, told="tags"),
    "events": _Tagging(operation="ListTagsForResource", asked=lambda arn: {"ResourceARN": arn}),
    "kinesis": _Tagging(operation="ListTagsForResource", asked=lambda arn: {"ResourceARN": arn}),
    "kms": _Tagging(
        operation="ListResourceTags",
        asked=lambda arn: {"KeyId": arn},
        next_told="NextMarker",
        next_asked="Marker",
    ),
    "lambda": _Tagging(operation="ListTags", asked=lambda arn: {"Resource": _without_qualifier(arn)}),
    "logs": _Tagging(
        operation="ListTagsForResource", asked=lambda arn: {"resourceArn": _without_streams(arn)}, told="tags"
    ),
    "secretsmanager": _Tagging(operation="DescribeSecret", asked=lambda arn: {"SecretId": arn}),
    "sns": _Tagging(operation="ListTagsForResource", asked=lambda arn: {"ResourceArn": arn}),
    "sqs": _Tagging(operation="ListQueueTags", asked=lambda arn: {"QueueUrl": queue_url(arn)}),
    "states": _Tagging(operation="ListTagsForResource", asked=lambda arn: {"resourceArn": arn}, told="tags"),
}
"""By the prefixes of actions."""


def has_tagging(prefix: str) -> bool:
    """Whether a service can be asked for tags."""
    return prefix in _TAGGING


async def tags_of(prefix: str, arn: str, enquiry: Enquiry) -> dict[str, str]:
    """The tags of a resource of a service that has tagging. Raises as `Enquiry.members`."""
    tagging = _TAGGING[prefix]
    found: dict[str, str] = {}
    pages = enquiry.pages(tagging.operation, tagging.asked(arn), tagging.next_told, tagging.next_asked)
    async for page in pages:
        try:
            found |= dict(_tag_pairs(page.get(tagging.told) or ()))
        except Refused:
            raise LookupFailed(f"the upstream does not answer {tagging.operation} with tags") from None
    return found


def _tag_pairs(told: object) -> Iterable[tuple[str, str]]:
    if isinstance(told, Mapping):
        return [(str(key), str(value)) for key, value in told.items()]
    return pairs(told) if isinstance(told, list | tuple) else ()
