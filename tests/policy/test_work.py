"""How much work a decision is: what is counted is what is done, and beyond the limit nothing is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType
from typing import Any

import pytest

from carnet.policy import work
from carnet.policy.aws_facts import RCP_SERVICES
from carnet.policy.compile import Engine
from carnet.policy.context_keys import lookup
from carnet.policy.decide import UNWEIGHED, decide
from carnet.policy.decision import Verdict
from carnet.policy.policies import Policies
from carnet.policy.remedy import remedy
from carnet.policy.request import Request, Value
from carnet.policy.simulation import Simulation
from carnet.policy.trace import explain
from carnet.policy.work import TOO_MUCH_WORK, Steps, steps_of, together
from tests.bench.worst_case import AGENT, Shape, known_shapes, policies_of, request_of
from tests.policy.builders import ALICE, allow, deny, policy, request, resource_policy

TAGS = {"aws:TagKeys": ("a", "b", "c")}


def counted(asked: Request, policies: Policies) -> int:
    """The steps of a decision whose policies all cover the action."""
    steps = together(steps_of(statement) for one in policies.every() for statement in one.statements)
    return steps.fixed + sum(
        each * (1 if isinstance(value := lookup(asked.context, key), str) or value is None else len(value))
        for key, each in steps.for_each_value.items()
    )


QUESTIONS: Mapping[str, tuple[Policies, Mapping[str, Value]]] = {
    "resources": (Policies(identity=(policy(allow(Resource=["arn:aws:s3:::a*b", "arn:aws:s3:::*?c"])),)), {}),
    "a resource's policy": (
        Policies(identity=(policy(allow()),), resource=resource_policy(deny(Principal={"AWS": ["1" * 12, "*"]}))),
        {},
    ),
    "values": (Policies(identity=(policy(allow(Condition={"StringLike": {"aws:Referer": ["a*b", "c"]}})),)), {}),
    "values of a multivalued key": (
        Policies(identity=(policy(allow(Condition={"ForAllValues:StringLike": {"aws:TagKeys": ["a*b", "c*"]}})),)),
        TAGS,
    ),
    "a multivalued key without a value": (
        Policies(identity=(policy(allow(Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}})),)),
        {},
    ),
    "all layers": (
        Policies(
            identity=(policy(allow()),),
            boundary=policy(allow()),
            session=(policy(deny(Resource="arn:aws:s3:::x")),),
            scp=((policy(allow()),), (policy(allow()), policy(deny(NotResource="arn:aws:s3:::x*")))),
        ),
        {},
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_limit_has_two_sides(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    policies, keys = QUESTIONS[name]
    asked = request(keys=keys)
    steps = counted(asked, policies)
    engine = Engine()
    monkeypatch.setattr(work, "MOST_STEPS", steps)
    within = [decide(asked, policies), engine.decide(asked, policies), explain(asked, policies).decision]
    assert UNWEIGHED not in within
    monkeypatch.setattr(work, "MOST_STEPS", steps - 1)
    beyond = [decide(asked, policies), Engine().decide(asked, policies), explain(asked, policies).decision]
    assert beyond == [UNWEIGHED] * 3


def test_one_value_more_is_too_much_and_the_next_request_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    policies, _ = QUESTIONS["values of a multivalued key"]
    few, many = request(keys={"aws:TagKeys": ("c1",)}), request(keys={"aws:TagKeys": ("c1", "c2")})
    monkeypatch.setattr(work, "MOST_STEPS", counted(few, policies))
    engine = Engine()
    for _ in range(2):
        assert engine.decide(few, policies).allowed
        assert engine.decide(many, policies) is UNWEIGHED


def test_what_is_about_other_actions_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [deny(Action="ec2:*", Resource=[f"arn:aws:ec2:::x{number}*" for number in range(50)])]
    policies = Policies(identity=(policy(allow(Action="s3:*"), *others),))
    monkeypatch.setattr(work, "MOST_STEPS", 2)
    for decide_ in (decide, Engine().decide):
        assert decide_(request(), policies).allowed
        assert decide_(request(action="ec2:RunInstances"), policies) == UNWEIGHED


def test_what_needs_no_permission_is_never_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_STEPS", 0)
    policies, asked = Policies(identity=(policy(allow()),)), request(action="sts:GetCallerIdentity")
    assert decide(asked, policies).allowed
    assert Engine().decide(asked, policies).allowed


def test_only_what_can_become_too_much_is_looked_at_in_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Steps] = []

    def look(steps: Steps, _: object) -> bool:
        looked.append(steps)
        return False

    monkeypatch.setattr(Steps, "are_too_many", look)
    engine = Engine()
    few = Policies(identity=(policy(allow(Condition={"ForAnyValue:StringLike": {"aws:TagKeys": ["a"] * 16}})),))
    many = Policies(identity=(policy(allow(Condition={"ForAnyValue:StringLike": {"aws:TagKeys": ["a"] * 17}})),))
    for _ in range(3):
        engine.decide(request(keys=TAGS), few)
        assert not looked
    for times in (1, 2):
        engine.decide(request(keys=TAGS), many)
        assert len(looked) == times


def test_everybody_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_STEPS", 0)
    policies, asked = Policies(identity=(policy(allow()),)), request()
    trace = explain(asked, policies)
    assert trace.render().startswith(f"implicitDeny: {TOO_MUCH_WORK}\n")
    assert (trace.as_dict()["problem"], trace.as_dict()["layer"], trace.as_dict()["layers"]) == (
        TOO_MUCH_WORK,
        None,
        [],
    )
    assert f"No statement can allow it: {TOO_MUCH_WORK}." in remedy(asked, policies).render()
    simulated = Simulation(principal=ALICE, keys={}, identity=policies.identity).ask(asked.action, asked.resource)
    assert simulated.verdict is Verdict.IMPLICIT_DENY


def lines(do: Callable[[], object]) -> int:
    """The lines of Python that run."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        do()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("shape", known_shapes(policies=1), ids=lambda shape: shape.name)
def test_what_is_counted_is_what_is_done(shape: Shape) -> None:
    """Each line is a bounded number of passes of C over the pattern and the value."""
    policies = policies_of(shape)
    asked = [request_of(shape, number) for number in range(3)]
    steps = counted(asked[0], policies)
    written = sum(len(one.to_json()) for one in policies.every())
    values = max((1 if isinstance(value, str) else len(value) for value in shape.keys.values()), default=1)
    assert steps <= written * values
    engine = Engine()
    engine.decide(asked[0], policies)
    assert lines(partial(engine.decide, asked[1], policies)) <= 100 + 15 * steps
    assert lines(partial(decide, asked[2], policies)) <= 100 + 200 * steps


def test_a_decision_of_the_worst_kind_is_refused_before_it_is_begun() -> None:
    patterns = ["*a?" + str(number) for number in range(550)]
    statements = allow(Condition={"ForAnyValue:StringLike": {"aws:TagKeys": patterns}})
    policies = Policies(identity=tuple(policy(statements, source=str(number)) for number in range(20)))
    engine = Engine()
    few, many = (request(keys={"aws:TagKeys": (AGENT[:128],) * count}) for count in (1, 50))
    assert not engine.decide(few, policies).problem
    assert engine.decide(many, policies) is UNWEIGHED
    assert lines(partial(engine.decide, many, policies)) < 500
    assert decide(many, policies, rcp_services=RCP_SERVICES) == UNWEIGHED
