"""The headers of an upstream's answer that are passed to the client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from carnet.base.bounded_json import loads
from carnet.models import Operation, Protocol
from carnet.protocols.errors import message_member

_VALUE = re.compile(r"[!-~](?:[\t -~]*[!-~])?", re.ASCII)
_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_PASSED = frozenset(("content-type", "etag", "last-modified", "location", "retry-after"))
_PREFIXES = ("x-amz-", "x-amzn-")
_REQUEST_IDS = frozenset(("x-amzn-requestid", "x-amz-request-id"))
_OWN = _REQUEST_IDS | {"x-amz-id-2"}
"""The upstream's request ids. The client gets this server's id, by which `carnet explain` finds the call."""

_WITH_IDS = frozenset((Protocol.QUERY, Protocol.EC2))
_ID_OF_ERROR = re.compile(rb"(<(RequestId|RequestID|HostId)>)[^<]*(</\2>)")
_ID_OF_ANSWER = re.compile(
    rb"(<ResponseMetadata>\s*<RequestId>)[^<]*(</RequestId>\s*</ResponseMetadata>\s*</[A-Za-z]+>\s*\Z)"
    rb"|(\A\s*(?:<\?[^>]*>\s*)?<[A-Za-z]+Response(?:\s[^>]*)?>\s*<requestId>)[^<]*(</requestId>)"
)
"""INVARIANT: what a result says is left alone: the id is the last thing of the answer or, of Amazon EC2, the first."""

_SANDBOX = (("content-security-policy", "sandbox"),)
_NO_DOCUMENTS = re.compile(
    r"(?:application/(?:json|pdf|octet-stream|x-amz-json-1\.[01]|x-amz-cbor-1\.1|cbor|zip|gzip)|binary/octet-stream"
    r"|text/(?:plain|csv)|(?:audio|video|font)/[a-z0-9.+-]+|image/(?:png|jpeg|gif|webp|avif|bmp|x-icon))"
    r"(?:[ \t]*;[ -+\--~]*)?",  # no comma: browsers read another content type after it
    re.ASCII,
)
"""Content types that no browser shows as a document with scripts, or takes for another type."""


def passed_headers(
    headers: Iterable[tuple[str, str]], more: frozenset[str] = frozenset()
) -> tuple[tuple[str, str], ...]:
    """The headers that are passed to the client, with those named in `more`.

    INVARIANT: no value can end its line or begin another answer.
    """
    return tuple((name, value) for name, value in headers if _is_passed(name, more) and _VALUE.fullmatch(value))


def in_sandbox(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The headers of an answer from an origin that is also the console's.

    INVARIANT: a stored page runs no script as a page of this origin; it would act as the person who is signed in to the
    console. A missing content type, or one that is not known to be harmless, is treated as a page.
    """
    kinds = [value for name, value in headers if name == "content-type"]
    return headers if len(kinds) == 1 and _is_no_document(kinds[0]) else (*headers, *_SANDBOX)


@lru_cache(256)
def _is_no_document(kind: str) -> bool:
    return _NO_DOCUMENTS.fullmatch(kind.lower()) is not None


@lru_cache(256)
def _is_passed(name: str, more: frozenset[str]) -> bool:
    """Whether a header of that name is passed to the client."""
    known = name in _PASSED or name in more or name.startswith(_PREFIXES)
    return known and name not in _OWN and _NAME.fullmatch(name) is not None


def error_by_own_id(body: bytes, request_id: str) -> bytes:
    """An upstream's error which, in XML, calls the request what this server calls it.

    SDKs tell their users the id that the body has, and `carnet explain` is asked for that.
    """
    return _ID_OF_ERROR.sub(rb"\g<1>%b\g<3>" % request_id.encode(), body) if body.startswith(b"<") else body


def error_as_modelled(operation: Operation, code: str, body: bytes) -> bytes:
    """An error in JSON whose message is called what AWS's model calls it: some SDKs read no other spelling."""
    error = operation.service.errors.get(code)
    told = _as_json(body) if error is not None else {}
    spelled = next((name for name in told if name in ("message", "Message")), None)
    if error is None or spelled is None or (modelled := message_member(error.shape)) in told:
        return body
    return json.dumps({modelled if name == spelled else name: value for name, value in told.items()}).encode()


def _as_json(body: bytes) -> dict[str, Any]:
    try:
        told = loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def answer_by_own_id(operation: Operation, body: bytes, request_id: str) -> bytes:
    """The same of what is no error: the query protocols have the id beside the result."""
    if operation.service.protocol not in _WITH_IDS:
        return body
    return _ID_OF_ANSWER.sub(rb"\g<1>\g<3>%b\g<2>\g<4>" % request_id.encode(), body)


def upstream_request_id(headers: Iterable[tuple[str, str]]) -> str | None:
    """The upstream's id of the request, if it gives one."""
    found = [value for name, value in headers if name in _REQUEST_IDS]
    return found[0][:128] if found and _VALUE.fullmatch(found[0]) else None
