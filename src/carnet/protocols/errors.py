"""Failures on the wire: each in its protocol's form, with the code and HTTP status of the model or the common table.

https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from botocore.model import StructureShape

from carnet.base.http import JSON, REQUEST_ID, XML, HttpResponse
from carnet.models import OLDER_FORMS, ModelledError, Operation, Protocol, Service, older_form
from carnet.protocols.common_errors import COMMON_ERRORS, CommonError
from carnet.protocols.json_parts import JsonParts, json_parts
from carnet.protocols.json_shapes import json_structure
from carnet.protocols.query_json import accepts_json, write_query_json_error
from carnet.protocols.xml_shapes import escape, xml_members

Where = Operation | Service | Protocol
"""What an error belongs to: an operation, or only a service or a protocol if the request did not get further."""

_FRONT_DOOR_NAMESPACE = "http://webservices.amazon.com/AWSFault/2005-15-09"
_DEFAULT_JSON_VERSION = "1.1"
_FIRST_SERVER_STATUS = 500
_THROTTLING = ("TooManyRequestsException", "ThrottledException", "ThrottlingException")
_COMMON_THROTTLING = "Throttling"
QUERY_ERROR = "x-amzn-query-error"
"""By which newer SDKs tell the code that programs knew before.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait
"""
_MESSAGE_MEMBERS = ("message", "Message", "error_description")


class WireError(Exception):
    """A request that breaks the protocol: what is told to the caller, and in whose form.

    `code` is one of the common errors or of the service's model, in any protocol's spelling; `members` are further
    members of a modelled error.
    """

    def __init__(self, code: str, message: str, where: Where, members: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.members = members
        self.code = code
        self.message = message
        self.where = where


class UnknownErrorCode(LookupError):
    """An error code that neither the service's model nor the common table knows: a bug of the code that answers it."""


def write_error(
    where: Where,
    code: str,
    message: str,
    request_id: str,
    members: Mapping[str, Any] | None = None,
    accept: str | None = None,
) -> HttpResponse:
    """The answer for a failed request; `members` are further members of a modelled error, by the model's names.

    `accept` is the request's Accept header, by which the query protocol answers in XML or JSON.
    Raises UnknownErrorCode for a code that the service cannot answer.
    """
    service = where.service if isinstance(where, Operation) else where
    if isinstance(service, Protocol):
        return _write(service, None, _common_error(service, code), message, request_id, {}, accept)
    modelled = service.error(code) if service.name in OLDER_FORMS else service.errors.get(code)
    error = modelled or _common_error(service.protocol, code)
    return _write(service.protocol, service, error, message, request_id, members or {}, accept)


def write_foreign_error(service: Service, code: str, message: str, status: int, request_id: str) -> HttpResponse:
    """The answer for what another server has refused, with whatever code and status it gave."""
    error = service.error(code) or CommonError(code, status)
    return _write(service.protocol, service, error, message, request_id, {}, None)


def older_code(service: Service, code: str) -> str:
    """What an error is called in the protocol that the service had before; a code that nobody knows is as it was."""
    older = older_form(service.name).error(code)
    if older is not None:
        return older.code
    return COMMON_ERRORS[code][Protocol.QUERY].code if code in COMMON_ERRORS else code


def throttling_code(where: Where) -> str:
    """The error by which a service tells a caller that it calls too often: its model's own, or the common one."""
    service = where.service if isinstance(where, Operation) else where
    if isinstance(service, Protocol):
        return _COMMON_THROTTLING
    return next((code for code in _THROTTLING if code in service.errors), _COMMON_THROTTLING)


def _common_error(protocol: Protocol, code: str) -> CommonError:
    try:
        return COMMON_ERRORS[code][protocol]
    except KeyError:
        raise UnknownErrorCode(code) from None


