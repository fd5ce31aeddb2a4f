"""When keys, roles, passwords, browser sessions and actions were last used. Uses are gathered in memory and written in
batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from carnet.policy.request import Principal, PrincipalKind
from carnet.store.last_used import Attempt, KeyUse, PasswordUse, RoleUse, SessionUse, Uses
from carnet.store.store import Store

_BATCH = 500
"""Uses per transaction, so that writers of the control plane wait only for a moment."""
_LATENESS = timedelta(minutes=1)
"""How long before the last look a use may have been written that it did not see: it was not committed yet, or the
database's clock has been set back since."""
_MOST_NOTED = 50_000
"""How many attempts may wait to be processed, some seconds of the heaviest traffic. If there are more, the oldest are
dropped."""
_MOST_ATTEMPTS = 50_000
"""How many uses of actions may wait to be written. Further ones are dropped, so that a caller who tries every action
costs no more."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Noted = tuple[Principal, str, datetime, str]
"""The principal, the action, the time and the Region of an attempt."""

U = TypeVar("U", KeyUse, RoleUse, PasswordUse, SessionUse)


class _Uses(Generic[U]):
    """Ids to their last use: `fresh` ones of this process's traffic, and all that is `known` besides."""

    __slots__ = ("_known", "fresh")

    def __init__(self) -> None:
        self.fresh: dict[str, U] = {}
        self._known: dict[str, U] = {}

    def last(self, key: str) -> U | None:
        uses = [use for use in (self.fresh.get(key), self._known.get(key)) if use is not None]
        return max(uses, key=lambda use: use.when, default=None)

    def learn(self, uses: Mapping[str, U]) -> None:
        for key, use in uses.items():
            if (known := self._known.get(key)) is None or known.when < use.when:
                self._known[key] = use

    def take(self, limit: int) -> dict[str, U]:
        """Move some fresh uses to the known ones. Uses that are noted meanwhile are not lost."""
        taken: dict[str, U] = {}
        while self.fresh and len(taken) < limit:
            key, use = self.fresh.popitem()
            taken[key] = use
        self.learn(taken)
        return taken

    def give_back(self, uses: Mapping[str, U]) -> None:
        for key, use in uses.items():
            self.fresh.setdefault(key, use)


class LastUsed:
    """Noting a use costs one dictionary entry. If the process dies, only uses that are not yet flushed are lost."""

    def __init__(self, store: Store) -> None:
        self._uses = store.last_uses
        self._clock = store.clock
        self._keys: _Uses[KeyUse] = _Uses()
        self._roles: _Uses[RoleUse] = _Uses()
        self._noted: deque[Noted] = deque(maxlen=_MOST_NOTED)
        self._attempts: dict[Attempt, RoleUse] = {}
        """Attempts of this process that are not written yet. All others are read from the store when a report needs
        them."""
        self.note_attempt: Callable[[Noted], None] = self._noted.append
        """Note that a principal asked for an action, allowed or not. It is evaluated when it is written."""
        self._passwords: _Uses[PasswordUse] = _Uses()
        self._sessions: _Uses[SessionUse] = _Uses()
        self.note_key: Callable[[str, KeyUse], None] = self._keys.fresh.__setitem__
        """Note that a request was signed with this access key."""
        self.note_role: Callable[[str, RoleUse], None] = self._roles.fresh.__setitem__
        """Note that a session of this role (by id) made a request or was given out."""
        self._flushing = Lock()
        self._since = _NEVER

    def attempts(self, principals: Collection[str], since: datetime) -> dict[Attempt, RoleUse]:
        """The last attempts of these principals, by id, at `since` or later. Raises Unavailable: it asks the store."""
        found = self._uses.actions_of(principals, since)
        self._gather_attempts()
        for attempt, use in list(self._attempts.items()):
            written = found.get(attempt)
            if attempt.principal_id in principals and (written is None or written.when < use.when):
                found[attempt] = use
        return found

    def note_password(self, owner: str, when: datetime) -> None:
        """Note that a user (by id) or the root user (by account id) has signed in to the console with a password."""
        self._passwords.fresh[owner] = PasswordUse(when)

    def note_session(self, session: str, when: datetime) -> None:
        """Note that a browser has made a request in this session."""
        self._sessions.fresh[session] = SessionUse(when)

    def key(self, key_id: str) -> KeyUse | None:
        """The last use known here; None for a key never used."""
        return self._keys.last(key_id)

    def role(self, role_id: str) -> RoleUse | None:
        """The last use known here; None for a role never used."""
        return self._roles.last(role_id)

    def password(self, owner: str) -> PasswordUse | None:
        """The last sign-in known here; None for a password never used."""
        return self._passwords.last(owner)

    def session(self, session: str) -> SessionUse | None:
        """The last request known here; None for a session of a browser never used."""
        return self._sessions.last(session)

    def exchange(self) -> None:
        """Write the uses that were noted here, and read those of other processes. Raises Unavailable."""
        self.flush()
        self.load()

    def flush(self) -> None:
        """Write the uses that were noted. Raises Unavailable, and then keeps them for the next time."""
        with self._flushing:
            noted = self._keys.fresh, self._roles.fresh, self._passwords.fresh, self._sessions.fresh
            waiting = max(len(fresh) for fresh in noted)
            for _ in range(0, waiting, _BATCH):  # counted before: notes that come meanwhile wait for the next flush
                self._flush_batch()
            self._gather_attempts()
            for _ in range(0, len(self._attempts), _BATCH):
                self._flush_attempts()

    def load(self) -> None:
        """Read the uses that other processes have written. Raises Unavailable."""
        now = self._clock()
        found = self._uses.load(self._since)
        self._keys.learn(found.keys)
        self._roles.learn(found.roles)
        self._passwords.learn(found.passwords)
        self._sessions.learn(found.sessions)
        self._since = now - _LATENESS

    def _flush_batch(self) -> None:
        taken = Uses(
            keys=self._keys.take(_BATCH),
            roles=self._roles.take(_BATCH),
            passwords=self._passwords.take(_BATCH),
            sessions=self._sessions.take(_BATCH),
        )
        try:
            self._uses.save(taken)
        except BaseException:
            self._keys.give_back(taken.keys)
            self._roles.give_back(taken.roles)
            self._passwords.give_back(taken.passwords)
            self._sessions.give_back(taken.sessions)
            raise

    def _gather_attempts(self) -> None:
        """Process the noted attempts, the oldest first, and keep the last attempt of each action of each principal."""
        with suppress(IndexError):  # another thread takes, too
            while True:
                principal, action, when, region = self._noted.popleft()
                attempt = Attempt(_noted_id(principal), action)
                if attempt.principal_id and (attempt in self._attempts or len(self._attempts) < _MOST_ATTEMPTS):
                    self._attempts[attempt] = RoleUse(when, region)

    def _flush_attempts(self) -> None:
        taken: dict[Attempt, RoleUse] = {}
        while self._attempts and len(taken) < _BATCH:
            attempt, use = self._attempts.popitem()
            taken[attempt] = use
        try:
            self._uses.save_actions(taken)
        except BaseException:
            for attempt, use in taken.items():
                self._attempts.setdefault(attempt, use)
            raise


def _noted_id(principal: Principal) -> str:
    """The id to which a use counts: for a session its role or user, for root the account; empty if none."""
    if principal.issuer_id or principal.kind is PrincipalKind.USER:
        return principal.issuer_id or principal.id
    return principal.account
