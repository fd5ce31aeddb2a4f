"""Signs a request, for commands that ask a server, and for upstreams of the gateway.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from carnet.base.http import HttpRequest
from carnet.base.keyed_hash import KeyedHash
from carnet.sigv4.canonical import canonical_request
from carnet.sigv4.presented import ALGORITHM
from carnet.sigv4.profile import PROFILES, USUAL
from carnet.sigv4.scope import TERMINATOR, Scope
from carnet.sigv4.signing_keys import signature
from carnet.sigv4.timestamp import basic


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCredentials:
    """What a caller signs with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    signing_keys: dict[str, KeyedHash] = field(default_factory=dict[str, KeyedHash], repr=False, compare=False)
    """What was derived from the secret for some scopes, by their text (`signing_keys.signature`)."""


def signing_headers(
    request: HttpRequest,
    credentials: SigningCredentials,
    *,
    service: str,
    region: str,
    now: datetime,
    payload: str | None = None,
) -> dict[str, str]:
    """The headers that sign a request, to be sent beside its own, which are all signed; `host` must be among them.

    `payload` is what is declared of a body that is not in `request` (`payload.py`), to services that let it be
    declared. Raises AuthFailure for a path that cannot be signed.
    """
    signed = basic(now)
    added = {"x-amz-date": signed}
    if payload is not None:
        added["x-amz-content-sha256"] = payload
    if credentials.session_token is not None:
        added["x-amz-security-token"] = credentials.session_token
    headers = {**request.first, **added}
    names = _signed_headers(tuple(headers))
    canonical = canonical_request(
        request,
        request.body if payload is None else None,
        headers,
        signed_headers=names,
        signature_in=None,
        profile=PROFILES.get(service, USUAL),
    )
    scope = _scope(signed[:8], region, service)
    made = signature(canonical, credentials.secret_access_key, credentials.signing_keys, signed=signed, scope=scope)
    credential = f"{credentials.access_key_id}/{scope.text}"
    added["authorization"] = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={made}"
    return added


@lru_cache(256)
def _scope(day: str, region: str, service: str) -> Scope:
    return Scope(day, region, service, TERMINATOR)


@lru_cache(256)
def _signed_headers(names: tuple[str, ...]) -> str:
    """As SignedHeaders has them; the requests for one operation have the same ones."""
    return ";".join(sorted(names))
