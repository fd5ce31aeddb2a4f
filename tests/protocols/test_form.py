"""Fields of query strings and forms."""

from __future__ import annotations

import pytest

from carnet.protocols.form import parameters, read_query
from carnet.protocols.unreadable import Unreadable


def test_what_stands_between_two_ampersands_is_no_field() -> None:
    assert read_query("&&a=1&&&b=&") == (("a", "1"), ("b", ""))
    assert parameters("&&", b"a=1&&b=2&&") == {"a": "1", "b": "2"}


def test_a_field_without_a_name_is_one() -> None:
    with pytest.raises(Unreadable, match="is given more than once"):
        parameters("", b"=1&=2")
