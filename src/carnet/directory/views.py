"""The views of all scopes."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

import immutables

from carnet.directory.account_view import AccountView
from carnet.directory.emails import Emails
from carnet.directory.indexed import Indexed
from carnet.directory.named import Named
from carnet.directory.organization_view import OrganizationView
from carnet.directory.scope_view import Collections, ScopeView
from carnet.entities.account import Account
from carnet.entities.entity import Entity
from carnet.entities.scope import INSTALLATION, Scope, ScopeKind
from carnet.store.changes import Change, Changes
from carnet.store.entity_types import EntityTypes

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

_Accounts: TypeAlias = "immutables.Map[str, AccountView]"
_Organizations: TypeAlias = "immutables.Map[str, OrganizationView]"
VIEWS: Mapping[ScopeKind, type[ScopeView]] = {
    ScopeKind.ACCOUNT: AccountView,
    ScopeKind.ORGANIZATION: OrganizationView,
    ScopeKind.INSTALLATION: ScopeView,
}
_Views: TypeAlias = Mapping[Scope, ScopeView | None]
"""The views of some scopes after a change; None for a scope that is gone."""
_Rows: TypeAlias = Mapping[Scope, Iterable[Change]]
_Names: TypeAlias = "immutables.Map[tuple[type[Any], Hashable], tuple[Scope, str]]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Views:
    """Immutable. There is always a view of the installation."""

    types: EntityTypes
    installation: ScopeView
    organizations: _Organizations
    """By organization id."""
    accounts: _Accounts
    """By account id."""
    names: _Names
    """Installation-wide unique names to scope and id of their entities."""
    emails: Emails
    found: dict[tuple[type[Any], Hashable], Any] = field(default_factory=dict[tuple[type[Any], Hashable], Any])
    """Results of `named`: requests to Amazon S3 look up their bucket again and again."""

    def get(self, scope: Scope) -> ScopeView | None:
        """The view of a scope; None if it does not exist."""
        if scope.kind is ScopeKind.ACCOUNT:
            return self.accounts.get(scope.id)
        if scope.kind is ScopeKind.ORGANIZATION:
            return self.organizations.get(scope.id)
        return self.installation

    def named(self, entity: type[T], name: Hashable) -> T | None:
        """The entity of a name that is unique in the installation."""
        known: T | None = self.found.get((entity, name))
        if known is None and (found := self._entity_named(entity, name)) is not None:
            known = self.found[entity, name] = found
        return known

    def _entity_named(self, entity: type[T], name: Hashable) -> T | None:
        place = self.names.get((entity, name))
        view = self.get(place[0]) if place is not None else None
        return view.of(entity).get(place[1]) if place is not None and view is not None else None

    def changed(self, changes: Changes, held: frozenset[Scope]) -> Changed:
        """The views after changes. For the scopes in `held`, which are held back, changed rows are only a part and are
        not applied."""
        by_scope: defaultdict[Scope, list[Change]] = defaultdict(list)
        for change in changes.changes:
            by_scope[change.scope].append(change)
        failed = set(changes.unreadable)
        views: dict[Scope, ScopeView | None] = dict.fromkeys(failed)
        for scope in (by_scope.keys() | changes.whole) - failed:
            if scope in held and scope not in changes.whole:
                continue
            old = None if scope in changes.whole else self.get(scope)
            try:
                views[scope] = _changed_view(self.types, scope, old, by_scope[scope])
            except Exception:
                _LOG.exception("the %s cannot be shown", scope)
                failed.add(scope)
                views[scope] = None
        parts = {scope: rows for scope, rows in by_scope.items() if scope not in changes.whole}
        return Changed(self._replace_views(views, parts), frozenset(views), frozenset(failed))

    def _replace_views(self, views: _Views, parts: _Rows) -> Views:
        """The views with other ones for some scopes; None removes one. `parts`: everything that differs in a scope."""
        accounts, organizations = self.accounts.mutate(), self.organizations.mutate()
        installation = self.installation
        for scope, view in views.items():
            if scope.kind is ScopeKind.ACCOUNT:
                _put(accounts, scope.id, view)
            elif scope.kind is ScopeKind.ORGANIZATION:
                _put(organizations, scope.id, view)
            else:
                installation = view or _empty_installation(self.types)
        after = accounts.finish()
        return Views(
            types=self.types,
            installation=installation,
            organizations=organizations.finish(),
            accounts=after,
            names=self._replace_names(views, parts),
            emails=self._emails(after, views),
        )

    def _emails(self, after: _Accounts, views: _Views) -> Emails:
        """As most changes change no account itself, the index is mostly the same."""
        ids = [scope.id for scope in views if scope.kind is ScopeKind.ACCOUNT]
        touched = [each for each in ids if _account(self.accounts, each) is not _account(after, each)]
        return self.emails.changed(self.accounts, after, touched) if touched else self.emails

    def _replace_names(self, views: _Views, parts: _Rows) -> _Names:
        """INVARIANT: a change of some rows looks at the names of these rows only, however many others the scope has."""
        triples = [(self.get(scope), view, parts.get(scope)) for scope, view in views.items()]
        mutation = self.names.mutate()
        # All old names are removed before the new ones are added: one change may pass a name from one entity to
        # another.
        for old, new, rows in triples:
            for name, _ in names_of(self.types, old, rows if new is not None else None):
                del mutation[name]
        for _, new, rows in triples:
            for name, place in names_of(self.types, new, rows):
                mutation[name] = place
        return mutation.finish()


class Changed(NamedTuple):
    """The result of changes."""

    views: Views
    touched: frozenset[Scope]
    """The scopes whose view has changed or is gone."""
    failed: frozenset[Scope]
    """The scopes among them that cannot be shown."""


def no_views(types: EntityTypes) -> Views:
    """The views of an empty store."""
    return Views(
        types=types,
        installation=_empty_installation(types),
        organizations=immutables.Map(),
        accounts=immutables.Map(),
        names=immutables.Map(),
        emails=Emails(),
    )


def _changed_view(
    types: EntityTypes, scope: Scope, before: ScopeView | None, changes: Iterable[Change]
) -> ScopeView | None:
    """The view of a scope with changed rows, all of this scope; None if the scope is gone."""
    rows: defaultdict[type[Any], dict[str, Any]] = defaultdict(dict)
    for change in changes:
        rows[change.type.entity][change.key] = change.entity
    old = before.collections if before is not None else no_entities(types, scope.kind)
    collections = {**old, **{entity: old[entity].changed(new) for entity, new in rows.items()}}
    if not _exists(types, scope, collections):
        return None
    return VIEWS[scope.kind](scope, collections, before)


def _exists(types: EntityTypes, scope: Scope, collections: Collections) -> bool:
    root = types.root(scope.kind)
    if root is not None:
        return collections[root.entity].get(scope.id) is not None
    return scope == INSTALLATION or any(map(len, collections.values()))


def _empty_installation(types: EntityTypes) -> ScopeView:
    return ScopeView(INSTALLATION, no_entities(types, ScopeKind.INSTALLATION))


@lru_cache(16)
def no_entities(types: EntityTypes, kind: ScopeKind) -> Collections:
    """Made once, because the collections are immutable."""
    return {
        each.entity: Named(each) if issubclass(each.entity, Entity) else Indexed(each) for each in types.of_scope(kind)
    }


def _account(accounts: _Accounts, account_id: str) -> Account | None:
    view = accounts.get(account_id)
    return None if view is None else view.account


def _put(views: Any, scope_id: str, view: ScopeView | None) -> None:
    if view is None:
        views.pop(scope_id, None)
    else:
        views[scope_id] = view


def names_of(
    types: EntityTypes, view: ScopeView | None, rows: Iterable[Change] | None = None
) -> Iterator[tuple[tuple[type[Any], Hashable], tuple[Scope, str]]]:
    """The installation-wide unique names in a view, or those of some `rows` in it."""
    if view is None:
        return
    if rows is not None:
        yield from _names_of_rows(view, rows)
        return
    for entity in types.named_in_installation(view.scope.kind):
        for name, key in view.collections[entity].installation_names.items():
            yield (entity, name), (view.scope, key)


def _names_of_rows(
    view: ScopeView, rows: Iterable[Change]
) -> Iterator[tuple[tuple[type[Any], Hashable], tuple[Scope, str]]]:
    for row in rows:
        name_of, found = row.type.installation_name, view.collections[row.type.entity].get(row.key)
        if name_of is not None and found is not None and (name := name_of(found)) is not None:
            yield (row.type.entity, name), (view.scope, row.key)
