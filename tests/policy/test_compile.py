"""What the compiled engine promises besides agreeing with the written rule."""

from __future__ import annotations

import gc
import weakref
from string import ascii_lowercase
from typing import Any

import pytest
from msgspec.structs import replace

from carnet.policy import compile as compile_
from carnet.policy.compile import Engine
from carnet.policy.decide import decide
from carnet.policy.decision import Layer, Verdict
from carnet.policy.document import Grammar, Policy
from carnet.policy.engine import policy as policy_
from carnet.policy.engine.conditions import ConditionCompiler
from carnet.policy.engine.policy import CompiledPolicy, CompiledStatement
from carnet.policy.engine.resource_index import ResourceIndex
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request, Value
from tests.policy.builders import ALICE, BUCKET, NO_TRUST, OBJECT, OTHER, allow, deny, policy, request, resource_policy

MFA_RECENT = {"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}


def agreed(engine: Engine, asked: Request, policies: Policies) -> Verdict:
    """The engine's verdict, which is the written rule's."""
    decision = engine.decide(asked, policies)
    assert decision == decide(asked, policies)
    return decision.verdict


def test_keys_of_the_principal_may_change_from_request_to_request() -> None:
    engine = Engine()
    policies = Policies(
        identity=(policy(allow(Action="s3:*", Condition=MFA_RECENT), deny(Resource=f"{BUCKET}/${{aws:username}}/*")),)
    )

    def asked(age: str, name: str) -> Request:
        context = Context(principal={"aws:MultiFactorAuthAge": age, "aws:username": name})
        return replace(request(resource=f"{BUCKET}/bob/x"), context=context)

    assert agreed(engine, asked("59", "alice"), policies) is Verdict.ALLOWED
    assert agreed(engine, asked("61", "alice"), policies) is Verdict.IMPLICIT_DENY
    assert agreed(engine, asked("59", "bob"), policies) is Verdict.EXPLICIT_DENY
    assert agreed(engine, asked("59", "*"), policies) is Verdict.ALLOWED
    assert agreed(engine, asked("59", "alice"), policies) is Verdict.ALLOWED


def test_a_new_revision_of_a_policy_counts_at_once() -> None:
    engine = Engine()
    before, after = policy(allow(Action="s3:*"), source="p"), policy(deny(Action="s3:*"), source="p")

    assert agreed(engine, request(), Policies(identity=(before,))) is Verdict.ALLOWED
    assert agreed(engine, request(), Policies(identity=(after,))) is Verdict.EXPLICIT_DENY
    assert agreed(engine, request(), Policies(identity=())) is Verdict.IMPLICIT_DENY


def test_the_same_identity_policies_are_told_apart_by_all_that_comes_with_them() -> None:
    engine = Engine()
    everything, nothing = policy(allow(), source="all"), policy(deny(), source="none")
    shared = Policies(identity=(everything,))
    others = (
        replace(shared, boundary=nothing),
        replace(shared, session=(nothing,)),
        replace(shared, session=()),
        replace(shared, resource=resource_policy(deny(Principal="*"))),
        replace(shared, resource=(*resource_policy(deny(Principal="*")), *NO_TRUST)),
        replace(shared, resource=NO_TRUST),
        replace(shared, resource=resource_policy(allow(Principal={"AWS": OTHER}), account=OTHER)),
        replace(shared, scope_down=(nothing,)),
        replace(shared, endpoint=(nothing,)),
        replace(shared, scp=((nothing,),)),
        replace(shared, rcp=((nothing,),)),
    )
    for policies in others:
        assert agreed(engine, request(), shared) is Verdict.ALLOWED
        assert agreed(engine, request(), policies) is not Verdict.ALLOWED
        assert agreed(engine, request(), replace(policies)) is not Verdict.ALLOWED


def test_the_same_policies_are_told_apart_by_the_kind_of_principal() -> None:
    engine = Engine()
    policies = Policies(identity=(policy(allow()),), scp=((policy(deny()),),))
    linked = replace(ALICE, kind=PrincipalKind.ROLE_SESSION, service_linked=True)

    for _ in range(2):
        assert agreed(engine, request(ALICE), policies) is Verdict.EXPLICIT_DENY
        assert agreed(engine, request(linked), policies) is Verdict.ALLOWED
        assert agreed(engine, request(replace(linked, service_linked=False)), policies) is Verdict.EXPLICIT_DENY
        assert agreed(engine, request(Principal(kind=PrincipalKind.ANONYMOUS)), policies) is Verdict.IMPLICIT_DENY


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "ForAllValues:StringEquals", "Bool", "Null"])
def test_one_condition_decides_however_its_key_is_sent(operator: str) -> None:
    engine = Engine()
    wanted = "true" if operator in ("Bool", "Null") else ["true", "x"]
    policies = Policies(identity=(policy(allow(Condition={operator: {"s3:prefix": wanted}})),))
    values: tuple[Value, ...] = ("true", "TRUE", "y", "", (), ("x", "y"))
    sent: list[dict[str, Value]] = [{}, *({key: value} for key in ("s3:prefix", "S3:PREFIX") for value in values)]
    for keys in (*sent, *sent):
        agreed(engine, request(keys=keys), policies)
        known = Context(principal={"S3:Prefix": "x"}, request=keys)
        agreed(engine, replace(request(), context=known), policies)


