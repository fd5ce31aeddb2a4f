"""A keyring to test with."""

from __future__ import annotations

from datetime import UTC, datetime

from carnet.keyring.data_keys import WrappedKey, new_data_keys
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_key import MasterKey

NOW = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)
MASTER = MasterKey(bytes(range(32)))
WRAPPED: tuple[WrappedKey, ...] = new_data_keys(MASTER, now=NOW)
KEYRING = Keyring.unwrap(MASTER, WRAPPED)
