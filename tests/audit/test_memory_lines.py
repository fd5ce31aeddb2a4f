"""The log in memory is bounded, and what it keeps explains itself."""

from __future__ import annotations

import json

from carnet.audit.decisions import DecidedCall, DecisionLog
from carnet.audit.memory_lines import MemoryLines
from tests.audit.test_explanations import denied
from tests.services.world import START


def numbers(lines: MemoryLines) -> list[int]:
    return [json.loads(line)["n"] for line in lines.lines()]


def test_the_newest_lines_are_kept_in_order() -> None:
    lines = MemoryLines(most_bytes=200)
    for number in range(1000):
        lines.follow()
        lines.append({"n": number})
    kept = numbers(lines)
    assert kept == list(range(kept[0], 1000))
    assert 100 <= sum(map(len, lines.lines())) <= 200 + len(b'{"n":999}\n')


def test_several_lines_at_once_are_lines() -> None:
    lines = MemoryLines()
    lines.append({"n": 1}, {"n": 2})
    lines.write(b'{"n":3}\n')
    lines.close()
    assert numbers(lines) == [1, 2, 3]


def test_every_denial_that_is_kept_finds_its_documents() -> None:
    lines = MemoryLines(most_bytes=20_000)
    log = DecisionLog(lines)
    for number in range(100):
        log.write([DecidedCall(decision_id=f"d-{number}", time=START, decided=(denied(),))])
    known: set[str] = set()
    decisions = []
    for line in map(json.loads, lines.lines()):
        if "document" in line:
            known.add(line["document"])
        elif "identity" in line:
            assert known.issuperset(line["identity"])
            known.add(line["policies"])
        elif known:  # what stands before the first document is of a part that is forgotten
            decisions.append(line["decision"])
            assert line["checks"][0]["policies"] in known
    assert decisions[-1] == "d-99"
    assert len(decisions) < 100
