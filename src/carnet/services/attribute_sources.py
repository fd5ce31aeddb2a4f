"""Attributes for access control: which attribute of a person is the value of a session tag.

https://docs.aws.amazon.com/singlesignon/latest/userguide/attributesforaccesscontrol.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from carnet.base.folding import folded
from carnet.entities.identity_store_user import IdentityStoreUser

_SOURCE = re.compile(r"\$\{path:([^${}]+)\}")
_USER_NAME = "userName"
_ENTERPRISE = "enterprise"
_EXTENSION = "aws:identitystore:enterprise"

_PLAIN = ("displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone")
_OF_NAME = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_OF_ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
_OF_ENTERPRISE = ("employeeNumber", "costCenter", "organization", "division", "department", "manager.value")
_PRIMARY, _WORK = "[primary eq true]", '[type eq "work"]'
"""Which one of several addresses, phone numbers or emails."""
_OF_CHOSEN = {
    "emails": (("value",), (_PRIMARY,)),
    "phoneNumbers": (("value",), (_PRIMARY, _WORK)),
    "addresses": (_OF_ADDRESS, (_PRIMARY, _WORK)),
}
_CHOSEN = re.compile(r"(\w+)(\[[^\]]+\])\.(\w+)", re.ASCII)

PATHS: frozenset[str] = frozenset(
    (
        _USER_NAME,
        *_PLAIN,
        *(f"name.{each}" for each in _OF_NAME),
        *(f"{_ENTERPRISE}.{each}" for each in _OF_ENTERPRISE),
        *(
            f"{member}{which}.{each}"
            for member, (parts, ways) in _OF_CHOSEN.items()
            for which in ways
            for each in parts
        ),
    )
)
"""The paths that `${path:...}` may name."""


def path_of(source: str) -> str | None:
    """The path of a source, `${path:userName}`; None if the text is no source."""
    found = _SOURCE.fullmatch(source)
    return found.group(1) if found is not None and found.group(1) in PATHS else None


def value_at(person: IdentityStoreUser, path: str) -> str | None:
    """The value of one of `PATHS` for a person; None if it is not known."""
    if path == _USER_NAME:
        return person.user_name
    if path.startswith(f"{_ENTERPRISE}."):
        return _text_at(person.attributes.get("Extensions", {}).get(_EXTENSION), path.split(".")[1:])
    if (chosen := _CHOSEN.fullmatch(path)) is not None:
        items = person.attributes.get(_member(chosen[1]))
        return _text_at((_primary if chosen[2] == _PRIMARY else _at_work)(items), [chosen[3]])
    return _text_at(person.attributes, path.split("."))


def _primary(items: Any) -> Any:
    """The primary one of a list, or its only one."""
    if not isinstance(items, (list, tuple)):
        return None
    chosen = [each for each in items if isinstance(each, Mapping) and each.get("Primary")]
    return next(iter(chosen or (items if len(items) == 1 else ())), None)


def _at_work(items: Any) -> Any:
    """The element of a list whose type is `work`. The type is compared without regard to case, as in SCIM."""
    if not isinstance(items, (list, tuple)):
        return None
    return next((each for each in items if isinstance(each, Mapping) and folded(each.get("Type", "")) == "work"), None)


def _text_at(value: Any, path: list[str]) -> str | None:
    for step in path:
        if not isinstance(value, Mapping):
            return None
        # The model's members begin with a capital; those of an extension are as they were given.
        value = value.get(_member(step), value.get(step))
    return value if isinstance(value, str) and value else None


def _member(step: str) -> str:
    return step[:1].upper() + step[1:]
