"""What a process that serves does besides: every periodic job, and how often it is done."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from importlib.metadata import version

from carnet.assembly.installation import Installation
from carnet.assembly.last_seen import LastSeen
from carnet.assembly.past import LEAP, REMEMBER_SECONDS, Remembering, ahead_of_trusted
from carnet.assembly.seen_keys import remember
from carnet.assembly.state import system_clock
from carnet.audit.checkpoints import Checkpoints
from carnet.audit.filling_in import fill_in
from carnet.audit.segments import Segments
from carnet.directory.follower import Follower
from carnet.directory.keeper import KEEP_SECONDS, Keeper
from carnet.directory.unpacking import Unpacking
from carnet.identity.resealing import RESEAL_SECONDS, RESEALING, Resealing
from carnet.jobs.expired import FORGET_SECONDS, Expired, forget_expired
from carnet.jobs.periodic import Periodic
from carnet.jobs.presence import ASK_AGAIN_SECONDS, REPORT_SECONDS, Presence, known_features
from carnet.jobs.pruning import PRUNE_SECONDS, forget_attempts, prune_logs
from carnet.jobs.singleton import Singleton
from carnet.services.closed_accounts import REMOVE_SECONDS, remove_closed_accounts
from carnet.store.rows import (
    browser_sessions,
    device_authorizations,
    ended_keys,
    oauth_sessions,
    provisioning_requests,
    redeemed_assertions,
)

_LOG = logging.getLogger(__name__)
_LAST_USED_SECONDS = 5.0
_WATCH_SECONDS = 5.0
_TIDY_SECONDS = 5.0
"""How often the files of the logs are looked at: they outgrow their size by what is written meanwhile."""
_MEGABYTE = 1024 * 1024
_EXPIRING: Mapping[str, Expired] = {
    "redeemed": redeemed_assertions.expired,
    "ended-keys": ended_keys.expired,
    "browser-sessions": browser_sessions.expired,
    "provisioning-requests": provisioning_requests.expired,
    "device-authorizations": device_authorizations.expired,
    "oauth-sessions": oauth_sessions.expired,
}
"""The jobs that remove rows whose time is over, by name, each with how it finds them."""


def node(installation: Installation) -> Presence:
    """This process, not yet among the nodes of its store."""
    return Presence(
        secrets.token_hex(8),
        version("carnet"),
        known_features(installation.store.types.by_kind),
        store=installation.store,
        directory=installation.directory,
        masters=installation.masters,
        keyring=installation.keyring,
        adopted=partial(remember, installation.settings),
    )


def periodic_jobs(installation: Installation, follower: Follower, presence: Presence) -> tuple[Periodic, ...]:
    """The jobs of one process, that of the follower first; none is started yet."""
    settings, store = installation.settings, installation.store
    pruning = partial(
        prune_logs,
        store,
        change_log=timedelta(days=settings.change_log_retention_days),
        audit=timedelta(days=settings.audit_retention_days),
    )
    resealing = Resealing(
        store=store, masters=installation.masters, keyring=installation.keyring, clock=installation.clock
    )
    uses = installation.last_used.exchange
    singleton = partial(Singleton, store=store, holder=presence.id)
    removing = partial(singleton, due=partial(_is_sure_of_the_time, installation))

    return (
        Periodic("follower", follower.look, seconds=store.poll_seconds),
        Periodic("last-used", uses, seconds=_LAST_USED_SECONDS, at_end=uses),
        Periodic("presence", presence.report, seconds=REPORT_SECONDS, at_end=presence.leave),
        Periodic("changes", presence.ask_again, seconds=ASK_AGAIN_SECONDS),
        removing("attempts", partial(forget_attempts, store, clock=installation.clock), seconds=PRUNE_SECONDS),
        removing("pruning", pruning, seconds=PRUNE_SECONDS),
        removing(
            "closed-accounts",
            partial(remove_closed_accounts, store, clock=installation.clock),
            seconds=REMOVE_SECONDS,
        ),
        *(
            removing(name, partial(forget_expired, store, expired=expired), seconds=FORGET_SECONDS)
            for name, expired in _EXPIRING.items()
        ),
        singleton(RESEALING, resealing.steps, seconds=RESEAL_SECONDS, due=resealing.due),
        *_remembering_jobs(installation),
        *_keeping_jobs(installation),
        *_watching_audit_log(installation),
        Periodic("log-files", partial(_tidy_logs, installation), seconds=_TIDY_SECONDS),
    )


def _is_sure_of_the_time(installation: Installation) -> bool:
    """Whether the clock has not just gone ahead: by one that is set right in a minute nothing may go for good."""
    return ahead_of_trusted(installation.store, installation.clock) < LEAP


def _remembering_jobs(installation: Installation) -> tuple[Periodic, ...]:
    """What is remembered of the store beside the data; of one in memory, nothing."""
    if installation.settings.dev:
        return ()
    seen = LastSeen(installation.settings.last_seen)
    remembering = Remembering(seen, installation.store, installation.directory, installation.clock, system_clock)
    remember = remembering.remember
    return (Periodic("last-seen", remember, seconds=REMEMBER_SECONDS, at_end=remember),)


def _keeping_jobs(installation: Installation) -> tuple[Periodic, ...]:
    """Of an installation in memory nothing is kept."""
    settings = installation.settings
    if settings.dev:
        return ()
    keeper = Keeper(
        settings.snapshot_file,
        installation.directory,
        installation.masters,
        installation.clock,
        renewed=timedelta(minutes=settings.snapshot_max_age_minutes) / 4 or timedelta.max,
        known=installation.started_from,
    )
    unpacking = Unpacking(installation.directory.snapshot)
    return (
        Periodic("unpacking", unpacking.step, seconds=KEEP_SECONDS),
        Periodic("snapshot", keeper.keep, seconds=KEEP_SECONDS, at_end=keeper.close),
    )


def _watching_audit_log(installation: Installation) -> tuple[Periodic, ...]:
    settings = installation.settings
    if settings.dev:
        return ()
    checkpoints = Checkpoints(
        installation.keyring, settings.checkpoints_file, installation.clock, settings.audit_checkpoints
    )

    def watch(at_end: bool = False) -> None:
        _fill_in(installation)
        place = installation.recorder.last
        if place is not None and checkpoints.due(place, at_end=at_end):
            checkpoints.make(place, installation.directory.snapshot.revision)

    return (Periodic("audit-log", watch, seconds=_WATCH_SECONDS, at_end=partial(watch, at_end=True)),)


def _fill_in(installation: Installation) -> None:
    installation.recorder.lines.follow()  # nobody else does while changes alone are made
    filled = fill_in(installation.recorder, installation.store, installation.audit_log, installation.clock())
    if filled:
        _LOG.warning("%d events of changes were missing in the audit log, and were filled in", filled)


def _tidy_logs(installation: Installation) -> None:
    """Only decisions are bounded by size: if audit events were, many calls would remove what tells of another."""
    if installation.settings.dev or not _is_sure_of_the_time(installation):
        return
    settings, now = installation.settings, installation.clock()
    age = timedelta(days=settings.audit_retention_days)
    most_bytes = settings.decision_log_megabytes * _MEGABYTE
    removed = Segments(settings.audit_file).tidy(now, age=age)
    removed += Segments(settings.decisions_file).tidy(now, age=age, most_bytes=most_bytes)
    for file in removed:
        _LOG.info("%s was removed: it is older than what is kept", file)
