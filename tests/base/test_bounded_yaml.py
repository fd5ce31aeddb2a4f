"""YAML is read to a depth, and for no more data than its text may stand for."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from carnet.base import bounded_yaml
from carnet.base.bounded_json import MOST_LEVELS
from carnet.base.bounded_yaml import MOST_REPEATED, TooMuch, compose, load
from carnet.cli.case_file import NotData, read_case_file
from carnet.cli.places import Places
from carnet.gateway.upstreams.configured import UpstreamProblem
from carnet.gateway.upstreams.upstreams_file import read_upstreams_file


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def indented(levels: int) -> str:
    return "".join(f"{' ' * level}a:\n" for level in range(levels))


def laughing(levels: int, *, times: int = 10) -> str:
    """What stands for `times` to the power of `levels` values."""
    lines = [f"a0: &a0 [{', '.join(['lol'] * times)}]"]
    for before, level in pairwise(range(levels)):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{before}'] * times)}]")
    return "\n".join(lines)


@pytest.mark.parametrize("text", [nested, indented])
@pytest.mark.parametrize("read", [load, compose])
def test_the_depth_has_a_bound(text: object, read: object) -> None:
    assert callable(text)
    assert callable(read)
    read(text(MOST_LEVELS))
    with pytest.raises(TooMuch, match="nested too deeply"):
        read(text(MOST_LEVELS + 1))


def test_aliases_add_to_the_depth() -> None:
    chain = [f"a{number}: &a{number} [*a{number - 1}]" for number in range(1, MOST_LEVELS - 1)]
    load("\n".join(["a0: &a0 [x]", *chain]))
    with pytest.raises(TooMuch, match="nested too deeply"):
        load("\n".join(["a0: &a0 [x]", *chain, f"b: [*a{MOST_LEVELS - 2}]"]))


def test_what_aliases_stand_for_has_a_bound() -> None:
    whole = "a: &a [" + ", ".join(["x"] * 99) + "]\n"  # 100 values, the list being one
    fits = whole + "b: [" + ", ".join(["*a"] * (MOST_REPEATED // 100)) + "]"
    assert len(load(fits)["b"]) == 1_000
    with pytest.raises(TooMuch, match="aliases stand for more than 100,000 values"):
        load(fits[:-1] + ", *a]")
    assert len(load("[" + ", ".join(["x"] * (MOST_REPEATED + 1)) + "]")) == MOST_REPEATED + 1, "what is written is not"


def test_nothing_stands_within_itself() -> None:
    with pytest.raises(TooMuch, match=r"\*a stands within itself"):
        load("&a [x, *a]")
    assert load("[&a [x], *a]") == [["x"], ["x"]]


def test_what_is_no_yaml_is_told_as_ever() -> None:
    with pytest.raises(yaml.YAMLError, match="undefined alias"):
        load("[*a]")
    with pytest.raises(yaml.YAMLError):
        load("a: [")
    assert load("") is compose("") is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (nested(500), "nested too deeply"),
        (nested(100_000), "maximum nesting depth|nested too deeply|neither JSON nor YAML"),
        (indented(500), "nested too deeply"),
        (laughing(9), "aliases stand for more than"),
        ("a: &a [*a]", "stands within itself"),
    ],
)
def test_every_reader_of_files_says_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(NotData, match=complaint) as told:
        read_case_file(text.encode(), "a.yaml")
    assert told.value.place is not None
    path = tmp_path / "upstreams.yaml"
    path.write_text(text)
    with pytest.raises(UpstreamProblem, match=complaint):
        read_upstreams_file(path)
    assert Places(text).of(".a0") is None


def test_the_loader_is_libyaml_s_where_it_is_there() -> None:
    assert issubclass(bounded_yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
