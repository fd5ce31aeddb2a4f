"""The client's side of the wire, by botocore: requests as it serializes them, answers as it parses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.model import Shape, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from carnet.base.http import HttpRequest, HttpResponse
from carnet.models import SIGV4, Operation, Service

HOST = "127.0.0.1:4747"


def authorization(signing_name: str) -> str:
    """An Authorization header whose scope is right and whose signature is not."""
    return (
        f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20240102/us-east-1/{signing_name}/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0000"
    )


def http_request(
    *,
    method: str = "POST",
    path: str = "/",
    query: str = "",
    headers: Mapping[str, str] | tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    scope: str | None = None,
) -> HttpRequest:
    """A request for a local endpoint, with the credential scope of one service if one is named."""
    pairs = tuple(headers.items()) if isinstance(headers, Mapping) else headers
    signed = (("authorization", authorization(scope)),) if scope else ()
    return HttpRequest(
        method=method,
        path=path,
        query=query,
        headers=(("host", HOST), *((name.lower(), value) for name, value in pairs), *signed),
        body=body,
        peer="127.0.0.1",
        secure=False,
    )


def serialized(operation: Operation, params: Mapping[str, Any]) -> HttpRequest:
    """What botocore sends for an operation."""
    serializer = create_serializer(operation.service.protocol, include_validation=False)
    request_dict = serializer.serialize_to_request(dict(params), operation.model)
    prepare_request_dict(request_dict, endpoint_url=f"http://{HOST}")
    prepared = create_request_object(request_dict).prepare()
    url = urlsplit(prepared.url)
    body = prepared.body or b""
    return http_request(
        method=prepared.method,
        path=url.path,
        query=url.query,
        headers=tuple((name, _text(value)) for name, value in prepared.headers.items()),
        body=body.encode() if isinstance(body, str) else body,
        scope=operation.service.signing_name if SIGV4 in operation.auth else None,
    )


def as_get(request: HttpRequest) -> HttpRequest:
    """A form's request with its parameters in the query string, as a presigned one has them."""
    credential = authorization("sts").partition("Credential=")[2].partition(",")[0]
    presigned = urlencode({"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": credential})
    return http_request(method="GET", query=f"{request.body.decode()}&{presigned}")


def parsed(service: Service, response: HttpResponse, shape: StructureShape | None) -> dict[str, Any]:
    """What botocore makes of an answer, without what is about the answer itself."""
    answer = raw_parsed(service, response, shape)
    answer.pop("ResponseMetadata", None)
    return answer


def raw_parsed(service: Service, response: HttpResponse, shape: StructureShape | None) -> dict[str, Any]:
    """What botocore makes of an answer, with `ResponseMetadata`."""
    given = {
        "status_code": response.status,
        "headers": HeadersDict(dict(response.headers)),
        "body": response.body,
    }
    answer: dict[str, Any] = create_parser(service.protocol).parse(given, cast("Shape", shape))
    return answer


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
