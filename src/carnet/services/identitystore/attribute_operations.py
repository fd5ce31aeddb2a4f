"""Changes of single attributes: a path, and the document to set; without one, the value is removed.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_AttributeOperation.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from carnet.entities.identity_store_user import Attributes
from carnet.services.identitystore import sentences
from carnet.services.identitystore.attributes import (
    ENTERPRISE,
    EXTENSIONS,
    LISTS,
    NAME,
    TEXTS,
    capitalized,
    enterprise_member,
    is_user_name,
    read_enterprise,
    read_text,
    read_value,
)

_WHOLE = (*TEXTS, *LISTS, "Name")


class Edited:
    """A user's name and attributes while operations are applied to them in turn."""

    def __init__(self, user_name: str, attributes: Attributes) -> None:
        self.user_name = user_name
        self.attributes: dict[str, Any] = dict(attributes)

    def apply(self, operations: Iterable[Mapping[str, Any]]) -> None:
        """Apply an operation. Raises Invalid for an unknown path, and for a value that it cannot have."""
        for each in operations:
            self._set(each["AttributePath"], each.get("AttributeValue"))

    def _set(self, path: str, value: Any) -> None:
        if path == ENTERPRISE or path.startswith(f"{ENTERPRISE}."):
            self._set_extension(path[len(ENTERPRISE) + 1 :], value)
            return
        attribute, _, member = path.partition(".")
        attribute = capitalized(attribute)
        if attribute == "UserName" and not member:
            self.user_name = _user_name(value, path)
        elif attribute in _WHOLE and not member:
            self._put(self.attributes, attribute, None if value is None else read_value(attribute, value, path))
        elif attribute == "Name" and capitalized(member) in NAME:
            self._set_member("Name", capitalized(member), None if value is None else read_text(value, path))
        else:
            raise sentences.unknown_path(path)

    def _set_extension(self, member: str, value: Any) -> None:
        extensions: dict[str, Any] = dict(self.attributes.get(EXTENSIONS, {}))
        enterprise: dict[str, Any] = dict(extensions.get(ENTERPRISE, {}))
        outer, _, inner = member.partition(".")
        if inner and outer != "manager":
            raise sentences.unknown_path(f"{ENTERPRISE}.{member}")
        if not member:
            enterprise = {} if value is None else read_enterprise(value)
        elif inner:
            manager: dict[str, Any] = dict(enterprise.get(outer, {}))
            self._put(manager, inner, value)
            self._put(enterprise, outer, enterprise_member(outer, manager) if manager else None)
        else:
            self._put(enterprise, outer, None if value is None else enterprise_member(outer, value))
        self._put(extensions, ENTERPRISE, enterprise or None)
        self._put(self.attributes, EXTENSIONS, extensions or None)

    def _set_member(self, attribute: str, member: str, value: Any) -> None:
        members = dict(self.attributes.get(attribute, {}))
        self._put(members, member, value)
        self._put(self.attributes, attribute, members or None)

    @staticmethod
    def _put(members: dict[str, Any], name: str, value: Any) -> None:
        if value is None:
            members.pop(name, None)
        else:
            members[name] = value


def _user_name(value: Any, path: str) -> str:
    if not is_user_name(value):
        raise sentences.bad_value(path)
    return str(value)
