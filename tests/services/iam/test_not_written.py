"""Every operation of a service is written, or stands on the list of those that are not."""

from __future__ import annotations

import pytest

from carnet import models
from carnet.services.registry import SERVICES


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_operation_is_written_or_on_the_list(name: str) -> None:
    service = SERVICES[name]
    assert service.operations.keys() | service.not_written == models.service(name).operations.keys()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_is_on_the_list_is_not_written(name: str) -> None:
    assert not SERVICES[name].operations.keys() & SERVICES[name].not_written
