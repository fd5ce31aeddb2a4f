"""What would allow a denied request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from carnet.policy import remedy as remedies
from carnet.policy.compile import Engine
from carnet.policy.decide import decide
from carnet.policy.decision import Decision, Layer
from carnet.policy.document import Grammar, understand
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.remedy import remedy
from carnet.policy.request import Principal, PrincipalKind, Request
from tests.policy.builders import ALICE, SESSION, allow, deny, policy, request, resource_policy
from tests.properties.test_policy_laws import ALL_POLICIES, LAW, REQUESTS


def places(request: Request, policies: Policies) -> list[Layer]:
    found = remedy(request, policies)
    assert found.grants or found.blocked is not None
    return [grant.layer for grant in found.grants]


def test_a_missing_permission_is_one_statement_of_the_identity() -> None:
    found = remedy(request(), Policies())
    (grant,) = found.grants
    asked = request()
    assert grant.statement == {"Effect": "Allow", "Action": asked.action, "Resource": asked.resource}
    assert (grant.layer, grant.holder) == (Layer.IDENTITY, ALICE.arn)
    assert found.as_dict()["grants"] == [grant.as_dict()]
    assert json.dumps(grant.statement) in found.render()
    assert f"an identity-based policy of {ALICE.arn}" in found.render()


def test_of_a_session_it_is_the_role_s() -> None:
    found = remedy(request(SESSION), Policies())
    assert [grant.holder for grant in found.grants] == [SESSION.role_arn]


def test_a_boundary_needs_the_statement_too() -> None:
    boundary = policy(allow(Action="iam:*"), source="arn:aws:iam::111111111111:policy/b")
    assert places(request(), Policies(boundary=boundary)) == [Layer.IDENTITY, Layer.BOUNDARY]
    only = remedy(request(), Policies(identity=(policy(allow()),), boundary=boundary))
    assert [grant.layer for grant in only.grants] == [Layer.BOUNDARY]
    assert "in the permissions boundary arn:aws:iam::111111111111:policy/b" in only.render()


def test_another_account_s_resource_needs_consent_on_both_sides() -> None:
    bucket = resource_policy(allow(Principal={"AWS": "333333333333"}))
    asked = request(resource_account="222222222222")
    found = remedy(asked, Policies(resource=bucket))
    assert [grant.layer for grant in found.grants] == [Layer.IDENTITY, Layer.RESOURCE]
    assert found.grants[1].statement["Principal"] == {"AWS": ALICE.arn}
    assert "These statements together would allow it" in found.render()


def test_a_resource_without_a_policy_is_given_none() -> None:
    found = remedy(request(resource_account="222222222222"), Policies(identity=(policy(allow()),)))
    assert found.blocked is not None
    assert "No statement can allow it: no resource-based policy allows it." in found.render()


def test_a_role_that_is_gone_cannot_be_made_to_trust() -> None:
    gone = (ResourcePolicy(policy=None, layer=Layer.TRUST),)
    assert remedy(request(), Policies(identity=(policy(allow()),), resource=gone)).blocked is not None


def test_a_trust_policy_names_no_resource() -> None:
    other = {"Effect": "Allow", "Principal": {"AWS": "333333333333"}, "Action": "sts:AssumeRole"}
    trust = policy(other, grammar=Grammar.TRUST)
    found = remedy(request(), Policies(resource=(ResourcePolicy(policy=trust, layer=Layer.TRUST),)))
    (grant,) = found.grants
    assert grant.statement == {"Effect": "Allow", "Action": request().action, "Principal": {"AWS": ALICE.arn}}


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        (
            Policies(scp=((policy(deny(Sid="No"), allow(), source="p-1"),),)),
            "service control policy decides (p-1 statement No)",
        ),
        (Policies(scp=((policy(allow(Action="x:*")),),)), "no service control policy allows it"),
        (
            Policies(identity=(policy(deny(), source="user/alice/p"),)),
            "identity-based policy decides (user/alice/p statement 0)",
        ),
        (Policies(session=(policy(allow(Action="x:*")),)), "no session policy allows it"),
    ],
)
def test_what_no_statement_can_allow_is_told_with_what_decides(policies: Policies, told: str) -> None:
    found = remedy(request(), policies)
    assert found.grants == ()
    assert told in found.render()
    assert told in found.as_dict()["blockedBy"]


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        (Principal(kind=PrincipalKind.SERVICE, provider="lambda.amazonaws.com"), {"Service": "lambda.amazonaws.com"}),
        (
            Principal(kind=PrincipalKind.WEB_IDENTITY, provider="accounts.google.com"),
            {"Federated": "accounts.google.com"},
        ),
    ],
)
def test_a_caller_without_an_account_is_named_by_the_resource(principal: Principal, named: dict[str, str]) -> None:
    bucket = resource_policy(allow(Principal={"AWS": "333333333333"}))
    (grant,) = remedy(request(principal), Policies(resource=bucket)).grants
    assert (grant.layer, grant.statement["Principal"]) == (Layer.RESOURCE, named)


def test_nobody_in_particular_is_not_let_in() -> None:
    bucket = resource_policy(allow(Principal={"AWS": "333333333333"}))
    assert remedy(request(Principal(kind=PrincipalKind.ANONYMOUS)), Policies(resource=bucket)).grants == ()


def added(policies: Policies, grant: Any) -> Policies:
    """The grant put in as somebody would who reads it."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [grant.statement]})
    if grant.layer is Layer.IDENTITY:
        return replace(policies, identity=(*policies.identity, understand(document, Grammar.IDENTITY)))
    if grant.layer is Layer.BOUNDARY:
        assert policies.boundary is not None
        whole = json.loads(policies.boundary.to_json())
        whole["Statement"].append(grant.statement)
        return replace(policies, boundary=understand(json.dumps(whole), Grammar.IDENTITY))
    grammar = Grammar.TRUST if grant.layer is Layer.TRUST else Grammar.RESOURCE
    more = ResourcePolicy(policy=understand(document, grammar), layer=grant.layer)
    return replace(policies, resource=(*policies.resource, more))


@LAW
@given(REQUESTS, ALL_POLICIES)
def test_both_decisions_allow_what_is_told_and_each_statement_is_needed(request: Request, policies: Policies) -> None:
    if decide(request, policies).allowed:
        return
    found = remedy(request, policies)
    assert (found.blocked is None) == bool(found.grants)
    if found.blocked is not None:
        assert not found.blocked.allowed
        return
    with_all = policies
    for grant in found.grants:
        with_all = added(with_all, grant)
    assert decide(request, with_all).allowed
    assert Engine().decide(request, with_all).allowed
    for left_out in found.grants:
        fewer = policies
        for grant in found.grants:
            fewer = fewer if grant is left_out else added(fewer, grant)
        assert not decide(request, fewer).allowed


def test_what_is_not_allowed_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def stern(request: Request, _: Policies) -> Decision:
        return decide(request, Policies())

    monkeypatch.setattr(remedies, "decide", stern)
    assert remedy(request(), Policies()).grants == ()
