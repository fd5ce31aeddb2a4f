"""Checkpoints: where the audit log and the store stood at some moments, signed.

Who can write the files of the log can also write its chain anew. Checkpoints cannot be made without the key, and if
they are kept elsewhere, lines that were cut off behind one are missed, too. CloudTrail's digest files are the model:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

from __future__ import annotations

import base64
import json
import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from carnet.audit.chain import Tip
from carnet.audit.log_files import JsonLines
from carnet.base.clock import Clock
from carnet.base.keyed_hash import KeyedHash
from carnet.base.timestamps import iso_seconds
from carnet.keyring.data_keys import DataKey, Purpose
from carnet.keyring.keyring import Keyring
from carnet.store.changes import Revision

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_LOG = logging.getLogger(__name__)
EVERY_SECONDS = 60.0
EVERY_LINES = 1_000
_DERIVED = b"carnet-audit-checkpoint-v1"
_SYSLOG = "syslog"
_SYSLOG_PORT = 514
_NOTICE = b"<109>carnet: "
"""Facility log audit, severity notice. https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One place of the log, and one revision of the store."""

    place: Tip
    time: str
    revision: Revision
    key: str
    """The public key, in base64."""
    right: bool
    """Whether the signature is that of the key."""


def signing_key(keyring: Keyring) -> Ed25519PrivateKey:
    """The installation's key of checkpoints."""
    return _derive_key(keyring.ring(Purpose.AUDIT_CHECKPOINTS).primary)


def own_public_keys(keyring: Keyring) -> tuple[str, ...]:
    """Those of all checkpoints of the installation, of before its data keys were rotated too."""
    return tuple(public_key(_derive_key(key)) for key in keyring.ring(Purpose.AUDIT_CHECKPOINTS))


def _derive_key(key: DataKey) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(KeyedHash(key.secret).digest(_DERIVED))


def public_key(key: Ed25519PrivateKey) -> str:
    """In base64, as checkpoints tell it."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def signed(key: Ed25519PrivateKey, place: Tip, revision: Revision, now: datetime) -> dict[str, Any]:
    """The checkpoint as it is written."""
    told = {
        "log": place.log,
        "number": place.number,
        "hash": place.hash.hex(),
        "time": iso_seconds(now),
        "epoch": revision.epoch,
        "revision": revision.seq,
        "revisionHash": revision.hash.hex(),
        "node": os.uname().nodename,
        "key": public_key(key),
    }
    return {"checkpoint": told, "signature": base64.b64encode(key.sign(_canonical(told))).decode()}


def _canonical(told: dict[str, Any]) -> bytes:
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def read_checkpoints(lines: Iterable[str]) -> Iterator[Checkpoint]:
    """Those in some lines, whatever a syslog has put before each; lines without one are passed over."""
    for line in lines:
        begins = line.find('{"checkpoint":')
        if begins < 0:
            continue
        with suppress(ValueError, KeyError, TypeError):
            yield _checkpoint(json.JSONDecoder().raw_decode(line, begins)[0])


def _checkpoint(read: dict[str, Any]) -> Checkpoint:
    told = read["checkpoint"]
    return Checkpoint(
        place=Tip(str(told["log"]), int(told["number"]), bytes.fromhex(told["hash"])),
        time=str(told["time"]),
        revision=Revision(int(told["revision"]), str(told["epoch"]), bytes.fromhex(told["revisionHash"])),
        key=str(told["key"]),
        right=_is_right(told, base64.b64decode(read["signature"])),
    )


def _is_right(told: dict[str, Any], signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(told["key"])).verify(signature, _canonical(told))
    except InvalidSignature:
        return False
    return True


class Checkpoints:
    """Makes checkpoints of one log, and keeps them beside it and, if it is told where, elsewhere."""

    def __init__(self, keyring: Keyring, beside: Path, clock: Clock, elsewhere: str = "") -> None:
        """`elsewhere` is a path, or `syslog://host:port`; raises ValueError for another URL."""
        self._keyring = keyring
        self._beside = beside
        self._clock = clock
        self._elsewhere = elsewhere
        check_elsewhere(elsewhere)
        self._last: Tip | None = None
        self._made = float("-inf")

    def due(self, place: Tip, *, at_end: bool = False) -> bool:
        """Whether it is time for one, if this is the last line; at the end it is as soon as there is a new one."""
        if self._last is None or place == self._last or at_end:
            return place != self._last
        return time.monotonic() - self._made >= EVERY_SECONDS or place.number - self._last.number >= EVERY_LINES

    def make(self, place: Tip, revision: Revision) -> None:
        """Raises OSError, Unavailable if it cannot be kept beside the log; what cannot be sent elsewhere is logged."""
        line = orjson.dumps(signed(signing_key(self._keyring), place, revision, self._clock()))
        _append(self._beside, line)
        try:
            self._send(line)
        except Exception as problem:
            _LOG.error("a checkpoint of the audit log could not be sent to %s: %s", self._elsewhere, problem)
        self._last, self._made = place, time.monotonic()

    def _send(self, line: bytes) -> None:
        if not self._elsewhere:
            return
        if not self._elsewhere.startswith(f"{_SYSLOG}:"):
            _append(Path(self._elsewhere), line)
            return
        url = urlsplit(self._elsewhere)
        address = (url.hostname or "localhost", url.port or _SYSLOG_PORT)
        family, kind, _, _, found = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as sender:
            sender.sendto(_NOTICE + line, found)


def check_elsewhere(elsewhere: str) -> None:
    """Raises ValueError for a URL that nothing can be sent to."""
    url = urlsplit(elsewhere)
    if "://" in elsewhere and (url.scheme != _SYSLOG or not url.hostname or url.path or (url.port or 1) < 1):
        raise ValueError(f"{elsewhere!r} is neither a path nor syslog://host:port")


def _append(path: Path, line: bytes) -> None:
    lines = JsonLines(path, "file of checkpoints")
    try:
        lines.write(line + b"\n")
    finally:
        lines.close()
