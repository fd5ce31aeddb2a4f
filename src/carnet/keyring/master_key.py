"""The master key: wraps the data keys, and is never in the database or its backups."""

from __future__ import annotations

import hmac
import os
import stat
from pathlib import Path
from typing import Protocol

from carnet.base.whole_file import whole_file
from carnet.keyring.aead import KEY_BYTES, Aead
from carnet.keyring.errors import BadMasterKey
from carnet.keyring.exposed_files import exposed

_NAMING = b"carnet-master-key-id-v1"
_ID_BYTES = 6


class Wrapping(Protocol):
    """What wraps keys, and unwraps what it has wrapped: a master key, or several (`keyring.master_keys`)."""

    def wrap(self, plain: bytes, aad: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes | None: ...


class MasterKey:
    """32 bytes that open everything sealed. Shows itself to nobody: not in repr, not in errors."""

    __slots__ = ("_aead", "id")

    def __init__(self, raw: bytes) -> None:
        """Raises BadMasterKey unless `raw` has 32 bytes."""
        if len(raw) != KEY_BYTES:
            raise BadMasterKey(f"A master key has {KEY_BYTES} bytes; this one has {len(raw)}.")
        self._aead = Aead(raw)
        self.id = hmac.digest(raw, _NAMING, "sha256")[:_ID_BYTES].hex()
        """By which nodes tell each other which master keys they have. It tells nothing of the key."""

    def __repr__(self) -> str:
        return "MasterKey(...)"

    def wrap(self, plain: bytes, aad: bytes) -> bytes:
        """Encrypt a data key."""
        return self._aead.encrypt(plain, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes | None:
        """Decrypt a data key; None if this master key did not wrap it."""
        return self._aead.decrypt(wrapped, aad)


def load(path: Path) -> MasterKey:
    """Read a key file. Raises BadMasterKey, or FileNotFoundError if there is none.

    A file that anybody but its owner may open is refused, as is one that belongs to another user than root. Root's file
    may be read by its group, too, if this process is not root's.
    """
    try:
        with path.open("rb") as file:
            _refuse_exposed(path, os.fstat(file.fileno()))
            raw = file.read(KEY_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadMasterKey(f"The master key file {path} cannot be read: {error.strerror}.") from None
    if len(raw) != KEY_BYTES:
        raise BadMasterKey(f"The master key file {path} must have exactly {KEY_BYTES} bytes.")
    return MasterKey(raw)


def create(path: Path) -> MasterKey:
    """Make a new key file, readable by its owner only. Raises FileExistsError, as no key is overwritten; BadMasterKey.

    INVARIANT: the file appears under its name whole, on disk and with its final permissions (0400), or not at all.
    """
    raw = os.urandom(KEY_BYTES)
    try:
        with whole_file(path, mode=0o400, replace=False) as file:
            file.write(raw)
    except FileExistsError:
        raise
    except OSError as error:
        raise BadMasterKey(f"The master key file {path} cannot be made: {error.strerror}.") from None
    return MasterKey(raw)


def load_or_create(path: Path) -> MasterKey:
    """The key in the file, made first if there is none; several processes may do this at once. Raises BadMasterKey."""
    try:
        return load(path)
    except FileNotFoundError:
        pass
    try:
        return create(path)
    except FileExistsError:
        return load(path)


def _refuse_exposed(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise BadMasterKey(f"The master key file {path} is not a regular file.")
    why = exposed(status)
    if why is not None:
        raise BadMasterKey(f"The master key file {path} {why}; make it 0400, and its owner the one who serves.")
