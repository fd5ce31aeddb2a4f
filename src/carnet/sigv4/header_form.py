"""A signature in the Authorization header.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.errors import incomplete, unsupported_algorithm
from carnet.sigv4.presented import ALGORITHM, Presented
from carnet.sigv4.scope import ClaimedKey, parse_credential
from carnet.sigv4.timestamp import SKEW, Timestamp, parse_http_date, parse_timestamp

_COMPONENTS = ("Credential", "Signature", "SignedHeaders")
_CLAIMS = frozenset(("Credential", "SignedHeaders"))
_SIGNATURE_LAST = ", Signature="
_USUAL_LENGTH = 1024


class Claims(NamedTuple):
    """What an Authorization header says before its signature: the same for many requests of one caller."""

    key: ClaimedKey
    signed_headers: str


def read_header(headers: Mapping[str, str]) -> Presented:
    """Read `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...` and the date that goes with it.

    Raises AuthFailure (IncompleteSignature) for another algorithm or form, Signature Version 2 among them.
    """
    authorization = headers["authorization"]
    signed = _signing_time(headers)
    beginning, _, signature = authorization.rpartition(_SIGNATURE_LAST)
    claims = _usual_claims(beginning) if len(beginning) <= _USUAL_LENGTH else None
    if claims is None or signed is None or "," in signature:
        claims, signature, signed = _read_any_order(authorization, signed)
    return Presented(
        key=claims.key,
        signed=signed,
        signed_headers=claims.signed_headers,
        signature=signature,
        token=headers.get("x-amz-security-token"),
        lifetime=SKEW,
    )


@lru_cache(4096)
def _usual_claims(beginning: str) -> Claims | None:
    """The claims of a header whose signature comes last, as every SDK writes it; None for what is not quite so."""
    algorithm, _, rest = beginning.partition(" ")
    try:
        given = _components(rest, beginning)
        if algorithm != ALGORITHM or given.keys() != _CLAIMS:
            return None
        return Claims(parse_credential(given["Credential"]), given["SignedHeaders"])
    except AuthFailure:
        return None


def _read_any_order(authorization: str, signed: Timestamp | None) -> tuple[Claims, str, Timestamp]:
    algorithm, _, rest = authorization.partition(" ")
    given = _components(rest, authorization)
    if signed is None or len(given) < len(_COMPONENTS):
        raise incomplete(_missing_sentence(given, signed, authorization))
    if algorithm != ALGORITHM:
        raise unsupported_algorithm(algorithm)
    return Claims(parse_credential(given["Credential"]), given["SignedHeaders"]), given["Signature"], signed


def _components(text: str, authorization: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in text.replace(", ", ",").split(",") if text else ():
        name, equals, value = part.partition("=")
        if not equals or name not in _COMPONENTS or name in given:
            raise incomplete(
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and "
                f"encoded with Base64): '{_hash_header(authorization)}'."
            )
        given[name] = value
    return given


def _signing_time(headers: Mapping[str, str]) -> Timestamp | None:
    amz_date = headers.get("x-amz-date")
    if amz_date is not None:
        return parse_timestamp(amz_date)
    date = headers.get("date")
    return None if date is None else parse_http_date(date)


def _missing_sentence(given: Mapping[str, str], signed: Timestamp | None, authorization: str) -> str:
    sentences = [f"Authorization header requires '{name}' parameter." for name in _COMPONENTS if name not in given]
    if signed is None:
        sentences.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    sentences.append(f"(Hashed with SHA-256 and encoded with Base64) Authorization={_hash_header(authorization)}")
    return " ".join(sentences)


def _hash_header(authorization: str) -> str:
    """What AWS writes in the place of the header, which may hold somebody's password."""
    digest = sha256(authorization.encode("utf-8", "surrogatepass")).digest()
    return base64.b64encode(digest).decode("ascii")
