"""A live credential: an access key id, its secret, and the principal that holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from carnet.base.keyed_hash import KeyedHash
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A live credential: an active access key, or an unexpired session whose principal still exists."""

    key_id: str
    secret: str = field(repr=False)
    principal: Principal
    session: SessionClaims | None = None
    """What the session token carried; None for a long-term access key."""
    signing_keys: dict[str, KeyedHash] = field(default_factory=dict, repr=False, compare=False)
    """The signing keys that `sigv4` has derived from the secret, by scope. INVARIANT: they are kept as long as the
    secret is, and no longer."""


def traced(claims: SessionClaims, credential: Credential, now_ms: int) -> SessionClaims:
    """The claims of a session that is made with a credential: they tell of the access key, of the identity provider, or
    of the person, that it goes back to.

    INVARIANT: every session that goes back to one tells of it, so that none outlives it by a node that was late.
    """
    parent = credential.session
    if parent is None:
        return replace(claims, access_key=credential.key_id, access_key_ms=now_ms)
    source, used_ms = parent.source
    begun_by = parent.person or parent.begun_by
    return replace(claims, access_key=source, access_key_ms=used_ms, begun_by=begun_by)


class TokenExpired(Exception):
    """The session token is genuine and its time is over."""


FindCredential = Callable[[str, str | None], Credential | None]
"""(access key id, session token or None) to the live credential; None if the key is not valid, whatever the reason.

Raises TokenExpired for a genuine token that has expired: only this reason is told by AWS.
"""
