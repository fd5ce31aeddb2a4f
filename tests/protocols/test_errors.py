from __future__ import annotations

from pathlib import Path
from re import findall

import orjson
import pytest

import carnet.protocols
from carnet.models import Protocol, operation, service
from carnet.protocols.common_errors import COMMON_ERRORS
from carnet.protocols.errors import UnknownErrorCode, WireError, write_error


def test_a_query_error() -> None:
    response = write_error(operation("iam", "GetUser"), "NoSuchEntity", "The user <x> & co.", "the-id")
    assert response.status == 404
    assert response.headers == (("x-amzn-RequestId", "the-id"), ("Content-Type", "text/xml"))
    assert response.body == (
        b'<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>'
        b"<Code>NoSuchEntity</Code><Message>The user &lt;x&gt; &amp; co.</Message></Error>"
        b"<RequestId>the-id</RequestId></ErrorResponse>"
    )


def test_a_query_error_without_a_message_has_no_element_for_it() -> None:
    response = write_error(service("iam"), "ReportNotPresent", "", "the-id")
    assert b"<Code>ReportNotPresent</Code></Error>" in response.body
    told = write_error(service("iam"), "ReportNotPresent", "", "the-id", accept="application/json")
    assert orjson.loads(told.body)["Error"] == {"Code": "ReportNotPresent", "Type": "Sender"}


def test_a_json_error_spells_the_message_as_its_shape_does() -> None:
    response = write_error(
        service("organizations"),
        "ConstraintViolationException",
        "Too many.",
        "id",
        {"Reason": "OU_NUMBER_LIMIT_EXCEEDED"},
    )
    assert response.status == 400
    assert dict(response.headers)["Content-Type"] == "application/x-amz-json-1.1"
    assert orjson.loads(response.body) == {
        "__type": "ConstraintViolationException",
        "Message": "Too many.",
        "Reason": "OU_NUMBER_LIMIT_EXCEEDED",
    }


def test_a_rest_json_error_has_its_code_and_its_located_members_in_the_head() -> None:
    response = write_error(
        service("accessanalyzer"), "ThrottlingException", "Slow down.", "id", {"retryAfterSeconds": 3}
    )
    assert response.status == 429
    assert dict(response.headers) == {
        "x-amzn-RequestId": "id",
        "Retry-After": "3",
        "Content-Type": "application/json",
        "x-amzn-ErrorType": "ThrottlingException",
    }
    assert orjson.loads(response.body) == {"message": "Slow down."}


def test_an_error_of_sso_oidc_describes_itself_as_oauth_does() -> None:
    error = {"error": "authorization_pending"}
    response = write_error(service("sso-oidc"), "AuthorizationPendingException", "Not yet.", "id", error)
    assert orjson.loads(response.body) == {"error": "authorization_pending", "error_description": "Not yet."}


@pytest.mark.parametrize(
    ("protocol", "code", "told", "status"),
    [
        (Protocol.QUERY, "AccessDenied", "AccessDenied", 403),
        (Protocol.JSON, "AccessDenied", "AccessDeniedException", 400),
        (Protocol.REST_JSON, "AccessDenied", "AccessDeniedException", 403),
        (Protocol.QUERY, "AccessDeniedException", "AccessDenied", 403),
        (Protocol.QUERY, "MissingAuthenticationToken", "MissingAuthenticationToken", 403),
        (Protocol.QUERY, "IncompleteSignature", "IncompleteSignature", 400),
        (Protocol.QUERY, "InvalidClientTokenId", "InvalidClientTokenId", 403),
        (Protocol.JSON, "InvalidClientTokenId", "UnrecognizedClientException", 400),
        (Protocol.QUERY, "SignatureDoesNotMatch", "SignatureDoesNotMatch", 403),
        (Protocol.QUERY, "ExpiredToken", "ExpiredToken", 403),
        (Protocol.JSON, "ValidationError", "ValidationException", 400),
        (Protocol.QUERY, "ServiceUnavailable", "ServiceUnavailable", 503),
        (Protocol.QUERY, "InternalFailure", "InternalFailure", 500),
        (Protocol.JSON, "NotImplemented", "NotImplementedException", 400),
    ],
)
def test_a_common_error_is_told_in_the_protocol_s_words(protocol: Protocol, code: str, told: str, status: int) -> None:
    response = write_error(protocol, code, "m", "id")
    assert response.status == status
    assert told.encode() in response.body + repr(response.headers).encode()


def test_a_modelled_error_goes_before_a_common_one_of_its_name() -> None:
    assert write_error(service("sts"), "ExpiredTokenException", "m", "id").status == 400
    assert write_error(service("sts"), "ExpiredToken", "m", "id").status == 403


def test_the_type_says_whose_fault_it_is() -> None:
    assert b"<Type>Receiver</Type>" in write_error(service("iam"), "ServiceFailure", "m", "id").body


@pytest.mark.parametrize("where", [operation("iam", "GetUser"), service("organizations"), Protocol.QUERY])
@pytest.mark.parametrize("code", ["Nope", "", "NoSuchEntityException"])
def test_a_code_that_nothing_declares_is_a_bug(where: object, code: str) -> None:
    with pytest.raises(UnknownErrorCode):
        write_error(where, code, "m", "id")  # type: ignore[arg-type]  # a union of what is parametrized


def test_a_member_that_the_error_lacks_is_a_bug() -> None:
    with pytest.raises(LookupError):
        write_error(service("iam"), "NoSuchEntity", "m", "id", {"Nope": "x"})


def test_every_code_that_this_room_raises_can_be_told() -> None:
    room = Path(carnet.protocols.__file__).parent
    codes = {code for file in room.glob("*.py") for code in findall(r'WireError\(\s*"(\w+)"', file.read_text("utf-8"))}
    assert {"MalformedInput", "InvalidAction", "MissingAction"} <= codes <= set(COMMON_ERRORS)


def test_a_wire_error_names_its_code_and_message() -> None:
    assert str(WireError("MalformedInput", "Why.", Protocol.JSON)) == "MalformedInput: Why."


def test_an_unknown_action_is_told_in_the_name_of_no_service() -> None:
    fault, own = (
        b'<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09">',
        b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">',
    )
    assert write_error(service("sts"), "InvalidAction", "m", "id").body.startswith(fault)
    assert write_error(service("sts"), "ValidationError", "m", "id").body.startswith(own)
    assert write_error(Protocol.QUERY, "MissingAction", "m", "id").body.startswith(fault)
