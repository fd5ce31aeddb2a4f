"""Objects as lines of a log: whatever they hold, there is one line, and it can be read again."""

from __future__ import annotations

import json

import orjson
import pytest

from carnet.audit.json_line import line_of


def test_an_event_is_not_lost_for_half_of_a_surrogate_pair() -> None:
    line = line_of({"a\ud800": ["b\udfff", {"c": 1, "d": None}], "e": "ü"})
    assert json.loads(line) == {"a?": ["b?", {"c": 1, "d": None}], "e": "ü"}
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1


def test_what_is_no_json_is_no_line() -> None:
    with pytest.raises(orjson.JSONEncodeError):
        line_of({"a": object()})
