"""Laws that hold for every request and every set of policies."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from carnet.policy.decide import decide
from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, PrincipalKind, Request, Value
from carnet.policy.trace import explain
from tests.policy.builders import (
    ACCOUNT,
    ALICE,
    ANONYMOUS,
    FEDERATED,
    OTHER,
    ROOT,
    SERVICE,
    SESSION,
    document,
)
from tests.profiles import fewer

ACTIONS = ("s3:GetObject", "s3:PutObject", "kms:Decrypt", "ec2:RunInstances")
RESOURCES = (
    "*",
    "arn:aws:s3:::home/alice/a",
    "arn:aws:s3:::home/*/a",
    f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/a",
)
ACTION_PATTERNS = st.sampled_from((*ACTIONS, *("*",) * 6, "s3:*", "S3:get*", "kms:?ecrypt", "kms:*"))
RESOURCE_PATTERNS = st.sampled_from(
    (
        *("*",) * 4,
        "arn:aws:s3:::*",
        "arn:aws:s3:::home/${aws:username, 'bob'}/*",
        "arn:aws:s3:::home/${aws:username}/*",
        "arn:aws:s3:::home/${*}/?",
        "arn:*:kms:*:*:key/*",
    )
)
PRINCIPAL_VALUES = st.sampled_from(
    (ALICE.arn, SESSION.arn, SESSION.role_arn, ACCOUNT, OTHER, f"arn:aws:iam::{ACCOUNT}:root", "*")
)

CONDITIONS = st.sampled_from(
    (
        *({},) * 8,
        {"Bool": {"aws:SecureTransport": "true"}},
        {"BoolIfExists": {"aws:SecureTransport": "true"}},
        {"StringEquals": {"aws:PrincipalTag/Team": ["red", "blue"]}},
        {"StringNotEquals": {"AWS:principaltag/team": "red"}},
        {"StringNotLike": {"aws:username": "${aws:PrincipalTag/team}*"}},
        {"ForAllValues:StringLike": {"aws:TagKeys": ["a*", "b"]}},
        {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}, "Null": {"aws:username": "false"}},
        {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"NumericLessThan": {"s3:max-keys": 10}},
    )
)


@st.composite
def statements(draw: st.DrawFn, grammar: Grammar) -> dict[str, Any]:
    effect = "Deny" if grammar is Grammar.RCP else draw(st.sampled_from(("Allow",) * 7 + ("Deny",)))
    statement: dict[str, Any] = {"Effect": effect}
    actions = ACTION_PATTERNS.filter(lambda action: action != "*") if grammar is Grammar.RCP else ACTION_PATTERNS
    name = "Action" if grammar is Grammar.RCP else draw(st.sampled_from(("Action",) * 5 + ("NotAction",)))
    statement[name] = draw(st.lists(actions, min_size=1, max_size=3))
    name = draw(st.sampled_from(("Resource",) * 5 + ("NotResource",)))
    statement[name] = draw(st.lists(RESOURCE_PATTERNS, min_size=1, max_size=3))
    statement["Condition"] = draw(CONDITIONS)
    if grammar is Grammar.RCP:
        statement["Principal"] = "*"
    elif grammar in (Grammar.RESOURCE, Grammar.ENDPOINT):
        name = draw(st.sampled_from(("Principal", "NotPrincipal"))) if effect == "Deny" else "Principal"
        service = {"Service": ["lambda.amazonaws.com"]} if draw(st.booleans()) else {}
        statement[name] = {"AWS": draw(st.lists(PRINCIPAL_VALUES, min_size=1, max_size=3)), **service}
    return statement


def policies_of(grammar: Grammar) -> st.SearchStrategy[Policy]:
    version = st.sampled_from(
        ("2012-10-17",) if grammar in (Grammar.SCP, Grammar.RCP) else ("2012-10-17", "2012-10-17", "2008-10-17")
    )
    texts = st.builds(
        lambda given_, version_: document(*given_, version=version_),
        st.lists(statements(grammar), min_size=1, max_size=3),
        version,
    )
    return texts.map(lambda text: parse(text, grammar, source=grammar.value))


def rarely(usual: Any, other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly the usual value, so that not every layer stands in every request's way."""
    return st.integers(0, 3).flatmap(lambda number: other if number == 3 else st.just(usual))


