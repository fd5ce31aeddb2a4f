"""What compiled shapes save: `python -m tests.bench.wire` prints each step beside its naive form, in the same run."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore.model import ListShape, Shape, StructureShape

from carnet.base.http import HttpRequest
from carnet.models import operation
from carnet.protocols.parse import parse
from carnet.protocols.routing import route
from carnet.protocols.validate import validate
from carnet.protocols.write import write
from tests.wire.client import http_request

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
GET_USER = "Action=GetUser&Version=2010-05-08&UserName=alice"
TAG_USER = "Action=TagUser&Version=2010-05-08&UserName=alice&" + "&".join(
    f"Tags.member.{n}.Key=key-{n}&Tags.member.{n}.Value=a%20value%20{n}" for n in range(1, 51)
)
USER = {
    "Path": "/",
    "UserName": "alice",
    "UserId": "AIDAQNZGKIQY56JQ7WML2",
    "Arn": "arn:aws:iam::123456789012:user/alice",
    "CreateDate": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
}
USERS = {"Users": [USER] * 100, "IsTruncated": False}


def naive_read(fields: Mapping[str, str], shape: Shape, prefix: str) -> Any:
    """The plain way: for each member, look through all the names for those that begin with its prefix."""
    if isinstance(shape, StructureShape):
        found = {
            name: naive_read(fields, member, f"{prefix}.{name}".lstrip(".")) for name, member in shape.members.items()
        }
        return {name: value for name, value in found.items() if value not in (None, [])}
    if isinstance(shape, ListShape):
        items: list[Any] = []
        while any(name.startswith(f"{prefix}.member.{len(items) + 1}.") for name in fields):
            items.append(naive_read(fields, shape.member, f"{prefix}.member.{len(items) + 1}"))
        return items
    return fields.get(prefix)


def naive_write(parent: ElementTree.Element, name: str, value: Any) -> None:
    """The plain way: build a tree of elements, then write it."""
    element = ElementTree.SubElement(parent, name)
    if isinstance(value, dict):
        for key, item in value.items():
            naive_write(element, key, item)
    elif isinstance(value, list):
        for item in value:
            naive_write(element, "member", item)
    elif isinstance(value, datetime):
        element.text = value.strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        element.text = str(value)


def naive_list_users() -> bytes:
    root = ElementTree.Element("ListUsersResponse")
    naive_write(root, "ListUsersResult", USERS)
    return bytes(ElementTree.tostring(root))


def naive_tag_user() -> Any:
    shape = operation("iam", "TagUser").input
    assert shape is not None
    return naive_read(dict(parse_qsl(TAG_USER)), shape, "")


def microseconds(step: Callable[[], object]) -> float:
    """The best of many short runs, which a busy machine disturbs least."""
    timer = timeit.Timer(step)
    number = max(1, timer.autorange()[0] // 40)
    return min(timer.repeat(20, number)) / number * 1e6


def steps(request: HttpRequest, output: Mapping[str, Any]) -> dict[str, float]:
    """The time of each step of one request."""
    routed = route(request)
    params = parse(routed, request)
    return {
        "route": microseconds(lambda: route(request)),
        "parse": microseconds(lambda: parse(routed, request)),
        "validate": microseconds(lambda: validate(routed.operation, params)),
        "write": microseconds(lambda: write(routed.operation, output, "id")),
    }


def main() -> None:
    for title, body, output in (("GetUser", GET_USER, {"User": USER}), ("TagUser, 50 tags", TAG_USER, {})):
        times = steps(http_request(body=body.encode(), headers=FORM, scope="iam"), output)
        print(f"{title:24}" + "".join(f"{name} {time:7.1f} us   " for name, time in times.items()))
    request = http_request(body=TAG_USER.encode(), headers=FORM, scope="iam")
    ratio("read 50 tags", microseconds(naive_tag_user), microseconds(lambda: parse(route(request), request)))
    list_users = operation("iam", "ListUsers")
    ratio("write 100 users", microseconds(naive_list_users), microseconds(lambda: write(list_users, USERS, "id")))


def ratio(title: str, naive: float, compiled: float) -> None:
    print(f"{title:24}naive {naive:8.1f} us   compiled {compiled:8.1f} us   {naive / compiled:5.1f} times")


if __name__ == "__main__":
    main()
