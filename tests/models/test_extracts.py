"""The extracts of models are what botocore says of the same operations, and serve as botocore's model does."""

from __future__ import annotations

import json

import pytest

from carnet.models import Protocol, service
from tools.build_models import DATA, EXTRACTS, extract


@pytest.mark.parametrize("name", EXTRACTS)
def test_an_extract_is_up_to_date(name: str) -> None:
    assert json.loads((DATA / f"{name}.json").read_text("utf-8")) == extract(name)
    assert set(service(name).operations) == set(EXTRACTS[name])


def test_of_several_protocols_the_one_that_botocore_speaks_is_taken() -> None:
    assert service("resourcegroupstaggingapi").protocol is Protocol.JSON
    assert service("resourcegroupstaggingapi").model.protocol == "smithy-rpc-v2-cbor"
