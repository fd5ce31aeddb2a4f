"""Entities as the identity store answers them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.services.identitystore.attributes import EXTENSIONS
from carnet.services.identitystore.targets import StoreView


def user_named(store: StoreView, user: IdentityStoreUser) -> dict[str, Any]:
    """The ids of a user, which each answer about it has."""
    return {
        "IdentityStoreId": user.identity_store,
        "UserId": user.id,
        "UserArn": _arn(store, "user", user.id),
    }


def user(store: StoreView, one: IdentityStoreUser, extensions: Collection[str] = ()) -> dict[str, Any]:
    """A whole user, with the requested extensions."""
    attributes = {name: value for name, value in one.attributes.items() if name != EXTENSIONS}
    asked = {name: each for name, each in one.attributes.get(EXTENSIONS, {}).items() if name in extensions}
    if asked:
        attributes[EXTENSIONS] = asked
    return {
        **user_named(store, one),
        "Revision": str(one.revision),
        "UserName": one.user_name,
        **attributes,
        **_external_ids(one.external_ids),
        "UserStatus": "ENABLED" if one.enabled else "DISABLED",
        **_history(one),
    }


def group_named(store: StoreView, group: IdentityStoreGroup) -> dict[str, Any]:
    """The ids of a group, which each answer about it has."""
    return {
        "IdentityStoreId": group.identity_store,
        "GroupId": group.id,
        "GroupArn": _arn(store, "group", group.id),
    }


def group(store: StoreView, one: IdentityStoreGroup) -> dict[str, Any]:
    """A whole group."""
    described = {} if one.description is None else {"Description": one.description}
    return {
        **group_named(store, one),
        "Revision": str(one.revision),
        "DisplayName": one.display_name,
        **described,
        **_external_ids(one.external_ids),
        **_history(one),
    }


def membership_named(store: StoreView, membership: IdentityStoreMembership) -> dict[str, Any]:
    """The ids of a membership, which each answer about it has."""
    return {
        "IdentityStoreId": membership.identity_store,
        "MembershipId": membership.id,
        "MembershipArn": _arn(store, "membership", membership.id),
    }


def membership(store: StoreView, one: IdentityStoreMembership) -> dict[str, Any]:
    """A whole membership, which cannot be changed."""
    return {
        **membership_named(store, one),
        "GroupId": one.group,
        "MemberId": {"UserId": one.member},
        "CreatedAt": one.created,
        "CreatedBy": one.created_by,
        "UpdatedAt": one.created,
        "UpdatedBy": one.created_by,
    }


def _arn(store: StoreView, kind: str, resource_id: str) -> str:
    return f"arn:{store.instance.partition}:identitystore:::{kind}/{resource_id}"


def _external_ids(external_ids: Mapping[str, str]) -> dict[str, Any]:
    if not external_ids:
        return {}
    return {"ExternalIds": [{"Issuer": issuer, "Id": key} for issuer, key in external_ids.items()]}


def _history(one: IdentityStoreUser | IdentityStoreGroup) -> dict[str, Any]:
    return {
        "CreatedAt": one.created,
        "CreatedBy": one.created_by,
        "UpdatedAt": one.updated,
        "UpdatedBy": one.updated_by,
    }
