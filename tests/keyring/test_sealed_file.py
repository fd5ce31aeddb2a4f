"""A sealed file opens whole and as it was, or not at all."""

from __future__ import annotations

import pytest

from carnet.keyring import sealed_file
from carnet.keyring.errors import Unsealable
from carnet.keyring.master_key import MasterKey
from carnet.keyring.sealed_file import head_of, seal, unseal
from tests.keyring.keys import MASTER

PART = 10


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_file, "_PART_BYTES", PART)


def _sealed(body: bytes, *, head: bytes = b"about it", purpose: str = "test") -> list[bytes]:
    """The beginning, and then each part."""
    return list(seal(MASTER, purpose, head, body))


@pytest.mark.parametrize("length", [0, 1, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 1])
def test_what_was_sealed_opens(length: int) -> None:
    body = bytes(range(length))
    parts = _sealed(body)
    assert len(parts) == 1 + max(1, -(-length // PART))
    assert head_of(b"".join(parts)) == b"about it"
    assert unseal(MASTER, "test", b"".join(parts)) == body


def test_the_body_cannot_be_read() -> None:
    assert b"secret" not in b"".join(_sealed(b"secret"))


@pytest.mark.parametrize(
    "order",
    [[1, 2], [0], [0, 1], [0, 1, 2], [0, 2, 1, 3], [0, 1, 1, 2, 3], [0, 1, 2, 3, 3], [0, 3], [0, 1, 3]],
    ids=str,
)
def test_no_part_can_be_left_out_moved_or_repeated(order: list[int]) -> None:
    parts = _sealed(bytes(3 * PART))
    with pytest.raises(Unsealable):
        unseal(MASTER, "test", b"".join(parts[number] for number in order))


def test_no_part_can_be_taken_from_another_file() -> None:
    one, other = _sealed(bytes(3 * PART)), _sealed(bytes(3 * PART))
    with pytest.raises(Unsealable):
        unseal(MASTER, "test", b"".join([*one[:2], other[2], one[3]]))
    with pytest.raises(Unsealable):
        unseal(MASTER, "test", b"".join([one[0], *other[1:]]))


def test_no_bit_can_be_turned() -> None:
    sealed = b"".join(_sealed(bytes(2 * PART)))
    for place in range(8 * len(sealed)):
        turned = bytearray(sealed)
        turned[place // 8] ^= 1 << place % 8
        with pytest.raises(Unsealable):
            unseal(MASTER, "test", bytes(turned))


def test_it_opens_for_its_purpose_and_under_its_master_key_alone() -> None:
    sealed = b"".join(_sealed(b"body"))
    with pytest.raises(Unsealable):
        unseal(MASTER, "another", sealed)
    with pytest.raises(Unsealable):
        unseal(MasterKey(bytes(32)), "test", sealed)
