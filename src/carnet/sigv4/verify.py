"""The one place where a caller becomes a Verified one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from carnet.base.http import HttpRequest, RequestHead
from carnet.base.keyed_hash import KeyedHash
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.caller import AUTHENTICATOR, Verified
from carnet.identity.credential import Credential, FindCredential, TokenExpired
from carnet.models import GLOBAL_REGIONS
from carnet.sigv4.canonical import canonical_request, joined_values
from carnet.sigv4.chunks import ChunkSigning
from carnet.sigv4.computed import computed
from carnet.sigv4.errors import expired_token, incomplete, mismatch, missing_token, unknown_credential, wrong_signature
from carnet.sigv4.form import POLICY, read_form
from carnet.sigv4.header_form import read_header
from carnet.sigv4.payload import CHUNKED_PAYLOADS, UNSIGNED_PAYLOAD
from carnet.sigv4.presented import Presented
from carnet.sigv4.profile import PROFILES, USUAL, SigningProfile
from carnet.sigv4.query_form import has_query_form, read_query
from carnet.sigv4.scope import Scope, foreign
from carnet.sigv4.signing_keys import derive, signature, string_to_sign
from carnet.sigv4.timestamp import SKEW, untimely

_KEY_ID_LENGTHS = range(16, 129)
_NOBODYS_SECRET = "0" * 40
_NOBODYS_KEYS: dict[str, KeyedHash] = {}
"""Signs for keys that are not there, so that they cost as much time as those that are."""


class SignedHead(NamedTuple):
    """A request whose head is verified, while its body is still to arrive."""

    caller: Verified
    payload: str
    """What the signature says of the body: its SHA-256, or one of the words of `payload.py`.

    INVARIANT: who reads the body compares it with this (`chunks.py` does for bodies in chunks) before any of it counts.
    """
    chunks: ChunkSigning | None
    """How the chunks of a body in chunks are signed."""


def verify(request: HttpRequest, *, service: str, now: datetime, find: FindCredential) -> Verified:
    """Check who signed `request` for `service` (its signing name, such as `iam`).

    Raises AuthFailure, whatever the request is, unless the signature is right, in time, and covers everything that
    matters: method, path, query, body (for Amazon S3 unless it is declared unsigned), host and every x-amz-* header.
    Content-Type need not be signed: it never changes how a body is read.
    """
    return _verify(request, request.body, service=service, now=now, find=find)[0]


def verify_head(head: RequestHead, *, service: str, now: datetime, find: FindCredential) -> SignedHead:
    """Check who signed a request whose body is still to arrive, as `verify` does but for the body."""
    caller, presented, canonical = _verify(head, None, service=service, now=now, find=find)
    payload = canonical.rpartition(b"\n")[2].decode("ascii")
    if payload not in CHUNKED_PAYLOADS:
        return SignedHead(caller, payload, None)
    scope = presented.key.scope
    chunks = ChunkSigning(
        key=KeyedHash(derive(caller.credential.secret, scope)),
        signed=presented.signed.text,
        scope=scope.text,
        seed=presented.signature,
    )
    return SignedHead(caller, payload, chunks)


def _verify(
    request: RequestHead, body: bytes | None, *, service: str, now: datetime, find: FindCredential
) -> tuple[Verified, Presented, bytes]:
    headers = joined_values(request) if request.repeats else request.first
    profile = PROFILES.get(service, USUAL)
    presented = _read_signature(headers, request.query, profile)
    signed, scope = presented.signed, presented.key.scope
    if not -SKEW <= now - signed.moment <= presented.lifetime:
        raise untimely(signed, lifetime=presented.lifetime, now=now)
    canonical = canonical_request(
        request,
        body,
        headers,
        signed_headers=presented.signed_headers,
        signature_in=presented.signature_in,
        profile=profile,
    )
    if not (scope.service == service and scope.is_well_formed and scope.date == signed.text[:8]):
        raise foreign(scope, service=service, timestamp=signed.text)
    credential = _find(presented, find)
    genuine = _is_genuine(presented, canonical, credential)
    if credential is None:
        raise unknown_credential(presented.token)
    if not genuine:
        raise wrong_signature(computed(canonical, string_to_sign(canonical, signed=signed.text, scope=scope)))
    caller = Verified(
        AUTHENTICATOR,
        credential=credential,
        region=_region_of(scope, credential),
        service=scope.service,
        presigned=presented.signature_in is not None,
    )
    return caller, presented, canonical


def verify_form(
    request: RequestHead, form: Mapping[str, str], *, service: str, now: datetime, find: FindCredential
) -> SignedHead:
    """Check who signed the policy of a form that a browser posts; `form` has its fields, names in lower case.

    The signature covers the field `policy` alone, as it was sent. INVARIANT: whoever goes on holds all other fields,
    and how long the form is good, against that policy (`gateway.s3.post_policy`); of the file nothing is signed.
    Raises AuthFailure.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html
    """
    presented = read_form(form)
    signed, scope = presented.signed, presented.key.scope
    if not -SKEW <= now - signed.moment <= presented.lifetime:
        raise untimely(signed, lifetime=presented.lifetime, now=now)
    if not (scope.service == service and scope.is_well_formed and scope.date == signed.text[:8]):
        raise foreign(scope, service=service, timestamp=signed.text)
    credential = _find(presented, find)
    secret = credential.secret if credential is not None else _NOBODYS_SECRET
    expected = KeyedHash(derive(secret, scope)).hexdigest(form[POLICY].encode("utf-8", "replace"))
    genuine = hmac.compare_digest(expected.encode("ascii"), presented.signature.encode("utf-8", "replace"))
    if credential is None:
        raise unknown_credential(presented.token)
    if not genuine:
        raise mismatch()
    region = _region_of(scope, credential)
    caller = Verified(AUTHENTICATOR, credential=credential, region=region, service=scope.service, presigned=False)
    return SignedHead(caller, UNSIGNED_PAYLOAD, None)


def named_credential(request: RequestHead, *, service: str, find: FindCredential) -> Credential | None:
    """The credential that a request names, whoever signed it, if it is good: what is known before a signature is
    computed."""
    try:
        return _find(_read_signature(request.first, request.query, PROFILES.get(service, USUAL)), find)
    except AuthFailure:
        return None


def _region_of(scope: Scope, credential: Credential) -> str:
    """The Region that the request is made to, which is not the signed one if the service has but one.

    Clients sign for their own Region as soon as they are told an endpoint; AWS's global services would not accept that.
    """
    regions = GLOBAL_REGIONS.get(scope.service)
    if regions is None:
        return scope.region
    return regions.get(credential.principal.arn.partition(":")[2].partition(":")[0], scope.region)


def _read_signature(headers: Mapping[str, str], query: str, profile: SigningProfile) -> Presented:
    in_header, in_query = "authorization" in headers, query != "" and has_query_form(query)
    if in_header and in_query:
        raise incomplete("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
    if in_header:
        return read_header(headers)
    if in_query:
        return read_query(headers, query, profile)
    raise missing_token()


def _find(presented: Presented, find: FindCredential) -> Credential | None:
    if len(presented.key.id) not in _KEY_ID_LENGTHS:
        return None
    try:
        return find(presented.key.id, presented.token)
    except TokenExpired:
        raise expired_token() from None


def _is_genuine(presented: Presented, canonical: bytes, credential: Credential | None) -> bool:
    secret, known = (
        (credential.secret, credential.signing_keys) if credential is not None else (_NOBODYS_SECRET, _NOBODYS_KEYS)
    )
    expected = signature(canonical, secret, known, signed=presented.signed.text, scope=presented.key.scope)
    # Bytes, because compare_digest raises on text that is not ASCII.
    return hmac.compare_digest(expected.encode("ascii"), presented.signature.encode("utf-8", "replace"))
