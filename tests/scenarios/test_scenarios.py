"""Every scenario of this folder, put to both implementations of the decision.

A scenario's expectation rests on the AWS page it names, never on what an implementation answers.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from carnet.policy.case import Case, read_case
from carnet.policy.decide import decide as written_rule
from carnet.policy.decision import Decision, Verdict
from carnet.policy.policies import Policies
from carnet.policy.request import Request

FEWEST_CASES = 300
LEAST_SHARE = 0.15
"""Of all cases, that each of the three verdicts must have."""

Scenario = tuple[str, dict[str, Any]]
Decide = Callable[[Request, Policies], Decision]


def scenarios() -> list[Scenario]:
    """(file::name, the case as data) of every case in every file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, where it is there, is ten times as fast
    found: list[Scenario] = []
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        cases = yaml.load(path.read_text("utf-8"), loader)
        found += [(f"{path.stem}::{case['name']}", case) for case in cases]
    return found


SCENARIOS = scenarios()
BY_NAME = dict(SCENARIOS)


def implementations() -> dict[str, Decide]:
    found: dict[str, Decide] = {"written rule": written_rule}
    if importlib.util.find_spec("carnet.policy.compile") is not None:
        found["compiled engine"] = importlib.import_module("carnet.policy.compile").Engine().decide
    return found


IMPLEMENTATIONS = implementations()


@cache
def read(scenario: str) -> Case:
    return read_case(BY_NAME[scenario])


@pytest.mark.parametrize("scenario", BY_NAME, ids=list(BY_NAME))
@pytest.mark.parametrize("decide", IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS)
def test_scenario(scenario: str, decide: Decide) -> None:
    case = read(scenario)
    decision = decide(case.request, case.policies)
    assert decision.verdict is case.verdict, f"{decision}\n{case.doc}"
    if case.layer is not None:
        assert decision.layer is case.layer, f"{decision}\n{case.doc}"


def test_there_are_enough_scenarios() -> None:
    assert len(SCENARIOS) >= FEWEST_CASES


def test_names_are_unique() -> None:
    assert not [name for name, times in Counter(name for name, _ in SCENARIOS).items() if times > 1]


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_is_well_represented(verdict: Verdict) -> None:
    share = sum(case["expect"] == verdict for _, case in SCENARIOS) / len(SCENARIOS)
    assert share >= LEAST_SHARE


def test_each_scenario_names_its_documentation() -> None:
    assert [name for name, case in SCENARIOS if not case["doc"].startswith("https://docs.aws.amazon.com/")] == []


def test_each_scenario_has_an_expectation() -> None:
    assert [name for name, _ in SCENARIOS if read(name).verdict is None] == []
