"""Signing keys: what a secret access key becomes for one day, Region and service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#calculate-signature
"""

from __future__ import annotations

import hmac

from carnet.sigv4.scope import Scope

SCOPES = 16
"""How many scopes a secret's keys are remembered for: few callers use more in a day, and deriving anew costs little."""


def signing_key(secret: str, scope: Scope, known: dict[str, bytes]) -> bytes:
    """The 32 bytes to sign with under `scope`.

    `known` is the memory of this one secret, and goes where the secret goes. It is written whether or not the signature
    proves right, so that a second try takes as long with a key that is there as with one that is not.
    """
    key = known.get(scope.text)
    if key is None:
        key = derive(secret, scope)
        if len(known) >= SCOPES:
            known.clear()
        known[scope.text] = key
    return key


def derive(secret: str, scope: Scope) -> bytes:
    """Four HMACs, one per part of the scope."""
    key = f"AWS4{secret}".encode()
    for part in (scope.date, scope.region, scope.service, scope.terminator):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
