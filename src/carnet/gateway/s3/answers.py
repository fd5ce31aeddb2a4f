"""Answers to requests to Amazon S3, each with its audit event: those of an upstream, and refusals."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from msgspec.structs import replace

from carnet.audit.events import Event, failure_event, tell_untold
from carnet.audit.steps import Step, account_of, arrived_of
from carnet.base.faults import Denied, Refused, Unavailable
from carnet.base.http import HttpResponse, StreamedResponse
from carnet.gateway.answers import FAILED, FIRST_ERROR, MOST_WHOLE, recorded_first
from carnet.gateway.checks.check import Refused as NotMapped
from carnet.gateway.checks.lookups import LookupFailed
from carnet.gateway.deciding import NotKnown
from carnet.gateway.failures import error_code
from carnet.gateway.relay import error_by_own_id, in_sandbox, passed_headers
from carnet.gateway.s3.call import COPIES, S3Call
from carnet.gateway.s3.events import done_event, failed_event
from carnet.gateway.s3.faults import DENIED, S3Fault, error_response, ids, internal_error, slow_down
from carnet.gateway.s3.told_metadata import PREFIX, told_metadata
from carnet.gateway.upstreams.configured import key_refused
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.exchange import AnotherAccount, NotListed
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.protocols.xml_shapes import escape
from carnet.server.fairness.throttle import Throttled
from carnet.server.http.request_refused import RequestRefused
from carnet.server.outbox import Answer
from carnet.sigv4.payload import PayloadRefused

_LOG = logging.getLogger("carnet.gateway")
_OF_OBJECTS = frozenset(
    (
        *("accept-ranges", "allow", "cache-control", "content-disposition", "content-encoding", "content-language"),
        *("content-range", "expires"),
    )
)
"""Headers that only answers of Amazon S3 have; `allow` tells what may be done with a delete marker."""
_UNTRUSTED = frozenset(("SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed", "ExpiredToken"))
"""What an upstream says of the gateway's own signature, which is not the client's."""
_OF_BUCKETS = frozenset(
    (
        *("BucketAlreadyExists", "BucketAlreadyOwnedByYou", "BucketNotEmpty", "InvalidBucketName"),
        *("NoSuchBucket", "NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "NoSuchTagSet"),
        *("OwnershipControlsNotFoundError", "ServerSideEncryptionConfigurationNotFoundError"),
    )
)
"""Errors that name the bucket."""
_COMPLETE = "CompleteMultipartUpload"
_LATE_ERRORS = frozenset(("CopyObject", "UploadPartCopy", _COMPLETE))
"""Operations that begin their answer before they are done: a 200 may be an error.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""
_REGION = "x-amz-bucket-region"
_LOCATION = re.compile(rb"(<Location>)[^<]*")


async def relayed(call: S3Call, response: UpstreamResponse) -> Answer:
    """The upstream's answer. Raises UpstreamFailed, and S3Fault for one that is about the gateway and not its client.

    INVARIANT: an answer that ends early ends the client's connection, too: it is never a short success.
    """
    late = call.operation.name in _LATE_ERRORS
    bodiless = call.head.method == "HEAD"
    short = response.length is not None and response.length <= MOST_WHOLE
    if response.status < FIRST_ERROR and not late and not short and not bodiless:
        headers = answered_headers(call, response.headers)
        streamed = StreamedResponse(status=response.status, headers=headers, body=response, length=response.length)
        return audited(call, streamed, done_event(call, response.headers, sent=response.length))
    if bodiless:
        return await _of_head(call, response)
    return relayed_whole(call, response, await response.whole(MOST_WHOLE))


def failed(call: S3Call, response: UpstreamResponse, body: bytes) -> str:
    """The code of an error, or its status; empty for a success. Raises S3Fault for what is about the gateway."""
    late = call.operation.name in _LATE_ERRORS and b"<Error" in body
    if response.status < FIRST_ERROR and not late:
        return ""
    code = error_code(None, body) or str(response.status)
    if code in _UNTRUSTED:
        raise S3Fault("ServiceUnavailable", f"{FAILED}: {key_refused(call.exchange.settings.name)}.")
    return code


def relayed_whole(call: S3Call, response: UpstreamResponse, body: bytes) -> Answer:
    """The upstream's answer, once its whole body has arrived. Raises as `failed`."""
    code = failed(call, response, body)
    if code:
        body = error_by_own_id(body, call.arrived.request_id)
    whole = in_own_words(call, response, body)
    if code:
        event = failed_event(call, code, "", response.headers, sent=len(body))
    else:
        event = done_event(call, response.headers, sent=len(body))
    return audited(call, whole, event)


def in_own_words(call: S3Call, response: UpstreamResponse, body: bytes) -> HttpResponse:
    """An upstream's answer with this server's ids, and with this server's address in the place of the upstream's."""
    if call.operation.name == _COMPLETE:
        where = escape(location(call)).encode()
        body = _LOCATION.sub(lambda found: found[1] + where, body, count=1)
    return HttpResponse(status=response.status, headers=answered_headers(call, response.headers), body=body)


