"""The session of a workload, got from a Carnet server and renewed before it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from carnet.cli.session_cache import renew_at

Create = Callable[[], Mapping[str, Any]]
"""Asks the server for a session; raises ClickException."""


class NoSession(Exception):
    """There are no credentials, and the server gives none: why not, as one sentence."""


class WorkloadSession:
    """Credentials for as long as the workload runs. It may be asked by several threads.

    Raises ClickException if there is no first session.
    """

    def __init__(self, create: Create) -> None:
        self._create = create
        self._lock = threading.Lock()
        self._members = self._new_members()
        self.role: str = self._members["role"]
        """The name of the role."""

    def get(self) -> dict[str, str]:
        """The members of an answer with credentials. Raises NoSession if those that are there have ended."""
        with self._lock:
            if datetime.now(UTC) >= self._renew:
                self._renew_if_possible()
            made = self._members
        return {
            "RoleArn": made["roleArn"],
            "AccessKeyId": made["accessKeyId"],
            "SecretAccessKey": made["secretAccessKey"],
            "Token": made["sessionToken"],
            "Expiration": made["expiration"],
            "LastUpdated": self._got.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _new_members(self) -> Mapping[str, Any]:
        made, now = self._create(), datetime.now(UTC)
        ends = datetime.fromisoformat(made["expiration"])
        self._got, self._ends, self._renew = now, ends, renew_at(ends, now)
        return made

    def _renew_if_possible(self) -> None:
        """Get new credentials; while the old ones live, a server that does not answer does no harm."""
        try:
            self._members = self._new_members()
        except click.ClickException as problem:
            if datetime.now(UTC) >= self._ends:
                raise NoSession(problem.message) from problem
