"""The explanation of a decision."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from carnet.policy.decision import Layer, Verdict
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Principal, Request, Value
from carnet.policy.trace import explain
from tests.policy.builders import ACCOUNT, ALICE, NO_TRUST, ROOT, SESSION, allow, deny, policy, request, resource_policy

READ = policy(
    allow(
        Sid="Read",
        Action="s3:Get*",
        Condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}, "Bool": {"aws:SecureTransport": "true"}},
    ),
    deny(NotAction="s3:*", NotResource="*"),
    source="user/alice/read",
)
KEYS: dict[str, Value] = {"aws:SourceIp": "8.8.8.8", "aws:TagKeys": ("a", "b")}


def test_each_statement_says_what_does_not_match() -> None:
    trace = explain(request(keys=KEYS), Policies(identity=(READ,)))
    assert trace.decision.verdict is Verdict.IMPLICIT_DENY
    (layer,) = trace.layers
    assert (layer.layer, layer.verdict, layer.policies) == (
        Layer.IDENTITY,
        Verdict.IMPLICIT_DENY,
        ("user/alice/read",),
    )
    assert [statement.mismatched for statement in layer.statements] == [("Condition",), ("NotAction", "NotResource")]


def test_each_condition_says_what_it_wants_and_what_there_is() -> None:
    trace = explain(request(keys=KEYS), Policies(identity=(READ,)))
    address, transport = trace.layers[0].statements[0].conditions
    assert (address.operator, address.key, address.wanted) == ("IpAddress", "aws:SourceIp", ("10.0.0.0/8",))
    assert (address.actual, address.missing, address.met) == ("8.8.8.8", False, False)
    assert (transport.actual, transport.missing, transport.met) == (None, True, False)


def test_the_principal_that_does_not_match_is_told() -> None:
    bucket = resource_policy(allow(Principal={"AWS": "222222222222"}), deny(NotPrincipal={"AWS": "*"}))
    statements = explain(request(), Policies(resource=bucket)).layers[0].statements
    assert [statement.mismatched for statement in statements] == [("Principal",), ("NotPrincipal",)]


def test_levels_of_an_organization_are_told_apart() -> None:
    full = policy(allow(), source="p-full")
    trace = explain(request(), Policies(identity=(READ,), scp=((full,), (full,), ())))
    assert [(layer.layer, layer.level, layer.verdict) for layer in trace.layers] == [
        (Layer.SCP, 0, Verdict.ALLOWED),
        (Layer.SCP, 1, Verdict.ALLOWED),
        (Layer.SCP, 2, Verdict.IMPLICIT_DENY),
        (Layer.IDENTITY, 0, Verdict.IMPLICIT_DENY),
    ]


def test_what_a_caller_may_not_see_is_left_out() -> None:
    full, own = policy(allow(Sid="Full"), source="p-full"), policy(allow(Sid="Own"), source="p-own")
    trace = explain(request(), Policies(identity=(own,), scp=((full,), (policy(deny(Sid="No"), source="p-no"),))))
    assert trace.decision.statements
    hidden = trace.hiding((Layer.SCP,))
    assert hidden.decision.verdict is trace.decision.verdict
    assert hidden.decision.statements == ()
    for told in (json.dumps(hidden.as_dict()), hidden.render()):
        assert not any(name in told for name in ("p-full", "p-no", "Full", "No"))
        assert "Own" in told
    assert hidden.render().splitlines()[4:8] == [
        "service control policy, level 0: allowed",
        "  policies that are not shown, since they are not the account's own",
        "service control policy, level 1: explicitDeny",
        "  policies that are not shown, since they are not the account's own",
    ]
    assert trace.hiding(()) == trace
    assert trace.hiding((Layer.IDENTITY,)).decision.statements == trace.decision.statements


def test_a_layer_without_policies_has_nothing_to_hide() -> None:
    trace = explain(request(), Policies(identity=(READ,), scp=((),)))
    assert trace.hiding((Layer.SCP,)).layers[0] == trace.layers[0]


def test_the_dictionary_is_json() -> None:
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}
    trace = explain(request(keys=KEYS), Policies(identity=(READ, policy(allow(Condition=condition)))))
    told = json.loads(json.dumps(trace.as_dict()))
    assert told["verdict"] == "implicitDeny"
    assert told["layer"] == "identity-based policy"
    assert told["request"]["principal"] == ALICE.arn
    tags = told["layers"][0]["statements"][2]["conditions"][0]
    assert tags == {
        "operator": "ForAllValues:StringEquals",
        "key": "aws:TagKeys",
        "wanted": ["a"],
        "resolved": ["a"],
        "actual": ["a", "b"],
        "missing": False,
        "met": False,
        "lacksSetOperator": False,
    }


def test_a_bare_operator_on_a_multivalued_key_is_told() -> None:
    told = explain(
        request(keys=KEYS), Policies(identity=(policy(allow(Condition={"StringLike": {"aws:TagKeys": "*"}})),))
    )
    line = '    not met: StringLike aws:TagKeys wants ["*"], is ["a", "b"]; the key is multivalued and needs '
    assert f"{line}ForAllValues or ForAnyValue" in told.render()


def test_a_null_on_a_multivalued_key_needs_no_set_operator() -> None:
    told = explain(request(keys=KEYS), Policies(identity=(policy(allow(Condition={"Null": {"aws:TagKeys": "true"}})),)))
    assert told.render().endswith('    not met: Null aws:TagKeys wants ["true"], is ["a", "b"]')


def test_a_policy_in_another_account_than_the_resource_is_told() -> None:
    elsewhere = resource_policy(allow(Principal={"AWS": ALICE.arn}), account="333333333333")
    trace = explain(request(resource_account="222222222222"), Policies(resource=elsewhere))
    assert trace.decision.layer is Layer.RESOURCE
    assert trace.as_dict()["layers"][0]["foreign"] is True
    told = "resource-based policy, in another account than the resource, for which it cannot allow: allowed"
    assert told in trace.render()


def test_an_action_that_needs_no_permission_has_no_layers() -> None:
    trace = explain(request(action="sts:GetCallerIdentity"), Policies(identity=(READ,)))
    assert trace.decision.allowed
    assert trace.layers == ()


def test_a_policy_that_names_the_account_leaves_it_to_the_account() -> None:
    bucket = resource_policy(allow(Principal={"AWS": ACCOUNT}, Action="s3:*"))
    trace = explain(request(), Policies(resource=bucket))
    assert trace.decision.layer is Layer.IDENTITY
    assert trace.as_dict()["layers"][0]["statements"][0]["delegates"] is True
    assert trace.render().splitlines()[4:] == [
        "resource-based policy: allowed, to the account only",
        "  Allow in bucket policy statement 0 at 1:41: applies and names the account, whose own policies decide",
        "identity-based policy: implicitDeny",
        "  no policy",
    ]


@pytest.mark.parametrize(
    ("principal", "elements"),
    [
        (ALICE, [{"AWS": ALICE.arn}]),
        (ALICE, [{"AWS": ACCOUNT}, "*"]),
        (SESSION, [{"AWS": [ACCOUNT, SESSION.role_arn]}]),
        (ROOT, [{"AWS": ACCOUNT}]),
        (ALICE, [{"AWS": "222222222222"}]),
    ],
)
def test_a_policy_that_names_more_than_the_account_or_nobody_does_not(principal: Principal, elements: Any) -> None:
    bucket = resource_policy(*(allow(Principal=element) for element in elements))
    assert "account only" not in explain(request(principal), Policies(resource=bucket)).render()


@pytest.mark.parametrize(
    ("asked", "layer", "resource"),
    [
        (request(resource_account="222222222222"), Layer.RESOURCE, ()),
        (request(action="kms:Decrypt", resource=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"), Layer.RESOURCE, ()),
        (request(action="sts:AssumeRole", resource=f"arn:aws:iam::{ACCOUNT}:role/x"), Layer.TRUST, NO_TRUST),
    ],
)
def test_a_policy_that_decides_by_being_absent_is_shown(
    asked: Request, layer: Layer, resource: tuple[ResourcePolicy, ...]
) -> None:
    full = policy(allow(), source="p-full")
    trace = explain(asked, Policies(identity=(full,), scp=((full,),), resource=resource))
    assert trace.decision.layer is layer
    assert [one.layer for one in trace.layers] == [Layer.SCP, layer, Layer.IDENTITY]
    assert f"\n{layer}: implicitDeny\n  no policy\n" in trace.render()
    assert trace.as_dict()["layers"][1]["policies"] == []


def test_variables_are_shown_with_what_they_say() -> None:
    own = policy(
        allow(
            Resource=["arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::${aws:PrincipalTag/team}", "arn:aws:s3:::a"],
            Condition={
                "StringLike": {"s3:prefix": ["${aws:username}${*}*", "${aws:PrincipalTag/team, 'none'}", "${?}"]},
                "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:PrincipalTag/team}"},
            },
        ),
        source="own",
    )
    keys: dict[str, Value] = {"aws:username": "alice", "s3:prefix": "p", "aws:PrincipalArn": ALICE.arn}
    trace = explain(request(keys=keys), Policies(identity=(own,)))
    assert trace.render().splitlines()[5:] == [
        "  Allow in own statement 0 at 1:41: does not match: Resource, Condition",
        '    resource "arn:aws:s3:::home/${aws:username}/*" (here "arn:aws:s3:::home/alice/*")',
        '    resource "arn:aws:s3:::${aws:PrincipalTag/team}" (cannot be resolved)',
        (
            '    not met: StringLike s3:prefix wants ["${aws:username}${*}*" (here "alice**"), '
            "\"${aws:PrincipalTag/team, 'none'}\" "
            '(here "none"), "${?}"], is "p"'
        ),
        (
            '    met: ArnNotLike aws:PrincipalArn wants ["arn:aws:iam::*:user/${aws:PrincipalTag/team}" '
            f'(cannot be resolved)], is "{ALICE.arn}"'
        ),
    ]
    statement = trace.as_dict()["layers"][0]["statements"][0]
    assert [one["resolved"] for one in statement["resources"]] == ["arn:aws:s3:::home/alice/*", None]
    assert [one["resolved"] for one in statement["conditions"]] == [["alice**", "none", "${?}"], [None]]


def test_people_read_it_line_by_line() -> None:
    full = policy(allow(), source="p-full")
    text = explain(request(keys=KEYS), Policies(identity=(READ,), scp=((full,),))).render()
    assert text.splitlines() == [
        "implicitDeny by identity-based policy",
        "  principal arn:aws:iam::111111111111:user/alice",
        "  action    s3:GetObject",
        "  resource  arn:aws:s3:::reports/2026/january.csv",
        "service control policy, level 0: allowed",
        "  Allow in p-full statement 0 at 1:41: applies",
        "identity-based policy: implicitDeny",
        "  Allow in user/alice/read statement 0 (Read) at 1:41: does not match: Condition",
        '    not met: IpAddress aws:SourceIp wants ["10.0.0.0/8"], is "8.8.8.8"',
        '    not met: Bool aws:SecureTransport wants ["true"], is missing',
        "  Deny in user/alice/read statement 1 at 1:218: does not match: NotAction, NotResource",
    ]


def test_what_callers_write_cannot_forge_a_line() -> None:
    asked = replace(request(keys={"aws:SourceIp": "1\n2\x1b[31m\u2028"}), action="s3:Get\nallowed")
    text = explain(asked, Policies(identity=(READ,))).render()
    assert len(text.split("\n")) == len(text.splitlines()) == 9
    assert "\x1b" not in text


def test_how_each_policy_is_attached_is_told_once() -> None:
    shared, own = policy(allow(), source="arn:aws:iam::111122223333:policy/p"), policy(allow(), source="user/alice/own")
    attached = (
        "inline in user alice",
        "attached to user alice",
        "attached to group admins",
        "attached to group admins",
    )
    trace = explain(request(), Policies(identity=(own, shared, shared, shared), attached=attached))
    assert trace.as_dict()["layers"][0]["attached"] == list(attached)
    assert trace.render().splitlines()[5:8] == [
        "  user/alice/own is inline in user alice",
        "  arn:aws:iam::111122223333:policy/p is attached to user alice",
        "  arn:aws:iam::111122223333:policy/p is attached to group admins",
    ]
    assert explain(request(), Policies(identity=(own,))).layers[0].attached == ()