def test_all_layers_that_deny_are_weighed_in_their_order() -> None:
    denying = policy(deny(), source="deny")
    everything = policy(allow(), source="allow")
    policies = Policies(
        identity=(everything, denying),
        boundary=policy(deny(), source="boundary"),
        resource=resource_policy(deny(Principal="*")),
        scp=((everything,), (denying,)),
    )
    engine = Engine()

    assert engine.decide(request(), policies).layer is Layer.SCP
    assert engine.decide(request(), replace(policies, scp=())).layer is Layer.RESOURCE
    assert engine.decide(request(), replace(policies, scp=(), resource=())).layer is Layer.IDENTITY
    assert agreed(engine, request(), replace(policies, scp=(), resource=())) is Verdict.EXPLICIT_DENY


def test_all_statements_that_grant_are_told_in_the_order_of_the_policies() -> None:
    tagged = {"StringEquals": {"s3:prefix": "home"}}
    policies = Policies(
        identity=(
            policy(allow(Sid="third", Condition=tagged), allow(Sid="no", Action="iam:*"), source="b"),
            policy(allow(Sid="first", Resource=OBJECT), allow(Sid="second", Resource=f"{BUCKET}/*"), source="a"),
        )
    )
    asked = request(keys={"s3:prefix": "home"})

    decision = Engine().decide(asked, policies)

    assert [ref.sid for ref in decision.statements] == ["third", "first", "second"]
    assert decision == decide(asked, policies)


def test_statements_that_are_tested_alike_are_all_told_in_their_order() -> None:
    tagged, other = {"StringEquals": {"s3:prefix": "home"}}, {"StringLike": {"s3:prefix": "h*"}}
    statements = [allow(Sid="a", Condition=tagged), allow(Sid="b", Condition=other), allow(Sid="c", Condition=tagged)]
    policies = Policies(identity=(policy(*statements), policy(allow(Sid="d", Condition=tagged))))
    engine, asked = Engine(), request(keys={"s3:prefix": "home"})

    assert agreed(engine, asked, policies) is Verdict.ALLOWED
    assert "".join(ref.sid for ref in engine.decide(asked, policies).statements) == "abcd"
    assert agreed(engine, request(keys={"s3:prefix": "house"}), policies) is Verdict.ALLOWED
    assert agreed(engine, request(keys={"s3:prefix": "away"}), policies) is Verdict.IMPLICIT_DENY


def test_the_same_decision_is_the_same_object() -> None:
    engine = Engine()
    policies = Policies(identity=(policy(allow(Resource=f"{BUCKET}/*"), allow(), allow(Action="iam:*")),))

    decisions = [engine.decide(request(resource=f"{BUCKET}/{number}"), policies) for number in range(3)]

    assert all(decision is decisions[0] for decision in decisions)
    assert len(decisions[0].statements) == 2