def location(call: S3Call) -> str:
    """The URL of the object of a request, as its client calls the bucket. AWS encodes each slash of the key."""
    host, key = call.arrived.http.first.get("host", ""), quote(call.route.path.key or "", safe="-_.~")
    bucket = "" if _is_named_by_host(call) else f"/{call.head.path.split('/')[1]}"
    return f"{'https' if call.head.secure else 'http'}://{host}{bucket}/{key}"


def in_region(answer: Answer, region: str) -> Answer:
    """The answer to HeadBucket, with the Region of the bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    head = answer.response
    others = tuple(each for each in head.headers if each[0] != _REGION)
    return replace(answer, response=replace(head, headers=(*others, (_REGION, region))))


async def _of_head(call: S3Call, response: UpstreamResponse) -> Answer:
    """The answer to HEAD: it has the object's length, and no body."""
    headers = answered_headers(call, response.headers)
    answer = StreamedResponse(status=response.status, headers=headers, body=response, length=response.length or 0)
    if response.status < FIRST_ERROR:
        return audited(call, answer, done_event(call, response.headers, sent=0))
    return audited(call, answer, failed_event(call, str(response.status), "", response.headers))


def answered_headers(call: S3Call, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Those of an upstream's answer that the client is given, and the ids of the request.

    With the bucket in the host, pages have an origin of their own, and may run scripts.
    """
    others = passed_headers((each for each in headers if not each[0].startswith(PREFIX)), _OF_OBJECTS)
    passed = (*others, *told_metadata(headers))
    return (*ids(call.arrived.request_id), *(passed if _is_named_by_host(call) else in_sandbox(passed)))


def _is_named_by_host(call: S3Call) -> bool:
    """Whether the host names the bucket."""
    return call.head.header("host") != call.arrived.http.header("host")


def refused(step: Step, call: S3Call | None, problem: Exception) -> Answer:
    """The answer to a request that is refused, or that failed on its way."""
    fault = as_fault(problem, arrived_of(step).request_id)
    arrived = arrived_of(step)
    members = {**_bucket_of(call, fault), **fault.members}
    response = error_response(fault.code, fault.message, arrived.request_id, members)
    pause = problem.pause if isinstance(problem, Throttled) else 0.0
    if isinstance(problem, Throttled) and problem.untold is None:
        return Answer(response=response, account=account_of(step), pause=pause)
    if call is not None:
        event = failed_event(call, fault.code, fault.message)
    else:
        event = failure_event(step, fault.code, fault.message, ())
    if isinstance(problem, Throttled) and problem.untold:
        tell_untold(event, problem.untold)
    decided = tuple(call.decided) if call is not None else ()
    return recorded_first(step, response, event, decided, partial(_audit_unavailable, arrived.request_id), pause)


def _bucket_of(call: S3Call | None, fault: S3Fault) -> Mapping[str, str]:
    """The element of an error that names the bucket, if it is the one that the client has named.

    An error of a copy may be about the source's bucket, and nobody is told the bucket of an access point.
    """
    if fault.code not in _OF_BUCKETS or call is None or call.bucket is None:
        return {}
    if call.point is not None or call.operation.name in COPIES:
        return {}
    return {"BucketName": call.bucket}


def as_fault(problem: Exception, request_id: str) -> S3Fault:
    """The fault as Amazon S3 words it."""
    match problem:
        case S3Fault():
            return problem
        case PayloadRefused() | Refused():
            return S3Fault(problem.code, problem.message)
        case NotMapped():
            return S3Fault(problem.refusal.code, problem.refusal.message)
        case Throttled():
            return slow_down()
        case RequestRefused():
            told = "Your socket connection to the server was not read from or written to within the timeout period."
            return S3Fault("RequestTimeout", told)
        case NotKnown() | AnotherAccount() | NotListed():
            return S3Fault("NotImplemented", f"{FAILED}: {problem}.")
        case LookupFailed() | UpstreamFailed():
            return S3Fault("ServiceUnavailable", f"{FAILED}: {problem}.")
        case Denied():
            return S3Fault(DENIED, problem.message)
        case Unavailable():
            return S3Fault("ServiceUnavailable", problem.message)
        case _:
            _LOG.error("request %s failed", request_id, exc_info=problem)
            return internal_error()


def audited(call: S3Call, response: HttpResponse | StreamedResponse, event: Event) -> Answer:
    """The answer, to be sent once its event is written."""
    unaudited = partial(_audit_unavailable, call.arrived.request_id)
    return recorded_first(call.step, response, event, tuple(call.decided), unaudited)


def _audit_unavailable(request_id: str, why: str) -> HttpResponse:
    return error_response("ServiceUnavailable", why, request_id)