FULL_RCP = parse(
    document({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}),
    Grammar.RCP,
    source="RCPFullAWSAccess",
)
IDENTITY = st.lists(policies_of(Grammar.IDENTITY), min_size=1, max_size=2).map(tuple)
SCP_LEVELS = st.lists(st.lists(policies_of(Grammar.SCP), min_size=1, max_size=2).map(tuple), max_size=2).map(tuple)
RCP_LEVELS = st.lists(
    st.lists(policies_of(Grammar.RCP), max_size=1).map(lambda found: (FULL_RCP, *found)), max_size=2
).map(tuple)
ALL_POLICIES = st.builds(
    Policies,
    identity=IDENTITY,
    boundary=rarely(None, policies_of(Grammar.IDENTITY)),
    session=rarely(None, IDENTITY),
    scope_down=rarely((), st.tuples(policies_of(Grammar.SESSION))),
    resource=st.lists(
        st.builds(
            ResourcePolicy,
            policy=policies_of(Grammar.RESOURCE),
            layer=rarely(Layer.RESOURCE, st.just(Layer.TRUST)),
            account=rarely("", st.sampled_from((ACCOUNT, OTHER))),
        ),
        max_size=2,
    ).map(tuple),
    endpoint=rarely((), st.tuples(policies_of(Grammar.ENDPOINT))),
    scp=rarely((), SCP_LEVELS),
    rcp=rarely((), RCP_LEVELS),
)
PRINCIPAL_KEYS = st.fixed_dictionaries(
    {},
    optional={
        "aws:username": st.sampled_from(("alice", "*")),
        "aws:PrincipalTag/team": st.sampled_from(("red", "Red", "al")),
    },
)
REQUEST_KEYS: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries(
    {},
    optional={
        "aws:SecureTransport": st.sampled_from(("true", "false", "maybe")),
        "aws:SourceIp": st.sampled_from(("10.1.1.1", "::ffff:10.1.1.1", "8.8.8.8", "x")),
        "aws:TagKeys": st.sampled_from((("a",), ("a", "c"), ("c",), ())),
        "s3:max-keys": st.sampled_from(("5", "10", "many")),
    },
)
REQUESTS = st.builds(
    Request,
    principal=st.sampled_from((ALICE, ALICE, SESSION, SESSION, FEDERATED, ROOT, SERVICE, ANONYMOUS)),
    action=st.sampled_from(ACTIONS),
    resource=st.sampled_from(RESOURCES),
    resource_account=st.sampled_from(("", ACCOUNT, OTHER)),
    context=st.builds(Context, principal=PRINCIPAL_KEYS, request=REQUEST_KEYS),
)
LAW = settings(max_examples=fewer(40))


def answer(decision: Decision) -> tuple[Verdict, str | None]:
    return decision.verdict, decision.layer


def never_more(before: Decision, after: Decision) -> bool:
    return before.allowed or not after.allowed


@LAW
@given(REQUESTS, ALL_POLICIES, st.data())
def test_adding_a_deny_never_allows_more(request: Request, policies: Policies, data: st.DataObject) -> None:
    before = decide(request, policies)
    added = data.draw(statements(Grammar.IDENTITY).map(lambda statement: {**statement, "Effect": "Deny"}))
    denying = parse(document(added), Grammar.IDENTITY)
    assert never_more(before, decide(request, replace(policies, identity=(*policies.identity, denying))))
    assert never_more(
        before, decide(request, replace(policies, scp=tuple((*level, denying) for level in policies.scp)))
    )
    if policies.session is not None:
        assert never_more(before, decide(request, replace(policies, session=(*policies.session, denying))))
    to_everyone = parse(document({**added, "Principal": "*"}), Grammar.RESOURCE)
    layer = policies.consenting_layer
    assert never_more(
        before,
        decide(
            request,
            replace(policies, resource=(*policies.resource, ResourcePolicy(policy=to_everyone, layer=layer))),
        ),
    )


