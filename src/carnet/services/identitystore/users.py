"""People.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_User.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.directory.identity_center import user_named, user_with_email, user_with_external_id
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.services.identitystore import alternate_identifiers, sentences, shapes, targets
from carnet.services.identitystore.attribute_operations import Edited
from carnet.services.identitystore.attributes import EXTENSIONS, read_extensions
from carnet.services.identitystore.condition_keys import user_issuers
from carnet.services.identitystore.filters import filtered
from carnet.services.identitystore.revisions import check_revision
from carnet.services.identitystore.service import read, write
from carnet.services.identitystore.targets import StoreView, administrator, anywhere, primary_region
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.target import Target

_NOT_ATTRIBUTES = ("IdentityStoreId", "UserName")
_KEYS = (primary_region, user_issuers)
_user_id = targets.given_arn(IdentityStoreUser, "UserId")


@write("CreateUser", on=targets.identity_store(administrator), context=_KEYS)
def create_user(call: WriteCall, given: Mapping[str, Any], store: StoreView) -> Answer:
    """Add a person, who is in no group and cannot sign in yet."""
    if "UserName" not in given:
        raise sentences.required("username")
    attributes: dict[str, Any] = {name: value for name, value in given.items() if name not in _NOT_ATTRIBUTES}
    if EXTENSIONS in attributes:
        attributes[EXTENSIONS] = read_extensions(attributes[EXTENSIONS])
    user = targets.change(call, store).add_user(given["UserName"], attributes)
    return {**shapes.user_named(store, user), "Revision": str(user.revision)}


@read(
    "DescribeUser",
    on=targets.member(anywhere, IdentityStoreUser, "UserId", sentences.NO_USER),
    acts_on=_user_id,
    context=_KEYS,
)
def describe_user(call: Call, given: Mapping[str, Any], store: StoreView, user: IdentityStoreUser) -> Answer:
    """One person."""
    return shapes.user(store, user, given.get("Extensions", ()))


@write(
    "UpdateUser",
    on=targets.member(administrator, IdentityStoreUser, "UserId"),
    acts_on=_user_id,
    context=_KEYS,
)
def update_user(call: WriteCall, given: Mapping[str, Any], store: StoreView, user: IdentityStoreUser) -> Answer:
    """Change attributes of a person, all of those that are given or none."""
    check_revision(user, given)
    edited = Edited(user.user_name, user.attributes)
    edited.apply(given["Operations"])
    after = replace(user, user_name=edited.user_name, attributes=edited.attributes)
    saved = targets.change(call, store).save(user, after)
    return {**shapes.user_named(store, saved), "Revision": str(saved.revision)}


@write(
    "DeleteUser",
    on=targets.member(administrator, IdentityStoreUser, "UserId"),
    acts_on=_user_id,
    context=_KEYS,
)
def delete_user(call: WriteCall, given: Mapping[str, Any], store: StoreView, user: IdentityStoreUser) -> Answer:
    """Remove a person from all groups, and for good."""
    check_revision(user, given)
    targets.change(call, store).remove_user(user)
    return {}


@read("ListUsers", on=targets.identity_store(anywhere), acts_on=targets.every(IdentityStoreUser), context=_KEYS)
def list_users(call: Call, given: Mapping[str, Any], store: StoreView) -> Answer:
    """People, by id."""
    users = filtered(store, given, "UserName", user_named, IdentityStoreUser)
    found = page(call.paging, "ListUsers", users, given, key=lambda user: user.id)
    return found.answer("Users", lambda user: shapes.user(store, user, given.get("Extensions", ())))


_find_user = alternate_identifiers.finder(
    sentences.USER, user_with_external_id, {"username": user_named, "emails.value": user_with_email}
)


def _user_target(call: Call, given: Any) -> Target[StoreView, IdentityStoreUser]:
    return targets.in_store(call, given, anywhere, lambda store: _find_user(store, given))


@read(
    "GetUserId",
    on=_user_target,
    acts_on=targets.found_arns(IdentityStoreUser),
    context=(primary_region,),
)
def get_user_id(call: Call, given: Mapping[str, Any], store: StoreView, user: IdentityStoreUser) -> Answer:
    """The person of that user name, email address or external id."""
    return shapes.user_named(store, user)
