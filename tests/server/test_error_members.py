"""Further members of a modelled error, from the fault in a body to the client that botocore makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.base.faults import FAULTS, Refused, TooMany
from carnet.services.operation import Answer, Call
from carnet.services.organizations.voice import VOICE
from carnet.services.service import Service
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.test_callers import own

REASON = {"Reason": "OU_NUMBER_LIMIT_EXCEEDED"}


def organizations() -> Service:
    codes = dict.fromkeys(FAULTS, "ServiceException") | {TooMany: "ConstraintViolationException"}
    made = Service("organizations", fault_codes=codes, voice=VOICE)

    @made.read("ListRoots", on=own)
    def list_roots(call: Call, given: Any) -> Answer:
        raise TooMany("There are too many.", REASON)

    return made


def access_analyzer() -> Service:
    made = Service("accessanalyzer", fault_codes=dict.fromkeys(FAULTS, "InternalServerException"))

    @made.read("ListAnalyzers", on=own)
    def list_analyzers(call: Call, given: Any) -> Answer:
        raise Refused("ThrottlingException", "Slow down.", {"retryAfterSeconds": 3})

    @made.read("GetAnalyzer", on=own)
    def get_analyzer(call: Call, given: Any) -> Answer:
        raise Refused("ResourceNotFoundException", "It is not there.", {"resourceId": "a<b", "resourceType": "A"})

    return made


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcessServer]:
    services = {service.name: service for service in (organizations(), access_analyzer())}
    monkeypatch.setattr("carnet.assembly.worker.SERVICES", services)
    with in_process_server(tmp_path) as running:
        yield running


def test_of_an_input_that_breaks_the_model(server: InProcessServer) -> None:
    with pytest.raises(ClientError) as caught:
        server.client("organizations").list_roots(MaxResults=21)
    response: Any = caught.value.response
    assert response["Error"] == {"Code": "InvalidInputException", "Message": "You specified an invalid value."}
    assert response["Reason"] == "MAX_VALUE_EXCEEDED:MAX_RESULTS"


def test_of_a_json_error(server: InProcessServer) -> None:
    with pytest.raises(ClientError) as caught:
        server.client("organizations").list_roots()
    response: Any = caught.value.response
    assert response["Error"] == {"Code": "ConstraintViolationException", "Message": "There are too many."}
    assert response["Reason"] == REASON["Reason"]


def test_of_a_rest_json_error_in_the_body_and_in_the_head(server: InProcessServer) -> None:
    analyzer = server.client("accessanalyzer")
    with pytest.raises(ClientError) as caught:
        analyzer.get_analyzer(analyzerName="a")
    response: Any = caught.value.response
    assert (response["resourceId"], response["resourceType"]) == ("a<b", "A")
    with pytest.raises(ClientError) as caught:
        analyzer.list_analyzers()
    response = caught.value.response
    assert response["retryAfterSeconds"] == 3