@LAW
@given(REQUESTS, ALL_POLICIES)
def test_what_limits_never_grants(request: Request, policies: Policies) -> None:
    after = decide(request, policies)
    unlimited: list[dict[str, Any]] = [{"boundary": None}, {"scp": ()}, {"rcp": ()}, {"endpoint": ()}]
    if request.principal.kind is not PrincipalKind.FEDERATED_USER:
        unlimited.append({"session": None})
    for lifted in unlimited:
        assert never_more(decide(request, replace(policies, **lifted)), after), lifted


@LAW
@given(REQUESTS, ALL_POLICIES, st.randoms(use_true_random=False))
def test_order_is_irrelevant(request: Request, policies: Policies, random: Any) -> None:
    def shuffled(found: Any) -> Any:
        return tuple(random.sample(list(found), len(found)))

    def mixed(policy: Policy) -> Policy:
        written = json.loads(policy.text)
        for statement in written["Statement"]:
            for name, values in statement.items():
                if isinstance(values, list):
                    statement[name] = shuffled(values)
        written["Statement"] = shuffled(written["Statement"])
        return parse(json.dumps(written), policy.grammar)

    other = replace(
        policies,
        identity=shuffled(map_all(mixed, policies.identity)),
        boundary=mixed(policies.boundary) if policies.boundary else None,
        session=shuffled(map_all(mixed, policies.session)) if policies.session is not None else None,
        resource=shuffled(of_resource(mixed, policies)),
        scope_down=map_all(mixed, policies.scope_down),
        endpoint=map_all(mixed, policies.endpoint),
        scp=tuple(shuffled(map_all(mixed, level)) for level in policies.scp),
        rcp=tuple(shuffled(map_all(mixed, level)) for level in policies.rcp),
    )
    assert answer(decide(request, other)) == answer(decide(request, policies))


@LAW
@given(REQUESTS, ALL_POLICIES, st.sampled_from((str.upper, str.lower, str.swapcase)))
def test_case_of_the_action_is_irrelevant(request: Request, policies: Policies, spelled: Any) -> None:
    respelled = replace(request, action=spelled(request.action))
    assert decide(respelled, policies) == decide(request, policies)


@LAW
@given(REQUESTS, ALL_POLICIES)
def test_a_printed_policy_decides_the_same(request: Request, policies: Policies) -> None:
    def printed(policy: Policy) -> Policy:
        return parse(policy.to_json(), policy.grammar, source=policy.source)

    other = replace(
        policies,
        identity=map_all(printed, policies.identity),
        boundary=printed(policies.boundary) if policies.boundary else None,
        session=map_all(printed, policies.session) if policies.session is not None else None,
        resource=of_resource(printed, policies),
        scope_down=map_all(printed, policies.scope_down),
        endpoint=map_all(printed, policies.endpoint),
        scp=tuple(map_all(printed, level) for level in policies.scp),
        rcp=tuple(map_all(printed, level) for level in policies.rcp),
    )
    told, again = decide(request, policies), decide(request, other)
    assert answer(again) == answer(told)
    assert [(ref.policy, ref.index) for ref in again.statements] == [(ref.policy, ref.index) for ref in told.statements]


@LAW
@given(REQUESTS, ALL_POLICIES)
def test_the_trace_tells_the_same_as_the_decision(request: Request, policies: Policies) -> None:
    trace = explain(request, policies)
    assert trace.decision == decide(request, policies)
    applying = {statement.ref for layer in trace.layers for statement in layer.statements if statement.applies}
    assert set(trace.decision.statements) <= applying
    json.dumps(trace.as_dict())
    assert trace.render().startswith(trace.decision.verdict)


def of_resource(change: Any, policies: Policies) -> tuple[ResourcePolicy, ...]:
    return tuple(replace(one, policy=change(one.policy)) for one in policies.resource)


def map_all(change: Any, policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
    return tuple(change(policy) for policy in policies)
