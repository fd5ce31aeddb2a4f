"""The attributes of people: those of the model's User, and their possible values.

The protocol has checked requests of the API against the model; documents and SCIM's resources are checked here.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_User.html
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from carnet.entities.identity_store_user import Attributes
from carnet.services.identitystore import sentences

ENTERPRISE = "aws:identitystore:enterprise"
"""The one name of an extension, with the attributes of SCIM's enterprise user."""
EXTENSIONS = "Extensions"
LONGEST_TEXT, LONGEST_USER_NAME = 1024, 128

_BLANKS = "\t\n\r \u00a0\u3000"
_WRITTEN = "LMSNP"
"""The general categories of characters that are letters, marks, symbols, numbers and punctuation."""

TEXTS = (
    *("DisplayName", "NickName", "ProfileUrl", "UserType", "Title", "PreferredLanguage", "Locale", "Timezone"),
    *("Website", "Birthdate"),
)
NAME = ("Formatted", "FamilyName", "GivenName", "MiddleName", "HonorificPrefix", "HonorificSuffix")
_VALUE = ("Value", "Type")
LISTS: Mapping[str, tuple[tuple[str, ...], int]] = MappingProxyType(
    {
        "Emails": (_VALUE, 1),
        "PhoneNumbers": (_VALUE, 1),
        "Roles": (_VALUE, 1),
        "Photos": ((*_VALUE, "Display"), 3),
        "Addresses": (
            ("StreetAddress", "Locality", "Region", "PostalCode", "Country", "Formatted", "Type"),
            1,
        ),
    }
)
"""Attribute to the texts that an element has, besides Primary, and to how many elements there may be."""
_ENTERPRISE_TEXTS = ("employeeNumber", "costCenter", "organization", "division", "department")
_MANAGER = ("value", "displayName", "$ref")


def is_text(value: object, most: int = LONGEST_TEXT) -> bool:
    """Whether the value is what the model calls a SensitiveStringType."""
    return isinstance(value, str) and 0 < len(value) <= most and all(map(_is_character, value))


def is_user_name(value: object) -> bool:
    """Whether the value is a text without blanks, as long as a user name may be."""
    return isinstance(value, str) and is_text(value, LONGEST_USER_NAME) and not any(each in _BLANKS for each in value)


def is_external_id(value: object) -> bool:
    """Whether the value can be an issuer, or an id of an issuer."""
    return isinstance(value, str) and is_text(value, 256) and not any(each in _BLANKS for each in value)


def _is_character(character: str) -> bool:
    return character in _BLANKS or unicodedata.category(character)[0] in _WRITTEN


def check_required(attributes: Attributes) -> None:
    """Raise Invalid unless all required attributes are there."""
    name: Mapping[str, Any] = attributes.get("Name", {})
    lacking = [each for each in ("DisplayName", "Name") if not attributes.get(each)]
    if "Name" not in lacking:
        lacking += [each for each in ("GivenName", "FamilyName") if not name.get(each)]
    if lacking:
        raise sentences.required(*map(str.lower, lacking))


def read_value(attribute: str, value: Any, path: str) -> Any:
    """The value of a whole attribute in a document, in the form of the API's requests. Raises Invalid, which names the
    `path`."""
    if attribute in TEXTS:
        return read_text(value, path)
    if attribute == "Name":
        return _read_texts(value, NAME, path)
    if attribute == EXTENSIONS:
        return read_extensions(value)
    texts, most = LISTS[attribute]
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise sentences.bad_value(path)
    return [_read_element(each, texts, path) for each in value]


def read_text(value: Any, path: str) -> str:
    """The text in a document. Raises Invalid for other values."""
    if not is_text(value):
        raise sentences.bad_value(path)
    return str(value)


def read_extensions(value: Any) -> dict[str, Any]:
    """The extensions by their names. Raises Invalid."""
    if not isinstance(value, dict) or set(value) - {ENTERPRISE}:
        raise sentences.bad_value(EXTENSIONS)
    return {name: read_enterprise(each) for name, each in value.items()}


def read_enterprise(value: Any) -> dict[str, Any]:
    """The members of the enterprise extension, named as in SCIM. Raises Invalid."""
    return _read_members(value, ENTERPRISE, {**dict.fromkeys(_ENTERPRISE_TEXTS, read_text), "manager": _read_manager})


def enterprise_member(name: str, value: Any) -> Any:
    """The value of one member of the enterprise extension. Raises Invalid."""
    return read_enterprise({name: value})[name]


def _read_manager(value: Any, path: str) -> dict[str, Any]:
    return _read_members(value, path, dict.fromkeys(_MANAGER, read_text))


def _read_members(value: Any, path: str, readers: Mapping[str, Callable[[Any, str], Any]]) -> dict[str, Any]:
    if not isinstance(value, dict) or not value or set(value) - set(readers):
        raise sentences.bad_value(path)
    return {name: readers[name](each, f"{path}.{name}") for name, each in value.items()}


def _read_texts(value: Any, texts: tuple[str, ...], path: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise sentences.bad_value(path)
    capital = {capitalized(name): each for name, each in value.items()}
    if set(capital) - set(texts):
        raise sentences.bad_value(path)
    return {name: read_text(each, path) for name, each in capital.items()}


def _read_element(value: Any, texts: tuple[str, ...], path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise sentences.bad_value(path)
    capital = {capitalized(name): each for name, each in value.items()}
    primary = capital.pop("Primary", None)
    if primary is not None and not isinstance(primary, bool):
        raise sentences.bad_value(path)
    return _read_texts(capital, texts, path) | ({} if primary is None else {"Primary": primary})


def capitalized(name: str) -> str:
    """The name with a capital letter, as in the model's members: documents have either form."""
    return name[:1].upper() + name[1:]
