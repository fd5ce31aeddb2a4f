"""Every kind that holds sealed values is known as such, so that rotation and the tests of attacks cover it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import LargeBinary

from carnet.identity.sealed_kinds import SEALED_KINDS, SealedKind, kinds_of
from carnet.keyring.data_keys import Purpose
from carnet.keyring.keyring import kid_of
from carnet.store.entity_types import ENTITY_TYPES
from tests.identity.sealed_samples import sample, secret
from tests.keyring.keys import KEYRING

NOT_SEALED = {
    ("browser_sessions", "claims"),
    ("data_keys", "wrapped"),
    ("delegation_requests", "approver_session"),
    ("oauth_sessions", "claims"),
}
"""Columns of bytes that are no sealed values: data keys are wrapped, and the claims of a session are no secret."""
CARRIED = {
    Purpose.SESSION_TOKENS,
    Purpose.AUTHORIZATION_MESSAGES,
    Purpose.AUDIT_CHECKPOINTS,
    Purpose.SIGN_IN_TOKENS,
    Purpose.CLIENT_REGISTRATIONS,
}
"""Purposes of what is not in the store: callers hold it, or it is in the audit log."""


def test_every_kind_with_sealed_values_is_listed() -> None:
    assert {kind.entity for kind in SEALED_KINDS} == {each.entity for each in ENTITY_TYPES if each.sealed is not None}
    assert {kind.purpose for kind in SEALED_KINDS} == set(Purpose) - CARRIED
    assert len({kind.entity for kind in SEALED_KINDS}) == len(SEALED_KINDS)


def test_every_column_of_bytes_is_sealed_or_known_not_to_be() -> None:
    binary = {
        (each.table.name, column.name)
        for each in ENTITY_TYPES
        for column in each.table.columns
        if isinstance(column.type, LargeBinary)
    }
    sealed = {(each.table.name, each.sealed.column) for each in ENTITY_TYPES if each.sealed is not None}
    assert binary - sealed <= NOT_SEALED


@pytest.mark.parametrize("kind", SEALED_KINDS, ids=lambda kind: kind.entity.__name__)
def test_store_and_keyring_agree_on_the_values_of_a_kind(kind: SealedKind[Any]) -> None:
    entity = sample(kind, KEYRING, 1)
    sealed = ENTITY_TYPES.of_class(kind.entity).sealed
    assert sealed is not None
    found = tuple(kind.values(entity))
    assert found
    assert [value for value, _ in found] == list(sealed.values(entity))
    for value, place in found:
        assert place.purpose is kind.purpose
        assert kid_of(value) == KEYRING.ring(kind.purpose).primary.kid.hex()
        assert KEYRING.open(value, context=place) == secret(place)
    assert kind.changed(entity, lambda value, _: value) == entity


def test_a_carried_purpose_has_no_kind() -> None:
    assert not any(map(kinds_of, CARRIED))
