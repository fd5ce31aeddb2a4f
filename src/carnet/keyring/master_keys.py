"""The master key, and while it is being replaced the next one too: whichever opens the data keys is used."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from carnet.keyring.data_keys import Purpose, WrappedKey, check_opens
from carnet.keyring.errors import KeyringError, WrongMasterKey
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_key import MasterKey

_LOG = logging.getLogger(__name__)
_PURPOSES = frozenset(Purpose)

Load = Callable[[], tuple[MasterKey, ...]]
"""Reads the master keys that there are now, the present one first. Raises KeyringError, OSError."""


class MasterKeys:
    """The master keys of one process. A server reads their files again and again, so that it learns of a new one."""

    def __init__(self, load: Load) -> None:
        """Raises KeyringError if there is none, or one that must not be used."""
        self._load = load
        self._keys = load()
        self._current = self._keys[0]
        """The one that opened the data keys last."""

    @classmethod
    def of(cls, *keys: MasterKey) -> MasterKeys:
        """Keys that are never read anew."""
        return cls(lambda: keys)

    @property
    def ids(self) -> frozenset[str]:
        """By which nodes tell each other which keys they have."""
        return frozenset(key.id for key in self._keys)

    def refresh(self) -> None:
        """Read the files anew; what cannot be read changes nothing, for this process has its keys."""
        try:
            self._keys = self._load() or self._keys
        except (KeyringError, OSError) as problem:
            _LOG.warning("the master key is as it was: %s", problem)

    def wrap(self, plain: bytes, aad: bytes) -> bytes:
        """Encrypt with the key that opens the data keys."""
        return self._current.wrap(plain, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes | None:
        """Decrypt what any of the keys has wrapped; None if none has."""
        found = (key.unwrap(wrapped, aad) for key in self._keys)
        return next((plain for plain in found if plain is not None), None)

    def for_more(self, present: Iterable[WrappedKey]) -> MasterKey:
        """The key to wrap more data keys with: the one that opens those that are there. Raises WrongMasterKey."""
        wrapped = [each for each in present if each.purpose in _PURPOSES]  # a newer release may have more
        refusals: list[WrongMasterKey] = []
        for key in self._keys:
            try:
                for each in wrapped:
                    check_opens(key, each)
            except WrongMasterKey as problem:
                refusals.append(problem)
            else:
                return key
        raise refusals[0]

    def opening(self, wrapped_keys: Iterable[WrappedKey]) -> tuple[MasterKey, Keyring]:
        """The key that opens these data keys, and what it opens. Raises KeyringError as `Keyring.unwrap`."""
        wrapped = tuple(wrapped_keys)
        master = self._current = self.for_more(wrapped)
        return master, Keyring.unwrap(master, wrapped)
