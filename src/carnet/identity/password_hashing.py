"""Argon2id, by which passwords are hashed: slow on purpose, so it runs in a bounded pool and in no transaction.

https://www.rfc-editor.org/rfc/rfc9106
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SALT_BYTES = 16
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class HashCost:
    """What one hash costs. A hash tells its own, so that passwords stay good when this is changed."""

    memory_kib: int
    passes: int = 1
    lanes: int = 1


def password_hash(password: str, salt: bytes, cost: HashCost) -> str:
    """`$argon2id$v=19$m=...,t=...,p=...$salt$hash`, the usual form."""
    from argon2 import low_level  # which commands do not need

    encoded = low_level.hash_secret(
        password.encode("utf-8", "surrogatepass"),
        salt,
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=_HASH_BYTES,
        type=low_level.Type.ID,
    )
    return encoded.decode("ascii")


def salt_of(hashed: str) -> bytes:
    """The salt that a hash was made with."""
    import base64  # here and below: commands that read the settings import this module, and need none of it

    text = hashed.split("$")[4]
    return base64.b64decode(text + "=" * (-len(text) % 4))


def same_passwords(password: str, hashes: Iterable[str], *known: str) -> list[bool]:
    """Of each hash, whether it is that of the password, of which some hashes are `known`.

    It costs one hash for each salt and cost of them that is not among those known.
    """
    made = {_parameters_and_salt(each): each for each in known}
    return [_is_same(password, each, made) for each in hashes]


def _is_same(password: str, hashed: str, made: dict[str, str]) -> bool:
    from hmac import compare_digest

    salted = _parameters_and_salt(hashed)
    if salted not in made:
        made[salted] = password_hash(password, salt_of(hashed), _cost_of(hashed))
    return compare_digest(made[salted], hashed)


def _parameters_and_salt(hashed: str) -> str:
    """What a hash was made with: all of it but the hash itself."""
    return hashed.rpartition("$")[0]


def _cost_of(hashed: str) -> HashCost:
    from argon2 import extract_parameters

    told = extract_parameters(hashed)
    return HashCost(memory_kib=told.memory_cost, passes=told.time_cost, lanes=told.parallelism)
