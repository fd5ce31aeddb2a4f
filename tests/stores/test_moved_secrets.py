"""Somebody who can write the database, without the master key, moves sealed values about. Nothing opens elsewhere.

Every kind that holds sealed values is tried, on every store; a new kind is tried by being listed (`SEALED_KINDS`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from carnet.assembly.settings import Settings
from carnet.assembly.state import open_state
from carnet.identity.sealed_kinds import SEALED_KINDS, SealedKind
from carnet.keyring.data_keys import Purpose, WrappedKey
from carnet.keyring.errors import KeyringError, Unsealable
from carnet.keyring.keyring import Keyring, SealContext
from carnet.store.codec import RowValues
from carnet.store.entity_type import EntityType
from carnet.store.entity_types import ENTITY_TYPES
from carnet.store.rows.data_keys import DATA_KEYS
from tests.identity.rotating import Clock, Node, fill, joined, rotate_to_the_end
from tests.identity.sealed_samples import secret
from tests.stores import raw

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def here(database: str, tmp_path: Path) -> Iterator[Node]:
    with joined(Settings(data_dir=tmp_path, database_url=database), Clock()) as one:
        fill(one)
        yield one


def _opens(keyring: Keyring, sealed: bytes, place: SealContext) -> bool:
    try:
        return keyring.open(sealed, context=place) == secret(place)
    except Unsealable:
        return False


def _opened(here: Node, kind: SealedKind[Any]) -> list[bool]:
    """Of each value of a kind, as a process that starts now reads them, whether it opens where it lies."""
    entities = here.store.all_of(kind.entity)
    return [_opens(here.installation.keyring, *value) for entity in entities for value in kind.values(entity)]


def _swap(here: Node, database: str, kind: SealedKind[Any]) -> None:
    """Exchange the sealed columns of both rows of a kind."""
    type_ = ENTITY_TYPES.of_class(kind.entity)
    one, other = here.store.all_of(kind.entity)
    for row, there in ((one, other), (other, one)):
        _put(database, type_, type_.key_of(row), type_.row_of(there))


def _put(database: str, type_: EntityType[Any], key: str, row: RowValues) -> None:
    """Write the sealed column of `row` into the row of `key`."""
    assert type_.sealed is not None
    column = type_.sealed.column
    statement = f"UPDATE {type_.table.name} SET {column} = :value WHERE {type_.key_column} = :key"
    raw.execute(database, statement, {"value": row[column], "key": key})


def test_a_value_of_another_row_opens_nothing(here: Node, database: str) -> None:
    for kind in SEALED_KINDS:
        assert all(_opened(here, kind)), kind
        _swap(here, database, kind)
        assert not any(_opened(here, kind)), kind
        _swap(here, database, kind)
        assert all(_opened(here, kind)), "only the swap was in the way"


@ON_SQLITE
def test_no_value_opens_in_the_place_of_any_other(here: Node) -> None:
    """Between rows, columns, kinds and purposes: every value in every place."""
    keyring, sealed = here.installation.keyring, here.sealed()
    of_kinds = [len(_opened(here, kind)) for kind in SEALED_KINDS]
    assert min(of_kinds) >= 2, "every kind is looked at"
    assert sum(of_kinds) == len(sealed), "kinds that share a purpose share no place"
    assert {place.purpose for place in sealed} == {kind.purpose for kind in SEALED_KINDS}
    for place, other in permutations(sealed, 2):
        assert not _opens(keyring, sealed[other], place), (other, place)


def _flipped(value: bytes) -> Iterator[bytes]:
    for at in range(len(value)):
        yield value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    yield from (value[:-1], value + b"\0", b"")


@ON_SQLITE
def test_no_altered_value_opens(here: Node) -> None:
    for place, value in here.sealed().items():
        assert not any(_opens(here.installation.keyring, each, place) for each in _flipped(value))


OWNERS = {
    "access_keys": "UPDATE access_keys SET owner = 'AIDA2' WHERE id = 'AKIA1'",
    "mfa_devices": "UPDATE mfa_devices SET holder = 'AIDA2' WHERE id = 'device1'",
    "login_profiles": "UPDATE login_profiles SET account = '222222222222' WHERE id = 'AIDA1'",
    "person_passwords": "UPDATE person_passwords SET account = '222222222222' WHERE id = 'person1'",
    "person_mfa_devices": "UPDATE person_mfa_devices SET holder = 'person2' WHERE id = 'person-device1'",
    "saml_providers": "UPDATE saml_providers SET account = '222222222222' WHERE id = 'SAML1'",
    "saml_applications": "UPDATE saml_applications SET account = '222222222222' WHERE id = 'apl-1'",
    "request_signings": "UPDATE request_signings SET account = '222222222222' WHERE id = 'ssoins-1'",
    "outbound_federations": "UPDATE outbound_federations SET id = 'x', account = '222222222222' WHERE id <> 'x'",
}
"""How a row of a kind is given to somebody else."""


@ON_SQLITE
def test_what_is_given_to_somebody_else_opens_no_more(here: Node, database: str) -> None:
    raw.execute(database, "DELETE FROM outbound_federations WHERE id = '222222222222'")
    for kind in SEALED_KINDS:
        before = _opened(here, kind)
        mine = len(before) // (1 if kind.purpose is Purpose.ISSUER_KEYS else 2)
        raw.execute(database, OWNERS[ENTITY_TYPES.of_class(kind.entity).table.name])
        assert all(before), kind
        assert _opened(here, kind).count(False) == mine, kind


def test_a_row_of_before_a_rotation_opens_nothing_when_it_is_put_back(here: Node, database: str) -> None:
    of_then = {kind: here.store.all_of(kind.entity) for kind in SEALED_KINDS}
    here.stage()
    rotate_to_the_end(here)
    for kind, entities in of_then.items():
        assert all(_opened(here, kind)), kind
        type_ = ENTITY_TYPES.of_class(kind.entity)
        for entity in entities:
            _put(database, type_, type_.key_of(entity), type_.row_of(entity))
        assert not any(_opened(here, kind)), kind


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, tuple[WrappedKey, ...]]]:
    """A node after a rotation, and the data keys of before."""
    with joined(Settings(data_dir=tmp_path_factory.mktemp("rotated")), Clock()) as one:
        fill(one)
        of_then = one.store.data_keys()
        one.stage()
        rotate_to_the_end(one)
        one.presence.report()
        yield one, of_then


@contextmanager
def _altered(here: Node) -> Iterator[str]:
    """The database, in which data keys may be altered until the block ends."""
    url, keys = here.installation.settings.store_url, here.store.data_keys()
    yield url
    _put_keys(url, keys)


def _put_keys(url: str, keys: tuple[WrappedKey, ...]) -> None:
    raw.execute(url, "DELETE FROM data_keys")
    for key in keys:
        row = DATA_KEYS.row_of(key)
        names = ", ".join(row)
        raw.execute(url, f"INSERT INTO data_keys ({names}) VALUES ({', '.join(f':{name}' for name in row)})", row)


def _start(here: Node) -> None:
    with open_state(here.installation.settings):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE data_keys SET state = 'primary' WHERE number = 1",
        "UPDATE data_keys SET state = 'retired' WHERE number = 1 AND state = 'kept'",
        "UPDATE data_keys SET state = 'kept' WHERE number = 2",
        "UPDATE data_keys SET number = 3 WHERE number = 2",
        "UPDATE data_keys SET floor = 1 WHERE number = 2",
        "UPDATE data_keys SET retired = retired + 1 WHERE state = 'retired'",
        "UPDATE data_keys SET purpose = 'mfa-seeds' WHERE purpose = 'passwords'",
        "UPDATE data_keys SET wrapped = (SELECT min(wrapped) FROM data_keys)",
        "DELETE FROM data_keys WHERE number = 2",
        "DELETE FROM data_keys WHERE purpose = 'passwords'",
    ],
)
def test_a_data_key_cannot_be_taken_back_to_an_earlier_state(
    rotated: tuple[Node, tuple[WrappedKey, ...]], statement: str
) -> None:
    here, _ = rotated
    _start(here)
    with _altered(here) as url:
        raw.execute(url, statement)
        with pytest.raises(KeyringError):
            here.presence.report()
        with pytest.raises(KeyringError):
            _start(here)
        assert here.all_open(), "a server that runs goes on with the keys it has"
    _start(here)


def test_the_data_keys_of_before_a_rotation_are_refused_as_a_whole(
    rotated: tuple[Node, tuple[WrappedKey, ...]],
) -> None:
    """The rows as they were, which the master key did wrap: only what a process or a machine remembers tells."""
    here, of_then = rotated
    with _altered(here) as url:
        _put_keys(url, of_then)
        with pytest.raises(KeyringError, match="would be an older one"):
            here.presence.report()
        with pytest.raises(KeyringError, match="put back as it was"):
            _start(here)


@ON_SQLITE
def test_the_samples_lie_in_the_database_sealed(here: Node) -> None:
    """Or the tests above would show nothing."""
    for place, value in here.sealed().items():
        assert secret(place) not in value
