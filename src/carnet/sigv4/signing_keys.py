"""Signing keys: what a secret access key becomes for one day, Region and service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#calculate-signature
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from carnet.base.keyed_hash import KeyedHash
from carnet.sigv4.presented import ALGORITHM
from carnet.sigv4.scope import Scope

SCOPES = 16
"""How many scopes a secret's keys are remembered for: few callers use more in a day, and deriving anew costs little."""


def string_to_sign(canonical: bytes, *, signed: str, scope: Scope) -> bytes:
    """What is signed of a canonical request; `signed` says when, as X-Amz-Date does."""
    return f"{ALGORITHM}\n{signed}\n{scope.text}\n{sha256(canonical).hexdigest()}".encode("ascii")


def signature(canonical: bytes, secret: str, known: dict[str, KeyedHash], *, signed: str, scope: Scope) -> str:
    """The signature of a canonical request, in hexadecimal; `signed` as of `string_to_sign`.

    `known` is the memory of this one secret, and goes where the secret goes. It is written whether or not the signature
    proves right, so that a second try takes as long with a key that is there as with one that is not.
    """
    keyed = known.get(scope.text)
    if keyed is None:
        keyed = KeyedHash(derive(secret, scope))
        if len(known) >= SCOPES:
            known.clear()
        known[scope.text] = keyed
    return keyed.hexdigest(string_to_sign(canonical, signed=signed, scope=scope))


def derive(secret: str, scope: Scope) -> bytes:
    """The signing key, 32 bytes: four HMACs, one per part of the scope."""
    key = f"AWS4{secret}".encode()
    for part in (scope.date, scope.region, scope.service, scope.terminator):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
