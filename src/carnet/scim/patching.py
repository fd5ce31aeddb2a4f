"""Changes by PATCH: operations on the representation of a person, one after the other.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/patchuser.html, RFC 7644, section 3.5.2
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from carnet.scim.dialects import as_reference, as_truth
from carnet.scim.refusals import PATH_NOT_SUPPORTED, unparsable
from carnet.scim.schemas import ENTERPRISE_SCHEMA

MOST_OPERATIONS = 100
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_PATH = re.compile(
    rf"(?:(?P<schema>{re.escape(ENTERPRISE_SCHEMA)})(?::|$))?(?P<name>[A-Za-z$]+)?"
    r'(?:\[\s*(?P<by>[A-Za-z]+)\s+eq\s+(?P<wanted>"[^"]{0,256}"|true|false)\s*\])?(?:\.(?P<inner>[A-Za-z$]+))?',
    re.ASCII,
)
_LISTS = ("emails", "phoneNumbers", "addresses", "roles")


class Operation(NamedTuple):
    """One change; `op` is add, replace or remove."""

    op: str
    path: str | None
    value: Any


def read_operations(given: Mapping[str, Any]) -> list[Operation]:
    """The operations of a request. Raises Refusal."""
    listed = given.get("Operations")
    if given.get("schemas") != [PATCH_SCHEMA] or not isinstance(listed, list) or not listed:
        raise unparsable()
    if len(listed) > MOST_OPERATIONS:
        raise unparsable(f"A request has {MOST_OPERATIONS} operations at most.")
    return [_read_operation(each) for each in listed]


def _read_operation(given: Any) -> Operation:
    if not isinstance(given, dict) or not isinstance(given.get("op"), str):
        raise unparsable()
    op, path = given["op"].lower(), given.get("path")
    if op not in ("add", "replace", "remove") or not isinstance(path, str | None) or (op == "remove" and not path):
        raise unparsable()
    return Operation(op, path, given.get("value"))


def patched(shown: Mapping[str, Any], operations: list[Operation]) -> dict[str, Any]:
    """A representation after operations. Raises Refusal for a path that is not supported.

    INVARIANT: whoever saves it reads all of it again (`representation.read_user`), as if it had come as a whole.
    """
    changed = dict(shown)
    for operation in operations:
        if operation.path is None:
            _apply_members(changed, operation)
        else:
            _apply(changed, operation.path, operation)
    return changed


def _apply_members(changed: dict[str, Any], operation: Operation) -> None:
    if not isinstance(operation.value, dict):
        raise unparsable()
    for path, value in operation.value.items():
        _apply(changed, path, operation._replace(value=value))


def _apply(changed: dict[str, Any], path: str, operation: Operation) -> None:
    found = _PATH.fullmatch(path)
    if found is None or not (found["schema"] or found["name"]):
        raise unparsable(PATH_NOT_SUPPORTED)
    value = None if operation.op == "remove" else operation.value
    if found["schema"] and found["name"] == "manager" and found["inner"] is None:
        value = as_reference(value)
    if found["schema"]:
        _set_inner(changed, ENTERPRISE_SCHEMA, found["name"], found["inner"], value)
    elif found["name"] in _LISTS and (found["by"] or found["inner"]):
        _set_element(changed, found, value)
    else:
        _set_inner(changed, found["name"], found["inner"], None, value)


def _set_inner(changed: dict[str, Any], name: str, member: str | None, inner: str | None, value: Any) -> None:
    if member is None:
        _put(changed, name, value)
        return
    members = _members(changed, name)
    if inner is None:
        _put(members, member, value)
    else:
        innermost = _members(members, member)
        _put(innermost, inner, value)
        members[member] = innermost
    changed[name] = members


def _members(changed: Mapping[str, Any], name: str) -> dict[str, Any]:
    there = changed.get(name) or {}
    if not isinstance(there, dict):
        raise unparsable(PATH_NOT_SUPPORTED)
    return dict(there)


def _set_element(changed: dict[str, Any], found: re.Match[str], value: Any) -> None:
    """Change the one element of a list. Which one is meant is not asked: there is no other."""
    elements = changed.get(found["name"]) or []
    if not isinstance(elements, list) or not all(isinstance(each, dict) for each in elements):
        raise unparsable(PATH_NOT_SUPPORTED)
    if not elements and value is None:
        return
    element = dict(elements[0]) if elements else _new_element(found)
    if found["inner"] is None:
        if value is None:
            changed[found["name"]] = []
            return
        if not isinstance(value, dict):
            raise unparsable()
        element |= value
    else:
        _put(element, found["inner"], value)
    changed[found["name"]] = [element]


def _new_element(found: re.Match[str]) -> dict[str, Any]:
    by, wanted = found["by"], found["wanted"]
    if by is None:
        return {}
    plain = wanted.strip('"')
    return {by: as_truth(plain) if by == "primary" or plain == wanted else plain}


def _put(members: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        members.pop(name, None)
    else:
        members[name] = value
