"""The SCIM representation of people and groups, and how a provisioner's is read.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/createuser.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from carnet.base.timestamps import iso_seconds
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.scim.dialects import as_truth, without_display
from carnet.scim.refusals import unparsable
from carnet.scim.schemas import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA
from carnet.services.identitystore.attributes import (
    ENTERPRISE,
    EXTENSIONS,
    LISTS,
    TEXTS,
    capitalized,
    is_external_id,
    is_text,
    is_user_name,
    read_enterprise,
    read_value,
)

_NOT_TAKEN = ("Photos", "Birthdate", "Website")
"""Of the API alone. AWS takes no photos, ims, entitlements, certificates, passwords and groups of users."""
_TEXTS = tuple(each for each in TEXTS if each not in _NOT_TAKEN)
_LISTS = tuple(each for each in LISTS if each not in _NOT_TAKEN)
_RFC_LISTS = tuple(LISTS)
_READ_ONLY = ("schemas", "id", "meta")


class GivenUser(NamedTuple):
    """The attributes given for a person."""

    user_name: str
    attributes: dict[str, Any]
    external_id: str | None
    enabled: bool


class GivenGroup(NamedTuple):
    """The attributes given for a group; `members` are the ids of people."""

    display_name: str
    external_id: str | None
    members: tuple[str, ...]


def issuer_of(instance: Instance) -> str:
    """The issuer of the external ids that come by SCIM."""
    return f"https://scim.{instance.region}.amazonaws.com/{instance.identity_store}"


def user_shown(instance: Instance, user: IdentityStoreUser, *, rfc: bool = False) -> dict[str, Any]:
    """A person; `rfc` is whether photos belong to one, as they do for RFC 7643 and not for AWS."""
    attributes = user.attributes
    shown: dict[str, Any] = {
        "id": user.id,
        "meta": _meta("User", user),
        "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
        "userName": user.user_name,
        "active": user.enabled,
    }
    for name in (*_TEXTS, "Name", *(_RFC_LISTS if rfc else _LISTS)):
        if name in attributes:
            shown[_lower(name)] = _lower_names(attributes[name])
    enterprise = attributes.get(EXTENSIONS, {}).get(ENTERPRISE)
    if enterprise:
        shown[ENTERPRISE_SCHEMA] = enterprise
    return _with_external_id(shown, instance, user)


def group_shown(instance: Instance, group: IdentityStoreGroup) -> dict[str, Any]:
    """A group. AWS never answers its members."""
    shown = {
        "id": group.id,
        "meta": _meta("Group", group),
        "schemas": [GROUP_SCHEMA],
        "displayName": group.display_name,
        "members": [],
    }
    return _with_external_id(shown, instance, group)


def read_user(given: Mapping[str, Any], *, rfc: bool = False) -> GivenUser:
    """All that is said of a person, who has nothing else; `rfc` as in `user_shown`. Raises Refusal, Invalid."""
    lists = _RFC_LISTS if rfc else _LISTS
    attributes: dict[str, Any] = {}
    enabled = True
    for name, value in given.items():
        attribute = capitalized(name)
        if value is None or name in _READ_ONLY or name in ("userName", "externalId"):
            continue
        if name == "active":
            enabled = read_truth(value)
        elif attribute in _TEXTS or attribute in lists or attribute == "Name":
            if value not in ([], {}):
                attributes[attribute] = read_value(attribute, _without_display(attribute, value), name)
        elif name == ENTERPRISE_SCHEMA:
            if said := _without_schemas(value):
                attributes[EXTENSIONS] = {ENTERPRISE: read_enterprise(said)}
        else:
            raise unparsable(f"The attribute {name[:100]} is not supported.")
    user_name = given.get("userName")
    if not is_user_name(user_name):
        raise unparsable("userName is not valid.")
    return GivenUser(str(user_name), attributes, _external_id(given, rfc=rfc), enabled)


def read_group(given: Mapping[str, Any], *, rfc: bool = False) -> GivenGroup:
    """The attributes of a group. Raises Refusal."""
    unknown = set(given) - {*_READ_ONLY, "displayName", "externalId", "members"}
    if unknown:
        raise unparsable(f"The attribute {min(unknown)[:100]} is not supported.")
    display_name = given.get("displayName")
    if not is_text(display_name):
        raise unparsable("displayName is not valid.")
    return GivenGroup(str(display_name), _external_id(given, rfc=rfc), read_members(given.get("members") or []))


def read_members(value: Any) -> tuple[str, ...]:
    """The ids in a list of members. Raises Refusal."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise unparsable("members are not valid.")
    ids = [each.get("value") for each in value]
    if not all(isinstance(each, str) for each in ids):
        raise unparsable("members are not valid.")
    return tuple(dict.fromkeys(map(str, ids)))


def read_truth(value: Any) -> bool:
    """Raises Refusal."""
    truth = as_truth(value)
    if not isinstance(truth, bool):
        raise unparsable("active is not valid.")
    return truth


def with_external_id(before: Mapping[str, str], instance: Instance, external_id: str | None) -> dict[str, str]:
    """The external ids with that of SCIM replaced; None removes it."""
    issuer = issuer_of(instance)
    others = {name: value for name, value in before.items() if name != issuer}
    return others if external_id is None else {**others, issuer: external_id}


def _external_id(given: Mapping[str, Any], *, rfc: bool) -> str | None:
    """AWS accepts no colon in an external id."""
    value = given.get("externalId")
    if value is None:
        return None
    if not is_external_id(value) or (":" in value and not rfc):
        raise unparsable("externalId is not valid.")
    return str(value)


def _with_external_id(
    shown: dict[str, Any], instance: Instance, one: IdentityStoreUser | IdentityStoreGroup
) -> dict[str, Any]:
    external_id = one.external_ids.get(issuer_of(instance))
    return shown if external_id is None else {**shown, "externalId": external_id}


def _meta(kind: str, one: IdentityStoreUser | IdentityStoreGroup) -> dict[str, str]:
    return {"resourceType": kind, "created": iso_seconds(one.created), "lastModified": iso_seconds(one.updated)}


def _without_schemas(value: Any) -> Any:
    """An extension without its own URI, which some say of it once more."""
    return {name: each for name, each in value.items() if name != "schemas"} if isinstance(value, dict) else value


def _without_display(attribute: str, value: Any) -> Any:
    """Lists without what RFC 7643 has for showing an element, if it is not kept."""
    if attribute not in LISTS or "Display" in LISTS[attribute][0] or not isinstance(value, list):
        return value
    return list(map(without_display, value))


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _lower_names(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower_names(each) for each in value]
    if isinstance(value, Mapping):
        return {_lower(name): each for name, each in value.items()}
    return value
