"""A progress bar is for who waits, and ends full."""

from __future__ import annotations

import sys

import pytest

from carnet.cli import progress as module
from carnet.cli.progress import progress


def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, terminal: bool, step: float) -> str:
    """What is printed while four things are done, `step` seconds each."""
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with progress("applying") as told:
        for done in range(1, 5):
            now[0] += step
            told(done, 4)
    return capsys.readouterr().err


def test_nothing_is_shown_of_what_is_soon_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(monkeypatch, capsys, terminal=True, step=0.4) == ""


def test_nothing_is_shown_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(monkeypatch, capsys, terminal=False, step=10) == ""


def test_what_takes_longer_is_shown_to_its_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = shown(monkeypatch, capsys, terminal=True, step=1.05).split("\r")
    assert [bar.split()[-1] for bar in bars[1:]] == ["50%", "75%", "100%"]
    assert bars[-1].endswith("100%\n")
