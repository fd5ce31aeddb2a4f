"""Runs a command as the terminal's foreground: Ctrl-C reaches it alone, and `make`, which began it, ends as it ends.

make takes a Ctrl-C for a failure of what it runs, whatever that says. Usage: `python tools/foreground.py COMMAND ...`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import FrameType


def main(command: list[str]) -> int:
    """Run the command; its exit code."""
    terminal = sys.stdin.fileno() if sys.stdin.isatty() else None
    former = None if terminal is None else os.tcgetpgrp(terminal)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # nobody would notice that it is stopped, and let it go on
    if terminal is not None:
        os.setpgid(0, 0)
        _to_foreground(terminal, os.getpgrp())
    process = subprocess.Popen(command)  # noqa: S603 - it is what whoever calls this wants to run

    def forward(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, lambda _number, _frame: None)  # of the terminal's, the command has its own
    try:
        return process.wait()
    finally:
        if terminal is not None and former is not None:
            _to_foreground(terminal, former)


def _to_foreground(terminal: int, group: int) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
