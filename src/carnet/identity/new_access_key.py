"""Makes long-term access keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from carnet.base.ids import Ids
from carnet.entities.access_key import AccessKey
from carnet.identity.credentials import secret_context
from carnet.keyring.keyring import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenKey:
    """An id and a secret, drawn or chosen, which keep the rules of `entities.access_key`."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccessKey:
    """A key to be stored, and its secret, which is shown once."""

    key: AccessKey
    secret: str = field(repr=False)


def new_access_key(ids: Ids, keyring: Keyring, *, account: str, owner: str, now: datetime) -> NewAccessKey:
    """A key for a user's id or, for the root user, the account's own id as `owner`."""
    return sealed_access_key(keyring, drawn_key(ids, account), account=account, owner=owner, now=now)


def drawn_key(ids: Ids, account: str) -> GivenKey:
    """An id that carries the account, and a secret, which nobody can guess."""
    return GivenKey(id=ids.access_key(account), secret=ids.secret_access_key())


def sealed_access_key(keyring: Keyring, given: GivenKey, *, account: str, owner: str, now: datetime) -> NewAccessKey:
    """The key of that id and secret, such as the operator has chosen."""
    sealed = keyring.seal(given.secret.encode("ascii"), context=secret_context(given.id, account, owner))
    key = AccessKey(id=given.id, account=account, owner=owner, sealed_secret=sealed, created=now)
    return NewAccessKey(key=key, secret=given.secret)
