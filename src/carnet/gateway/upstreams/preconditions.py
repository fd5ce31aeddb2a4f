"""The preconditions of writes and deletes: which a request has, and that a store is asked for none which it ignores.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PRECONDITIONS: Mapping[str, tuple[str, ...]] = {
    "CompleteMultipartUpload": ("IfMatch", "IfNoneMatch"),
    "CopyObject": ("IfMatch", "IfNoneMatch"),
    "DeleteObject": ("IfMatch",),
    "DeleteObjects": ("IfMatch",),
    "PutObject": ("IfMatch", "IfNoneMatch"),
}
"""By operation, the members; of DeleteObjects it is the ETag that an object has."""
_OF_DIRECTORY_BUCKETS = ("IfMatchLastModifiedTime", "IfMatchSize")
_OF_LISTED = ("LastModifiedTime", "Size")
"""Of an object of DeleteObjects: what directory buckets alone have, too."""


def named(operation: str, member: str) -> str:
    """A precondition, by its name in profiles."""
    return f"{operation}.{member}"


def asked(operation: str, given: Mapping[str, Any]) -> Iterator[str]:
    """The preconditions in an input of Amazon S3, by their names."""
    if operation not in PRECONDITIONS:
        return
    for member in (*PRECONDITIONS[operation], *_OF_DIRECTORY_BUCKETS):
        if given.get(member) is not None:
            yield named(operation, member)
    deleted = given.get("Delete")
    for one in deleted.get("Objects") or () if isinstance(deleted, Mapping) else ():
        if one.get("ETag") is not None:
            yield named(operation, "IfMatch")
        for member in _OF_LISTED:
            if one.get(member) is not None:
                yield named(operation, member)
