"""Runs the endpoint that a workload asks for its credentials, until it is told to stop."""

from __future__ import annotations

import json
import secrets
import shlex
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from typing import Any

import click

from carnet.base.loopback import is_loopback_host
from carnet.cli.own_api import OwnApi
from carnet.cli.workload_endpoints import container_credentials, instance_metadata
from carnet.cli.workload_session import WorkloadSession
from carnet.entities.instance_profile import EC2
from carnet.server.listening.stop_signals import ended_by_signals

_ECS = "ecs-tasks.amazonaws.com"
_LOOK_SECONDS = 0.5
"""How often it is looked whether a signal has come."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What is to be given out, and where; None for what has a default."""

    role: str | None
    instance_profile: str | None
    service: str | None
    source_arn: str | None
    session_name: str | None
    duration_seconds: int
    host: str
    port: int
    region: str


def serve_workload(api: OwnApi, workload: Workload) -> None:
    """Get a first session, listen, print the variables, and answer until SIGINT or SIGTERM.

    Raises ClickException if there is no session, UsageError for an address that others reach, and OSError.
    """
    if not is_loopback_host(workload.host):
        raise click.UsageError(f"--host {workload.host} is no loopback address, and others would get the credentials.")
    with ended_by_signals() as signals:
        server, variables, session = _listen(api, workload)
        with server:
            click.echo(f"Sessions of {session.role}. A workload needs:")
            click.echo("\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items()))
            asked_to_stop = signals.only_noted()
            server.timeout = _LOOK_SECONDS
            while not asked_to_stop():
                server.handle_request()


def _listen(api: OwnApi, workload: Workload) -> tuple[ThreadingHTTPServer, dict[str, str], WorkloadSession]:
    if workload.instance_profile is None:
        session = _session(api, workload, workload.service or _ECS, workload.source_arn, secrets.token_hex(16))
        return *container_credentials(session, workload.host, workload.port), session
    instance = f"i-{secrets.token_hex(17)[:17]}"
    account = api.get("status", {}, account=str)["account"]
    arn = workload.source_arn or f"arn:aws:ec2:{workload.region}:{account}:instance/{instance}"
    session = _session(api, workload, workload.service or EC2, arn, instance)
    described = _instance_metadata(workload, instance, account)
    return *instance_metadata(session, workload.host, workload.port, described), session


def _session(api: OwnApi, workload: Workload, service: str, source_arn: str | None, name: str) -> WorkloadSession:
    given: dict[str, Any] = {
        "role": workload.role,
        "instanceProfile": workload.instance_profile,
        "service": service,
        "sourceArn": source_arn,
        "sessionName": workload.session_name or name,
        "durationSeconds": workload.duration_seconds,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    members = ("role", "roleArn", "accessKeyId", "secretAccessKey", "sessionToken", "expiration")
    return WorkloadSession(partial(api.post, "workload-sessions", asked, **dict.fromkeys(members, str)))


def _instance_metadata(workload: Workload, instance: str, account: str) -> dict[str, str]:
    """What an instance metadata service tells of the instance, by path."""
    zone = f"{workload.region}a"
    document = {"accountId": account, "availabilityZone": zone, "instanceId": instance, "region": workload.region}
    return {
        "/latest/meta-data/instance-id": instance,
        "/latest/meta-data/placement/region": workload.region,
        "/latest/meta-data/placement/availability-zone": zone,
        "/latest/meta-data/placement/availability-zone/": zone,
        "/latest/dynamic/instance-identity/document": json.dumps(document, indent=2),
    }
