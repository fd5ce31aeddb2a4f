"""For every operation of every service: what Carnet answers is parsed by botocore as it was given, errors too."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from carnet.models import SERVICES, ModelledError, Operation, Protocol, Service, service
from carnet.protocols.errors import write_error
from carnet.protocols.write import write
from tests.wire.client import parsed, raw_parsed
from tests.wire.invented import QUERY_ERRORS
from tests.wire.samples import Samples, equal

REQUEST_ID = "8f3f21c4-0001-4002-8003-0123456789ab"
OPERATIONS = [operation for name in SERVICES for operation in service(name).operations.values()]
ERRORS = [(service(name), error) for name in SERVICES for error in service(name).errors.values()]
ROUNDS = 8
MESSAGE = "Users <a> & 'b' cannot be found:\nGrüße"


def _id(given: object) -> str:
    match given:
        case Operation():
            return f"{given.service.name}:{given.name}"
        case Service():
            return given.name
        case ModelledError():
            return given.code
    return ""


@pytest.mark.parametrize("operation", OPERATIONS, ids=_id)
def test_what_is_answered_is_parsed_equal_by_botocore(operation: Operation) -> None:
    for seed in range(ROUNDS):
        samples = Samples(f"{_id(operation)}:{seed}", forms=False)
        given = samples.structure(operation.output) if operation.output else {}
        response = write(operation, given, REQUEST_ID)
        got = raw_parsed(operation.service, response, operation.output)
        metadata = got.pop("ResponseMetadata")
        assert equal(given, got), (given, got)
        assert metadata["HTTPStatusCode"] == operation.status
        assert metadata["HTTPHeaders"]["x-amzn-requestid"] == REQUEST_ID
        assert metadata["RequestId"] == REQUEST_ID


@pytest.mark.parametrize("operation", OPERATIONS, ids=_id)
def test_an_absent_answer_is_as_good_as_none(operation: Operation) -> None:
    """A structure that is all of the body cannot be absent: botocore finds an empty one."""
    nothing: dict[str, Any] = dict.fromkeys(operation.output.members) if operation.output else {}
    payload = operation.output.serialization.get("payload") if operation.output else None
    response = write(operation, nothing, REQUEST_ID)
    assert parsed(operation.service, response, operation.output) == ({payload: {}} if payload else {})


@pytest.mark.parametrize(("of", "error"), ERRORS, ids=_id)
def test_a_modelled_error_has_its_code_and_status_for_botocore(of: Service, error: ModelledError) -> None:
    response = write_error(of, error.code, MESSAGE, REQUEST_ID)
    got = raw_parsed(of, response, None)
    assert got["Error"]["Code"] == error.code
    assert response.status == error.status
    assert got["ResponseMetadata"]["RequestId"] == REQUEST_ID
    if "error_description" not in error.shape.members:
        assert got["Error"]["Message"] == MESSAGE
    if of.protocol is Protocol.QUERY:
        assert got["Error"]["Type"] == ("Receiver" if error.status >= 500 else "Sender")


def _further(error: ModelledError) -> list[str]:
    """The members of an error beside its message, and beside its code, which is a member of some."""
    told = ("message", "Message", "error_description", "errorType")
    return [name for name in error.shape.members if name not in told]


INVENTED = [(QUERY_ERRORS, error) for error in QUERY_ERRORS.errors.values()]
TELLING = [(of, error) for of, error in (*ERRORS, *INVENTED) if _further(error)]


def test_it_is_known_which_errors_tell_more_than_a_message() -> None:
    assert Counter(of.name for of, _ in TELLING if of is not QUERY_ERRORS) == {
        "accessanalyzer": 6,
        "account": 1,
        "identitystore": 7,
        "organizations": 5,
        "signin": 10,
        "sso-admin": 4,
        "sso-oidc": 14,
    }


@pytest.mark.parametrize(("of", "error"), TELLING, ids=_id)
def test_every_member_of_a_modelled_error_reaches_botocore(of: Service, error: ModelledError) -> None:
    names = _further(error)
    for seed in range(ROUNDS):
        samples = Samples(f"{error.code}:{seed}", forms=False)
        members = {name: samples.value(error.shape.members[name], 1) for name in names}
        got = parsed(of, write_error(of, error.code, MESSAGE, REQUEST_ID, members), error.shape)
        assert equal(members, {name: got[name] for name in names})


@pytest.mark.parametrize(("of", "error"), TELLING, ids=_id)
def test_a_member_that_is_not_told_is_absent(of: Service, error: ModelledError) -> None:
    got = parsed(of, write_error(of, error.code, MESSAGE, REQUEST_ID), error.shape)
    assert not got.keys() & set(_further(error))


@pytest.mark.parametrize(
    ("code", "told", "status"),
    [
        ("AccessDenied", "UnauthorizedOperation", 403),
        ("UnauthorizedOperation", "UnauthorizedOperation", 403),
        ("SignatureDoesNotMatch", "AuthFailure", 401),
        ("ExpiredToken", "RequestExpired", 400),
        ("DryRunOperation", "DryRunOperation", 412),
        ("MissingAction", "MissingAction", 400),
    ],
)
def test_ec2_has_its_own_words_and_form_of_errors(code: str, told: str, status: int) -> None:
    response = write_error(service("ec2"), code, MESSAGE, REQUEST_ID)
    got = raw_parsed(service("ec2"), response, None)
    assert got["Error"] == {"Code": told, "Message": MESSAGE}
    assert got["ResponseMetadata"]["RequestId"] == REQUEST_ID
    assert response.status == status
