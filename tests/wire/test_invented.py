"""The traits that no real service of the eight uses are read and written as botocore does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carnet.models import Operation, Protocol
from carnet.protocols import rest_paths
from carnet.protocols.form import read_form, read_query
from carnet.protocols.parse import parse
from carnet.protocols.routing import Routed
from carnet.protocols.write import write
from tests.wire import invented
from tests.wire.client import parsed, serialized
from tests.wire.samples import Samples, equal

RPC = [invented.QUERY, invented.EC2, invented.JSON]
FORMS = (Protocol.QUERY, Protocol.EC2)
REST = [invented.REST_BODY, invented.REST_STRUCTURE, invented.REST_BLOB, invented.REST_TEXT]
ROUNDS = 40


def _id(operation: Operation) -> str:
    return f"{operation.service.protocol}:{operation.name}"


def _read_back(operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    request = serialized(operation, given)
    if operation.service.protocol is Protocol.REST_JSON:
        query = read_query(request.query)
        found = rest_paths.find(operation.service, request.method, request.path, query)
        assert found is not None
        return parse(Routed(operation=operation, labels=found[1], query=query), request)
    fields = dict(read_form(request.body)) if operation.service.protocol in FORMS else {}
    return parse(Routed(operation=operation, fields=fields), request)


def _input(operation: Operation, seed: int) -> dict[str, Any]:
    assert operation.input is not None
    protocol = operation.service.protocol
    given = Samples(seed, forms=protocol in FORMS, ec2=protocol is Protocol.EC2).structure(operation.input)
    if "Extra" in given:
        given["Extra"] = {"any": ["json", seed]}
    return _sendable(given)


def _sendable(given: dict[str, Any]) -> dict[str, Any]:
    """Without what is told like nothing when it is empty: header lists and maps, payloads, renamed flat lists."""
    untold = ("Sizes", "Notes", "Content", "Only", "FlatNamed")
    given = {name: value for name, value in given.items() if value or name not in untold}
    if "Notes" in given:
        given["Notes"] = {f"k{number}": "plain" for number, _ in enumerate(given["Notes"])}
    return given


@pytest.mark.parametrize("operation", [*RPC, *REST], ids=_id)
def test_input(operation: Operation) -> None:
    for seed in range(ROUNDS):
        given = _input(operation, seed)
        got = _sendable(_read_back(operation, given))
        assert equal(given, got), (given, got)


@pytest.mark.parametrize("operation", RPC, ids=_id)
def test_output(operation: Operation) -> None:
    for seed in range(ROUNDS):
        assert operation.output is not None
        given = Samples(seed, forms=False).structure(operation.output)
        if operation.service.protocol is Protocol.QUERY:
            # XML without elements for a flattened list or map does not tell empty from absent.
            given = {name: value for name, value in given.items() if value or not name.startswith("Flat")}
        got = parsed(operation.service, write(operation, given, "id"), operation.output)
        assert equal(given, got), (given, got)


@pytest.mark.parametrize("operation", REST, ids=_id)
def test_rest_output(operation: Operation) -> None:
    for seed in range(ROUNDS):
        assert operation.output is not None
        given = {**Samples(seed, forms=False).structure(operation.output), "Status": 202}
        if "Extra" in given:
            given["Extra"] = {"any": ["json", seed]}
        if isinstance(given.get("Content"), bytes):
            given["Content"] = b"\x00 bytes that are text, too"
        given = _sendable(given)
        response = write(operation, given, "id")
        assert response.status == 202
        got = parsed(operation.service, response, operation.output)
        if isinstance(got.get("Content"), str):
            # botocore hands on a payload of bytes as text.
            given["Content"] = response.body.decode()
        assert equal(given, {name: value for name, value in got.items() if value or name in given})


def test_a_status_that_no_member_says_is_the_model_s() -> None:
    assert write(invented.REST_BODY, {}, "id").status == 201


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x", "a\x00", "é"])
def test_a_header_cannot_be_ended_by_its_value(value: str) -> None:
    with pytest.raises(ValueError, match="not fit for a header"):
        write(invented.REST_BODY, {"Notes": {"k": value}}, "id")
