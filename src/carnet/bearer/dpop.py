"""Proofs of possession (DPoP): the client of a request shows that it holds a key, to which its tokens are bound.

https://www.rfc-editor.org/rfc/rfc9449
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from carnet.base import base64url
from carnet.base.http import HttpRequest
from carnet.base.loopback import is_loopback_host
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.caller import Anonymous, ProvenKey
from carnet.oidc.json_object import read_object

HEADER = "dpop"
SECONDS = 300
"""How old a proof may be, and how far the client's clock may be ahead."""
_LONGEST, _LONGEST_ID = 4096, 256
_NUMBER_BYTES = 32
"""Of P-256: each coordinate of its points, and each half of its signatures."""
_MOST_LEFT_OUT = 2
"""Leading zeros of a signature that may be missing: three missing are one signature in 4 million."""
_JWK = frozenset(("kty", "crv", "x", "y"))
_ALLOWED_OF_JWK = _JWK | {"alg", "use", "kid", "key_ops"}


def verify(request: HttpRequest, *, service: str, now: datetime, public_url: str) -> Anonymous:
    """The caller, with the key that the request proves to hold. Raises AuthFailure.

    The proof is for this request at this server alone, and not old. Whether it was used before, the operation looks at.
    """
    given = request.header_all(HEADER)
    try:
        if len(given) != 1 or len(given[0]) > _LONGEST or not given[0].isascii():
            raise ValueError("DPoP is not given once")
        return Anonymous(key=_proven(given[0], request, now, public_url))
    except ValueError as problem:
        raise AuthFailure("ValidationException", f"Invalid DPoP proof: {problem}.") from None


def _proven(text: str, request: HttpRequest, now: datetime, public_url: str) -> ProvenKey:
    """Raises ValueError, which says what is wrong."""
    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError("it is no JWT")
    header, claims = read_object(base64url.decode(parts[0])), read_object(base64url.decode(parts[1]))
    if header.get("typ") != "dpop+jwt" or header.get("alg") != "ES256" or "crit" in header:
        raise ValueError("typ must be dpop+jwt, and alg ES256")
    x, y = _point(header.get("jwk"))
    _check_signature(x, y, f"{parts[0]}.{parts[1]}".encode("ascii"), base64url.decode(parts[2]))
    if claims.get("htm") != request.method:
        raise ValueError("htm is another method")
    if not _is_url_of(claims.get("htu"), request, public_url):
        raise ValueError("htu is another URL; the server's is told by carnet serve --public-url")
    made, name = claims.get("iat"), claims.get("jti")
    if type(made) is not int or not now.timestamp() - SECONDS <= made <= now.timestamp() + SECONDS:
        raise ValueError("iat is too far from the server's time")
    if type(name) is not str or not 0 < len(name) <= _LONGEST_ID:
        raise ValueError("it has no jti")
    return ProvenKey(thumbprint=_thumbprint(x, y), proof=hashlib.sha256(name.encode()).hexdigest()[:32], made=made)


def _point(jwk: Any) -> tuple[bytes, bytes]:
    """The public key, as x and y of 32 bytes. INVARIANT: of P-256 alone, and nothing but public.

    A coordinate may lack its leading zeros: the library in which botocore and AWS CLI make keys leaves them out.
    """
    if type(jwk) is not dict or not _JWK <= jwk.keys() <= _ALLOWED_OF_JWK:
        raise ValueError("jwk must be a public EC key")
    if (jwk["kty"], jwk["crv"]) != ("EC", "P-256") or not all(type(jwk[name]) is str for name in ("x", "y")):
        raise ValueError("jwk must be of P-256")
    x, y = base64url.decode(jwk["x"]), base64url.decode(jwk["y"])
    if max(len(x), len(y)) > _NUMBER_BYTES:
        raise ValueError("its key has another length")
    return x.rjust(_NUMBER_BYTES, b"\0"), y.rjust(_NUMBER_BYTES, b"\0")


def _check_signature(x: bytes, y: bytes, signed: bytes, signature: bytes) -> None:
    # Raises ValueError for what is no point of the curve.
    key = EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1()).public_key()
    for r, s in _halves(signature):
        try:
            return key.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))
        except InvalidSignature:
            continue
    raise ValueError("its signature is wrong")


def _halves(signature: bytes) -> Iterator[tuple[int, int]]:
    """What a signature may say: AWS CLI before 2.32.7 writes both halves without their leading zeros.

    Where a zero is missing does not show, so that each place is tried: of two missing ones there are three.
    """
    missing = 2 * _NUMBER_BYTES - len(signature)
    if not 0 <= missing <= _MOST_LEFT_OUT:
        raise ValueError("its signature has another length")
    for middle in range(_NUMBER_BYTES - missing, _NUMBER_BYTES + 1):
        yield int.from_bytes(signature[:middle]), int.from_bytes(signature[middle:])


def _thumbprint(x: bytes, y: bytes) -> str:
    """https://www.rfc-editor.org/rfc/rfc7638: the members that are required, by their names, without white space."""
    members = f'"crv":"P-256","kty":"EC","x":"{base64url.encode(x)}","y":"{base64url.encode(y)}"'
    return base64url.encode(hashlib.sha256(f"{{{members}}}".encode()).digest())


def _is_url_of(htu: Any, request: HttpRequest, public_url: str) -> bool:
    """Whether a proof was made for this path of this server.

    INVARIANT: the Host header alone makes no URL this server's, else it would take proofs that were made for others.
    On loopback there are several names for one server.
    """
    if type(htu) is not str:
        return False
    url = htu.partition("?")[0].partition("#")[0]
    if url == public_url + request.path:
        return True
    host = urlsplit(public_url).hostname or ""
    asked = urlsplit(url)  # raises ValueError for an address that is none
    mine = f"{'https' if request.secure else 'http'}://{request.header('host') or ''}{request.path}"
    return url == mine and is_loopback_host(host) and is_loopback_host(asked.hostname or "")
