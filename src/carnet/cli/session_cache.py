"""Temporary credentials that `carnet credentials` keeps: one file for each way to get them.

A file is readable by its owner only. If several programs ask at once, one gets the credentials and the others wait.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from carnet.cli.private_file import replace_file

_RENEW_BEFORE = timedelta(minutes=15)
"""The AWS SDKs ask for new credentials when so much is left."""
_MEMBERS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "RenewAt")


def renew_at(ends: datetime, now: datetime) -> datetime:
    """When credentials that are got now are to be got anew; of short ones a quarter of their time is left then."""
    return ends - min(_RENEW_BEFORE, (ends - now) / 4)


class SessionCache:
    """The kept credentials for one combination of key, device, role, endpoint and so on."""

    def __init__(self, directory: Path, parts: Mapping[str, Any]) -> None:
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        self._path = directory / f"{digest[:40]}.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process is getting these credentials. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self, now: datetime) -> dict[str, str] | None:
        """The credentials, unless there are none, or it is time to renew them."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            if not all(isinstance(kept[name], str) for name in _MEMBERS):
                return None
            if now >= datetime.fromisoformat(kept.pop("RenewAt")):
                return None
        except (OSError, ValueError, KeyError, TypeError):  # whatever is wrong with it: new ones are to be had
            return None
        return {name: kept[name] for name in _MEMBERS if name in kept}

    def write(self, credentials: Mapping[str, str], now: datetime) -> None:
        """Keep them. Raises OSError."""
        renew = renew_at(datetime.fromisoformat(credentials["Expiration"]), now)
        replace_file(self._path, json.dumps({**credentials, "RenewAt": renew.astimezone(UTC).isoformat()}) + "\n")
