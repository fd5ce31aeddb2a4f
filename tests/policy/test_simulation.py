"""Simulations: their verdict is that of a real request, and they tell what each type of policy says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from carnet.policy.case import Case
from carnet.policy.compile import Engine
from carnet.policy.decide import decide
from carnet.policy.decision import Layer, Verdict
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.request import Principal, PrincipalKind
from carnet.policy.resources import is_arn_of
from carnet.policy.simulation import Simulated, Simulation, most_restrictive
from tests.scenarios.test_scenarios import SCENARIOS, read

ACCOUNT, OTHER = "111122223333", "444455556666"
ALICE = Principal(kind=PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT)
OBJECT = "arn:aws:s3:::bucket/key"
FEWEST_CASES = 200


def policy(effect: str, action: str, source: str, grammar: Grammar = Grammar.IDENTITY, **more: Any) -> Policy:
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return parse(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), grammar, source=source)


def of_resource(effect: str, principal: str, resource: str = "arn:aws:s3:::bucket/*") -> Policy:
    named = {"Principal": {"AWS": principal}, "Resource": resource}
    return policy(effect, "s3:*", "resource", Grammar.RESOURCE, **named)


def told(simulated: Simulated) -> list[tuple[Layer, str]]:
    return [(one.layer, one.policy.source) for one in simulated.statements]


READ = policy("Allow", "s3:GetObject", "read")
WRITE = policy("Allow", "s3:PutObject", "write")
NO_READING = policy("Deny", "s3:GetObject", "no reading")
FULL_ACCESS = policy("Allow", "*", "full", Grammar.SCP)


def simulation(**more: Any) -> Simulation:
    return Simulation(**{"principal": ALICE, "keys": {}, **more})


def simulated_of(case: Case) -> Simulation | None:
    """The case as a simulation; None for one that no input of the simulators could describe."""
    request, policies = case.request, case.policies
    resource = [one for one in policies.resource if one.account in ("", policies.owner(request))]
    if policies.session is not None or policies.endpoint or policies.rcp or len(resource) != len(policies.resource):
        return None
    if request.principal.kind not in (PrincipalKind.USER, PrincipalKind.ROLE_SESSION) or len(resource) > 1:
        return None
    context = request.context
    return Simulation(
        principal=request.principal,
        keys={**context.request, **context.resource, **context.principal},
        identity=policies.identity,
        boundary=policies.boundary,
        scp=policies.scp,
        resource=resource[0].policy if resource else None,
        owner=policies.owner(request),
    )


def without_resource_policy(case: Case) -> bool:
    """Whether a real request would be denied for the lack of a policy that a simulation may leave out."""
    foreign = case.policies.owner(case.request) != case.request.principal.account
    kms = is_arn_of(case.request.resource, "kms", "key")
    return not case.policies.resource and (foreign or kms)


def test_the_verdict_is_that_of_a_real_request() -> None:
    asked, engine = 0, Engine()
    for name, _ in SCENARIOS:
        case = read(name)
        simulation = simulated_of(case)
        if simulation is None or without_resource_policy(case):
            continue
        asked += 1
        verdict = simulation.ask(case.request.action, case.request.resource).verdict
        for implementation in (decide, engine.decide):
            expected = implementation(case.request, case.policies)
            if expected.layer is Layer.SCP or not case.policies.scp:
                assert verdict is expected.verdict, name
            assert (verdict is Verdict.ALLOWED) is expected.allowed, name
    assert asked >= FEWEST_CASES


@pytest.mark.parametrize(
    ("resource", "action"),
    [(f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k", "kms:Decrypt"), ("arn:aws:s3:::b/k", "s3:GetObject")],
)
@pytest.mark.parametrize("owner", ["", OTHER])
def test_a_resource_whose_policy_is_not_given_leaves_it_to_the_caller(resource: str, action: str, owner: str) -> None:
    asked = simulation(identity=(policy("Allow", action, "p"),), owner=owner).ask(action, resource)
    assert (asked.verdict, told(asked), asked.by_layer) == (Verdict.ALLOWED, [(Layer.IDENTITY, "p")], None)
    assert simulation(owner=owner).ask(action, resource).verdict is Verdict.IMPLICIT_DENY


def test_a_trust_policy_is_the_policy_of_a_role() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    trusting = {"Principal": {"AWS": ALICE.arn}, "Resource": role}
    trust = policy("Allow", "sts:AssumeRole", "trust", Grammar.RESOURCE, **trusting)
    asked = simulation(resource=trust).ask("sts:AssumeRole", role)
    assert (asked.verdict, told(asked)) == (Verdict.ALLOWED, [(Layer.TRUST, "trust")])
    bounded = simulation(resource=trust, boundary=WRITE).ask("sts:AssumeRole", role)
    assert bounded.verdict is Verdict.IMPLICIT_DENY


class TestWhatDetermined:
    def test_an_allow_of_every_type_but_the_boundary(self) -> None:
        asked = simulation(identity=(READ,), boundary=READ, resource=of_resource("Allow", ALICE.arn))
        assert told(asked.ask("s3:GetObject", OBJECT)) == [(Layer.RESOURCE, "resource"), (Layer.IDENTITY, "read")]

    def test_a_deny_of_every_type(self) -> None:
        denying = {"boundary": NO_READING, "resource": of_resource("Deny", "*")}
        asked = simulation(identity=(READ, NO_READING), **denying).ask("s3:GetObject", OBJECT)
        assert asked.verdict is Verdict.EXPLICIT_DENY
        assert [layer for layer, _ in told(asked)] == [Layer.RESOURCE, Layer.IDENTITY, Layer.BOUNDARY]

    def test_nothing_for_an_implicit_deny(self) -> None:
        asked = simulation(identity=(READ,), boundary=WRITE).ask("s3:GetObject", OBJECT)
        assert (asked.verdict, told(asked), asked.boundary) == (Verdict.IMPLICIT_DENY, [], False)

    def test_a_policy_that_is_attached_twice_counts_once(self) -> None:
        assert told(simulation(identity=(READ, READ)).ask("s3:GetObject", "*")) == [(Layer.IDENTITY, "read")]

    def test_what_needs_no_permission_is_allowed_by_the_boundary_too(self) -> None:
        asked = simulation(boundary=READ).ask("sts:GetCallerIdentity", "*")
        assert (asked.verdict, asked.boundary) == (Verdict.ALLOWED, True)


class TestOrganizations:
    def test_without_service_control_policies_nothing_is_told(self) -> None:
        assert simulation(identity=(READ,)).ask("s3:GetObject", "*").organization is None

    def test_every_level_must_allow(self) -> None:
        levels = ((FULL_ACCESS,), (replace(WRITE, grammar=Grammar.SCP),))
        asked = simulation(identity=(READ,), scp=levels).ask("s3:GetObject", "*")
        assert (asked.verdict, asked.organization) == (Verdict.IMPLICIT_DENY, False)
        assert simulation(identity=(READ,), scp=levels[:1]).ask("s3:GetObject", "*").organization is True

    def test_the_simulation_ends_where_they_deny(self) -> None:
        levels = ((FULL_ACCESS, policy("Deny", "s3:*", "scp", Grammar.SCP)),)
        unknown = policy("Allow", "s3:*", "p", Condition={"Bool": {"aws:SecureTransport": "true"}})
        asked = simulation(identity=(unknown,), boundary=READ, scp=levels).ask("s3:GetObject", "*")
        assert asked == Simulated(verdict=Verdict.EXPLICIT_DENY, organization=False)


class TestAcrossAccounts:
    def test_each_type_of_policy_is_told(self) -> None:
        asked = simulation(boundary=WRITE, resource=of_resource("Allow", ALICE.arn), owner=OTHER)
        by_layer = asked.ask("s3:GetObject", OBJECT).by_layer
        implicit = Verdict.IMPLICIT_DENY
        assert by_layer == {Layer.RESOURCE: Verdict.ALLOWED, Layer.IDENTITY: implicit, Layer.BOUNDARY: implicit}

    def test_the_account_in_the_arn_counts_more_than_the_owner(self) -> None:
        queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
        trusting = {"Principal": {"AWS": ALICE.arn}, "Resource": queue}
        resource = policy("Allow", "sqs:*", "resource", Grammar.RESOURCE, **trusting)
        asked = simulation(resource=resource, owner=OTHER).ask("sqs:SendMessage", queue)
        assert (asked.verdict, asked.by_layer) == (Verdict.ALLOWED, None)

    def test_the_owner_is_a_condition_key(self) -> None:
        condition = {"StringEquals": {"aws:ResourceAccount": OTHER}}
        only_theirs = policy("Allow", "s3:*", "p", Condition=condition)
        assert simulation(identity=(only_theirs,), owner=OTHER).ask("s3:GetObject", OBJECT).verdict is Verdict.ALLOWED
        asked = simulation(identity=(only_theirs,)).ask("s3:GetObject", OBJECT)
        assert (asked.verdict, asked.missing) == (Verdict.IMPLICIT_DENY, ())
        given = simulation(identity=(only_theirs,), keys={"AWS:RESOURCEACCOUNT": OTHER})
        assert given.ask("s3:GetObject", OBJECT).verdict is Verdict.ALLOWED


class TestMissingKeys:
    CONDITIONAL = policy("Allow", "s3:PutObject", "p", Condition={"StringEquals": {"aws:RequestTag/a": "x"}})

    def test_they_are_told_of_every_policy_whatever_its_action(self) -> None:
        boundary = policy("Allow", "*", "b", Condition={"Bool": {"aws:SecureTransport": "true"}})
        asked = simulation(identity=(self.CONDITIONAL,), boundary=boundary).ask("s3:GetObject", "*")
        assert asked.missing == ("aws:RequestTag/a", "aws:SecureTransport")

    def test_a_key_that_is_given_is_not_missing_in_any_case(self) -> None:
        assert simulation(identity=(self.CONDITIONAL,), keys={"AWS:requesttag/A": "y"}).refused().missing == ()

    def test_none_is_told_of_what_is_not_an_implicit_deny(self) -> None:
        for identity in ((READ, self.CONDITIONAL), (NO_READING, self.CONDITIONAL)):
            assert simulation(identity=identity).ask("s3:GetObject", "*").missing == ()


def test_a_question_that_no_request_can_ask_is_denied() -> None:
    asked = simulation(identity=(policy("Allow", "*", "p"),), boundary=READ).refused()
    assert asked == Simulated(verdict=Verdict.IMPLICIT_DENY, boundary=False)
    assert simulation().refused().boundary is None


def test_about_one_action_the_answers_are_the_same() -> None:
    conditional = policy("Allow", "s3:PutObject", "p", Condition={"StringEquals": {"aws:RequestTag/a": "x"}})
    given = {"boundary": READ, "scp": ((FULL_ACCESS, replace(WRITE, grammar=Grammar.SCP)),)}
    asked = simulation(identity=(READ, conditional, NO_READING), resource=of_resource("Allow", "*"), **given)
    for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket"):
        narrowed = asked.about(action)
        assert narrowed.ask(action, OBJECT) == asked.ask(action, OBJECT)
        assert narrowed.refused() == asked.refused()
    assert [len(each.statements) for each in asked.about("s3:PutObject").identity] == [0, 1, 0]


def test_the_most_restrictive_verdict_counts() -> None:
    allowed, implicit, explicit = Verdict.ALLOWED, Verdict.IMPLICIT_DENY, Verdict.EXPLICIT_DENY
    assert most_restrictive([allowed, explicit, implicit]) is explicit
    assert most_restrictive([allowed, implicit]) is implicit
    assert most_restrictive([]) is allowed
