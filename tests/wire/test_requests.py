"""For every operation of every service: what botocore sends is routed to it and read back as it was given."""

from __future__ import annotations

import pytest

from carnet.models import SERVICES, Operation, Protocol, service
from carnet.protocols.parse import parse
from carnet.protocols.routing import route
from tests.wire.client import as_get, serialized
from tests.wire.samples import Samples, equal

OPERATIONS = [operation for name in SERVICES for operation in service(name).operations.values()]
FORMS = (Protocol.QUERY, Protocol.EC2)
ROUNDS = 8


def _id(operation: Operation) -> str:
    return f"{operation.service.name}:{operation.name}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=_id)
def test_what_botocore_sends_is_read_back_equal(operation: Operation) -> None:
    for seed in range(ROUNDS):
        protocol = operation.service.protocol
        samples = Samples(f"{_id(operation)}:{seed}", forms=protocol in FORMS, ec2=protocol is Protocol.EC2)
        given = samples.structure(operation.input) if operation.input else {}
        request = serialized(operation, given)
        routed = route(request)
        assert routed.operation is operation
        got = parse(routed, request)
        assert equal(given, got), (given, got)


@pytest.mark.parametrize("operation", list(service("sts").operations.values()), ids=_id)
def test_a_query_operation_may_be_asked_by_get(operation: Operation) -> None:
    assert operation.input is not None
    given = Samples(operation.name, forms=True).structure(operation.input)
    request = as_get(serialized(operation, given))
    routed = route(request)
    assert routed.operation is operation
    assert equal(given, parse(routed, request))


def test_the_samples_reach_every_member() -> None:
    """The proof above would be empty if the samples left out members."""
    for operation in OPERATIONS:
        if operation.input:
            forms = operation.service.protocol in FORMS
            seen = {name for seed in range(60) for name in Samples(f"{seed}", forms=forms).structure(operation.input)}
            assert seen == set(operation.input.members), _id(operation)
