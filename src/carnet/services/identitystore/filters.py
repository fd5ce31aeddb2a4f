"""The only filter that lists of users and groups still accept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from carnet.directory.account_view import AccountView
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.services.identitystore import sentences
from carnet.services.identitystore.attributes import capitalized
from carnet.services.identitystore.targets import StoreView

R = TypeVar("R", IdentityStoreUser, IdentityStoreGroup)


def filtered(
    store: StoreView,
    given: Mapping[str, Any],
    attribute: str,
    named: Callable[[AccountView, str], R | None],
    kind: type[R],
) -> tuple[R, ...]:
    """All entities of a kind, by id, or the one whose `attribute` has the value in Filters.

    Raises Invalid for a filter by another attribute.
    """
    filters = given.get("Filters", ())
    if not filters:
        return store.owner.of(kind).sorted()
    (asked,) = filters
    if capitalized(asked["AttributePath"]) != attribute:
        raise sentences.unknown_path(asked["AttributePath"])
    found = named(store.owner, asked["AttributeValue"])
    return () if found is None else (found,)
