"""Whether a server runs on a data directory, and where it can be reached: told by a lock that no kill leaves behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = "server.lock"


class ServerRuns(Exception):
    """A server runs on the directory, and what was asked for is for a directory without one."""


class DirectoryBusy(Exception):
    """The directory is being reset or restored."""


@contextmanager
def as_server(directory: Path, endpoint: str, address: str = "") -> Iterator[None]:
    """Mark the directory, made if need be, as one on which a server runs. Raises DirectoryBusy.

    `endpoint` is the URL that clients have, `address` the URL of where it listens, if that is another one.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock_directory(directory, fcntl.LOCK_SH) as lock:
        if lock is None:
            raise DirectoryBusy(f"{directory} is being reset or restored by another command; start again after it.")
        (directory / _LOCK).write_text(f"{endpoint}\n{address or endpoint}\n")
        yield


@contextmanager
def without_server(directory: Path) -> Iterator[None]:
    """Keep servers from starting on the directory. Raises ServerRuns if one runs."""
    with _lock_directory(directory, fcntl.LOCK_EX) as lock:
        if lock is None:
            raise ServerRuns(f"A server runs on {directory}: stop it first (Ctrl-C, or SIGTERM).")
        yield


def last_endpoint(directory: Path) -> str | None:
    """Where the server that was started last can be reached, whether or not it still runs."""
    return next(iter(_endpoint_and_address(directory)), None)


def last_address(directory: Path) -> str | None:
    """Where the server that was started last listens, as a URL, whether or not it still runs."""
    return next(reversed(_endpoint_and_address(directory)), None)


def _endpoint_and_address(directory: Path) -> list[str]:
    """The endpoint and the address; the endpoint alone if a server of an earlier release was started last."""
    try:
        return (directory / _LOCK).read_text().split()
    except OSError:
        return []


@contextmanager
def _lock_directory(directory: Path, how: int) -> Iterator[int | None]:
    """The descriptor of the lock; None if somebody else has it in a way that excludes this one."""
    lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        yield None
    else:
        yield lock
    finally:
        os.close(lock)
