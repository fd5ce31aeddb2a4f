"""Tells systemd that the server is ready, that it lives, and that it stops. Elsewhere nothing is told to anybody.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import logging
import os
import socket
from typing import Literal

_LOG = logging.getLogger(__name__)
_SECONDS = 1.0


def tell(state: Literal["READY=1", "WATCHDOG=1", "STOPPING=1"]) -> None:
    """Send a state to systemd, if it has started this process and wants to know. If that fails, the server goes on."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.settimeout(_SECONDS)
            sending.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
    except OSError as problem:
        _LOG.warning("systemd was not told %s: %s", state, problem)


def watchdog_seconds() -> float | None:
    """How often systemd is to hear of this process: twice in the time that its watchdog waits; None if it has none."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    concerned = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 2_000_000 if microseconds.isdecimal() and concerned else None
