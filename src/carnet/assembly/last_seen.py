"""What a node remembers of its store, beside its data: by it the next start sees that the store went back.

The file is of this node alone, and of all its processes. Whoever puts an earlier copy of the whole data directory in
place puts the memory back with it; only another node sees that.
"""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from carnet.store.changes import Revision
from carnet.store.head import Standing

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LastSeen:
    """Where the store of a node last stood, and the latest moment that the node trusted."""

    path: Path

    def read(self) -> Standing | None:
        """None if nothing is remembered. What cannot be read is told, and is nothing."""
        try:
            told = orjson.loads(self.path.read_bytes())
            revision = Revision(int(told["seq"]), str(told["epoch"]), bytes.fromhex(told["hash"]))
            return Standing(str(told["installation"]), revision, datetime.fromisoformat(told["at"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            _LOG.warning("%s cannot be read: whether the store went back cannot be told", self.path)
            return None

    def remember(self, standing: Standing) -> None:
        """Keep where the store stands, unless another process of this node has seen more of the same past."""
        with self._hold_lock():
            known = self.read()
            if known is not None and _same_life(known, standing):
                later = max(known.revision, standing.revision, key=lambda revision: revision.seq)
                standing = Standing(standing.installation, later, max(known.at, standing.at))
            if standing != known:
                self._write(standing)

    def accept(self, standing: Standing) -> None:
        """What the store is now is what was seen, whatever was seen before."""
        with self._hold_lock():
            self._write(standing)

    def _hold_lock(self) -> _Held:
        return _Held(self.path.with_suffix(".lock"))

    def _write(self, standing: Standing) -> None:
        """INVARIANT: a crash leaves the former file, or this one."""
        revision = standing.revision
        told = {
            "installation": standing.installation,
            "epoch": revision.epoch,
            "seq": revision.seq,
            "hash": revision.hash.hex(),
            "at": standing.at.isoformat(),
        }
        draft = self.path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(told))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self.path)


class _Held:
    """A lock between the processes of a node."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            os.close(self._descriptor)


def _same_life(one: Standing, other: Standing) -> bool:
    return (one.installation, one.revision.epoch) == (other.installation, other.revision.epoch)
