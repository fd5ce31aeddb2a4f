"""The directory's snapshot on the disk. With it a node starts faster, and even while its database is down.

The file is sealed under the master key. It has the revision, and when that was last known to be the newest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from carnet.directory.image import form, image_of, snapshot_of
from carnet.directory.snapshot import Snapshot
from carnet.keyring.errors import Unsealable
from carnet.keyring.master_key import Wrapping
from carnet.keyring.sealed_file import head_of, seal, unseal
from carnet.store.changes import Revision
from carnet.store.entity_types import EntityTypes
from carnet.store.migrated import newest_migration

_PURPOSE = "directory-snapshot"
SKEW = timedelta(minutes=5)
"""How far in the future the time of a file may be, because clocks are set."""

Known = tuple[Revision, datetime]
"""The revision of a snapshot, and when it was last known to be the newest one."""


class _Head(msgspec.Struct, frozen=True):
    form: str
    installation: str
    epoch: str
    seq: int
    hash: bytes
    as_of: datetime


class KeptSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a file."""

    installation: str
    """The id of the installation (`store.head`)."""
    snapshot: Snapshot
    as_of: datetime
    """When it was last known to be the newest state."""

    @property
    def known(self) -> Known:
        return self.snapshot.revision, self.as_of


class Unusable(Exception):
    """The file does not exist, was altered, belongs to another release or another master key, or is too old."""


def sealed_parts(kept: KeptSnapshot, master: Wrapping) -> Iterator[bytes]:
    """The bytes of the file."""
    types, revision = kept.snapshot.readable.types, kept.snapshot.revision
    head = _Head(
        form(types, newest_migration()), kept.installation, revision.epoch, revision.seq, revision.hash, kept.as_of
    )
    return seal(master, _PURPOSE, msgspec.json.encode(head), image_of(kept.snapshot))


def check_there(path: Path) -> None:
    """Raise Unusable if there is no file at `path`."""
    if not path.exists():
        raise Unusable(f"There is no {path} to start from without it.")


def read(path: Path, master: Wrapping, types: EntityTypes) -> KeptSnapshot:
    """The contents of the file at `path`. Raises Unusable."""
    check_there(path)
    try:
        sealed = path.read_bytes()
        head = msgspec.json.decode(head_of(sealed), type=_Head)
        if head.form != form(types, newest_migration()):
            raise Unusable(f"{path} was written by another release.")
        image = unseal(master, _PURPOSE, sealed)
    except OSError as problem:
        raise Unusable(f"{path} cannot be read: {problem.strerror}.") from problem
    except (Unsealable, msgspec.DecodeError) as problem:
        raise Unusable(f"{path} was altered, or is of another installation.") from problem
    del sealed
    snapshot = snapshot_of(image, types, Revision(head.seq, head.epoch, head.hash))
    return KeptSnapshot(installation=head.installation, snapshot=snapshot, as_of=head.as_of)


def check_age(kept: KeptSnapshot, now: datetime, most: timedelta) -> None:
    """Raise Unusable if the snapshot may be older than `most`: it is not known what was revoked since."""
    if not -SKEW <= now - kept.as_of <= most:
        raise Unusable(f"What is kept of it is of {kept.as_of:%Y-%m-%dT%H:%M:%SZ}, which is not of the last {most}.")