@pytest.mark.parametrize("action", ["s3:GetObject", "S3:GETOBJECT", "s3:getobject"])
def test_actions_are_found_in_any_case(action: str) -> None:
    policies = Policies(identity=(policy(allow(Action="s3:getOBJECT")),))

    assert agreed(Engine(), request(action=action), policies) is Verdict.ALLOWED


def test_a_kelvin_sign_is_no_k() -> None:
    policies = Policies(identity=(policy(allow(Action="kms:*")),))

    assert agreed(Engine(), request(action="\N{KELVIN SIGN}ms:Decrypt"), policies) is Verdict.IMPLICIT_DENY


def test_a_batch_decides_as_its_questions_one_by_one() -> None:
    engine = Engine()
    policies = Policies(identity=(policy(allow(Action="s3:Get*", Resource=f"{BUCKET}/*")),))
    asked = [("s3:GetObject", OBJECT, Context()), ("s3:PutObject", OBJECT, Context()), ("s3:GetObject", "*", Context())]

    decisions = engine.decide_many(ALICE, policies, asked)

    assert [decision.verdict for decision in decisions] == ["allowed", "implicitDeny", "implicitDeny"]
    assert decisions == [engine.decide(request(action=one[0], resource=one[1]), policies) for one in asked]


def test_allowed_actions_are_those_that_would_be_allowed() -> None:
    policies = Policies(identity=(policy(allow(Action="s3:*"), deny(Action="s3:Delete*")),))
    actions = ("s3:GetObject", "s3:DeleteObject", "iam:GetUser", "s3:PutObject")

    assert Engine().allowed_actions(ALICE, policies, OBJECT, actions) == ("s3:GetObject", "s3:PutObject")


def test_services_under_resource_control_policies_can_be_given() -> None:
    policies = Policies(identity=(policy(allow()),), rcp=((),))
    asked = request(action="s3:GetObject")

    assert Engine().decide(asked, policies).layer is Layer.RCP
    assert Engine(rcp_services=frozenset()).decide(asked, policies).allowed


def test_many_statements_that_only_a_value_or_a_chunk_tells_apart() -> None:
    tagged = [
        allow(Sid=f"v{number}", Condition={"StringEquals": {"aws:RequestTag/team": [f"v{number}", f"w{number % 3}"]}})
        for number in range(40)
    ]
    globbed = [allow(Sid=f"b{number}", Resource=f"{BUCKET}*b{number}x*/data") for number in range(40)]
    policies = Policies(identity=(policy(*tagged), policy(*globbed), policy(deny(Action="iam:*"), allow(Sid="any"))))
    engine = Engine()

    for team, resource in (("v7", OBJECT), ("w1", f"{BUCKET}-b7x-b9x-1/data"), ("none", f"{BUCKET}b39x/data")):
        asked = request(resource=resource, keys={"aws:RequestTag/team": team})
        assert engine.decide(asked, policies) == decide(asked, policies)
        asked = request(resource=resource, keys={"aws:RequestTag/team": (team, "v3", "v2")})
        assert engine.decide(asked, policies) == decide(asked, policies)


@pytest.mark.parametrize("more", [[], ["${aws:username}"]], ids=["texts", "a variable"])
@pytest.mark.parametrize(
    "operator",
    [
        *("StringEquals", "StringEqualsIfExists", "StringEqualsIgnoreCase", "StringNotEquals", "StringLike"),
        *("ForAllValues:StringEquals", "ForAnyValue:StringEquals", "ForAnyValue:StringNotEquals"),
    ],
)
def test_of_many_statements_about_one_key_all_that_apply_are_found(operator: str, more: list[str]) -> None:
    """Those that want a value of it are looked up by the value, others are not."""
    engine, key = Engine(), "aws:RequestTag/team"
    statements = [
        allow(Sid=f"v{number}", Condition={operator: {key: [f"v{number}", f"v{number + 1}", *more]}})
        for number in range(9)
    ]
    policies = Policies(identity=(policy(*statements),))
    values: tuple[Value, ...] = ("v1", "V1", "none", "", (), ("v1",), ("v1", "v2"), ("v1", "none"))
    sent: list[dict[str, Value]] = [{}, *({key: value} for value in values)]
    for keys in (*sent, *sent):
        context = Context(principal={"aws:username": "none"}, request=keys)
        agreed(engine, replace(request(), context=context), policies)


