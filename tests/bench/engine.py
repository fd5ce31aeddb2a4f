"""How long the compiled engine takes for a decision, beside its peers in the same run.

Run it in an environment that holds the peers: `PYTHONPATH=src:. python -m tests.bench.engine [--iam-simulate FOLDER]`,
where FOLDER is one in which @cloud-copilot/iam-simulate was installed. The contestants take turns in short rounds, so
that what disturbs the machine disturbs all. Prints microseconds and ratios; nothing passes or fails.
"""

from __future__ import annotations

import argparse
import gc
import platform
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from shutil import which
from statistics import median, quantiles
from time import perf_counter_ns
from timeit import repeat

from msgspec import structs

from carnet.policy.compile import Engine
from carnet.policy.engine.conditions import ConditionCompiler
from carnet.policy.engine.patterns import CompiledArn
from carnet.policy.engine.policy import CompiledPolicy
from carnet.policy.policies import Policies
from carnet.policy.resources import resource_pattern
from tests.bench.engine_peers import Contestant, IamSimulate, Timed, casbin, cedar
from tests.bench.engine_scenarios import (
    PRINCIPAL_KEYS,
    VERBS,
    Question,
    Scenario,
    many_conditions,
    many_globs,
    principal,
    request,
    scenarios,
)

ROUNDS = 20
BATCHES = {"carnet": 500, "floor": 500, "cedarpy": 20, "casbin": 40, "iam-simulate": 2}
"""Requests a round."""

Spent = Mapping[str, list[int]]
"""Contestant to the nanoseconds of each of its decisions."""


def ours(policies: Policies) -> Contestant:
    """The compiled engine."""
    engine = Engine()
    return Timed(lambda question: request(question, principal()), lambda asked: engine.decide(asked, policies).allowed)


def floor() -> Contestant:
    """A Python call with five arguments that looks into a dict."""
    table: dict[str, bool] = {}

    def call(_who: object, _action: str, resource: str, _account: str, _context: object) -> bool:
        return table.get(resource, True)

    return Timed(
        lambda question: request(question, principal()),
        lambda one: call(one.principal, one.action, one.resource, one.resource_account, one.context),
    )


def contest(scenario: Scenario, folder: Path | None) -> Spent:
    """Let all contestants decide in turns, after one round that does not count."""
    random = Random(1)
    found: dict[str, Contestant | None] = {"carnet": ours(scenario.policies()), "floor": floor()}
    found["cedarpy"] = cedar(scenario)
    found["casbin"] = casbin(scenario) if not scenario.resource else None
    node = IamSimulate(scenario, folder) if folder is not None else None
    contestants = {name: one for name, one in (found | {"iam-simulate": node}).items() if one is not None}
    spent: dict[str, list[int]] = {name: [] for name in contestants}
    for turn in range(ROUNDS + 1):
        for name, contestant in contestants.items():
            taken = contestant.nanoseconds([scenario.ask(random) for _ in range(BATCHES[name])])
            spent[name] += taken if turn else []
    if node is not None:
        node.close()
    return spent


def show(scenario: Scenario, spent: Spent) -> float:
    """Print one scenario's lines; gives the engine's median in microseconds."""
    ours_spent, bottom = spent["carnet"], median(spent["floor"])
    mid = median(ours_spent)
    tail = quantiles(ours_spent, n=100)[98]
    print(f"\n{scenario.name}")
    print(f"  carnet        p50 {mid / 1e3:10.2f} us, {mid / bottom:.1f}x floor, p99 {tail / mid:.1f}x p50")
    for name, taken in spent.items():
        if name != "carnet":
            print(f"  {name:13} p50 {median(taken) / 1e3:10.2f} us, {median(taken) / mid:10,.1f}x carnet")
    return mid / 1e3


def first_decisions() -> None:
    """The first decision of an action whose policies are compiled, at 3,000 statements."""
    scenario = scenarios()[2]
    policies = scenario.policies()
    taken: list[int] = []
    for turn in range(5):
        engine = Engine()
        engine.decide(request(scenario.ask(Random(turn)), principal()), policies)
        for verb in range(100):
            service = f"svc{verb % 50}"
            question = Question(
                action=f"{service}:{VERBS[verb % 10]}Thing{verb}",
                resource=f"arn:aws:{service}:eu-west-1:111111111111:thing/p29/x",
                keys={"aws:SecureTransport": "true"},
            )
            asked = request(question, principal())
            begun = perf_counter_ns()
            engine.decide(asked, policies)
            taken.append(perf_counter_ns() - begun)
    print(f"\nfirst decision of an action, 3,000 statements: p50 {median(taken) / 1e3:.0f} us")


def compilation() -> None:
    """Compile cost of a statement of scenarios b and c."""
    for scenario in scenarios()[1:3]:
        policies = scenario.policies().identity

        def compile_all(given: object = policies) -> None:
            assert isinstance(given, tuple)
            conditions = ConditionCompiler()
            for policy in given:
                CompiledPolicy(policy, conditions)

        spent = min(repeat(compile_all, number=1, repeat=9)) / len(scenario.statements)
        print(f"compile, {scenario.name}: {spent * 1e6:.1f} us a statement")


def memory() -> None:
    """What the engine holds for statements, and for principals that share them."""
    scenario = scenarios()[2]
    policies = scenario.policies()
    engine = Engine()
    grown = _grown(lambda: [engine.decide(request(scenario.ask(Random(1)), principal()), policies)])
    print(f"memory: {grown / len(scenario.statements) * 1_000 / 2**20:.2f} MiB for 1,000 statements")
    own = many_conditions(20)
    shared = replace(
        own, identity=[[{**own.statements[0], "Resource": "arn:aws:s3:::${aws:username}/*"}], *own.identity]
    )
    applying = shared.policies()

    def ask_all() -> list[object]:
        for number in range(10_000):
            who = principal(f"u{number}")
            asked = request(shared.ask(Random(number)), who)
            keys = {**PRINCIPAL_KEYS, "aws:username": f"u{number}"}
            engine.decide(structs.replace(asked, context=structs.replace(asked.context, principal=keys)), applying)
        return []

    print(f"memory: {_grown(ask_all) / 2**20:.2f} MiB for 10,000 principals sharing policies with ${{aws:username}}")


def _grown(act: object) -> int:
    assert callable(act)
    gc.collect()
    tracemalloc.start()
    act()
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held


def stars() -> None:
    """A pattern of thirty `*a` and a name of 2,000 characters."""
    arn = "arn:aws:s3:::" + "a" * 2_000
    for end in ("b", "?"):
        match = CompiledArn(resource_pattern("arn:aws:s3:::" + "*a" * 30 + end, variables=True)).match
        assert match is not None
        spent = min(repeat(partial(match, arn), number=100, repeat=20)) / 100
        print(f"30 x '*a' and '{end}' against 2,000 characters: {spent * 1e6:.2f} us")


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iam-simulate", type=Path, default=None, help="folder with iam-simulate's node_modules")
    folder = parser.parse_args().iam_simulate
    if folder is None or which("node") is None:
        print("iam-simulate is left out: it needs Node and --iam-simulate")
        folder = None
    print(f"Python {platform.python_version()}, {platform.machine()}; {ROUNDS} rounds, requests made anew")
    medians = [show(scenario, contest(scenario, folder)) for scenario in scenarios()]
    print(f"\ngrowth from a to c: {medians[2] / medians[0]:.2f}x")
    for scenario in (many_conditions(3_000), many_globs(3_000)):
        show(scenario, contest(scenario, None))
    first_decisions()
    compilation()
    memory()
    stars()


if __name__ == "__main__":
    main()
