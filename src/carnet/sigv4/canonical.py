"""The canonical request: the bytes a signature is about, made as botocore makes them.

INVARIANT: two requests that mean different things never have one canonical form. What would break that (line breaks
inside a part, paths that are not normalised) is refused, not cleaned.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from carnet.base.http import RequestHead
from carnet.sigv4.errors import incomplete, mismatch
from carnet.sigv4.payload import declared_payload, payload_of
from carnet.sigv4.profile import SigningProfile

_USUAL_METHODS = frozenset(("GET", "POST"))
_METHOD = re.compile(r"[A-Z]+", re.ASCII)
_SIGNED_AS_SENT = "-._~%+"
_ENCODED = re.compile(r"[\w.~%+&=-]*", re.ASCII)
"""A query string of which nothing is to be encoded, but for equals signs in values."""
_VISIBLE = re.compile(r"[!-~]*", re.ASCII)
_NOT_NORMALISED = ("", ".", "..")

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


def joined_values(request: RequestHead) -> Mapping[str, str]:
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


def canonical_request(
    request: RequestHead,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    signed_headers: str,
    signature_in: str | None,
    profile: SigningProfile,
) -> bytes:
    """Method, path, query, signed headers and payload hash, one to a line.

    Of a body that is None, because it is still to arrive, what the request declares is signed: whoever reads the body
    has to compare them. `signature_in` names the parameter of the query string that holds the signature, of a presigned
    URL; it is left out.

    Raises AuthFailure (SignatureDoesNotMatch) for a request that nobody can have signed.
    """
    if not (request.method in _USUAL_METHODS or _METHOD.fullmatch(request.method)):
        raise mismatch()
    if request.query and not _VISIBLE.fullmatch(request.query):
        raise mismatch()
    path = literal_path(request.path) if profile.literal_paths else canonical_path(request.path)
    query = _canonical_query(request.query, without=signature_in, encoded=profile.encoded_queries)
    lines = _header_lines(headers, signed_headers)
    declared = headers.get("x-amz-content-sha256")
    presigned = signature_in is not None
    if body is None:
        payload = declared_payload(declared, profile, presigned=presigned)
    else:
        payload = payload_of(body, declared, profile, presigned=presigned)
    return f"{request.method}\n{path}\n{query}\n{lines}\n{signed_headers}\n{payload}".encode("latin-1")


def _header_lines(values: Mapping[str, str], signed: str) -> str:
    """The lines `name:value` of the signed headers; outer white space of values is gone already (`HttpRequest`).

    Raises AuthFailure (SignatureDoesNotMatch) unless `signed` is sorted, without repetition, and names headers that
    are there: host, and every x-amz-* but x-amz-content-sha256, among them.
    """
    names, lines = _signed_names(signed, tuple(values))
    chosen = list(map(values.__getitem__, names))
    together = "".join(chosen)
    if not (together.isascii() and together.isprintable() and "  " not in together):
        chosen = list(map(_canonical_value, chosen))
    return lines % tuple(chosen)


@lru_cache(256)
def _signed_names(signed: str, present: tuple[str, ...]) -> tuple[list[str], str]:
    """The names in `signed`, of a request with the headers `present`, and their lines with a place for each value.

    Requests of one client have the same ones.
    """
    names = signed.split(";")
    if "host" not in names:
        raise mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    if not _NAMES.fullmatch(signed) or names != sorted(set(names)) or not set(names) <= set(present):
        raise mismatch()
    if any(name.startswith(_SIGNED_PREFIX) and name not in names and name != _NEED_NOT_BE_SIGNED for name in present):
        raise mismatch()
    return names, "".join([f"{name.replace('%', '%%')}:%s\n" for name in names])


def _canonical_value(value: str) -> str:
    """The value with each run of spaces made one. A line break or other control character is not a value at all."""
    if not _VALUE.fullmatch(value):
        raise mismatch()
    return _SPACES.sub(" ", value).strip(" ")


def _canonical_query(query: str, *, without: str | None, encoded: bool) -> str:
    """The parameters in order of name, then value, each as it was sent; `without` names one to leave out.

    A parameter with no equals sign gets one. Nothing is decoded: `+`, `%20`, `%2f` and `%2F` stay what they are. But if
    they are signed `encoded`, what stands for itself in a URL is percent-encoded: `prefix=a/b` is `prefix=a%2Fb`.
    """
    if not query:
        return ""
    pairs = [pair.partition("=") for pair in query.split("&")]
    if encoded and not (_ENCODED.fullmatch(query) and "=" not in "".join([value for _, _, value in pairs])):
        pairs = [(_percent_encode(name), equals, _percent_encode(value)) for name, equals, value in pairs]
    return "&".join([f"{name}={value}" for name, _, value in sorted(pairs) if name != without])


def _percent_encode(text: str) -> str:
    return quote(text, safe=_SIGNED_AS_SENT)


def canonical_path(path: str) -> str:
    """The path as sent, percent-encoded once more.

    AWS signs the normalised path (no `//`, `/./`, `/../`). A path that is not normalised is refused instead, so that
    the path whose signature is checked is the very path that chooses the operation.
    """
    if path in ("/", ""):
        return "/"
    segments = path.removeprefix("/").removesuffix("/").split("/")
    if any(segment in _NOT_NORMALISED for segment in segments):
        raise mismatch()
    if not path.startswith("/") or not _VISIBLE.fullmatch(path):
        raise mismatch()
    return quote(path, safe="/~")


def literal_path(path: str) -> str:
    """The path as sent, which must be ASCII and begin with a slash: `//` and `..` are parts of names there."""
    if path and not (path.startswith("/") and _VISIBLE.fullmatch(path)):
        raise mismatch()
    return path or "/"
