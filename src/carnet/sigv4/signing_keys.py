"""Signing keys: what a secret access key becomes for one day, Region and service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#calculate-signature
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

from carnet.sigv4.scope import Scope

_LIMIT = 16_384


class SigningKeys:
    """Derives signing keys and remembers the ones used last.

    INVARIANT: no secret is kept. A key is found again by a keyed digest of the secret it came from, and what is
    remembered is useless outside its own scope.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._pepper = secrets.token_bytes(32)
        self._keys: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()

    def signing_key(self, secret: str, scope: Scope) -> bytes:
        """The 32 bytes to sign with under `scope`."""
        digest = blake2b(f"{scope}\n{secret}".encode(), key=self._pepper, digest_size=16).digest()
        with self._lock:
            key = self._keys.get(digest)
            if key is not None:
                self._keys.move_to_end(digest)
                return key
        key = derive(secret, scope)
        with self._lock:
            self._keys[digest] = key
            if len(self._keys) > self._limit:
                self._keys.popitem(last=False)
        return key

    def __len__(self) -> int:
        return len(self._keys)


def derive(secret: str, scope: Scope) -> bytes:
    """Four HMACs, one per part of the scope."""
    key = f"AWS4{secret}".encode()
    for part in (scope.date, scope.region, scope.service, scope.terminator):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
