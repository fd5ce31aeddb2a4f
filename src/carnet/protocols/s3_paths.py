"""Bucket and key in the path of a request to Amazon S3, in path style.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html#path-style-access

Stores read paths in different ways: some make `a//b` into `a/b` and `x/../y` into `y`, or take a backslash for a slash,
others decode the name of the bucket. INVARIANT: a path that one of them might take for another object's is refused,
unless the store is known to take keys literally.
"""

from __future__ import annotations

import re

from msgspec import Struct

from carnet.protocols.form import percent_decode
from carnet.protocols.unreadable import Unreadable

_NAMES_NOTHING = frozenset(("", ".", ".."))
_WRITTEN = re.compile(r"[!-~]*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

IN_TWO_WAYS = "has a backslash, or a part that is empty or dots, which stores read in different ways"


class S3Path(Struct, frozen=True, kw_only=True):
    """What a path names: nothing (`/`), a bucket, or an object."""

    bucket: str | None
    key: str | None


def read_path(path: str, *, literal_keys: bool = False) -> S3Path:
    """The names in a path as it was sent. Raises Unreadable.

    A key is decoded once, as strict UTF-8; `literal_keys` if keys may be such as `is_read_in_two_ways`.
    """
    if not path.startswith("/") or not _WRITTEN.fullmatch(path):
        raise Unreadable("The path is not percent-encoded")
    bucket, slash, encoded = path[1:].partition("/")
    if not bucket:
        if slash:
            raise Unreadable("The name of the bucket is empty")
        return S3Path(bucket=None, key=None)
    if "%" in bucket:
        raise Unreadable("The name of the bucket is percent-encoded")
    if not encoded:
        return S3Path(bucket=bucket, key=None)
    key = percent_decode(encoded)
    if _CONTROL.search(key):
        raise Unreadable("The key holds a control character")
    if not literal_keys and is_read_in_two_ways(key):
        raise Unreadable(f"The key {IN_TWO_WAYS}")
    return S3Path(bucket=bucket, key=key)


def is_read_in_two_ways(key: str) -> bool:
    """Whether some stores take a decoded key for another: it has a backslash, or a part that is empty, `.` or `..`.

    It may end with `/`.
    """
    return "\\" in key or not _NAMES_NOTHING.isdisjoint(key.removesuffix("/").split("/"))
