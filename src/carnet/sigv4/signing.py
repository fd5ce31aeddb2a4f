"""Signs a request, for commands that ask a server.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime

from carnet.base.http import HttpRequest
from carnet.sigv4.canonical import canonical_request
from carnet.sigv4.presented import ALGORITHM
from carnet.sigv4.profile import PROFILES, USUAL
from carnet.sigv4.scope import TERMINATOR, Scope
from carnet.sigv4.signing_keys import derive, string_to_sign
from carnet.sigv4.timestamp import basic


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCredentials:
    """What a caller signs with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


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
    names = ";".join(sorted(headers))
    canonical = canonical_request(
        request,
        request.body if payload is None else None,
        headers,
        signed_headers=names,
        signature_in=None,
        profile=PROFILES.get(service, USUAL),
    )
    scope = Scope(signed[:8], region, service, TERMINATOR)
    text = string_to_sign(canonical, signed=signed, scope=scope)
    signature = hmac.digest(derive(credentials.secret_access_key, scope), text, "sha256").hex()
    credential = f"{credentials.access_key_id}/{scope.text}"
    added["authorization"] = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return added
