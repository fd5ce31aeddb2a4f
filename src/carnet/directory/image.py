"""Converts a snapshot to bytes and back. The entities are only unpacked when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import immutables
import msgspec

from carnet.directory import packed
from carnet.directory.emails import Emails
from carnet.directory.indexed import Indexed
from carnet.directory.packed import Packed
from carnet.directory.scope_view import ScopeView
from carnet.directory.snapshot import Snapshot
from carnet.directory.views import VIEWS, Views, names_of, no_entities, no_views
from carnet.entities.scope import INSTALLATION, Scope, ScopeKind
from carnet.store.changes import Revision
from carnet.store.entity_types import EntityTypes

_FORMAT = 2


class _Scope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    kind: ScopeKind
    id: str
    collections: dict[str, Packed]
    """By the name of the kind."""


class _Image(msgspec.Struct, frozen=True, array_like=True):
    quarantined: list[tuple[ScopeKind, str]]
    scopes: list[_Scope]


def form(types: EntityTypes, migration: str) -> str:
    """The form of an image, which has to be the same when it is written and read: the kinds, their attributes, the
    encoding."""
    kinds = [(each.kind, each.scope_kind, packed.form(each)) for each in types]
    return hashlib.sha256(msgspec.json.encode([_FORMAT, migration, kinds])).hexdigest()


def image_of(snapshot: Snapshot) -> bytes:
    """The image of a snapshot, without its revision. Collections that did not change since they were last packed are
    not packed again."""
    scopes = [_packed_scope(snapshot.readable.types, view) for view in _views(snapshot.readable)]
    return msgspec.msgpack.encode(_Image([(scope.kind, scope.id) for scope in snapshot.quarantined], scopes))


def snapshot_of(image: bytes, types: EntityTypes, revision: Revision) -> Snapshot:
    """The snapshot that an image of the same form was made of."""
    read = msgspec.msgpack.decode(image, type=_Image)
    quarantined = frozenset(Scope(kind, scope) for kind, scope in read.quarantined)
    readable = _views_of([_view(types, scope) for scope in read.scopes], types)
    return Snapshot(
        revision=revision,
        quarantined=quarantined,
        readable=readable,
        shown=no_views(types) if INSTALLATION in quarantined else readable,
    )


def _views(views: Views) -> Iterator[ScopeView]:
    yield views.installation
    yield from views.organizations.values()
    yield from views.accounts.values()


def _packed_scope(types: EntityTypes, view: ScopeView) -> _Scope:
    packed_kinds = ((each.kind, view.collections[each.entity].pack()) for each in types.of_scope(view.scope.kind))
    return _Scope(view.scope.kind, view.scope.id, {kind: one for kind, one in packed_kinds if one is not None})


def _view(types: EntityTypes, read: _Scope) -> ScopeView:
    scope = Scope(read.kind, read.id)
    none = no_entities(types, scope.kind)
    collections: dict[type[Any], Indexed[Any]] = dict(none)
    for kind, one in read.collections.items():
        entity = types.by_kind[kind].entity
        collections[entity] = none[entity].unpacked_later(scope, one)
    return VIEWS[scope.kind](scope, collections)


def _views_of(views: list[ScopeView], types: EntityTypes) -> Views:
    by_kind: dict[ScopeKind, dict[str, Any]] = {kind: {} for kind in ScopeKind}
    for view in views:
        by_kind[view.scope.kind][view.scope.id] = view
    return Views(
        types=types,
        installation=by_kind[ScopeKind.INSTALLATION][""],
        organizations=immutables.Map(by_kind[ScopeKind.ORGANIZATION]),
        accounts=immutables.Map(by_kind[ScopeKind.ACCOUNT]),
        names=immutables.Map(dict(pair for view in views for pair in names_of(types, view))),
        emails=Emails(),
    )
