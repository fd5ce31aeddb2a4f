"""A signature in the query string: a presigned URL.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import unquote

from carnet.entities.entity import name_key
from carnet.sigv4.errors import incomplete, unsupported_algorithm
from carnet.sigv4.presented import ALGORITHM, Presented
from carnet.sigv4.profile import SigningProfile
from carnet.sigv4.scope import parse_credential
from carnet.sigv4.timestamp import SKEW, parse_timestamp

_SIGNATURE = "X-Amz-Signature"
_REQUIRED = ("X-Amz-Algorithm", "X-Amz-Credential", _SIGNATURE, "X-Amz-SignedHeaders", "X-Amz-Date")
_EXPIRES, _TOKEN = "X-Amz-Expires", "X-Amz-Security-Token"
_SPELLINGS = frozenset((*_REQUIRED, _EXPIRES, _TOKEN))
_PARAMETERS = {name_key(name): name for name in _SPELLINGS}
_ONLY_IN_QUERY = ("x-amz-date", "x-amz-security-token")

_SECONDS = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_WEEK = 604_800


def has_query_form(query: str) -> bool:
    """Whether any parameter of a presigned URL is there, however it is spelled."""
    return any(_parameter(pair) for pair in query.split("&"))


def read_query(headers: Mapping[str, str], query: str, profile: SigningProfile) -> Presented:
    """Read the X-Amz-* parameters. Raises AuthFailure (IncompleteSignature) if they are not whole and plain."""
    given = _query_parameters(query)
    _refuse_missing(given)
    if any(name in headers for name in _ONLY_IN_QUERY):
        raise incomplete("A presigned request carries its date and its session token in the query string only.")
    if given["X-Amz-Algorithm"] != ALGORITHM:
        raise unsupported_algorithm(given["X-Amz-Algorithm"])
    return Presented(
        key=parse_credential(given["X-Amz-Credential"]),
        signed=parse_timestamp(given["X-Amz-Date"]),
        signed_headers=given["X-Amz-SignedHeaders"],
        signature=given[_SIGNATURE],
        token=given.get(_TOKEN),
        lifetime=_lifetime(given.get(_EXPIRES)) if profile.expires else SKEW,
        signature_in=_SIGNATURE,
    )


def _parameter(pair: str) -> str | None:
    written = pair.partition("=")[0]
    if written in _SPELLINGS:
        return written
    return _PARAMETERS.get(name_key(unquote(written, encoding="latin-1")))


def _query_parameters(query: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in query.split("&"):
        name = _parameter(pair)
        if name is None:
            continue
        written, _, value = pair.partition("=")
        # Another spelling would be one parameter for us and another for whoever looks for it by its name.
        if written != name or name in given:
            raise incomplete(f"AWS query-string parameters must include '{name}' exactly once, spelled like this.")
        given[name] = unquote(value, encoding="latin-1")
    return given


def _refuse_missing(given: Mapping[str, str]) -> None:
    missing = [f"AWS query-string parameters must include '{name}'." for name in _REQUIRED if not given.get(name)]
    if missing:
        raise incomplete(" ".join([*missing, "Re-examine the query-string parameters."]))


def _lifetime(expires: str | None) -> timedelta:
    if expires is None:
        return SKEW
    if not _SECONDS.fullmatch(expires):
        raise incomplete("X-Amz-Expires should be a number of seconds greater than 0")
    if int(expires) > _WEEK:
        raise incomplete(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{_WEEK} seconds"
        )
    return timedelta(seconds=int(expires))
