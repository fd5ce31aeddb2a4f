"""How often passwords were tried: for whom, and from where.

Attempts stand in a table of their own and never touch the head row: a flood of them keeps no change waiting for long.
Mails to people are counted there, too: an address is the owner, an account the network (`mailed_invitations`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Row,
    Table,
    Text,
    Update,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from carnet.store.codec import moment, read_moment
from carnet.store.databases.backend import Backend
from carnet.store.schema import METADATA
from carnet.store.schema import moment as moment_column

WINDOW = timedelta(hours=1)
"""How long the wrong attempts for one owner are counted together, wherever they come from."""
RECENTLY = timedelta(minutes=10)
"""How long a network is known for those whom it was wrong for."""
_EVERYWHERE = ""
"""The network of the row that counts for an owner."""
_BATCH = 500

PASSWORD_ATTEMPTS = Table(
    "password_attempts",
    METADATA,
    Column("owner", Text, primary_key=True),
    Column("network", Text, primary_key=True),
    Column("failures", BigInteger, nullable=False),
    moment_column("since"),
    moment_column("last"),
    Column("trusted", Boolean, nullable=False),
    Index(None, "network"),
)
_T = PASSWORD_ATTEMPTS.c


class Attempts(Struct, frozen=True, kw_only=True):
    """What is known of an owner and a network before the next attempt."""

    failures: int
    """Of this owner from this network, since the last password that was right."""
    last: datetime
    trusted: bool
    """Whether the owner's right password was given from this network lately."""
    of_owner: int
    """Of this owner from anywhere, within WINDOW."""
    others: int
    """Other owners whose password this network has not known, within RECENTLY."""
    others_last: datetime


class PasswordAttempts:
    """The attempts of a store. Methods raise Unavailable."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def reserve(self, owner: str, network: str, now: datetime, may_try: Callable[[Attempts], bool]) -> bool:
        """Count an attempt as wrong before it is looked at, if it may be made at all.

        INVARIANT: attempts for one owner are counted one after the other, on all nodes, so that no number of guesses
        made at once is judged by one count. One that may not be made leaves nothing behind.
        """
        lock = self._backend.upsert(PASSWORD_ATTEMPTS).on_conflict_do_update(
            index_elements=list(PASSWORD_ATTEMPTS.primary_key), set_={"owner": owner}
        )
        new = {"owner": owner, "failures": 0, "since": moment(now), "last": 0, "trusted": False}
        with self._backend.changing(), self._backend.writer.connect() as connection, connection.begin() as transaction:
            for place in (_EVERYWHERE, network):
                connection.execute(lock, {**new, "network": place})
            whole, pair = (_read_pair(connection, owner, place) for place in (_EVERYWHERE, network))
            within = 0 <= moment(now) - whole.since < WINDOW // timedelta(microseconds=1)
            of_owner = whole.failures if within else 0
            if not may_try(_attempts_of(connection, pair, of_owner, now)):
                transaction.rollback()
                return False
            since = whole.since if within else moment(now)
            connection.execute(_row(owner, _EVERYWHERE).values(failures=of_owner + 1, since=since, last=moment(now)))
            connection.execute(_row(owner, network).values(failures=pair.failures + 1, last=moment(now)))
        return True

    def succeed(self, owner: str, network: str) -> None:
        """The attempt that was reserved was right: the network is the owner's, and nothing is held against it."""
        with self._backend.writing() as connection:
            less = func.coalesce(func.nullif(_T.failures, 0), 1) - 1
            connection.execute(_row(owner, _EVERYWHERE).values(failures=less))
            connection.execute(_row(owner, network).values(failures=0, trusted=True))


def forget(connection: Connection, *, wrong_before: datetime, right_before: datetime) -> bool:
    """Remove some rows without an attempt since these moments; whether there may be more."""
    old = or_(
        and_(_T.trusted.is_(False), _T.last < moment(wrong_before)),
        and_(_T.trusted.is_(True), _T.last < moment(right_before)),
    )
    keys = connection.execute(select(_T.owner, _T.network).where(old).limit(_BATCH)).all()
    if keys:
        of_keys = tuple_(_T.owner, _T.network).in_([tuple(key) for key in keys])
        connection.execute(delete(PASSWORD_ATTEMPTS).where(of_keys))
    return len(keys) == _BATCH


def _row(owner: str, network: str) -> Update:
    return update(PASSWORD_ATTEMPTS).where(_T.owner == owner, _T.network == network)


def _read_pair(connection: Connection, owner: str, network: str) -> Row[Any]:
    return connection.execute(select(PASSWORD_ATTEMPTS).where(_T.owner == owner, _T.network == network)).one()


def _attempts_of(connection: Connection, pair: Row[Any], of_owner: int, now: datetime) -> Attempts:
    others = select(func.count(), func.coalesce(func.max(_T.last), 0)).where(
        _T.network == pair.network, _T.failures > 0, _T.last > moment(now - RECENTLY), _T.owner != pair.owner
    )
    count, last = connection.execute(others).one()
    return Attempts(
        failures=pair.failures,
        last=read_moment(pair.last),
        trusted=pair.trusted,
        of_owner=of_owner,
        others=count,
        others_last=read_moment(last),
    )
