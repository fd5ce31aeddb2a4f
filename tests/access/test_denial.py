"""AWS's sentence for each kind of policy that can decide."""

from __future__ import annotations

import json

import pytest

from carnet.access.authorize import Check, Decided
from carnet.access.denial import denial_sentence
from carnet.policy import work
from carnet.policy.decide import decide
from carnet.policy.decision import Layer
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request

ACCOUNT = "111122223333"
ALICE = Principal(
    kind=PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT, id="AIDAAAAAAAAAAAAAAAAAA"
)
RESOURCE = f"arn:aws:iam::{ACCOUNT}:user/"
BEGINNING = f"User: {ALICE.arn} is not authorized to perform: iam:ListUsers on resource: {RESOURCE}"
ARN = f"arn:aws:iam::{ACCOUNT}:policy/p"


def policy(effect: str, grammar: Grammar, source: str = ARN, *, action: str = "iam:*") -> Policy:
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    if grammar in (Grammar.RESOURCE, Grammar.RCP):
        statement["Principal"] = "*"
    return parse(json.dumps({"Version": "2012-10-17", "Statement": statement}), grammar, source=source)


def other(grammar: Grammar) -> Policy:
    """A policy that says nothing of IAM."""
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    if grammar is Grammar.ENDPOINT:
        statement["Principal"] = "*"
    return parse(json.dumps({"Version": "2012-10-17", "Statement": statement}), grammar, source=ARN)


def sentence(policies: Policies, check: Check | None = None, context: Context | None = None) -> str:
    asked = check or Check(action="iam:ListUsers", resource=RESOURCE, resource_account=ACCOUNT)
    request = Request(
        principal=ALICE,
        action=asked.action,
        resource=asked.resource,
        resource_account=asked.resource_account,
        context=context or Context(),
    )
    decision = decide(request, policies)
    assert not decision.allowed
    return denial_sentence(Decided(check=asked, request=request, policies=policies, decision=decision))


ALLOW = policy("Allow", Grammar.IDENTITY)
DENY = policy("Deny", Grammar.IDENTITY)
IMPLICIT = {
    Layer.IDENTITY: Policies(),
    Layer.BOUNDARY: Policies(identity=(ALLOW,), boundary=other(Grammar.IDENTITY)),
    Layer.SESSION: Policies(identity=(ALLOW,), session=(other(Grammar.SESSION),)),
    Layer.SCOPE_DOWN: Policies(identity=(ALLOW,), scope_down=(other(Grammar.SESSION),)),
    Layer.SCP: Policies(identity=(ALLOW,), scp=((other(Grammar.SCP),),)),
    Layer.ENDPOINT: Policies(identity=(ALLOW,), endpoint=(other(Grammar.ENDPOINT),)),
}
EXPLICIT = {
    Layer.IDENTITY: Policies(identity=(ALLOW, DENY)),
    Layer.BOUNDARY: Policies(identity=(ALLOW,), boundary=DENY),
    Layer.SESSION: Policies(identity=(ALLOW,), session=(policy("Deny", Grammar.SESSION),)),
    Layer.SCP: Policies(identity=(ALLOW,), scp=((policy("Deny", Grammar.SCP),),)),
}


