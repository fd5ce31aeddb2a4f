"""Makes long-term access keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from carnet.base.ids import Ids
from carnet.entities.access_key import AccessKey
from carnet.identity.credentials import secret_context
from carnet.keyring.keyring import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccessKey:
    """A key to be stored, and its secret, which is shown once."""

    key: AccessKey
    secret: str = field(repr=False)


def new_access_key(ids: Ids, keyring: Keyring, *, account: str, owner: str, now: datetime) -> NewAccessKey:
    """A key for a user's id or, for the root user, the account's own id as `owner`."""
    key_id, secret = ids.access_key(account), ids.secret_access_key()
    sealed = keyring.seal(secret.encode("ascii"), context=secret_context(key_id, account, owner))
    key = AccessKey(id=key_id, account=account, owner=owner, sealed_secret=sealed, created=now)
    return NewAccessKey(key=key, secret=secret)
