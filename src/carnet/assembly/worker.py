"""The ASGI application of one worker process."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from carnet.assembly.authenticators import authenticators
from carnet.assembly.console import console_routes
from carnet.assembly.core_dumps import forbid_core_dumps
from carnet.assembly.installation import Installation, open_installation
from carnet.assembly.jobs import node, periodic_jobs
from carnet.assembly.last_seen import LastSeen
from carnet.assembly.mail import mail_server_of
from carnet.assembly.past import StoreWentBack, check_past
from carnet.assembly.settings import Settings, from_environment
from carnet.assembly.upstreams import upstreams_of
from carnet.audit.decisions import DecisionLog
from carnet.audit.event_lines import as_json, as_text
from carnet.directory.follower import Follower, Later
from carnet.gateway.upstreams.configured import UpstreamSettings
from carnet.identity.authenticate import Authenticators
from carnet.jobs.periodic import Periodic, stop_all
from carnet.jobs.presence import Presence
from carnet.scim.api import ScimApi
from carnet.server.app import AwsApi, Forwarding
from carnet.server.aws_frontend import AwsFrontend
from carnet.server.call_lines import CallLines
from carnet.server.fairness.rates import DEFAULT, OFF, Rates, read_limits
from carnet.server.fairness.throttle import Throttle
from carnet.server.health import Health
from carnet.server.issuer_pages import IssuerPages
from carnet.server.limits import BodyBudget
from carnet.server.listening.connections import Connections
from carnet.server.outbox import Outbox
from carnet.server.own_api.endpoint import OwnParts
from carnet.server.own_api.steps import OwnApi
from carnet.server.read_your_writes import Revisions
from carnet.server.signed_callers import SignedCallers
from carnet.server.writer import Writer
from carnet.services.mailed_invitations import Mailer
from carnet.services.preparing import Pools
from carnet.services.registry import SERVICES
from carnet.store.faults import TakesNoChanges

if TYPE_CHECKING:
    from carnet.gateway.operated import OperatedGateway

_LOG = logging.getLogger(__name__)
_LOOKED_THROUGH = 20_000
"""Objects that are made and not gone yet before Python looks for cycles among them."""


def application() -> AwsFrontend:
    """The application for the settings in the environment; uvicorn calls this once in each worker."""
    forbid_core_dumps()
    stack = ExitStack()
    installation = stack.enter_context(open_installation(from_environment(os.environ), or_kept=True))
    if installation.store.is_open:
        _check_past(installation)
    made = make_frontend(installation, stack)
    _spare_collector()
    return made


def _spare_collector() -> None:
    """What is there now stays, and a request leaves hardly any cycles behind: to look for them after every 700 objects,
    as Python does, takes some percent of the time."""
    gc.freeze()
    gc.set_threshold(_LOOKED_THROUGH)


def _check_past(installation: Installation) -> None:
    """A worker that begins later than its server, too, serves no store that has lost what was acknowledged."""
    try:
        check_past(installation.store, LastSeen(installation.settings.last_seen).read())
    except StoreWentBack as problem:
        _LOG.error("%s. Bring the right store back, or accept this one: carnet restore --as-found", problem)
        raise SystemExit(1) from problem


@dataclass(frozen=True, kw_only=True)
class _Shared:
    """What the frontends of a worker have in common."""

    installation: Installation
    limits: Rates | None
    decisions: DecisionLog
    throttle: Throttle
    authenticators: Authenticators
    upstreams: tuple[UpstreamSettings, ...]
    mailer: Mailer | None
    bodies: BodyBudget = field(default_factory=BodyBudget)
    pools: Pools = field(default_factory=Pools)


def make_frontend(
    installation: Installation, stack: ExitStack, *, seconds: Callable[[], float] = monotonic
) -> AwsFrontend:
    """The application over an open installation; `stack` is unwound when the server stops.

    `seconds` tells the limits of callers how time goes on.
    """
    shared = _make_shared(installation, seconds)
    calls = _call_lines(installation.settings)
    if calls is not None:
        stack.callback(calls.close)
        installation.recorder.shown = calls.put
    api = _aws_api(shared)
    own_api = _own_api(shared, api.writer, stack)
    follower = Follower(installation.directory, installation.store)
    presence = node(installation)
    jobs = periodic_jobs(installation, follower, presence)

    modes = {one.name: one.mode.value for one in shared.upstreams}
    return AwsFrontend(
        api,
        own_api,
        Health(installation.directory, follower, installation.recorder, shared.decisions, installation.clock, modes),
        Outbox(installation.recorder.lines, shared.decisions, calls),
        IssuerPages(installation.directory, installation.execution.parts.public_url, installation.clock),
        Revisions(installation.directory, jobs[0].wake),
        routes=(
            ScimApi(installation.execution, api.writer, shared.throttle, installation.clock),
            *console_routes(installation, api.writer, shared.throttle, shared.pools, shared.mailer),
        ),
        on_start=partial(_start, shared, api, follower, presence, jobs, stack),
        on_stop=stack.close,
        bodies=shared.bodies,
        connections=Connections(of_network=shared.limits.connections if shared.limits is not None else None),
    )


def _start(
    shared: _Shared,
    api: AwsApi,
    follower: Follower,
    presence: Presence,
    jobs: Sequence[Periodic],
    stack: ExitStack,
    later: Later,
) -> None:
    """Begin to follow the store and to do the periodic jobs, the first of which follows; `stack` ends it all."""
    store = shared.installation.store
    if store.is_open:  # else its jobs wait, and so does every change
        with suppress(TakesNoChanges):  # it is asked again each second, and takes none of this node's before
            presence.join()
    for job in jobs:
        job.start()
    stack.callback(stop_all, jobs)
    follower.watch(later, jobs[0].wake)
    store.follow_notices(jobs[0].wake)
    stack.callback(follower.unwatch)
    stack.callback(shared.decisions.close)
    stack.callback(api.close)
    stack.callback(shared.pools.close)


def _make_shared(installation: Installation, seconds: Callable[[], float]) -> _Shared:
    limits = limits_of(installation.settings)
    return _Shared(
        installation=installation,
        limits=limits,
        decisions=DecisionLog(installation.decision_log.open()),
        throttle=Throttle(limits, installation.execution.credentials.find, seconds),
        authenticators=authenticators(installation, SERVICES.values()),
        upstreams=upstreams_of(installation.settings, os.environ),
        mailer=mailer_of(installation),
    )


def limits_of(settings: Settings) -> Rates | None:
    """What one worker lets accounts and strangers ask of it: its share of what the server does."""
    rates = read_limits(settings.limits or (OFF if settings.dev else DEFAULT))
    return rates.shared(settings.workers) if rates is not None else None


def _aws_api(shared: _Shared) -> AwsApi:
    installation = shared.installation
    return AwsApi(
        installation.execution,
        SERVICES,
        shared.authenticators,
        clock=installation.clock,
        ids=installation.ids,
        decisions=shared.decisions,
        throttle=shared.throttle,
        pools=shared.pools,
        forwarding=partial(_gateway, shared),
    )


def _gateway(shared: _Shared, writer: Writer) -> Forwarding | None:
    """The gateway to the upstreams; None if there are none."""
    if not shared.upstreams:
        return None
    from carnet.gateway.gateway import Gateway  # which reads models that nobody else needs
    from carnet.gateway.s3.hosts import domains
    from carnet.gateway.s3.parts import StreamingParts

    installation = shared.installation
    parts = StreamingParts(
        clock=installation.clock,
        ids=installation.ids,
        partition=installation.settings.partition,
        bodies=shared.bodies,
        writer=writer,
        pools=shared.pools,
        check_room=installation.recorder.check_room,
        new_buckets=installation.settings.s3_new_buckets,
        domains=domains(installation.execution.parts.public_url),
    )
    signed = SignedCallers(shared.authenticators, shared.decisions, shared.throttle)
    return Gateway(installation.execution, signed, writer, shared.upstreams, parts)


def _own_api(shared: _Shared, writer: Writer, stack: ExitStack) -> OwnApi:
    """Carnet's own API; `stack` is unwound when the server stops."""
    installation = shared.installation
    parts = installation.execution.parts
    own_parts = OwnParts(
        keyring=installation.keyring,
        passwords=parts.passwords,
        ids=installation.ids,
        partition=installation.settings.partition,
        history=parts.history,
        decisions=installation.decision_log,
        engine=parts.engine,
        tokens=parts.tokens,
        session_lifetime=parts.session_lifetime,
        last_used=parts.last_used,
        upstreams=_operated_gateway(shared, stack),
        mailer=shared.mailer,
    )
    return OwnApi(
        installation.execution,
        writer,
        own_parts,
        clock=installation.clock,
        decisions=shared.decisions,
        throttle=shared.throttle,
        pools=shared.pools,
    )


def _operated_gateway(shared: _Shared, stack: ExitStack) -> OperatedGateway | None:
    """The gateway as its operator sees it; None if there is none."""
    if not shared.upstreams:
        return None
    from carnet.gateway.operated import OperatedGateway

    behind = OperatedGateway(shared.upstreams, shared.installation.clock)
    stack.callback(behind.close)
    return behind


def mailer_of(installation: Installation) -> Mailer | None:
    """What sends links to people; None if no mail is sent."""
    server = mail_server_of(installation.settings, os.environ)
    if server is None:
        return None
    return Mailer(
        server=server,
        attempts=installation.store.password_attempts,
        ids=installation.ids,
        url=installation.execution.parts.public_url,
    )


def _call_lines(settings: Settings) -> CallLines | None:
    """What shows each call on a terminal, or in the form that was asked for; None if nobody wants to see it."""
    if settings.quiet or not (settings.log_format or sys.stdout.isatty()):
        return None

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    return CallLines(write, as_json if settings.log_format == "json" else as_text)