WRITTEN = {
    Layer.IDENTITY: "identity-based policy",
    Layer.BOUNDARY: "permissions boundary",
    Layer.SESSION: "session policy",
    Layer.SCOPE_DOWN: "scope down policy",
    Layer.SCP: "service control policy",
    Layer.ENDPOINT: "VPC endpoint policy",
}
"""As AWS writes them; of scope down policies no denial was seen.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""


@pytest.mark.parametrize("layer", IMPLICIT)
def test_an_implicit_deny_names_the_kind_of_policy(layer: Layer) -> None:
    assert sentence(IMPLICIT[layer]) == f"{BEGINNING} because no {WRITTEN[layer]} allows the iam:ListUsers action"


@pytest.mark.parametrize("layer", EXPLICIT)
def test_an_explicit_deny_ends_with_the_policy(layer: Layer) -> None:
    article = "an" if layer is Layer.IDENTITY else "a"
    assert sentence(EXPLICIT[layer]) == f"{BEGINNING} with an explicit deny in {article} {WRITTEN[layer]}: {ARN}"


def test_an_inline_policy_has_no_arn_to_end_with() -> None:
    inline = policy("Deny", Grammar.IDENTITY, "user/alice/inline")
    assert sentence(Policies(identity=(inline,))) == f"{BEGINNING} with an explicit deny in an identity-based policy"


def test_a_resource_based_policy_is_not_named() -> None:
    policies = Policies(identity=(ALLOW,), resource=(ResourcePolicy(policy=policy("Deny", Grammar.RESOURCE)),))
    assert sentence(policies) == f"{BEGINNING} with an explicit deny in a resource-based policy"


ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
GONE = (ResourcePolicy(policy=None, layer=Layer.TRUST),)
ASSUME = Check(action="sts:AssumeRole", resource=ROLE, resource_account=ACCOUNT, policies=GONE)
REFUSED = f"User: {ALICE.arn} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"


def test_a_refused_assume_role_tells_nothing_of_the_role() -> None:
    assert sentence(Policies(identity=(ALLOW,), resource=GONE), ASSUME) == REFUSED


def test_a_refused_assume_role_tells_of_the_organization() -> None:
    """Its policy says nothing about the role."""
    none = Policies(resource=GONE, scp=((other(Grammar.SCP),),))
    assert sentence(none, ASSUME) == f"{REFUSED} because no {WRITTEN[Layer.SCP]} allows the sts:AssumeRole action"


@pytest.mark.parametrize(("organization", "end"), [("o-own", f": {ARN}"), ("o-other", ""), (None, "")])
def test_an_rcp_is_named_within_its_organization_alone(organization: str | None, end: str) -> None:
    own = {} if organization is None else {"aws:PrincipalOrgID": organization}
    context = Context(principal=own, resource={"aws:ResourceOrgID": "o-own"})
    allow, deny = (policy(*one, action="s3:*") for one in (("Allow", Grammar.IDENTITY), ("Deny", Grammar.RCP)))
    check = Check(action="s3:GetObject", resource="arn:aws:s3:::b/o", resource_account=ACCOUNT)
    told = sentence(Policies(identity=(allow,), rcp=((deny,),)), check, context)
    assert told.endswith(f"arn:aws:s3:::b/o with an explicit deny in a resource control policy{end}")


def test_what_is_shown_may_differ_from_the_arn() -> None:
    check = Check(action="iam:ListPolicies", resource="*", resource_account=ACCOUNT, shown="policy path /")
    assert "on resource: policy path / because" in sentence(Policies(), check)


@pytest.mark.parametrize("by_ciphertext", [True, False])
@pytest.mark.parametrize("account", [ACCOUNT, "444455556666"])
def test_a_key_that_a_ciphertext_tells_is_not_named(account: str, by_ciphertext: bool) -> None:
    """Of a key of another account nothing is told at all."""
    arn = f"arn:aws:kms:us-east-1:{account}:key/k"
    check = Check(action="kms:Decrypt", resource=arn, resource_account=account, by_ciphertext=by_ciphertext)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    allow = parse(json.dumps({"Version": "2012-10-17", "Statement": everything}), Grammar.IDENTITY, source=ARN)
    told = sentence(Policies(identity=(allow,)), check)
    own = "no resource-based policy allows the kms:Decrypt action"
    others = (
        "the resource does not exist in this Region, no resource-based policies allow access, or a resource-based "
        "policy explicitly denies access"
    )
    named = f"resource: {arn}" if account == ACCOUNT else "this resource"
    where = "the resource associated with this ciphertext" if by_ciphertext else named
    because = own if account == ACCOUNT else others
    assert told == f"User: {ALICE.arn} is not authorized to perform: kms:Decrypt on {where} because {because}"


def test_a_decision_that_takes_too_much_work_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_STEPS", 0)
    assert sentence(Policies(identity=(ALLOW,))) == f"{BEGINNING} because {work.TOO_MUCH_WORK}"
