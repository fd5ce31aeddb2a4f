"""Kinds that no release has: what a new kind needs is here, and its table (its migration) is made by the tests."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar

from sqlalchemy import Column, MetaData, Row, Table, Text, create_engine

from carnet.entities.entity import Entity
from carnet.entities.organization import Organization
from carnet.entities.scope import ScopeKind
from carnet.entities.user import User
from carnet.store.entity_type import EntityType, entity_fields, one
from carnet.store.entity_types import ENTITY_TYPES, EntityTypes
from carnet.store.schema import named_entity
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import ACCOUNT_ID, NOW

ORGANIZATION_ID = "o-exampleorgid"
ORGANIZATION = Organization(id=ORGANIZATION_ID, management=ACCOUNT_ID, created=NOW)
_TABLES = MetaData()
_ACCOUNTS = Table("accounts", _TABLES, Column("id", Text, primary_key=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Badge(Entity):
    """A named entity of an account, which a user wears."""

    resource_type: ClassVar[str] = "badge"

    wearer: str | None = None


def _badge(row: Row[Any]) -> Badge:
    return Badge(**entity_fields(row), wearer=row.wearer)


BADGES = EntityType(
    entity=Badge,
    kind="badge",
    table=Table("badges", _TABLES, *named_entity(), Column("wearer", Text, nullable=True)),
    from_row=_badge,
    decides=True,
    references={"wearer": one(User, "wearer")},
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Guardrail:
    """Something that an organization lays down, found by its text in the whole installation."""

    id: str
    organization: str = ORGANIZATION_ID
    text: str


def _guardrail(row: Row[Any]) -> Guardrail:
    return Guardrail(id=row.id, organization=row.organization, text=row.text)


GUARDRAILS = EntityType(
    entity=Guardrail,
    kind="guardrail",
    table=Table(
        "guardrails", _TABLES, Column("id", Text, primary_key=True), Column("organization", Text), Column("text", Text)
    ),
    from_row=_guardrail,
    decides=True,
    scope_kind=ScopeKind.ORGANIZATION,
    scope_column="organization",
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=attrgetter("text"),
    order=attrgetter("id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Curfew:
    """Something that holds for the whole installation."""

    id: str


CURFEWS = EntityType(
    entity=Curfew,
    kind="curfew",
    table=Table("curfews", _TABLES, Column("id", Text, primary_key=True)),
    from_row=lambda row: Curfew(id=row.id),
    decides=True,
    scope_kind=ScopeKind.INSTALLATION,
    scope_column=None,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A thing of an account that no decision depends on."""

    id: str
    account: str = ACCOUNT_ID


NOTES = EntityType(
    entity=Note,
    kind="note",
    table=Table("notes", _TABLES, Column("id", Text, primary_key=True), Column("account", Text)),
    from_row=lambda row: Note(id=row.id, account=row.account),
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)

TYPES = EntityTypes(*ENTITY_TYPES, BADGES, GUARDRAILS, CURFEWS, NOTES)
"""What a release that has these kinds knows."""


def a_badge(number: int, *, wearer: str | None = None) -> Badge:
    return Badge(id=f"BADG{number}", account=ACCOUNT_ID, name=f"Badge{number}", created=NOW, wearer=wearer)


def make_tables(url: str) -> None:
    """Set up a store, and do what the migrations of the invented kinds would do."""
    Store.open(url).close()
    engine = create_engine(raw.with_driver(url))
    _TABLES.create_all(engine)
    engine.dispose()
