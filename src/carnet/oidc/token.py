"""JSON Web Tokens of an issuer: first read, then verified.

What is read before the signature is verified says which issuer and which key it must be verified with, and no more.

https://www.rfc-editor.org/rfc/rfc7519
https://www.rfc-editor.org/rfc/rfc8725
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carnet.base import base64url
from carnet.oidc import refusals
from carnet.oidc.json_object import read_object
from carnet.oidc.keys import ALGORITHMS, KeySet

LEEWAY_SECONDS = 300
"""How far an issuer's clock may be ahead. INVARIANT: no token is taken after its own end, whatever the clocks."""
LONGEST_SUBJECT = 255
_LONGEST_KID = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """A token that may be anybody's."""

    text: str
    algorithm: str
    kid: str | None
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """Whose it says that it is. Raises Refused if it does not say."""
        return _text(self.claims, "iss")


def read_token(text: str) -> Unverified:
    """A token that has the form of one, and an algorithm that is taken. Raises Refused (InvalidIdentityToken)."""
    parts = text.split(".")
    if len(parts) != 3 or not text.isascii():
        raise refusals.invalid(refusals.NOT_A_JWT)
    try:
        header, claims = (read_object(base64url.decode(part)) for part in parts[:2])
        base64url.decode(parts[2])
    except ValueError:
        raise refusals.invalid(refusals.NOT_A_JWT) from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if type(algorithm) is not str or algorithm not in ALGORITHMS:
        raise refusals.invalid("The token is not signed by one of RS256, RS384, RS512, ES256, ES384 and ES512.")
    if "crit" in header or not (kid is None or (type(kid) is str and len(kid) <= _LONGEST_KID)):
        raise refusals.invalid(refusals.NOT_A_JWT)
    return Unverified(text=text, algorithm=algorithm, kid=kid, claims=claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What every token must say, as far as its signature holds."""

    subject: str
    audiences: tuple[str, ...]
    party: str | None
    """The authorized party (`azp`), if the token names one."""

    @property
    def audience(self) -> str | None:
        """Whom the token is for, if that is one: the authorized party, or the only audience."""
        if self.party is not None:
            return self.party
        return self.audiences[0] if len(self.audiences) == 1 else None


def check_claims(token: Unverified, *, client_ids: tuple[str, ...], now: float) -> Checked:
    """The claims that every token must have, at that time (epoch seconds), for one of the audiences.

    As on AWS the authorized party is the audience, if a token has one. Raises Refused.
    """
    claims, seconds = token.claims, int(now)
    until = _epoch_seconds(claims, "exp")
    if until is None:
        raise refusals.missing("exp")
    if now >= until:
        raise refusals.expired(seconds, until)
    for name in ("nbf", "iat"):
        begin = _epoch_seconds(claims, name)
        if begin is not None and begin > now + LEEWAY_SECONDS:
            raise refusals.invalid(refusals.NOT_YET_VALID)
    subject, audiences = _text(claims, "sub"), _audiences(claims)
    if not 1 <= len(subject) <= LONGEST_SUBJECT:
        raise refusals.missing("sub")
    party = _text(claims, "azp") if "azp" in claims else None
    if set(client_ids).isdisjoint(audiences if party is None else (party,)):
        raise refusals.invalid(refusals.WRONG_AUDIENCE)
    return Checked(subject=subject, audiences=audiences, party=party)


def verify(token: Unverified, keys: KeySet) -> None:
    """Raise Refused unless the token is signed by the key that it names of those of its issuer."""
    from jwt.api_jws import PyJWS
    from jwt.exceptions import PyJWTError

    key = keys.find(token.kid, token.algorithm)
    if key is None:
        raise refusals.invalid(refusals.NO_KEY)
    try:
        # INVARIANT: the algorithm is one of ALGORITHMS, and that of the key.
        PyJWS().decode_complete(token.text, key.key, algorithms=[token.algorithm])
    except (PyJWTError, ValueError):
        raise refusals.invalid(refusals.WRONG_SIGNATURE) from None


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if type(value) is not str:
        raise refusals.missing(name)
    return value


def _audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    audiences = claims.get("aud")
    listed = [audiences] if type(audiences) is str else audiences
    if type(listed) is not list or not listed or not all(type(one) is str for one in listed):
        raise refusals.missing("aud")
    return tuple(listed)


def _epoch_seconds(claims: Mapping[str, Any], name: str) -> int | None:
    """A time in epoch seconds; None if the claim is not there. Raises Refused for what is no whole number."""
    value = claims.get(name)
    if value is None:
        return None
    if type(value) is not int:
        raise refusals.invalid(f"The claim {name} must be an integer.")
    return value
