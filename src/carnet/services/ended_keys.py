"""Remembers when access keys ended, and identity providers were deleted, so that sessions which a node made before it
had learned of the end do not last.

A session's token says which key it was made with, or which provider vouched for it, and when; `identity.credentials`
compares that with what is kept here.
"""

from __future__ import annotations

from datetime import datetime

from carnet.directory.account_view import AccountView
from carnet.entities.ended_key import EndedKey, ended_key
from carnet.store.unit_of_work import Unit

MOST_OF_AN_ACCOUNT = 1000
"""How many ended keys of one account are kept. Sessions that were made with a key whose end is forgotten are
refused."""


def note_end(unit: Unit, view: AccountView, key_id: str, now: datetime) -> None:
    """Note that a key (by id) or an identity provider (by ARN) of the account has ended; nothing if it had before."""
    known = view.of(EndedKey)
    former = known.get(key_id)
    if former is None:
        if len(known) >= MOST_OF_AN_ACCOUNT:
            unit.remove(known.sorted()[0])
        unit.add(ended_key(key_id, view.account.id, now))
    elif not former.is_over:
        unit.save(former.turned(now))


def note_return(unit: Unit, view: AccountView, key_id: str, now: datetime) -> None:
    """Note that a key (by id) or an identity provider (by ARN) of the account is valid again from now on."""
    former = view.of(EndedKey).get(key_id)
    if former is not None and former.is_over:
        unit.save(former.turned(now))
