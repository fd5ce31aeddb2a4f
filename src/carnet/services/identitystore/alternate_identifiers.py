"""Finds users and groups by other identifiers: an external id, or a unique attribute.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_AlternateIdentifier.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from carnet.base.faults import Fault
from carnet.directory.account_view import AccountView
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.services.identitystore import sentences
from carnet.services.identitystore.targets import StoreView

R = TypeVar("R", IdentityStoreUser, IdentityStoreGroup)


def finder(
    resource_type: str,
    by_external_id: Callable[[AccountView, str, str], R | None],
    by_attribute: Mapping[str, Callable[[AccountView, str], R | None]],
) -> Callable[[StoreView, Any], tuple[StoreView, R] | Fault]:
    """The function that finds the user or group of an AlternateIdentifier; `by_attribute` has paths in lower case."""

    def find(store: StoreView, given: Any) -> tuple[StoreView, R] | Fault:
        identifier = given["AlternateIdentifier"]
        external = identifier.get("ExternalId")
        if external is not None:
            found = by_external_id(store.owner, external["Issuer"], external["Id"])
        else:
            path, value = (
                identifier["UniqueAttribute"]["AttributePath"],
                identifier["UniqueAttribute"]["AttributeValue"],
            )
            if path.lower() not in by_attribute:
                return sentences.not_unique(path)
            if not isinstance(value, str) or not value:
                return sentences.no_value(path)
            found = by_attribute[path.lower()](store.owner, value)
        return sentences.missing(resource_type) if found is None else (store, found)

    return find
