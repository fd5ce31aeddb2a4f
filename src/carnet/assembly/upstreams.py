"""The upstreams of an installation: those of its file, and those that are named one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from carnet.assembly.settings import Settings
from carnet.gateway.upstreams.configured import Described, UpstreamSettings, read_upstreams


def upstreams_of(
    settings: Settings, environment: Mapping[str, str], described: Iterable[Described] | None = None
) -> tuple[UpstreamSettings, ...]:
    """`described` is what the file says, if it was read already. Raises UpstreamProblem."""
    if described is None and settings.upstreams is not None:
        from carnet.gateway.upstreams.upstreams_file import read_upstreams_file  # which most servers do not need

        described = read_upstreams_file(settings.upstreams)
    return read_upstreams(settings.upstream, environment, described or ())
