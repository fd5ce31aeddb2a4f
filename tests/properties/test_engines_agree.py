"""The compiled engine and the written rule decide alike, in worlds where every verdict is frequent.

Thousands of cases here; millions with `python -m tests.properties.fuzz`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from carnet.policy import work
from carnet.policy.compile import Engine
from carnet.policy.decide import decide
from carnet.policy.decision import Verdict
from carnet.policy.engine.context_reader import ContextReader
from carnet.policy.engine.entry_index import EntryIndex
from carnet.policy.engine.principals import CompiledPrincipals
from carnet.policy.principals import Named
from carnet.policy.request import Context, Values
from tests.profiles import fewer
from tests.properties.agreement import LEAST_SHARE, Comparison, Disagreement
from tests.properties.worlds import Maker, World, worlds

SEEDED_WORLDS = 400


@settings(max_examples=fewer(50), suppress_health_check=list(HealthCheck))
@given(worlds(requests=6))
def test_the_engines_agree(world: World) -> None:
    Comparison().compare(world)


def test_the_engines_agree_with_one_memory_for_all_and_every_verdict_is_frequent() -> None:
    comparison = _compare(Engine(), SEEDED_WORLDS)

    sys.stdout.write(comparison.report())
    assert comparison.cases > 5_000
    assert all(comparison.share(verdict) >= LEAST_SHARE for verdict in Verdict), comparison.report()


def test_the_engines_agree_when_nothing_is_remembered_for_long() -> None:
    assert _compare(Engine(room=3), SEEDED_WORLDS // 4).cases > 1_000


def test_the_engines_refuse_the_same_requests_as_too_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_STEPS", 22)
    refused, weighed = 0, 0
    engine = Engine()
    for seed in range(SEEDED_WORLDS // 8):
        world = Maker(Random(seed)).world(12)
        Comparison(engine).compare(world)
        for request in world.requests:
            problem = decide(request, world.policies).problem
            refused, weighed = refused + bool(problem), weighed + (not problem)
    assert min(refused, weighed) > 100


def test_a_list_of_values_counts_as_the_tuple_of_them() -> None:
    engine, lists = Engine(), 0
    for seed in range(SEEDED_WORLDS // 4):
        world = Maker(Random(seed)).world(12)
        for request in world.requests:
            listed = replace(request, context=_listed(request.context))
            lists += listed.context != request.context
            decision = decide(request, world.policies)
            assert engine.decide(listed, world.policies) == decide(listed, world.policies) == decision
    assert lists > 500


def _listed(context: Context) -> Context:
    """The context with lists in place of tuples."""

    def listed(values: Values) -> Any:
        return {key: value if isinstance(value, str) else list(value) for key, value in values.items()}

    return Context(
        principal=listed(context.principal), request=listed(context.request), resource=listed(context.resource)
    )


def _blind_to_principals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompiledPrincipals, "names", lambda *_, **__: Named.DIRECTLY)


def _index_that_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EntryIndex, "candidates", lambda *_: ())


def _only_first_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    value = ContextReader.value
    monkeypatch.setattr(ContextReader, "value", lambda reader, key: value(reader, key) or "")


@pytest.mark.parametrize("fault", [_blind_to_principals, _index_that_finds_nothing, _only_first_namespace])
def test_a_wrong_engine_is_found_out(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)

    with pytest.raises(Disagreement):
        _compare(Engine(), SEEDED_WORLDS)


def _compare(engine: Engine, count: int) -> Comparison:
    comparison = Comparison(engine)
    for seed in range(count):
        comparison.compare(Maker(Random(seed)).world(12))
    return comparison
