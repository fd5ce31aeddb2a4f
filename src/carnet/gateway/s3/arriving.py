"""Which requests are for Amazon S3, who sends them, and which facts are known before their bodies are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from urllib.parse import unquote

from botocore.model import StructureShape

from carnet.base.http import HttpRequest, RequestHead
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.hoisted import without_hoisted
from carnet.gateway.s3_sentences import MECHANISM_NOT_SUPPORTED
from carnet.identity.caller import Anonymous, Verified
from carnet.models import Operation, Service
from carnet.models.load import full_description
from carnet.policy.request import Value
from carnet.protocols.clues import read_clues
from carnet.protocols.s3_routing import S3Route, route
from carnet.protocols.unoffered import S3_CONTROL
from carnet.protocols.unreadable import Unreadable
from carnet.server.own_pages import SEGMENTS
from carnet.server.own_paths import API_SEGMENTS, OLD_HEALTH_PATH
from carnet.sigv4.presented import ALGORITHM
from carnet.sigv4.query_form import has_query_form
from carnet.sigv4.timestamp import parse_http_date, parse_timestamp

SIGNING_NAME = "s3"
_OTHER_BUCKETS = {
    "s3express": "Directory buckets are not kept here, whose names end with --x-s3.",
    "s3-object-lambda": "Access points of S3 Object Lambda are not kept here.",
    "s3-outposts": "Access points and buckets on AWS Outposts are not kept here.",
}
"""What SDKs sign requests of Amazon S3's model for instead, by what the bucket is called: none of it is here."""
_OUTPOSTS = "S3Outposts"
"""The first path segment of the API of Amazon S3 on Outposts, which is signed for as its access points are."""
_OLD_SCHEME = "AWS "
"""How the header of a signature of Version 2 begins, in which Amazon S3 alone was asked."""
_OLD_FIELDS = ("AWSAccessKeyId=", "Signature=")


@cache
def s3_service() -> Service:
    """The model of Amazon S3."""
    return Service.of(SIGNING_NAME, full_description(SIGNING_NAME))


def is_for_s3(head: RequestHead, is_bucket: Callable[[str], bool]) -> bool:
    """Whether a request is signed for Amazon S3, also by Version 2, or signed by nobody and for a bucket that there is.

    INVARIANT: what is below one of Carnet's own first path segments is no bucket's, and a request that names two
    services is none of S3's.
    """
    first = head.path[1:].partition("/")[0]
    if first.lower() in SEGMENTS or head.path == OLD_HEALTH_PATH or head.path.startswith(S3_CONTROL):
        return False
    if first == _OUTPOSTS:
        return False
    clues = read_clues(head)
    if clues.scopes:
        return len(clues.scopes) == 1 and not clues.targets and clues.scopes <= {SIGNING_NAME, *_OTHER_BUCKETS}
    if clues.targets or clues.host is not None or first in API_SEGMENTS:
        return False
    given = head.header("authorization")
    if given is not None and given.startswith(_OLD_SCHEME) and (first or head.method == "GET"):
        return True
    return first != "" and is_bucket(first) and (given is None or given.startswith("AWS"))


def refuse_other_buckets(head: RequestHead) -> None:
    """Raises S3Fault for what is signed for buckets of other kinds.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-authenticating-authorizing.html
    """
    for scope in read_clues(head).scopes:
        if scope in _OTHER_BUCKETS:
            raise S3Fault("NotImplemented", _OTHER_BUCKETS[scope])


def is_signed(head: RequestHead) -> bool:
    """Whether somebody has signed it. Raises S3Fault for what is not Signature Version 4."""
    given = head.header("authorization")
    in_query = head.query != "" and has_query_form(head.query)
    old = head.query != "" and any(field.startswith(_OLD_FIELDS) for field in head.query.split("&"))
    if old or (given is not None and given.partition(" ")[0] != ALGORITHM):
        raise S3Fault("InvalidRequest", MECHANISM_NOT_SUPPORTED)
    if given is not None and in_query:
        told = (
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
            "parameter or the Authorization header should be specified"
        )
        raise S3Fault("InvalidArgument", told)
    return given is not None or in_query


def plain(head: RequestHead) -> RequestHead:
    """The head with all of its headers among them (`hoisted`). Raises S3Fault."""
    try:
        return without_hoisted(head)
    except Unreadable as reason:
        raise S3Fault("InvalidURI", f"{reason}.") from None


def routed(head: RequestHead, *, literal_keys: bool) -> S3Route:
    """The operation that a request names. Raises S3Fault."""
    try:
        found = route(head.method, head.path, head.query, head.first, literal_keys=literal_keys)
    except Unreadable as reason:
        raise S3Fault("InvalidURI", f"{reason}.") from None
    if found is None:
        told = "A header or query you provided requests functionality that is not implemented."
        raise S3Fault("NotImplemented", told)
    return found


def takes_content(operation: Operation) -> bool:
    """Whether the body of a request is the content of an object."""
    payload = operation.input.serialization.get("payload") if operation.input is not None else None
    return (
        payload is not None
        and isinstance(operation.input, StructureShape)
        and (operation.input.members[payload].type_name == "blob")
    )


def request_keys(
    head: RequestHead, caller: Verified | Anonymous, now: datetime, form: Mapping[str, str] | None = None
) -> dict[str, Value]:
    """The condition keys that the connection and a signature that was checked tell, in a form if there is one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
    """
    keys: dict[str, Value] = {}
    if isinstance(caller, Verified):
        in_head = "REST-QUERY-STRING" if caller.presigned else "REST-HEADER"
        signed = _signed_at(head) if form is None else parse_timestamp(form["x-amz-date"]).moment
        keys["s3:authType"] = in_head if form is None else "POST"
        keys["s3:signatureversion"] = ALGORITHM
        keys["s3:signatureAge"] = str(max(0, int((now - signed).total_seconds() * 1000)))
    if head.tls:
        keys["s3:TlsVersion"] = head.tls
    declared = head.header("x-amz-content-sha256")
    if declared is not None:
        keys["s3:x-amz-content-sha256"] = declared
    return keys


def _signed_at(head: RequestHead) -> datetime:
    """When the request was signed, if its signature was verified."""
    in_query = None
    if head.query:
        fields = (field.partition("=") for field in head.query.split("&"))
        in_query = next((unquote(value) for name, _, value in fields if name == "X-Amz-Date"), None)
    stamp = in_query or head.header("x-amz-date")
    return (parse_timestamp(stamp) if stamp else parse_http_date(head.first["date"])).moment


REQUEST_KEYS = frozenset(("s3:authType", "s3:signatureversion", "s3:signatureAge", "s3:x-amz-content-sha256"))
"""Those of `request_keys`: a request that does not have one has it not, and it is not unknown."""


def as_request(head: RequestHead, body: bytes = b"") -> HttpRequest:
    """A request of which no more than that of the body is read."""
    return HttpRequest(
        method=head.method,
        path=head.path,
        query=head.query,
        headers=head.headers,
        peer=head.peer,
        secure=head.secure,
        tls=head.tls,
        version=head.version,
        body=body,
    )