def _write(
    protocol: Protocol,
    service: Service | None,
    error: ModelledError | CommonError,
    message: str,
    request_id: str,
    members: Mapping[str, Any],
    accept: str | None,
) -> HttpResponse:
    if isinstance(error, ModelledError):
        members = {**members, message_member(error.shape): message}
    else:
        members = {"message": message}
    if protocol is Protocol.EC2:
        return _ec2(error, request_id, members)
    if protocol is not Protocol.QUERY:
        return _json(protocol, service, error, request_id, members)
    if accept is not None and accepts_json(accept):
        return _query_json(error, request_id, members)
    return _query(service, error, request_id, members)


def _query_json(error: ModelledError | CommonError, request_id: str, members: Mapping[str, Any]) -> HttpResponse:
    others = dict(members)
    message = others.pop("message")
    details = {"Message": message} if message else {}
    if isinstance(error, ModelledError):
        details |= json_structure(error.shape)(others)
    return write_query_json_error(error.status, _kind(error), error.code, details, request_id)


def _kind(error: ModelledError | CommonError) -> str:
    """Whose fault it is, in the query protocol's words."""
    return "Receiver" if error.status >= _FIRST_SERVER_STATUS else "Sender"


def _query(
    service: Service | None, error: ModelledError | CommonError, request_id: str, members: Mapping[str, Any]
) -> HttpResponse:
    nameless = isinstance(error, CommonError) and error.before_service
    namespace = _FRONT_DOOR_NAMESPACE if service is None or nameless else service.xml_namespace
    body = (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>{_kind(error)}</Type><Code>{error.code}</Code>'
        f"{_xml_details(error, members)}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = ((REQUEST_ID, request_id), ("Content-Type", XML))
    return HttpResponse(status=error.status, headers=headers, body=body.encode())


def _ec2(error: ModelledError | CommonError, request_id: str, members: Mapping[str, Any]) -> HttpResponse:
    body = (
        f"<Response><Errors><Error><Code>{error.code}</Code>{_xml_details(error, members)}</Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    )
    headers = ((REQUEST_ID, request_id), ("Content-Type", XML))
    return HttpResponse(status=error.status, headers=headers, body=body.encode())


def _xml_details(error: ModelledError | CommonError, members: Mapping[str, Any]) -> str:
    """The message, which the query protocol spells with a capital whatever the model says, and what else is told.

    A few of AWS's errors have no message.
    """
    others = dict(members)
    message = escape(others.pop("message"))
    further = xml_members(error.shape)(others) if isinstance(error, ModelledError) else ""
    return f"<Message>{message}</Message>{further}" if message else further


def _json(
    protocol: Protocol,
    service: Service | None,
    error: ModelledError | CommonError,
    request_id: str,
    members: Mapping[str, Any],
) -> HttpResponse:
    parts = _modelled_parts(error.shape, members) if isinstance(error, ModelledError) else JsonParts(body=members)
    body, headers = parts.body, ((REQUEST_ID, request_id), *parts.headers)
    if service is not None and service.name in OLDER_FORMS:
        headers = (*headers, (QUERY_ERROR, f"{older_code(service, error.code)};{_kind(error)}"))
    if protocol is Protocol.JSON:
        version = service.json_version if service else _DEFAULT_JSON_VERSION
        headers = (*headers, ("Content-Type", f"application/x-amz-json-{version}"))
        body = {"__type": error.code, **body}
    else:
        headers = (*headers, ("Content-Type", JSON), ("x-amzn-ErrorType", error.code))
    return HttpResponse(status=error.status, headers=headers, body=orjson.dumps(body))


def _modelled_parts(shape: StructureShape, members: Mapping[str, Any]) -> JsonParts:
    """The members of a modelled error, and the message also if the model has no member for it, as CloudTrail's."""
    message = _MESSAGE_MEMBERS[0]
    if message in shape.members or message not in members:
        return json_parts(shape)(members)
    parts = json_parts(shape)({name: value for name, value in members.items() if name != message})
    return replace(parts, body={message: members[message], **parts.body})


def message_member(shape: StructureShape) -> str:
    """What a modelled error calls its message: most `message`, some `Message`."""
    return next((name for name in _MESSAGE_MEMBERS if name in shape.members), _MESSAGE_MEMBERS[0])
