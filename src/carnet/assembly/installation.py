"""Opens an installation: its state, its directory, and what executes operations on them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from carnet.assembly.issuers import issuer_keys
from carnet.assembly.public_url import public_url
from carnet.assembly.settings import Settings
from carnet.assembly.state import State, log_at, open_state
from carnet.audit.elsewhere import ElsewhereRecorded
from carnet.audit.history import EventHistory
from carnet.audit.logs import Log
from carnet.base.clock import Clock
from carnet.directory.directory import Directory
from carnet.directory.kept_snapshot import KeptSnapshot, Known, Unusable, read
from carnet.directory.last_used import LastUsed
from carnet.entities.operator_token import OperatorScope
from carnet.identity.credentials import Credentials
from carnet.identity.followed_keys import FollowedKeys
from carnet.identity.new_access_key import GivenKey
from carnet.identity.password_hashing import HashCost
from carnet.identity.passwords import Passwords
from carnet.identity.sign_in import SignIns
from carnet.keyring.session_tokens import SessionTokens
from carnet.policy.compile import Engine
from carnet.services.account_quotas import read_quotas
from carnet.services.accounts import RootKey, create_first_account
from carnet.services.execution import Execution
from carnet.services.operation import Parts
from carnet.services.operator_tokens import create_operator_token
from carnet.services.transaction import OperatorCall
from carnet.store.faults import WentBack

_LOG = logging.getLogger(__name__)
_MOST_BEHIND = 20_000
"""Changes after which reading everything is quicker than following them."""
_DEV_LIFETIME = timedelta(days=366)
"""Longer than anybody lets an installation in memory run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation(State):
    """The parts of one installation, opened once a process."""

    directory: Directory
    last_used: LastUsed
    execution: Execution
    decision_log: Log
    started_from: Known | None
    """The snapshot that was read of the disk instead of the whole store."""

    def operator_call(self) -> OperatorCall:
        """A change that the operator makes now."""
        return self._operator_call(self.directory)


@contextmanager
def open_installation(
    settings: Settings, *, create: bool = False, clock: Clock | None = None, or_kept: bool = False
) -> Iterator[Installation]:
    """Open what the settings name, as `open_state`, and read the whole of it."""
    with open_state(settings, create=create, clock=clock, or_kept=or_kept) as state:
        yield _assemble(state)


def first_account(installation: Installation) -> RootKey | None:
    """Make the first account and its root key, in memory the known ones; None if there is one already."""
    settings = installation.settings
    if len(installation.directory.snapshot.accounts):
        return None
    return create_first_account(
        installation.operator_call(),
        account_id=settings.dev_account_id if settings.dev else None,
        root_key=GivenKey(id=settings.dev_access_key_id, secret=settings.dev_secret_access_key)
        if settings.dev
        else None,
        partition=settings.partition,
    )


def known_operator_token(installation: Installation) -> None:
    """Make the operator token that the settings of an installation in memory give, if they give one."""
    if not installation.settings.dev_operator_token:
        return
    create_operator_token(
        installation.store,
        installation.ids,
        name="dev",
        scopes=OperatorScope,
        lifetime=_DEV_LIFETIME,
        now=installation.clock(),
        given=installation.settings.dev_operator_token,
    )
    installation.directory.catch_up()


def _assemble(state: State) -> Installation:
    directory, started_from = _directory(state)
    directory.before_shown = FollowedKeys(state.masters, state.keyring).learn
    last_used = LastUsed(state.store)
    return Installation(
        settings=state.settings,
        clock=state.clock,
        ids=state.ids,
        store=state.store,
        masters=state.masters,
        keyring=state.keyring,
        directory=directory,
        started_from=started_from,
        last_used=last_used,
        execution=_execution(state, directory, last_used),
        audit_log=state.audit_log,
        recorder=state.recorder,
        decision_log=log_at(state.settings, state.settings.decisions_file),
    )


def _execution(state: State, directory: Directory, last_used: LastUsed) -> Execution:
    staleness = state.settings.session_max_staleness
    check_issuing = partial(directory.check_staleness, staleness) if staleness and not state.settings.dev else None
    tokens = SessionTokens(state.keyring, check_issuing=check_issuing)
    passwords = _passwords(state)
    parts = Parts(
        engine=Engine(),
        ids=state.ids,
        keyring=state.keyring,
        tokens=tokens,
        last_used=last_used,
        passwords=passwords,
        sign_ins=SignIns(passwords, state.store.password_attempts),
        session_lifetime=state.settings.session_lifetime,
        issuers=issuer_keys(state.settings),
        public_url=public_url(state.settings),
        history=EventHistory(state.audit_log, _events_of_other_nodes(state)),
        reports=state.store.reports,
        quotas=read_quotas(state.settings.quotas),
    )
    credentials = Credentials(directory, state.keyring, tokens, state.clock)
    return Execution(store=state.store, directory=directory, credentials=credentials, parts=parts)


def _events_of_other_nodes(state: State) -> ElsewhereRecorded | None:
    """Where the events of other nodes are. A SQLite database has the processes of one machine, with one log."""
    url = state.settings.database_url
    if not url or url.startswith("sqlite"):
        return None
    return ElsewhereRecorded(state.store, lambda: state.recorder.log)


def _directory(state: State) -> tuple[Directory, Known | None]:
    """The directory, and what of the data directory it was begun with."""
    if state.kept is not None:
        stale_for = (state.clock() - state.kept.as_of).total_seconds()
        return Directory(state.store, state.kept.snapshot, stale_for=max(stale_for, 0.0)), state.kept.known
    if (kept := _kept_snapshot(state)) is not None:
        state.store.expect(kept.installation)
        with suppress(WentBack):  # `carnet serve` sees it, too, and tells what is lost
            return Directory(state.store, kept.snapshot), kept.known
    return Directory(state.store), None


def _kept_snapshot(state: State) -> KeptSnapshot | None:
    """What the data directory keeps of the store, if a start from it is worth while."""
    if state.settings.dev:
        return None
    try:
        kept = read(state.settings.snapshot_file, state.masters, state.store.types)
    except Unusable as reason:
        if state.settings.snapshot_file.exists():
            _LOG.info("the whole store is read: %s", reason)
        return None
    standing = state.store.standing()
    if kept.installation != standing.installation or standing.revision.seq - kept.snapshot.seq > _MOST_BEHIND:
        return None
    # What is held back may read well by now: a start finds out.
    return None if kept.snapshot.quarantined else kept


def _passwords(state: State) -> Passwords:
    return Passwords(state.keyring, state.ids.random, HashCost(memory_kib=state.settings.password_hash_kib))
