"""Reading a document takes time in proportion to its length, whatever stands in it. Steps are counted, not seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from carnet.base.faults import Malformed
from carnet.policy.document import Grammar, counted_size, parse, understand
from tests.policy.builders import allow, document

SMALL, LARGE = 5_000, 40_000
TIMES = LARGE // SMALL


def statement(**elements: Any) -> str:
    return document(allow(**elements))


ADVERSARIES: dict[str, Callable[[int], str]] = {
    "nesting": lambda n: "[" * n,
    "nesting within the limit": lambda n: '{"Statement":[' + ",".join(["[" * 30 + "]" * 30] * (n // 60)) + "]}",
    "names": lambda n: "{" + ",".join(f'"{i:06}":1' for i in range(n // 11)) + "}",
    "one name again and again": lambda n: "{" + ",".join(['"a":1'] * (n // 6)) + "}",
    "a long number": lambda n: '{"Statement":' + "9" * n + "}",
    "numbers": lambda n: statement(Condition={"NumericEquals": {"a:b": [10**20] * (n // 22)}}),
    "digits of one number": lambda n: statement(Condition={"NumericEquals": {"a:b": "9" * n}}),
    "digits of one date": lambda n: statement(Condition={"DateEquals": {"a:b": "9" * n}}),
    "escapes": lambda n: '{"Id":"' + "\\u0041" * (n // 6) + '"}',
    "an open string": lambda n: '{"Id":"' + "\\\\" * (n // 2),
    "blanks": lambda n: "{" + " " * n,
    "blanks between": lambda n: "[" + ", ".join("1" * (n // 3)) + "]",
    "statements": lambda n: document(*[allow()] * (n // 52)),
    "lines of statements": lambda n: document(*[allow()] * (n // 52)).replace("}, ", "},\n"),
    "statements that are not understood": lambda n: document(*[{"Effect": "Deny", "X": 1}] * (n // 26)),
    "conditions that are not understood": lambda n: statement(Condition={f"X{i}": {"a": "b"} for i in range(n // 22)}),
    "actions": lambda n: statement(Action=["a:*"] * (n // 7)),
    "resources": lambda n: statement(Resource=["arn:aws:s3:::a*"] * (n // 19)),
    "colons": lambda n: statement(Resource="arn:aws:s3" + ":" * n),
    "variables in a Region": lambda n: statement(Resource="arn:aws:ec2:" + "${a}" * (n // 4) + ":1:x"),
    "open variables": lambda n: statement(Resource="arn:aws:s3:::" + "${" * (n // 2)),
    "wildcards": lambda n: statement(Resource="arn:aws:s3:::" + "*?" * (n // 2)),
    "dashes in a Region": lambda n: statement(Resource="arn:aws:ec2:" + "a-" * (n // 2) + "b:1:x"),
}


def steps(read: Callable[[], object]) -> int:
    """The lines of Python that run."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read()
    except Malformed:
        pass
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", ADVERSARIES)
def test_steps_grow_with_the_length(name: str) -> None:
    small, large = ADVERSARIES[name](SMALL), ADVERSARIES[name](LARGE)
    assert len(large) <= 1.2 * LARGE
    for read in (parse, understand):
        few, many = (steps(lambda text=text, read=read: read(text, Grammar.IDENTITY)) for text in (small, large))  # type: ignore[misc]
        assert many <= 1.3 * TIMES * few + 2_000
        assert many <= 60 * len(large), "and few for each character"


def test_the_length_is_counted_in_no_steps_of_python() -> None:
    assert steps(lambda: counted_size(" a" * 100)) == steps(lambda: counted_size(" a" * 10_000))


def test_a_statement_s_place_is_found_without_reading_all_before_it() -> None:
    """Steps do not show how much one call of C looks at: none may look at the text again for each statement."""
    looked: list[int] = []

    class Watched(str):
        __slots__ = ()

        def count(self, *arguments: Any) -> int:
            looked.append(len(self))
            return super().count(*arguments)

        def rfind(self, *arguments: Any) -> int:
            looked.append(len(self))
            return super().rfind(*arguments)

        def __getitem__(self, index: Any) -> str:
            part = super().__getitem__(index)
            looked.append(len(part))
            return Watched(part)

    text = Watched(document(*[allow()] * 500))
    understand(text, Grammar.IDENTITY)
    assert sum(looked) <= 2 * len(text)
