"""Amazon S3's errors: its codes, their statuses, and its XML.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.base.http import REQUEST_ID, HttpResponse
from carnet.identity.auth_failure import AuthFailure
from carnet.protocols.api_errors import DECLARATION
from carnet.protocols.xml_shapes import escape
from carnet.server.s3_credentials import told_by_s3
from carnet.sigv4.errors import WrongRegion

_STATUSES: Mapping[int, tuple[str, ...]] = {
    403: (
        *("AccessDenied", "InvalidAccessKeyId", "InvalidChunkSizeError", "RequestTimeTooSkewed"),
        "SignatureDoesNotMatch",
    ),
    404: (
        *("NoSuchAccessPoint", "NoSuchAccessPointPolicy", "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchKey"),
        *("NoSuchPublicAccessBlockConfiguration", "NoSuchResource", "NoSuchTagSet", "NoSuchVersion"),
        "ServerSideEncryptionConfigurationNotFoundError",
        "OwnershipControlsNotFoundError",
    ),
    405: ("MethodNotAllowed",),
    409: (
        "AccessPointAlreadyOwnedByYou",
        "BucketAlreadyExists",
        "BucketAlreadyOwnedByYou",
        "BucketNotEmpty",
        "OperationAborted",
    ),
    411: ("MissingContentLength",),
    412: ("PreconditionFailed",),
    500: ("InternalError",),
    501: ("NotImplemented",),
    503: ("ServiceUnavailable", "SlowDown"),
}
"""What is not 400."""
STATUS: Mapping[str, int] = {code: status for status, codes in _STATUSES.items() for code in codes}
DENIED = "AccessDenied"
XML = "application/xml"
_SLOW_DOWN = ("SlowDown", "Please reduce your request rate.")
_FAILED = ("InternalError", "We encountered an internal error. Please try again.")
_BY_COMMON_CODE = {
    "NotFoundException": ("KMS.NotFoundException", None),
    "ValidationError": ("InvalidArgument", None),
    "InternalFailure": _FAILED,
    "Throttling": _SLOW_DOWN,
}
"""Codes of other services, and what Amazon S3 says instead; None: the same sentence."""
_IN_HEADER, _IN_QUERY = "AuthorizationHeaderMalformed", "AuthorizationQueryParametersError"
_REGION = "us-east-1"
"""What a client is told to sign for that has signed for no Region; those that there are are all taken."""
_NOT_YET, _EXPIRED = "Signature not yet current", "Signature expired"


class S3Fault(Exception):
    """The error for the caller. `members` are further elements of it, by name."""

    def __init__(self, code: str, message: str, members: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message = _BY_COMMON_CODE.get(code, (code, None))[0], message
        told = _BY_COMMON_CODE.get(code, (code, None))[1]
        if told is not None:
            self.message = told
        self.members = members or {}


def unsigned_key() -> S3Fault:
    """What nobody in particular asks of a key of AWS KMS: no policy of a key lets anybody in who has not signed."""
    told = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."
    return S3Fault("InvalidArgument", told)


def slow_down() -> S3Fault:
    """The error if there is no room for a request, or its caller makes too many."""
    return S3Fault(*_SLOW_DOWN)


def internal_error() -> S3Fault:
    """The error if the server has failed."""
    return S3Fault(*_FAILED)


def not_implemented(why: str) -> S3Fault:
    """The error for a request that is not sent on; `why` is the reason, a sentence without its full stop."""
    return S3Fault("NotImplemented", f"Not sent on: {why}.")


def of_signature(failure: AuthFailure, *, presigned: bool) -> S3Fault:
    """What a caller is told whose signature is not accepted.

    Amazon S3 adds the string to sign and the canonical request: here they are only in the log (decision 0024).
    """
    code, message = failure.code, failure.message
    if isinstance(failure, WrongRegion):
        return _of_region(failure.given, presigned=presigned)
    if code == "SignatureDoesNotMatch" and message.startswith((_NOT_YET, _EXPIRED)):
        if presigned:
            return S3Fault(
                DENIED, "Request has expired" if message.startswith(_EXPIRED) else "Request is not valid yet"
            )
        told = "The difference between the request time and the current time is too large."
        return S3Fault("RequestTimeTooSkewed", told)
    if code == "IncompleteSignature":
        return S3Fault(_IN_QUERY if presigned else _IN_HEADER, message)
    return S3Fault(*told_by_s3(failure))


def _of_region(given: str, *, presigned: bool) -> S3Fault:
    """Clients that do not know a bucket's Region, as s3cmd, sign for none, and again for the one that they are told."""
    where = "Error parsing the X-Amz-Credential parameter" if presigned else "The authorization header is malformed"
    message = f"{where}; the region '{given}' is wrong; expecting '{_REGION}'"
    return S3Fault(_IN_QUERY if presigned else _IN_HEADER, message, {"Region": _REGION})


def of_form(failure: AuthFailure) -> S3Fault:
    """The error for a form whose signature is not accepted."""
    if failure.code == "IncompleteSignature":
        return S3Fault("InvalidArgument", failure.message)
    if failure.message.startswith((_NOT_YET, _EXPIRED)):
        return S3Fault(DENIED, "Invalid according to Policy: Policy expired.")
    return S3Fault(*told_by_s3(failure))


def error_response(code: str, message: str, request_id: str, members: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer for a failed request; most codes are for faults of the client."""
    return as_error(f"<Error>{described(code, message, members)}{elements(request_id)}</Error>", code, request_id)


def described(code: str, message: str, members: Mapping[str, str] | None) -> str:
    """The error as XML; `members` are its further elements, by name."""
    further = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in (members or {}).items())
    return f"<Code>{code}</Code><Message>{escape(message)}</Message>{further}"


def elements(request_id: str) -> str:
    """The ids of a request, as elements of an error."""
    return f"<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId>"


def as_error(document: str, code: str, request_id: str) -> HttpResponse:
    """The answer that is a document, with the status of the code."""
    headers = (*ids(request_id), ("content-type", XML))
    return HttpResponse(
        status=STATUS.get(code, 400), headers=headers, body=f"{DECLARATION}{document}".encode("utf-8", "replace")
    )


def ids(request_id: str) -> tuple[tuple[str, str], ...]:
    """The headers with the request's ids for the client."""
    return ((REQUEST_ID, request_id), ("x-amz-request-id", request_id), ("x-amz-id-2", request_id))
