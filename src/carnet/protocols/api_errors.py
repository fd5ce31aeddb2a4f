"""Failures of services that are not offered here, each in the form and with the codes that its clients read.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from carnet.base.http import REQUEST_ID, XML, HttpResponse
from carnet.models import Protocol
from carnet.protocols.common_errors import COMMON_ERRORS
from carnet.protocols.errors import write_error
from carnet.protocols.unoffered import Dialect
from carnet.protocols.xml_shapes import escape

_SPELLED_AS = {
    Dialect.QUERY: Protocol.QUERY,
    Dialect.EC2: Protocol.EC2,
    Dialect.JSON: Protocol.JSON,
    Dialect.CBOR: Protocol.JSON,
    Dialect.REST_JSON: Protocol.REST_JSON,
    Dialect.REST_XML: Protocol.QUERY,
    Dialect.S3: Protocol.QUERY,
}
_OWN_CODES: Mapping[Dialect, Mapping[str, tuple[str, int]]] = {
    Dialect.S3: {
        "ExpiredToken": ("ExpiredToken", 400),
        "IncompleteSignature": ("AuthorizationHeaderMalformed", 400),
        "InvalidAccessKeyId": ("InvalidAccessKeyId", 403),
        "InvalidToken": ("InvalidToken", 400),
        "Throttling": ("SlowDown", 503),
    },
}
"""Code and HTTP status that only one dialect has, by the query protocol's code."""
_FIRST_SERVER_STATUS = 500
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def spelled(dialect: Dialect, code: str) -> tuple[str, int]:
    """A common error's code and HTTP status in a dialect; KeyError for a code that is none of them."""
    own = _OWN_CODES.get(dialect, {}).get(code)
    if own is not None:
        return own
    common = COMMON_ERRORS[code][_SPELLED_AS[dialect]]
    return common.code, common.status


def write_api_error(dialect: Dialect, code: str, message: str, request_id: str) -> HttpResponse:
    """The answer for a failed request; `code` is one of the common errors'. KeyError for one that is not."""
    write = _WRITERS.get(dialect)
    if write is None:
        return write_error(_SPELLED_AS[dialect], code, message, request_id)
    own_code, status = spelled(dialect, code)
    return write(own_code, status, message, request_id)


def _s3(code: str, status: int, message: str, request_id: str) -> HttpResponse:
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    text = f"<Error>{error}<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>"
    return _xml(status, text, request_id, ("x-amz-request-id", request_id), ("x-amz-id-2", request_id))


def _rest_xml(code: str, status: int, message: str, request_id: str) -> HttpResponse:
    kind = "Receiver" if status >= _FIRST_SERVER_STATUS else "Sender"
    error = f"<Type>{kind}</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
    text = f"<ErrorResponse><Error>{error}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    return _xml(status, text, request_id)


def _xml(status: int, text: str, request_id: str, *more: tuple[str, str]) -> HttpResponse:
    headers = ((REQUEST_ID, request_id), *more, ("Content-Type", XML))
    return HttpResponse(status=status, headers=headers, body=(DECLARATION + text).encode())


def _cbor(code: str, status: int, message: str, request_id: str) -> HttpResponse:
    members = {"__type": code, "message": message}
    body = _cbor_head(5, len(members)) + b"".join(_cbor_text(part) for pair in members.items() for part in pair)
    headers = ((REQUEST_ID, request_id), ("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor"))
    return HttpResponse(status=status, headers=headers, body=body)


def _cbor_text(text: str) -> bytes:
    encoded = text.encode("utf-8", "replace")
    return _cbor_head(3, len(encoded)) + encoded


def _cbor_head(kind: int, count: int) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc8949.html#section-3"""
    if count < 24:
        return bytes([kind << 5 | count])
    return bytes([kind << 5 | 26]) + count.to_bytes(4, "big")


_WRITERS: Mapping[Dialect, Callable[[str, int, str, str], HttpResponse]] = {
    Dialect.REST_XML: _rest_xml,
    Dialect.S3: _s3,
    Dialect.CBOR: _cbor,
}
