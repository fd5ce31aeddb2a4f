"""Changes of an identity store, which operations of its API and provisioners by SCIM share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from carnet.base.ids import Ids
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import (
    group_named,
    group_with_external_id,
    user_named,
    user_with_email,
    user_with_external_id,
)
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership, membership_pair
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.scope import ScopeKind
from carnet.services.identitystore import sentences
from carnet.services.identitystore.attributes import check_required
from carnet.services.identitystore.quotas import IdentityStoreQuotas
from carnet.store.entity_types import ENTITY_TYPES
from carnet.store.unit_of_work import Unit

R = TypeVar("R", IdentityStoreUser, IdentityStoreGroup)
Resource: TypeAlias = IdentityStoreUser | IdentityStoreGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryChange:
    """A change of an identity store at the locked revision: its author, and its time."""

    store: Unit
    ids: Ids
    instance: Instance
    view: AccountView
    """Of the account that owns the instance."""
    by: str
    now: datetime
    quotas: IdentityStoreQuotas
    """Those of the account that owns the instance."""

    def new_id(self) -> str:
        """The id of a new user, group or membership."""
        return f"{self.instance.identity_store.removeprefix('d-')}-{self.ids.uuid()}"

    @property
    def _history(self) -> dict[str, Any]:
        return {"created": self.now, "created_by": self.by, "updated": self.now, "updated_by": self.by}

    def _common_attributes(self) -> dict[str, Any]:
        return {
            "id": self.new_id(),
            "account": self.instance.account,
            "identity_store": self.instance.identity_store,
            **self._history,
        }

    def add_user(
        self,
        user_name: str,
        attributes: Mapping[str, Any],
        *,
        external_ids: Mapping[str, str] | None = None,
        enabled: bool = True,
    ) -> IdentityStoreUser:
        """Add a person. Raises Invalid, AlreadyExists, TooMany."""
        if len(self.view.of(IdentityStoreUser)) >= self.quotas.identity_store_users:
            raise sentences.full("users", self.quotas.identity_store_users)
        user = IdentityStoreUser(
            **self._common_attributes(),
            user_name=user_name,
            attributes=attributes,
            external_ids=external_ids or {},
            enabled=enabled,
        )
        self._check_user(user)
        self.store.add(user)
        return user

    def add_group(
        self, display_name: str, description: str | None = None, *, external_ids: Mapping[str, str] | None = None
    ) -> IdentityStoreGroup:
        """Add a group without members. Raises AlreadyExists, TooMany."""
        if len(self.view.of(IdentityStoreGroup)) >= self.quotas.identity_store_groups:
            raise sentences.full("groups", self.quotas.identity_store_groups)
        group = IdentityStoreGroup(
            **self._common_attributes(),
            display_name=display_name,
            description=description,
            external_ids=external_ids or {},
        )
        self._check_group(group)
        self.store.add(group)
        return group

    def save(self, before: R, after: R) -> R:
        """Save the changes of a user or group. Raises Invalid, AlreadyExists."""
        saved = replace(after, revision=before.revision + 1, updated=self.now, updated_by=self.by)
        if isinstance(saved, IdentityStoreUser):
            self._check_user(saved)
        else:
            self._check_group(saved)
        self.store.save(saved)
        return saved

    def remove_user(self, user: IdentityStoreUser) -> None:
        """Remove a person from all groups, and for good: whoever has the name later is somebody else."""
        self._remove(user)

    def remove_group(self, group: IdentityStoreGroup) -> None:
        """Remove a group; its members stay."""
        self._remove(group)

    def add_member(self, group: IdentityStoreGroup, user: IdentityStoreUser) -> IdentityStoreMembership:
        """Add a person to a group. Raises AlreadyExists."""
        if self.view.of(IdentityStoreMembership).named(membership_pair(group.id, user.id)) is not None:
            raise sentences.already_member()
        membership = IdentityStoreMembership(
            id=self.new_id(),
            account=self.instance.account,
            identity_store=self.instance.identity_store,
            group=group.id,
            member=user.id,
            created=self.now,
            created_by=self.by,
        )
        self.store.add(membership)
        return membership

    def remove_member(self, group: IdentityStoreGroup, user: str) -> None:
        """Remove the person of that id from a group; nothing changes if the group has no such member."""
        membership = self.view.of(IdentityStoreMembership).named(membership_pair(group.id, user))
        if membership is not None:
            self.store.remove(membership)

    def _remove(self, resource: Resource) -> None:
        """Remove a user or group, and before it all that belongs to it only: memberships, passwords, MFA devices."""
        for kind in ENTITY_TYPES.of_scope(ScopeKind.ACCOUNT):
            for name, reference in kind.references.items():
                if reference.to is type(resource) and kind.entity is not type(resource):
                    for referring in self.view.of(kind.entity).referring(name, resource.id):
                        self.store.remove(referring)
        self.store.remove(resource)

    # INVARIANT: the view is that of the locked revision, so a name that is free in it stays free until the commit.

    def _check_user(self, user: IdentityStoreUser) -> None:
        check_required(user.attributes)
        if _is_another(user_named(self.view, user.user_name), user):
            raise sentences.duplicate("UserName")
        email = user.email
        if email is not None and _is_another(user_with_email(self.view, email), user):
            raise sentences.duplicate("Emails")
        if any(_is_another(each, user) for each in self._externally(user, user_with_external_id)):
            raise sentences.duplicate("ExternalId")

    def _check_group(self, group: IdentityStoreGroup) -> None:
        if _is_another(group_named(self.view, group.display_name), group):
            raise sentences.duplicate("GroupDisplayName")
        if any(_is_another(each, group) for each in self._externally(group, group_with_external_id)):
            raise sentences.duplicate("ExternalId")

    def _externally(self, resource: Resource, find: Any) -> Iterator[Resource | None]:
        return (find(self.view, issuer, key) for issuer, key in resource.external_ids.items())


def _is_another(found: Resource | None, resource: Resource) -> bool:
    return found is not None and found.id != resource.id
