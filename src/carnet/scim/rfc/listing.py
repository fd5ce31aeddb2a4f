"""Queries: RFC 7644, sections 3.4.2 and 3.4.3. Whatever many resources could take has a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from carnet.directory.identity_center import (
    group_named,
    group_with_external_id,
    memberships_in_group,
    memberships_of_user,
    user_named,
    user_with_email,
    user_with_external_id,
)
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.scim.calls import MOST_PER_PAGE, ScimCall
from carnet.scim.discovery import LIST_RESPONSE
from carnet.scim.refusals import Refusal
from carnet.scim.representation import issuer_of
from carnet.scim.rfc.filters import And, Comparison, Filter, read_filter, refused
from carnet.scim.rfc.matching import matcher, paths_in
from carnet.scim.rfc.paths import Path, resolve
from carnet.scim.rfc.projection import Projection, projection
from carnet.scim.rfc.reading import invalid
from carnet.scim.rfc.resources import group_resource, members_of, user_resource
from carnet.scim.schemas import GROUPS, USERS, ResourceType
from carnet.services.operation import Parts

_PROJECTING = ("attributes", "excludedAttributes")
MOST_LOOKED_AT = 20_000
"""How many terms of filters are held against people and groups, and against members, for one request."""
MOST_LINKS = 5_000
"""After how many members, or groups of people, a page ends."""
_LINKS = {"User": "groups", "Group": "members"}

Resource: TypeAlias = IdentityStoreUser | IdentityStoreGroup


@dataclass(frozen=True, slots=True)
class Query:
    """The query of a request."""

    filter: Filter | None
    start: int
    count: int
    projection: Projection


def query_in_url(call: ScimCall) -> Query:
    """Raises Refusal."""
    given = call.query
    numbers: dict[str, Any] = {name: _number(given[name], name) for name in ("startIndex", "count") if name in given}
    return _query(given.get("filter"), numbers, projection_in_url(call))


def query_in_body(call: ScimCall) -> Query:
    """The query of a search. Raises Refusal."""
    given = call.body
    wanted = given.get("filter")
    if not isinstance(wanted, str | None):
        raise invalid("filter", "it is a text.")
    for name in ("startIndex", "count"):
        if not isinstance(given.get(name), int | None):
            raise invalid(name, "it is a number.")
    names = (_names(given.get(name)) for name in ("attributes", "excludedAttributes"))
    return _query(wanted, given, projection(*names))


def projects_in_url(call: ScimCall) -> bool:
    """Whether a request says which attributes to answer."""
    return any(name in call.query for name in _PROJECTING)


def projection_in_url(call: ScimCall) -> Projection:
    """Raises Refusal."""
    texts = (call.query.get(name, "") for name in _PROJECTING)
    return projection(*([each.strip() for each in text.split(",") if each.strip()] for text in texts))


def listed(call: ScimCall, parts: Parts, kinds: Sequence[ResourceType], query: Query) -> dict[str, Any]:
    """The requested page. Raises Refusal."""
    found = [each for kind in kinds for each in _find_resources(call, parts, kind, kinds, query.filter)]
    asked = found[query.start - 1 : query.start - 1 + query.count]
    resources = list(_project_page(call, parts, asked, query.projection))
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": len(found),
        "itemsPerPage": len(resources),
        "startIndex": query.start,
        "Resources": resources,
    }


def _query(wanted: str | None, numbers: Mapping[str, Any], shown: Projection) -> Query:
    start, count = numbers.get("startIndex"), numbers.get("count")
    return Query(
        None if wanted is None else read_filter(wanted),
        max(1, 1 if start is None else int(start)),
        MOST_PER_PAGE if count is None else min(max(0, int(count)), MOST_PER_PAGE),
        shown,
    )


def _number(text: str, name: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise invalid(name, "it is a number.")
    return int(text)


def _names(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise invalid("attributes", "it is a list of texts.")
    return value


def _project_page(
    call: ScimCall, parts: Parts, found: Sequence[Resource], shown: Projection
) -> Iterator[dict[str, Any]]:
    """Resources, until a page has enough of members: who asks goes on after the last one."""
    links = 0
    for each in found:
        kind = _kind(each)
        linked = shown.shows(_LINKS[kind.name])
        resource = _resource(call, parts, each, linked=linked)
        yield shown.of(resource, kind)
        links += len(resource.get(_LINKS[kind.name], ()))
        if links >= MOST_LINKS:
            return


def _kind(one: Resource) -> ResourceType:
    return USERS if isinstance(one, IdentityStoreUser) else GROUPS


def _resource(call: ScimCall, parts: Parts, one: Resource, *, linked: bool) -> dict[str, Any]:
    if isinstance(one, IdentityStoreUser):
        return user_resource(call, parts, one, linked=linked)
    return group_resource(call, parts, one, members_of(call, one) if linked else ())


def _find_resources(
    call: ScimCall, parts: Parts, kind: ResourceType, kinds: Sequence[ResourceType], wanted: Filter | None
) -> Sequence[Resource]:
    """The resources of a type that match a filter, by id."""
    if wanted is None:
        return _all_of(call, kind)
    names = list(paths_in(wanted))
    if not all(any(resolve(name, each) for each in kinds) for name in names):
        raise refused("an attribute is unknown.")
    meets = matcher(wanted, kind, lenient=len(kinds) > 1)
    candidates = _find_by_index(call, kind, wanted)
    resources = _all_of(call, kind) if candidates is None else candidates
    linked = any(path is not None and path.attribute.name in _LINKS.values() for path in _paths(names, kind))
    _check_work(call, resources, len(names), linked=linked)
    return [each for each in resources if meets(_resource(call, parts, each, linked=linked))]


def _all_of(call: ScimCall, kind: ResourceType) -> Sequence[Resource]:
    if kind is USERS:
        return call.view.of(IdentityStoreUser).sorted()
    return call.view.of(IdentityStoreGroup).sorted()


def _paths(names: Sequence[str], kind: ResourceType) -> Iterator[Path | None]:
    return (resolve(name, kind) for name in names)


def _check_work(call: ScimCall, resources: Sequence[Resource], terms: int, *, linked: bool) -> None:
    """Raise Refusal if a filter would look at too much: such a filter names one by eq, or is asked for in parts."""
    work = len(resources) * terms
    if linked and work <= MOST_LOOKED_AT:
        work += terms * sum(len(_memberships(call, each)) for each in resources)
    if work > MOST_LOOKED_AT:
        raise Refusal(400, "The filter looks at too many resources.", "tooMany")


def _memberships(call: ScimCall, one: Resource) -> Sequence[object]:
    find = memberships_of_user if isinstance(one, IdentityStoreUser) else memberships_in_group
    return find(call.view, one.id)


def _find_by_index(call: ScimCall, kind: ResourceType, wanted: Filter) -> list[Resource] | None:
    """Whom a term of the filter names, without looking at everybody; None if no term does."""
    for term in wanted.parts if isinstance(wanted, And) else (wanted,):
        if isinstance(term, Comparison) and term.operator == "eq" and isinstance(term.value, str):
            path = resolve(term.path, kind)
            name = None if path is None else path.attribute.name + (f".{path.sub.name}" if path.sub else "")
            find = _FINDERS[kind.name].get((name or "").removesuffix(".value"))
            if find is not None and path is not None and path.extension is None:
                return sorted(find(call, term.value), key=lambda each: each.id)
    return None


def _users_in(call: ScimCall, group: str) -> list[Resource]:
    users = call.view.of(IdentityStoreUser)
    return [one for each in memberships_in_group(call.view, group) if (one := users.get(each.member)) is not None]


def _groups_of(call: ScimCall, user: str) -> list[Resource]:
    groups = call.view.of(IdentityStoreGroup)
    return [one for each in memberships_of_user(call.view, user) if (one := groups.get(each.group)) is not None]


def _as_list(one: Resource | None) -> list[Resource]:
    return [] if one is None else [one]


_FINDERS: Mapping[str, Mapping[str, Callable[[ScimCall, str], list[Resource]]]] = {
    "User": {
        "id": lambda call, value: _as_list(call.view.of(IdentityStoreUser).get(value)),
        "userName": lambda call, value: _as_list(user_named(call.view, value)),
        "externalId": lambda call, value: _as_list(user_with_external_id(call.view, issuer_of(call.instance), value)),
        "emails": lambda call, value: _as_list(user_with_email(call.view, value)),
        "groups": _users_in,
    },
    "Group": {
        "id": lambda call, value: _as_list(call.view.of(IdentityStoreGroup).get(value)),
        "displayName": lambda call, value: _as_list(group_named(call.view, value)),
        "externalId": lambda call, value: _as_list(group_with_external_id(call.view, issuer_of(call.instance), value)),
        "members": _groups_of,
    },
}
