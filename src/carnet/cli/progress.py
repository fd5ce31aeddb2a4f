"""A progress bar on a terminal, for what takes longer than somebody waits without asking."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import click

_PATIENCE_SECONDS = 2.0
_STEP = 100


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Gives what is told "so many done, of so many". Nothing is shown for two seconds, and none without a terminal."""
    began = monotonic()
    shown = False

    def told(done: int, of: int) -> None:
        nonlocal shown
        if not sys.stderr.isatty() or (done % _STEP and done != of) or monotonic() - began < _PATIENCE_SECONDS:
            return
        shown = True
        full = 40 * done // max(1, of)
        click.echo(f"\r{label}  [{'#' * full}{'-' * (40 - full)}]  {100 * done // max(1, of):3}%", nl=False, err=True)

    try:
        yield told
    finally:
        if shown:
            click.echo(err=True)
