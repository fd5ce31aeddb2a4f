"""Rows of the grants on keys of AWS KMS: a row a key."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.account import Account
from carnet.entities.key_grant import Constraint, ConstraintType, KeyGrant, KeyGrants
from carnet.store.codec import RowValues, columns, json_text, moment, read_moment, read_objects
from carnet.store.entity_type import EntityType, many
from carnet.store.schema import METADATA, own_id, owning_account, text

TABLE = Table("key_grants", METADATA, own_id("arn"), owning_account(), text("grants"))
_TEXTS = ("id", "token", "name", "grantee", "retiring", "issuer")


def to_row(of_key: KeyGrants) -> RowValues:
    return columns(
        {"arn": of_key.arn, "account": of_key.account, "grants": json_text(list(map(_grant_json, of_key.grants)))}
    )


def from_row(row: Row[Any]) -> KeyGrants:
    return KeyGrants(arn=row.arn, account=row.account, grants=tuple(map(_read_grant, read_objects(row.grants))))


def _grant_json(grant: KeyGrant) -> dict[str, Any]:
    constraint = grant.constraint
    return {
        **{name: getattr(grant, name) for name in _TEXTS},
        "principal_ids": dict(grant.principal_ids),
        "operations": list(grant.operations),
        "constraint": None if constraint is None else [constraint.type.value, dict(constraint.context)],
        "created": moment(grant.created),
        **({"source_arn": grant.source_arn} if grant.source_arn else {}),
    }


def _read_grant(written: Mapping[str, Any]) -> KeyGrant:
    constraint = written["constraint"]
    return KeyGrant(
        **{name: str(written[name]) for name in _TEXTS},
        principal_ids=_pairs(written["principal_ids"]),
        operations=tuple(map(str, written["operations"])),
        constraint=None
        if constraint is None
        else Constraint(type=ConstraintType(constraint[0]), context=_pairs(constraint[1])),
        source_arn=str(written.get("source_arn", "")),
        created=read_moment(written["created"]),
    )


def _pairs(value: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(held) for key, held in value.items()}


KEY_GRANTS = EntityType(
    entity=KeyGrants,
    kind="grants of a key",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=True,
    key_column="arn",
    name_of=attrgetter("arn"),
    unique_name=None,
    order=attrgetter("arn"),
    references={"retiring": many(Account, "retired_by")},  # principals of any account, which may be gone
)
