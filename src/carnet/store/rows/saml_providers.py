"""Rows of SAML providers. Private keys are sealed before they get here."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Row, Table, Text

from carnet.entities.saml_provider import EncryptionMode, SamlPrivateKey, SamlProvider
from carnet.store.codec import RowValues, json_text, moment, read_moment, read_objects
from carnet.store.entity_type import EntityType, Sealed, entity_fields, entity_row
from carnet.store.schema import METADATA, named_entity, optional_text, text

TABLE = Table(
    "saml_providers",
    METADATA,
    *named_entity(),
    text("document"),
    text("certificates"),
    Column("valid_until", BigInteger, nullable=True),
    text("encryption"),
    text("private_keys"),
    Column("context_provider", Text, nullable=False, server_default="{}"),
    optional_text("identity_center_instance"),
)


def to_row(provider: SamlProvider) -> RowValues:
    return entity_row(
        provider,
        document=provider.document,
        certificates=json_text({issuer: list(each) for issuer, each in provider.certificates.items()}),
        valid_until=provider.valid_until,
        encryption=provider.encryption,
        private_keys=json_text(list(map(_key_written, provider.private_keys))),
        context_provider=json_text(provider.context_provider),
        identity_center_instance=provider.identity_center_instance,
    )


def from_row(row: Row[Any]) -> SamlProvider:
    return SamlProvider(
        **entity_fields(row),
        document=row.document,
        certificates=_read_certificates(row.certificates),
        valid_until=None if row.valid_until is None else read_moment(row.valid_until),
        encryption=EncryptionMode(row.encryption),
        private_keys=tuple(_read_keys(read_objects(row.private_keys))),
        context_provider=orjson.loads(row.context_provider),
        identity_center_instance=row.identity_center_instance,
    )


def _read_certificates(written: str) -> dict[str, tuple[str, ...]]:
    value = orjson.loads(written)
    if type(value) is not dict or not all(
        type(each) is list and all(type(one) is str for one in each) for each in value.values()
    ):
        raise ValueError("not a JSON object of lists of strings")
    return {issuer: tuple(each) for issuer, each in value.items()}


def _key_written(key: SamlPrivateKey) -> Mapping[str, object]:
    return {"id": key.id, "sealed": base64.b64encode(key.sealed).decode("ascii"), "created": moment(key.created)}


def _read_keys(written: Iterable[Mapping[str, Any]]) -> Iterable[SamlPrivateKey]:
    for key in written:
        sealed = base64.b64decode(key["sealed"], validate=True)
        yield SamlPrivateKey(id=key["id"], sealed=sealed, created=read_moment(key["created"]))


SAML_PROVIDERS = EntityType(
    entity=SamlProvider,
    kind="SAML provider",
    table=TABLE,
    from_row=from_row,
    to_row=to_row,
    sealed=Sealed("private_keys", lambda provider: (key.sealed for key in provider.private_keys)),
    decides=False,  # what vouches for callers: one that cannot be read vouches for nobody
)
