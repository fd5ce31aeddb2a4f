"""Looks at what is said of upstreams before anything is served: what is wrong is told with file and line."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from carnet.assembly.settings import Settings

_LOG = logging.getLogger("carnet")

if TYPE_CHECKING:
    from pathlib import Path

    from carnet.gateway.upstreams.configured import Described, UpstreamSettings


def check_upstreams(settings: Settings) -> tuple[UpstreamSettings, ...]:
    """The upstreams of the settings. Raises UsageError, and BadInput for a fault of the file."""
    if not settings.upstream and settings.upstreams is None:
        return ()
    from carnet.assembly.upstreams import upstreams_of
    from carnet.gateway.upstreams.configured import UpstreamProblem

    described = _describe(settings.upstreams) if settings.upstreams is not None else None
    try:
        return upstreams_of(settings, os.environ, described)
    except UpstreamProblem as problem:
        raise click.UsageError(f"--upstream or --upstreams: {problem}") from problem


def tell_upstreams(upstreams: tuple[UpstreamSettings, ...]) -> None:
    """Say what is behind the gateway, and warn of what does not bind."""
    for one in upstreams:
        click.echo(f"Gateway to {one.name} at {one.url}, mode {one.mode}: {', '.join(sorted(one.services))}")
        if one.mode == "record":
            _LOG.warning("%s is in mode record: what policies deny is written down, and sent on", one.name)


def _describe(path: Path) -> Iterable[Described]:
    from carnet.cli.linted_file import BadInput, LintedFile
    from carnet.gateway.upstreams.configured import UpstreamProblem
    from carnet.gateway.upstreams.upstreams_file import ProblemInFile, described

    file = LintedFile.read(str(path))
    try:
        return described(file.data, path)
    except ProblemInFile as problem:
        raise BadInput(file.told(problem.path, str(problem), at_name=problem.at_name)) from problem
    except UpstreamProblem as problem:
        raise BadInput(str(problem)) from problem
