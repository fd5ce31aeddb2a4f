"""When access keys end is remembered, so that a node which had not learned of it made no lasting sessions with them.

What a session was made with, and when, stands in its token; `identity.credentials` holds it against what is kept here.
"""

from __future__ import annotations

from datetime import datetime

from carnet.directory.account_view import AccountView
from carnet.entities.ended_key import EndedKey, ended_key
from carnet.store.unit_of_work import Unit

MOST_OF_AN_ACCOUNT = 1000
"""How many are kept of one account. The sessions of keys whose end is forgotten are good for nothing."""


def note_end(unit: Unit, view: AccountView, key_id: str, now: datetime) -> None:
    """A key of the account is good for nothing from now on. Of one that is so already nothing is changed."""
    known = view.of(EndedKey)
    former = known.get(key_id)
    if former is None:
        if len(known) >= MOST_OF_AN_ACCOUNT:
            unit.remove(known.sorted()[0])
        unit.add(ended_key(key_id, view.account.id, now))
    elif not former.is_over:
        unit.save(former.turned(now))


def note_return(unit: Unit, view: AccountView, key_id: str, now: datetime) -> None:
    """A key of the account is good again from now on, if ever it was not."""
    former = view.of(EndedKey).get(key_id)
    if former is not None and former.is_over:
        unit.save(former.turned(now))
