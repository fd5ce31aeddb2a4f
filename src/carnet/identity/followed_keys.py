"""The data keys follow the directory: what is sealed with a new key opens as soon as it is shown."""

from __future__ import annotations

from carnet.directory.snapshot import Snapshot
from carnet.keyring.data_keys import WrappedKey
from carnet.keyring.errors import KeyringError
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_keys import MasterKeys


class FollowedKeys:
    """The keyring of one process, as its directory goes on.

    Nodes that report have each key before anything is sealed with it (`jobs.presence`). One that could not reach the
    store for so long that the others did not wait for it would refuse good credentials until its next report.
    """

    def __init__(self, masters: MasterKeys, keyring: Keyring) -> None:
        self._masters = masters
        self._keyring = keyring
        self._known: object = None
        """The collection that was looked at last: another one has other keys."""

    def learn(self, coming: Snapshot) -> None:
        """Take over the data keys of a snapshot that is about to be shown, if they are others. Raises nothing."""
        keys = coming.installation.of(WrappedKey)
        if keys is self._known:
            return
        self._known = keys
        self._masters.refresh()
        try:
            self._keyring.adopt(self._masters.opening(keys)[1])
        except KeyringError:
            return  # nothing of them is taken, and the next report tells why
