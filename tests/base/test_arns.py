"""Amazon Resource Names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.arns import Arn, parse_arn, root_arn

PART = st.text("abc-123/", max_size=6)


@given(partition=st.text("abc-", min_size=1), service=st.text("abc", min_size=1), rest=st.tuples(PART, PART))
def test_an_arn_is_read_as_it_is_written(partition: str, service: str, rest: tuple[str, str]) -> None:
    arn = Arn(partition, service, *rest, "user/a:b")
    assert parse_arn(str(arn)) == arn


@pytest.mark.parametrize(
    "text", ["", "arn", "arn:aws:iam::1", "urn:aws:iam::1:user/a", "arn::iam::1:x", "arn:aws:iam::1:"]
)
def test_other_texts_are_no_arns(text: str) -> None:
    assert parse_arn(text) is None


def test_root_has_no_region() -> None:
    assert root_arn("aws-cn", "111122223333") == "arn:aws-cn:iam::111122223333:root"
