"""Which headers must be signed, and what is signed of them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from carnet.base.http import HttpRequest
from carnet.sigv4.errors import incomplete, mismatch

_NAMES = re.compile(r"[a-z0-9!#$%&'*+.^_`|~;-]+", re.ASCII)
_VALUE = re.compile(r"[\t -~\x80-\xff]*", re.ASCII)
_SPACES = re.compile(r"[\t ]+", re.ASCII)

_SIGNED_PREFIX = "x-amz-"
_NEED_NOT_BE_SIGNED = "x-amz-content-sha256"
"""The payload's hash is a line of its own of what is signed, whether or not the header that tells it is."""
_ONCE = (
    "authorization",
    "content-type",
    "date",
    "host",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
)
"""Headers that one value is read from, here or by what comes after."""


def joined_values(request: HttpRequest) -> Mapping[str, str]:
    """Every header's value as sent; the values of a repeated header are joined with commas.

    Raises AuthFailure (IncompleteSignature) if a header is repeated that must not be.
    """
    values: dict[str, str] = {}
    for name, value in request.headers:
        if name not in values:
            values[name] = value
        elif name in _ONCE:
            raise incomplete(f"HTTP header '{name}' must not be repeated.")
        else:
            values[name] += f",{value}"
    return values


def canonical_headers(values: Mapping[str, str], signed: str) -> str:
    """The lines `name:value` of the signed headers; outer white space of values is gone already (`HttpRequest`).

    Raises AuthFailure (SignatureDoesNotMatch) unless `signed` is sorted, without repetition, and names headers that
    are there: host, and every x-amz-* but x-amz-content-sha256, among them.
    """
    names = _signed_names(signed, tuple(values))
    chosen = [values[name] for name in names]
    together = "".join(chosen)
    if not (together.isascii() and together.isprintable() and "  " not in together):
        chosen = list(map(_canonical_value, chosen))
    return "".join([f"{name}:{value}\n" for name, value in zip(names, chosen, strict=True)])


@lru_cache(256)
def _signed_names(signed: str, present: tuple[str, ...]) -> tuple[str, ...]:
    """The names in `signed`, of a request with the headers `present`; requests of one client have the same ones."""
    names = signed.split(";")
    if "host" not in names:
        raise mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    if not _NAMES.fullmatch(signed) or names != sorted(set(names)) or not set(names) <= set(present):
        raise mismatch()
    if any(name.startswith(_SIGNED_PREFIX) and name not in names and name != _NEED_NOT_BE_SIGNED for name in present):
        raise mismatch()
    return tuple(names)


def _canonical_value(value: str) -> str:
    """The value with each run of spaces made one. A line break or other control character is not a value at all."""
    if not _VALUE.fullmatch(value):
        raise mismatch()
    return _SPACES.sub(" ", value).strip(" ")