@pytest.mark.parametrize("long", ["Resource", "Condition"])
def test_made_up_session_policies_do_not_fill_the_memory(long: str) -> None:
    """A caller may make any number of them, each with hundreds of values in one statement."""
    engine, own = Engine(room=2_000), (policy(allow(Sid="any")),)

    def decided_with(number: int) -> weakref.ref[Policy]:
        values = [f"{BUCKET}/{number}/{value}/*" for value in range(100)]
        elements: dict[str, Any] = (
            {"Resource": values} if long == "Resource" else {"Condition": {"StringLike": {"aws:userid": values}}}
        )
        session = policy(allow(**elements))
        for identity in (own, (*own,)):  # the same policies in another tuple, as after a change of the account
            engine.decide(request(), Policies(identity=identity, session=(session,)))
        return weakref.ref(session)

    alive = [decided_with(number) for number in range(60)]
    gc.collect()
    assert sum(one() is not None for one in alive) <= 2 * 2_000 // 100 + 1


@pytest.mark.parametrize("kind", ["identity", "resource", "scp"])
def test_policies_that_were_replaced_do_not_fill_the_memory(kind: str) -> None:
    """An account may replace one of its policies as often as it likes; most of each is about other actions."""
    engine = Engine(room=2_000)
    used = Policies(identity=(policy(allow(Sid="used")),))

    def decided_with(number: int) -> weakref.ref[Policy]:
        actions = ["s3:*", *(f"iam:Get{number}of{other}" for other in range(99))]
        replaced = (
            policy(allow(Action=actions, Principal="*"), grammar=Grammar.RESOURCE)
            if kind == "resource"
            else policy(allow(Action=actions))
        )
        given: Any = {
            "identity": {"identity": (replaced,)},
            "resource": {"resource": (ResourcePolicy(policy=replaced),)},
            "scp": {"identity": used.identity, "scp": ((replaced,),)},
        }[kind]
        engine.decide(request(), Policies(**given))
        engine.decide(request(), used)
        return weakref.ref(replaced)

    alive = [decided_with(number) for number in range(200)]
    gc.collect()
    assert sum(one() is not None for one in alive) <= 2 * 2_000 // 100 + 1


def test_what_is_used_is_compiled_once_however_much_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(room=500)
    compiled: list[Policy] = []

    def counted(one: Policy, conditions: ConditionCompiler) -> CompiledPolicy:
        compiled.append(one)
        return CompiledPolicy(one, conditions)

    monkeypatch.setattr(compile_, "CompiledPolicy", counted)
    used = Policies(identity=(policy(allow(Sid="used")),))
    for number in range(200):
        actions = ["s3:*", *(f"iam:Get{number}of{other}" for other in range(99))]
        engine.decide(request(), Policies(identity=(policy(allow(Action=actions)),)))
        assert engine.decide(request(), used).allowed
    assert compiled.count(used.identity[0]) == 1


@pytest.mark.parametrize("resource", [(), resource_policy(allow(Action="s3:*", Principal={"AWS": OTHER}))])
def test_made_up_actions_and_resources_do_not_fill_the_memory(resource: tuple[ResourcePolicy, ...]) -> None:
    engine = Engine(room=100)
    own = policy(allow(Action="s3:*", Resource=f"{BUCKET}/${{aws:username}}/*"))
    policies = Policies(identity=(own,), resource=resource)

    for number in range(20_000):
        keys: dict[str, Value] = {"aws:username": f"u{number}", f"aws:PrincipalTag/{number}": "x"}
        engine.decide(request(action=f"s3:Made{number}", resource=f"{BUCKET}/u{number}/", keys=keys), policies)

    assert 0 < engine.remembered <= 10_000


