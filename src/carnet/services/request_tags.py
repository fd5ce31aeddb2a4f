"""Tags in requests: the condition keys that they make, and the permission to tag what is created.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from carnet.access.authorize import Check
from carnet.services.operation import Also, Call
from carnet.services.target import AnyTarget, Keys


def request_tags(call: Call, given: Any, target: object) -> Keys:
    """aws:RequestTag/... and aws:TagKeys of the tags to set; nothing if there are none."""
    tags = given.get("Tags")
    if not tags:
        return {}
    values = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
    return values | {"aws:TagKeys": tuple(tag["Key"] for tag in tags)}


def removed_tag_keys(call: Call, given: Any, target: object) -> Keys:
    """aws:TagKeys of the tags to remove."""
    keys = given["TagKeys"]
    return {"aws:TagKeys": tuple(keys)} if keys else {}


def tagged_on_creation(action: str) -> Also:
    """A further check for `also=` of a creation: with tags, it also needs the permission to tag what it creates.

    It sees the requested tags as those of the resource, too, which a policy may name either way.
    """

    def also(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
        if given.get("Tags"):
            tags = {tag["Key"]: tag["Value"] for tag in given["Tags"]}
            yield replace(target, tags=tags).check(action, request_tags(call, given, target))

    return also
