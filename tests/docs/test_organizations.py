"""What the page on organizations says of the file holds for the reader and the export."""

from __future__ import annotations

import re
from pathlib import Path

from carnet.provisioning.estates.document import read_estate
from tests.provisioning.test_estates import ESTATE

PAGE = Path("docs/organizations.md").read_text()


def test_the_page_names_every_member_of_the_file() -> None:
    rows = dict(re.findall(r"^\| `([A-Za-z]+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert set(rows) == set(ESTATE)
    for name, value in ESTATE.items():
        one = value[0] if isinstance(value, list) else value
        assert set(one) <= set(re.findall(r"`(\w+)`", rows[name])), name


def test_members_that_aws_makes_are_passed_over() -> None:
    read_estate({**ESTATE, "Roots": [{**ESTATE["Roots"][0], "Arn": "arn:aws:organizations::1:root/o-x/r-ab12"}]})
