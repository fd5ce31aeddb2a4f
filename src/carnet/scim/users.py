"""People, as a provisioner manages them.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/supported-apis.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from carnet.directory.identity_center import memberships_in_group, user_named, user_with_external_id
from carnet.entities.identity_store_membership import IdentityStoreMembership, membership_pair
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.scim.calls import ScimCall
from carnet.scim.filters import read_filter
from carnet.scim.listing import listed
from carnet.scim.patching import patched, read_operations
from carnet.scim.refusals import FILTER_NOT_SUPPORTED, missing, unparsable
from carnet.scim.representation import GivenUser, issuer_of, read_user, user_shown, with_external_id
from carnet.services.identitystore.attributes import ENTERPRISE, EXTENSIONS
from carnet.services.operation import Parts

_API_ALONE = ("Birthdate", "Website")
_NOT_BY_SCIM = ("Photos", *_API_ALONE)
_FINDING = ("username", "externalid", "id", "groups.value")
"""The attributes that a filter must name one of: they find without looking at everybody."""


def create_user(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
    given = read_user(call.body)
    user = call.change(parts).add_user(
        given.user_name,
        given.attributes,
        external_ids=with_external_id({}, call.instance, given.external_id),
        enabled=given.enabled,
    )
    return user_shown(call.instance, user)


def get_user(call: ScimCall, parts: Parts, user_id: str | None) -> dict[str, Any]:
    return user_shown(call.instance, user_of(call, user_id))


def list_users(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
    wanted = call.query.get("filter")
    found: Iterable[IdentityStoreUser] = call.view.of(IdentityStoreUser).sorted()
    if wanted is not None:
        found = _filter_users(call, read_filter(wanted))
    return listed(call, "Users", tuple(found), lambda user: user_shown(call.instance, user))


def put_user(call: ScimCall, parts: Parts, user_id: str | None) -> dict[str, Any]:
    return user_shown(call.instance, save_user(call, parts, user_of(call, user_id), read_user(call.body)))


def patch_user(call: ScimCall, parts: Parts, user_id: str | None) -> dict[str, Any]:
    user = user_of(call, user_id)
    after = patched(user_shown(call.instance, user), read_operations(call.body))
    return user_shown(call.instance, save_user(call, parts, user, read_user(after)))


def delete_user(call: ScimCall, parts: Parts, user_id: str | None) -> dict[str, Any]:
    call.change(parts).remove_user(user_of(call, user_id))
    return {}


def user_of(call: ScimCall, user_id: str | None) -> IdentityStoreUser:
    """The person of that id. Raises Refusal."""
    user = call.view.of(IdentityStoreUser).get(user_id or "")
    if user is None:
        raise missing()
    return user


def save_user(
    call: ScimCall, parts: Parts, before: IdentityStoreUser, given: GivenUser, *, rfc: bool = False
) -> IdentityStoreUser:
    """What the API alone sets of a person stays as it is; `rfc` is whether photos come by SCIM, too."""
    kept = {name: value for name, value in before.attributes.items() if name in (_API_ALONE if rfc else _NOT_BY_SCIM)}
    after = replace(
        before,
        user_name=given.user_name,
        attributes={**kept, **given.attributes},
        external_ids=with_external_id(before.external_ids, call.instance, given.external_id),
        enabled=given.enabled,
    )
    return call.change(parts).save(before, after)


def _filter_users(call: ScimCall, wanted: dict[str, str]) -> Iterable[IdentityStoreUser]:
    if set(wanted) - {*_FINDING, "manager"} or not set(wanted) & set(_FINDING):
        raise unparsable(FILTER_NOT_SUPPORTED)
    return [user for user in _candidates(call, wanted) if _meets(call, user, wanted)]


def _candidates(call: ScimCall, wanted: dict[str, str]) -> Iterable[IdentityStoreUser]:
    users = call.view.of(IdentityStoreUser)
    if "username" in wanted:
        found = [user_named(call.view, wanted["username"])]
    elif "externalid" in wanted:
        found = [user_with_external_id(call.view, issuer_of(call.instance), wanted["externalid"])]
    elif "id" in wanted:
        found = [users.get(wanted["id"])]
    else:
        members = memberships_in_group(call.view, wanted["groups.value"])
        found = [users.get(each) for each in sorted(membership.member for membership in members)]
    return [user for user in found if user is not None]


def _meets(call: ScimCall, user: IdentityStoreUser, wanted: dict[str, str]) -> bool:
    manager = user.attributes.get(EXTENSIONS, {}).get(ENTERPRISE, {}).get("manager", {}).get("value")
    pair = membership_pair(wanted.get("groups.value", ""), user.id)
    return all(
        (
            wanted.get("id") in (None, user.id),
            wanted.get("externalid") in (None, user.external_ids.get(issuer_of(call.instance))),
            wanted.get("manager") in (None, manager),
            "groups.value" not in wanted or call.view.of(IdentityStoreMembership).named(pair) is not None,
        )
    )
