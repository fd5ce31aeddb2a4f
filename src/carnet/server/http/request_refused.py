"""What a connection refuses before any frontend sees it, and AWS's words for it.

https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from http import HTTPStatus

_CODES = {
    HTTPStatus.REQUEST_TIMEOUT: "RequestTimeoutException",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "RequestEntityTooLargeException",
    HTTPStatus.INTERNAL_SERVER_ERROR: "InternalFailure",
    HTTPStatus.SERVICE_UNAVAILABLE: "ServiceUnavailable",
}
_OTHERS = "MalformedHttpRequestException"


class RequestRefused(Exception):
    """What came is no request, or too much of one."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def too_many() -> RequestRefused:
    """What is raised if there is no room for more."""
    return RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "Too many requests are arriving; try again later.")


def refusal_body(status: HTTPStatus, why: str) -> bytes:
    """XML, as the query protocol tells an error: of which service the request was, nobody has read.

    INVARIANT: `why` is a sentence of this server's, and repeats nothing that was sent.
    """
    kind = "Receiver" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "Sender"
    code = _CODES.get(status, _OTHERS)
    error = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>{why}</Message></Error>"
    return f"<ErrorResponse>{error}</ErrorResponse>\n".encode()