LETTERS = ascii_lowercase[:10]


def subset(number: int) -> str:
    """Some of the letters: for another number others."""
    return "".join(letter for bit, letter in enumerate(LETTERS) if number >> bit & 1)


def of_letters(*, of_resource: bool) -> Policies:
    """Which have other statements, and so another index, for every subset of letters in an action."""
    named = [
        allow(Action=f"s3:*{letter}*", Resource=[f"{BUCKET}/{letter}{number}" for number in range(50)])
        for letter in LETTERS
    ]
    if not of_resource:
        return Policies(identity=(policy(*named),))
    held = policy(*({**one, "Principal": "*"} for one in named), grammar=Grammar.RESOURCE)
    return Policies(identity=(policy(allow(Action="iam:*")),), resource=(ResourcePolicy(policy=held),))


@pytest.mark.parametrize("again", ["never", "by the same", "by others"])
@pytest.mark.parametrize("of_resource", [False, True])
def test_what_is_found_for_many_actions_does_not_fill_the_memory(again: str, *, of_resource: bool) -> None:
    """Whether or not it is asked for again and again, by who has these policies or by others who have them, too."""
    engine, policies, before = Engine(room=2_000), of_letters(of_resource=of_resource), _indexed()
    for number in range(1, 100):
        for asked in range(number if again == "never" else 1, number + 1):
            same = replace(policies, identity=(*policies.identity,)) if again == "by others" else policies
            engine.decide(request(action=f"s3:{subset(7 * asked)}"), same)
    assert 0 < _indexed() - before <= 2 * 2_000 + 2 * len(LETTERS) * 51


def test_what_is_asked_for_is_found_again_however_much_else_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, used = Engine(room=1_000), Policies(identity=(policy(allow(Sid="used")),))
    assert engine.decide(request(), used).allowed
    made: list[object] = []

    def counted(slots: Any) -> ResourceIndex:
        made.append(slots)
        return ResourceIndex(slots)

    monkeypatch.setattr(compile_, "ResourceIndex", counted)
    many = of_letters(of_resource=False)
    for number in range(1, 1 << len(LETTERS)):
        engine.decide(request(action=f"s3:{subset(number)}"), many)
        assert engine.decide(request(), used).allowed
    assert len(made) == (1 << len(LETTERS)) - 1, "that of what is used is held all the time"


def test_an_index_is_not_hashed_again_for_each_new_object_of_the_same_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of sessions, which bring such with every call. Hashed, each would cost as much as it has statements."""
    hashed: list[object] = []

    class Counted(CompiledStatement):
        def __hash__(self) -> int:
            hashed.append(self)
            return id(self)

    monkeypatch.setattr(policy_, "CompiledStatement", Counted)
    held = resource_policy(allow(Action="s3:*", Principal="*"), allow(Action="s3:Get*", Principal="*"))
    policies = Policies(identity=(policy(*(allow(Sid=f"s{number}") for number in range(50))),), resource=held)
    engine = Engine()
    for _ in range(2):
        engine.decide(request(), replace(policies, identity=(*policies.identity,)))
    before = len(hashed)
    assert before
    for _ in range(100):
        assert engine.decide(request(), replace(policies, identity=(*policies.identity,))).allowed
    assert len(hashed) == before


def _indexed() -> int:
    """What all resource indexes hold together."""
    gc.collect()
    return sum(one.size for one in gc.get_objects() if type(one) is ResourceIndex)


def test_sessions_of_an_account_have_an_engine_of_their_own() -> None:
    engine = Engine()
    policies = Policies(identity=(policy(allow()),), session=(policy(allow(Action="s3:*")),))
    assert engine.for_sessions("1") is engine.for_sessions("1")
    assert engine.for_sessions("1") is not engine.for_sessions("2")
    assert engine.for_sessions("1").decide(request(), policies) == decide(request(), policies)
    assert engine.for_sessions("1").remembered > 0
    assert (engine.remembered, engine.for_sessions("2").remembered) == (0, 0)
