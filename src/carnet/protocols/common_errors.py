"""The errors that no service's model declares, because every service can answer them.

The same failure has one code in the query protocol and another in the JSON protocols, and often another HTTP status.

https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/organizations/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from carnet.models import Protocol


@dataclass(frozen=True, slots=True)
class CommonError:
    """How one failure is told in one protocol."""

    code: str
    status: int
    before_service: bool = False
    """Answered by what stands before the services, and not in a service's name."""


Spellings = Mapping[Protocol, CommonError]


def _spellings(
    query: str,
    query_status: int,
    json: str,
    json_status: int,
    rest_status: int,
    *,
    ec2: tuple[str, int] | None = None,
    before_service: bool = False,
) -> Spellings:
    return {
        Protocol.QUERY: CommonError(query, query_status, before_service),
        Protocol.JSON: CommonError(json, json_status),
        Protocol.REST_JSON: CommonError(json, rest_status),
        Protocol.EC2: CommonError(*ec2 or (query, query_status)),
    }


# Code and status in the query protocol; code in the JSON protocols, status in json 1.0 and 1.1, status in rest-json;
# code and status in EC2's protocol if they differ from the query protocol's.
_TABLE = (
    _spellings("AccessDenied", 403, "AccessDeniedException", 400, 403, ec2=("UnauthorizedOperation", 403)),
    # The codes are those of Amazon EC2 and AWS KMS for a dry run that is allowed.
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    _spellings("DryRunOperation", 412, "DryRunOperationException", 400, 400),
    _spellings("ExpiredToken", 403, "ExpiredTokenException", 400, 403, ec2=("RequestExpired", 400)),
    # Of the access portal, whose model has nothing for who has no such assignment.
    _spellings("Forbidden", 403, "ForbiddenException", 400, 403),
    _spellings("IncompleteSignature", 400, "IncompleteSignatureException", 400, 400),
    _spellings("InternalFailure", 500, "InternalFailure", 500, 500, ec2=("InternalError", 500)),
    _spellings("InvalidAction", 400, "UnknownOperationException", 400, 404, before_service=True),
    _spellings("InvalidClientTokenId", 403, "UnrecognizedClientException", 400, 403, ec2=("AuthFailure", 401)),
    _spellings("InvalidParameterValue", 400, "InvalidParameterValueException", 400, 400),
    _spellings("MalformedInput", 400, "SerializationException", 400, 400),
    _spellings("MissingAction", 400, "MissingActionException", 400, 400),
    # Of Amazon SQS, for a list with nothing in it.
    _spellings("MissingParameter", 400, "MissingParameter", 400, 400),
    _spellings("MissingAuthenticationToken", 403, "MissingAuthenticationTokenException", 400, 403),
    # 400, for some SDKs (for JavaScript 2, for Ruby) try again whatever is answered with 501.
    _spellings("NotImplemented", 400, "NotImplementedException", 400, 400, ec2=("UnsupportedOperation", 400)),
    _spellings("RequestEntityTooLarge", 413, "RequestEntityTooLargeException", 413, 413),
    _spellings("RequestExpired", 400, "RequestExpiredException", 400, 400),
    _spellings("ServiceUnavailable", 503, "ServiceUnavailableException", 503, 503, ec2=("Unavailable", 503)),
    _spellings("SignatureDoesNotMatch", 403, "InvalidSignatureException", 400, 403, ec2=("AuthFailure", 401)),
    _spellings("Throttling", 400, "ThrottlingException", 400, 429, ec2=("RequestLimitExceeded", 503)),
    _spellings("ValidationError", 400, "ValidationException", 400, 400, ec2=("InvalidParameterValue", 400)),
)

COMMON_ERRORS: Mapping[str, Spellings] = {
    **{row[Protocol.EC2].code: row for row in _TABLE},
    **{row[protocol].code: row for protocol in (Protocol.REST_JSON, Protocol.JSON, Protocol.QUERY) for row in _TABLE},
}
"""Each row under every code that it has in some protocol, so that a code from one protocol can be told in another.

If a code has one meaning in the query protocol and another in EC2's (RequestExpired), it is the former.
"""
