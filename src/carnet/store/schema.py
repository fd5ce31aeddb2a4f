"""The columns that tables share. Each table itself stands in the file of what it holds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, MetaData, Text, UniqueConstraint
from sqlalchemy.schema import SchemaItem

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def optional_text(name: str) -> Column[str]:
    return Column(name, Text, nullable=True)


def moment(name: str) -> Column[int]:
    """A time, as `codec.moment` writes it."""
    return Column(name, BigInteger, nullable=False)


def own_id(name: str = "id") -> Column[str]:
    return Column(name, Text, primary_key=True)


def owning_account() -> Column[str]:
    return Column("account", Text, ForeignKey("accounts.id"), nullable=False)


def owning_organization() -> Column[str]:
    return Column("organization", Text, ForeignKey("organizations.id"), nullable=False)


def named_entity() -> tuple[SchemaItem, ...]:
    """What `entities.entity.Entity` has, and the index that decides whether a name is free."""
    return (
        own_id(),
        owning_account(),
        text("partition"),
        text("path"),
        text("name"),
        text("name_key"),
        moment("created"),
        text("tags"),
        UniqueConstraint("account", "name_key"),
    )
