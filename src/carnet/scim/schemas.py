"""The attributes of people and groups in SCIM: RFC 7643, sections 4, 7 and 8.7.1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute; `subs` are those of a complex one. `case_exact` is whether filters tell capitals apart."""

    name: str
    type: str = "string"
    many: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    refers_to: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    subs: tuple[Attribute, ...] = ()

    @property
    def read_only(self) -> bool:
        return self.mutability == "readOnly"

    def sub(self, name: str) -> Attribute | None:
        """The part of that name, in whatever case it is written."""
        return found(self.subs, name)

    def shown(self) -> dict[str, Any]:
        """The attribute, as a schema describes it."""
        shown: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "multiValued": self.many,
            "required": self.required,
            "mutability": self.mutability,
            "returned": self.returned,
        }
        if self.subs:
            shown["subAttributes"] = [each.shown() for each in self.subs]
        else:
            shown |= {"caseExact": self.case_exact, "uniqueness": self.uniqueness}
        if self.refers_to:
            shown["referenceTypes"] = list(self.refers_to)
        if self.values:
            shown["canonicalValues"] = list(self.values)
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Attributes under one URI."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of that name, in whatever case it is written."""
        return found(self.attributes, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A kind of resource, and its schemas."""

    name: str
    endpoint: str
    schema: Schema
    extension: Schema | None = None

    @property
    def schemas(self) -> Iterator[Schema]:
        yield self.schema
        if self.extension is not None:
            yield self.extension


def found(attributes: tuple[Attribute, ...], name: str) -> Attribute | None:
    """The type of that name, in any case."""
    return next((each for each in attributes if each.name.lower() == name.lower()), None)


def _texts(*names: str, required: tuple[str, ...] = ()) -> tuple[Attribute, ...]:
    return tuple(Attribute(name=name, required=name in required) for name in names)


_TYPE = Attribute(name="type")
_PRIMARY = Attribute(name="primary", type="boolean")
_LINK = Attribute(name="value", type="reference", refers_to=("external",))


def _list(name: str, *subs: Attribute) -> Attribute:
    return Attribute(name=name, type="complex", many=True, subs=(*subs, _TYPE, _PRIMARY))


_NAMES = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_GROUPS = Attribute(
    name="groups",
    type="complex",
    many=True,
    mutability="readOnly",
    subs=(
        Attribute(name="value", mutability="readOnly", case_exact=True),
        Attribute(name="$ref", type="reference", refers_to=("Group",), mutability="readOnly", case_exact=True),
        Attribute(name="display", mutability="readOnly"),
        Attribute(name="type", mutability="readOnly", values=("direct",)),
    ),
)
_MANAGER = Attribute(
    name="manager",
    type="complex",
    subs=(
        Attribute(name="value", case_exact=True),
        Attribute(name="$ref", type="reference", refers_to=("User",), case_exact=True),
        Attribute(name="displayName"),
    ),
)
_MEMBERS = Attribute(
    name="members",
    type="complex",
    many=True,
    subs=(
        Attribute(name="value", mutability="immutable", case_exact=True),
        Attribute(name="$ref", type="reference", refers_to=("User",), mutability="immutable", case_exact=True),
        Attribute(name="type", mutability="immutable", values=("User",)),
    ),
)

COMMON = (
    Attribute(name="id", mutability="readOnly", returned="always", case_exact=True),
    Attribute(name="externalId", case_exact=True),
    Attribute(
        name="meta",
        type="complex",
        mutability="readOnly",
        subs=(
            Attribute(name="resourceType", mutability="readOnly", case_exact=True),
            Attribute(name="created", type="dateTime", mutability="readOnly"),
            Attribute(name="lastModified", type="dateTime", mutability="readOnly"),
            Attribute(name="location", type="reference", mutability="readOnly", case_exact=True),
        ),
    ),
)
"""What every resource has, and no schema tells: RFC 7643, section 3.1."""

AWS_USER = Schema(
    id=USER_SCHEMA,
    name="User",
    description="User Account",
    attributes=(
        Attribute(name="userName", required=True, uniqueness="server"),
        Attribute(
            name="name",
            type="complex",
            required=True,
            subs=_texts(*_NAMES, required=("familyName", "givenName")),
        ),
        Attribute(name="displayName", required=True),
        Attribute(name="nickName"),
        Attribute(name="profileUrl", type="reference", refers_to=("external",)),
        *_texts("title", "userType", "preferredLanguage", "locale", "timezone"),
        Attribute(name="active", type="boolean", required=True),  # it always has a value, so that nobody removes it
        _list("emails", Attribute(name="value")),
        _list("phoneNumbers", Attribute(name="value")),
        _list("addresses", *_texts("formatted", "streetAddress", "locality", "region", "postalCode", "country")),
        _list("roles", Attribute(name="value")),
    ),
)
ENTERPRISE_USER = Schema(
    id=ENTERPRISE_SCHEMA,
    name="EnterpriseUser",
    description="Enterprise User",
    attributes=(*_texts("employeeNumber", "costCenter", "organization", "division", "department"), _MANAGER),
)
AWS_GROUP = Schema(
    id=GROUP_SCHEMA,
    name="Group",
    description="Group",
    attributes=(Attribute(name="displayName", required=True, uniqueness="server"), _MEMBERS),
)
RFC_USER = replace(
    AWS_USER,
    attributes=(*AWS_USER.attributes, _list("photos", _LINK, Attribute(name="display")), _GROUPS),
)

AWS_TYPES = (
    ResourceType(name="User", endpoint="/Users", schema=AWS_USER, extension=ENTERPRISE_USER),
    ResourceType(name="Group", endpoint="/Groups", schema=AWS_GROUP),
)
USERS = ResourceType(name="User", endpoint="/Users", schema=RFC_USER, extension=ENTERPRISE_USER)
GROUPS = ResourceType(name="Group", endpoint="/Groups", schema=AWS_GROUP)
RFC_TYPES = (USERS, GROUPS)
