"""The ASGI application of one worker process."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from carnet.assembly.authenticators import authenticators
from carnet.assembly.installation import Installation, open_installation
from carnet.assembly.jobs import node, periodic_jobs
from carnet.assembly.settings import Settings, from_environment
from carnet.audit.decisions import DecisionLog
from carnet.audit.log_files import JsonLines
from carnet.audit.memory_lines import Lines, MemoryLines
from carnet.audit.reading import backwards
from carnet.audit.segments import Segments
from carnet.directory.follower import Follower, Later
from carnet.jobs.periodic import stop_all
from carnet.server.app import AwsApi
from carnet.server.aws_door import AwsDoor
from carnet.server.health import Health
from carnet.server.outbox import Outbox
from carnet.server.own_api.endpoint import OwnParts
from carnet.server.own_api.steps import OwnApi
from carnet.services.registry import SERVICES


def application() -> AwsDoor:
    """The application for the settings in the environment; uvicorn calls this once in each worker."""
    stack = ExitStack()
    installation = stack.enter_context(open_installation(from_environment(os.environ)))
    return door(installation, stack)


def door(installation: Installation, stack: ExitStack) -> AwsDoor:
    """The application over an open installation; `stack` is unwound when the server stops."""
    audit = _lines(installation.settings, installation.settings.audit_file)
    decision_lines = _lines(installation.settings, installation.settings.decisions_file)
    decisions = DecisionLog(decision_lines)
    api = AwsApi(
        installation.execution,
        SERVICES,
        authenticators(installation, SERVICES.values()),
        clock=installation.clock,
        ids=installation.ids,
        decisions=decisions,
    )
    own_parts = _own_parts(installation, decision_lines)
    own_api = OwnApi(installation.execution, api.writer, own_parts, clock=installation.clock, decisions=decisions)

    def tell_lost(lost: bool) -> None:
        api.refuse_all(lost)
        own_api.refuse_all(lost)

    follower = Follower(installation.directory, installation.store, tell_lost=tell_lost)
    presence = node(installation)
    jobs = periodic_jobs(installation, follower, presence)

    def start(later: Later) -> None:
        presence.join()
        for job in jobs:
            job.start()
        stack.callback(stop_all, jobs)
        follower.watch(later, jobs[0].wake)
        stack.callback(follower.unwatch)
        stack.callback(audit.close)
        stack.callback(decisions.close)
        stack.callback(api.close)
        stack.callback(own_api.close)

    outbox = Outbox(audit, decisions)
    health = Health(installation.directory, follower)
    return AwsDoor(api, own_api, health, outbox, on_start=start, on_stop=stack.close)


def _own_parts(installation: Installation, decisions: Lines) -> OwnParts:
    """What Carnet's own API works with."""
    settings = installation.settings
    return OwnParts(
        keyring=installation.keyring,
        ids=installation.ids,
        partition=settings.partition,
        decisions=decisions.newest_first
        if isinstance(decisions, MemoryLines)
        else lambda: map(backwards, Segments(settings.decisions_file).newest_first()),
    )


def _lines(settings: Settings, path: Path) -> Lines:
    """The log at `path`, or one in memory, which is all that an installation in memory has."""
    return MemoryLines() if settings.dev else JsonLines(path)
