"""The operations page names every operation that is written, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from carnet import models
from carnet.services.registry import SERVICES

PAGE = Path("docs/operations.md").read_text()


def test_the_page_names_what_is_written() -> None:
    for service in SERVICES.values():
        section = PAGE.split(f"## {service.name}\n")[1].split("\n## ")[0]
        named = set(re.findall(r"`(\w+)`", section))
        assert named == set(service.operations)


def test_an_operation_is_written_or_known_to_be_missing() -> None:
    for service in SERVICES.values():
        modelled = set(models.service(service.name).operations)
        assert set(service.operations) | service.not_written == modelled
        assert not set(service.operations) & service.not_written


def test_nothing_of_iam_and_sts_is_missing() -> None:
    assert not SERVICES["iam"].not_written
    assert not SERVICES["sts"].not_written
