"""A progress bar on a terminal, for what takes longer than somebody waits without asking."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import click

_PATIENCE_SECONDS = 2.0
_PAUSE_SECONDS = 0.1


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Gives what is told "so many done, of so many". Nothing is shown for two seconds, and none without a terminal."""
    next_look = monotonic() + _PATIENCE_SECONDS
    shown = False

    def told(done: int, of: int) -> None:
        nonlocal next_look, shown
        if not (shown and done == of) and (monotonic() < next_look or not sys.stderr.isatty()):
            return
        next_look = monotonic() + _PAUSE_SECONDS
        shown = True
        full = 40 * done // max(1, of)
        click.echo(f"\r{label}  [{'#' * full}{'-' * (40 - full)}]  {100 * done // max(1, of):3}%", nl=False, err=True)

    try:
        yield told
    finally:
        if shown:
            click.echo(err=True)
