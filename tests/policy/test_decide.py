"""The layers and how they work together.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
from msgspec.structs import replace

from carnet.policy.decide import decide
from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.document import Grammar
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Principal, Request
from tests.policy.builders import (
    ACCOUNT,
    ALICE,
    ANONYMOUS,
    FEDERATED,
    NO_TRUST,
    OTHER,
    ROOT,
    SERVICE,
    SESSION,
    WEB_IDENTITY,
    allow,
    deny,
    policy,
    request,
    resource_policy,
    trust_policy,
)

ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
ALLOW, NOTHING, DENY = policy(allow()), policy(allow(Action="ec2:*")), policy(deny())
FULL = ((policy(allow(), grammar=Grammar.SCP),),)
FULL_RCP = ((policy(allow(Principal="*"), grammar=Grammar.RCP),),)
DENY_RCP = (*FULL_RCP, (policy(deny(Principal="*", Action=["s3:*", "sts:*"]), grammar=Grammar.RCP), *FULL_RCP[0]))


def outcome(decision: Decision) -> tuple[str, str | None]:
    return decision.verdict.value, decision.layer.value if decision.layer is not None else None


def allowed(layer: Layer | None) -> tuple[str, str | None]:
    return Verdict.ALLOWED.value, layer.value if layer is not None else None


def implicit(layer: Layer) -> tuple[str, str | None]:
    return Verdict.IMPLICIT_DENY.value, layer.value


def explicit(layer: Layer) -> tuple[str, str | None]:
    return Verdict.EXPLICIT_DENY.value, layer.value


def ask(asked: Request, **policies: Any) -> tuple[str, str | None]:
    return outcome(decide(asked, Policies(**policies)))


# One account, the principal's own policies


def test_nothing_allows_by_default() -> None:
    assert ask(request()) == implicit(Layer.IDENTITY)


def test_an_identity_based_policy_allows_and_its_statement_is_told() -> None:
    granting = policy(allow(Action="ec2:*"), allow(Sid="Read", Action="s3:Get*"), source="user/alice/read")
    decision = decide(request(), Policies(identity=(NOTHING, granting)))
    assert outcome(decision) == allowed(Layer.IDENTITY)
    assert [(ref.policy, ref.index, ref.sid) for ref in decision.statements] == [("user/alice/read", 1, "Read")]


def test_an_explicit_deny_wins_and_its_statement_is_told() -> None:
    decision = decide(request(), Policies(identity=(ALLOW, policy(allow(), deny(Sid="No"), source="group/g/no"))))
    assert outcome(decision) == explicit(Layer.IDENTITY)
    assert [(ref.policy, ref.sid) for ref in decision.statements] == [("group/g/no", "No")]


@pytest.mark.parametrize("principal", [ALICE, SESSION])
def test_a_boundary_and_a_session_policy_cap(principal: Principal) -> None:
    asked = request(principal)
    assert ask(asked, identity=(ALLOW,), boundary=ALLOW, session=(ALLOW,)) == allowed(Layer.IDENTITY)
    assert ask(asked, identity=(ALLOW,), boundary=NOTHING) == implicit(Layer.BOUNDARY)
    assert ask(asked, identity=(ALLOW,), boundary=DENY) == explicit(Layer.BOUNDARY)
    assert ask(asked, identity=(ALLOW,), session=(NOTHING,)) == implicit(Layer.SESSION)
    assert ask(asked, identity=(ALLOW,), session=()) == implicit(Layer.SESSION)
    assert ask(asked, identity=(ALLOW,), session=(NOTHING, ALLOW)) == allowed(Layer.IDENTITY)
    assert ask(asked, identity=(ALLOW,), session=(ALLOW, DENY)) == explicit(Layer.SESSION)
    assert ask(asked, boundary=ALLOW, session=(ALLOW,)) == implicit(Layer.IDENTITY)
    assert ask(asked, identity=(ALLOW,), boundary=NOTHING, session=()) == implicit(Layer.BOUNDARY)


# One account, with a resource-based policy


@pytest.mark.parametrize(
    ("principal", "element"),
    [
        (ALICE, {"AWS": ALICE.arn}),
        (SESSION, {"AWS": SESSION.arn}),
        (FEDERATED, {"AWS": FEDERATED.arn}),
        (ALICE, "*"),
        (SESSION, "*"),
        (SESSION, {"AWS": [SESSION.role_arn, SESSION.arn]}),
    ],
)
def test_naming_a_principal_itself_passes_its_implicit_denies(principal: Principal, element: Any) -> None:
    bucket = resource_policy(allow(Principal=element))
    asked = request(principal)
    assert ask(asked, resource=bucket) == allowed(Layer.RESOURCE)
    assert ask(asked, resource=bucket, boundary=NOTHING, session=()) == allowed(Layer.RESOURCE)
    assert ask(asked, resource=bucket, boundary=DENY) == explicit(Layer.BOUNDARY)
    assert ask(asked, resource=bucket, identity=(DENY,)) == explicit(Layer.IDENTITY)


def test_naming_the_role_leaves_boundary_and_session_policy_in_force() -> None:
    bucket = resource_policy(allow(Principal={"AWS": SESSION.role_arn}))
    asked = request(SESSION)
    assert ask(asked, resource=bucket) == allowed(Layer.RESOURCE)
    assert ask(asked, resource=bucket, boundary=ALLOW, session=(ALLOW,)) == allowed(Layer.RESOURCE)
    assert ask(asked, resource=bucket, boundary=NOTHING) == implicit(Layer.BOUNDARY)
    assert ask(asked, resource=bucket, session=(NOTHING,)) == implicit(Layer.SESSION)


@pytest.mark.parametrize("element", [ACCOUNT, ROOT_ARN])
def test_naming_the_account_grants_to_nobody_in_it(element: str) -> None:
    bucket = resource_policy(allow(Principal={"AWS": element}))
    assert ask(request(), resource=bucket) == implicit(Layer.IDENTITY)
    assert ask(request(), resource=bucket, identity=(ALLOW,)) == allowed(Layer.IDENTITY)


def test_an_explicit_deny_of_the_resource_wins() -> None:
    bucket = resource_policy(allow(Principal="*"), deny(Principal={"AWS": ALICE.arn}))
    assert ask(request(), resource=bucket, identity=(ALLOW,)) == explicit(Layer.RESOURCE)
    assert ask(request(SESSION), resource=bucket) == allowed(Layer.RESOURCE)


def test_only_the_statements_that_name_closest_are_told() -> None:
    bucket = resource_policy(allow(Principal={"AWS": ACCOUNT}), allow(Principal={"AWS": ALICE.arn}))
    assert [ref.index for ref in decide(request(), Policies(resource=bucket)).statements] == [1]


# Across accounts


@pytest.mark.parametrize(
    "element", [{"AWS": ALICE.arn}, {"AWS": ACCOUNT}, {"AWS": ROOT_ARN}, "*"], ids=["user", "account", "root", "star"]
)
def test_across_accounts_both_sides_must_allow(element: Any) -> None:
    asked = request(resource_account=OTHER)
    bucket = resource_policy(allow(Principal=element))
    assert ask(asked, identity=(ALLOW,), resource=bucket) == allowed(Layer.IDENTITY)
    assert ask(asked, identity=(ALLOW,)) == implicit(Layer.RESOURCE)
    assert ask(asked, identity=(ALLOW,), resource=resource_policy(allow(Principal={"AWS": OTHER}))) == implicit(
        Layer.RESOURCE
    )
    assert ask(asked, resource=bucket) == implicit(Layer.IDENTITY)
    assert ask(asked, identity=(ALLOW,), boundary=NOTHING, resource=bucket) == implicit(Layer.BOUNDARY)
    assert ask(asked, identity=(ALLOW,), session=(), resource=bucket) == implicit(Layer.SESSION)


def test_across_accounts_a_named_role_or_session_needs_its_own_policies() -> None:
    for element in (SESSION.role_arn, SESSION.arn):
        bucket = resource_policy(allow(Principal={"AWS": element}))
        assert ask(request(SESSION, resource_account=OTHER), resource=bucket) == implicit(Layer.IDENTITY)


# Principals without policies of their own


@pytest.mark.parametrize(
    ("principal", "element"),
    [
        (SERVICE, {"Service": "lambda.amazonaws.com"}),
        (WEB_IDENTITY, {"Federated": WEB_IDENTITY.provider}),
        (ANONYMOUS, "*"),
    ],
)
def test_who_is_in_no_account_has_what_the_resource_gives(principal: Principal, element: Any) -> None:
    asked = request(principal, resource_account=ACCOUNT)
    assert ask(asked, resource=resource_policy(allow(Principal=element))) == allowed(Layer.RESOURCE)
    assert ask(asked, identity=(ALLOW,)) == implicit(Layer.RESOURCE)
    assert ask(asked, identity=(ALLOW,), resource=resource_policy(allow(Principal={"AWS": ACCOUNT}))) == implicit(
        Layer.RESOURCE
    )


def test_a_federated_user_has_what_its_session_policy_leaves() -> None:
    assert ask(request(FEDERATED), identity=(ALLOW,)) == implicit(Layer.SESSION)
    assert ask(request(FEDERATED), identity=(ALLOW,), session=(ALLOW,)) == allowed(Layer.IDENTITY)


# The root user


def test_the_root_user_has_every_permission_of_its_account() -> None:
    assert ask(request(ROOT)) == allowed(None)
    assert ask(request(ROOT), boundary=NOTHING) == allowed(None)
    assert ask(request(ROOT), resource=resource_policy(deny(Principal="*"))) == explicit(Layer.RESOURCE)
    assert ask(request(ROOT), scp=((NOTHING,),)) == implicit(Layer.SCP)
    assert ask(request(ROOT, resource_account=OTHER)) == implicit(Layer.RESOURCE)
    shared = resource_policy(allow(Principal={"AWS": ACCOUNT}))
    assert ask(request(ROOT, resource_account=OTHER), resource=shared) == allowed(Layer.RESOURCE)


# Organizations


def test_every_level_of_scps_must_allow() -> None:
    assert ask(request(), identity=(ALLOW,), scp=FULL * 3) == allowed(Layer.IDENTITY)
    assert ask(request(), identity=(ALLOW,), scp=(*FULL, (NOTHING,), *FULL)) == implicit(Layer.SCP)
    assert ask(request(), identity=(ALLOW,), scp=(*FULL, (), *FULL)) == implicit(Layer.SCP)
    assert ask(request(), identity=(ALLOW,), scp=(*FULL, (NOTHING, ALLOW))) == allowed(Layer.IDENTITY)
    assert ask(request(), identity=(ALLOW,), scp=(*FULL, (ALLOW, DENY))) == explicit(Layer.SCP)
    assert ask(request(), scp=FULL) == implicit(Layer.IDENTITY)
    direct = resource_policy(allow(Principal={"AWS": ALICE.arn}))
    assert ask(request(), resource=direct, scp=((NOTHING,),)) == implicit(Layer.SCP)


def test_the_statements_of_all_denying_levels_are_told() -> None:
    levels = tuple((policy(deny(), source=name),) for name in ("p-root", "p-account"))
    decision = decide(request(), Policies(identity=(ALLOW,), scp=levels))
    assert [ref.policy for ref in decision.statements] == ["p-root", "p-account"]


def test_rcps_bind_callers_from_anywhere_for_the_services_they_cover() -> None:
    public = resource_policy(allow(Principal="*"))
    for principal in (ALICE, ANONYMOUS, SERVICE, ROOT):
        asked = request(principal, resource_account=OTHER)
        assert ask(asked, identity=(ALLOW,), resource=public, rcp=DENY_RCP) == explicit(Layer.RCP)
        assert ask(asked, identity=(ALLOW,), resource=public, rcp=((),)) == implicit(Layer.RCP)
        assert decide(asked, Policies(identity=(ALLOW,), resource=public, rcp=FULL_RCP)).allowed
    uncovered = request(action="ec2:RunInstances", resource="*")
    assert ask(uncovered, identity=(ALLOW,), rcp=((),)) == allowed(Layer.IDENTITY)
    covered = decide(uncovered, Policies(identity=(ALLOW,), rcp=((),)), rcp_services=frozenset(("ec2",)))
    assert outcome(covered) == implicit(Layer.RCP)


def test_service_linked_roles_are_outside_organization_policies() -> None:
    linked = replace(SESSION, service_linked=True)
    assert ask(request(linked), identity=(ALLOW,), scp=((DENY,),), rcp=DENY_RCP) == allowed(Layer.IDENTITY)
    assert ask(request(SESSION), identity=(ALLOW,), scp=((DENY,),)) == explicit(Layer.SCP)


def test_scps_are_for_principals_of_accounts() -> None:
    public = resource_policy(allow(Principal="*"))
    for principal in (ANONYMOUS, SERVICE, WEB_IDENTITY):
        assert ask(request(principal), resource=public, scp=((DENY,),)) == allowed(Layer.RESOURCE)


# Scope down policies


def test_each_scope_down_policy_must_allow_whatever_else_does() -> None:
    assert ask(request(), identity=(ALLOW,), scope_down=(ALLOW, ALLOW)) == allowed(Layer.IDENTITY)
    assert ask(request(), identity=(ALLOW,), scope_down=(ALLOW, NOTHING)) == implicit(Layer.SCOPE_DOWN)
    assert ask(request(), identity=(ALLOW,), scope_down=(ALLOW, DENY)) == explicit(Layer.SCOPE_DOWN)
    assert ask(request(), scope_down=(ALLOW,)) == implicit(Layer.IDENTITY)
    by_name = resource_policy(allow(Principal={"AWS": ALICE.arn}))
    assert ask(request(), resource=by_name, session=()) == allowed(Layer.RESOURCE)
    assert ask(request(), resource=by_name, scope_down=(NOTHING,)) == implicit(Layer.SCOPE_DOWN)


# VPC endpoints


def test_an_endpoint_policy_must_allow_and_never_grants() -> None:
    endpoint = policy(allow(Principal="*"), grammar=Grammar.ENDPOINT)
    closed = policy(allow(Principal="*", Action="ec2:*"), grammar=Grammar.ENDPOINT)
    denying = policy(deny(Principal="*"), grammar=Grammar.ENDPOINT)
    assert ask(request(), identity=(ALLOW,), endpoint=(endpoint,)) == allowed(Layer.IDENTITY)
    assert ask(request(), identity=(ALLOW,), endpoint=(endpoint, closed)) == implicit(Layer.ENDPOINT)
    assert ask(request(), identity=(ALLOW,), endpoint=(denying,)) == explicit(Layer.ENDPOINT)
    assert ask(request(), endpoint=(endpoint,)) == implicit(Layer.IDENTITY)
    public = resource_policy(allow(Principal="*"))
    assert ask(request(ANONYMOUS), resource=public, endpoint=(closed,)) == implicit(Layer.ENDPOINT)


# Assuming a role


def assume(principal: Principal, trust: tuple[ResourcePolicy, ...], **policies: Any) -> tuple[str, str | None]:
    account = policies.pop("resource_account", ACCOUNT)
    asked = request(principal, "sts:AssumeRole", f"arn:aws:iam::{account}:role/Target", account)
    return ask(asked, resource=trust, **policies)


def test_a_role_is_assumed_only_by_whom_it_trusts() -> None:
    assert assume(ALICE, NO_TRUST, identity=(ALLOW,)) == implicit(Layer.TRUST)
    assert assume(ALICE, trust_policy({"AWS": OTHER}), identity=(ALLOW,)) == implicit(Layer.TRUST)
    assert assume(ROOT, trust_policy({"AWS": OTHER})) == implicit(Layer.TRUST)
    assert assume(ALICE, trust_policy({"AWS": ALICE.arn})) == allowed(Layer.TRUST)
    assert assume(ALICE, trust_policy({"AWS": ACCOUNT})) == implicit(Layer.IDENTITY)
    assert assume(ALICE, trust_policy({"AWS": ACCOUNT}), identity=(ALLOW,)) == allowed(Layer.IDENTITY)
    assert assume(ALICE, trust_policy({"AWS": ALICE.arn}), identity=(DENY,)) == explicit(Layer.IDENTITY)
    assert assume(SESSION, trust_policy({"AWS": SESSION.role_arn}), boundary=NOTHING) == implicit(Layer.BOUNDARY)


def test_a_boundary_must_allow_to_assume_a_role_even_for_whom_it_names() -> None:
    assert assume(ALICE, trust_policy({"AWS": ALICE.arn}), boundary=NOTHING) == implicit(Layer.BOUNDARY)
    assert assume(ALICE, trust_policy({"AWS": ALICE.arn}), boundary=ALLOW) == allowed(Layer.TRUST)
    assert assume(SESSION, trust_policy({"AWS": SESSION.arn}), session=()) == allowed(Layer.TRUST)


def test_across_accounts_a_role_is_assumed_with_both_consents() -> None:
    for element in (ALICE.arn, ACCOUNT):
        trust = trust_policy({"AWS": element})
        assert assume(ALICE, trust, resource_account=OTHER) == implicit(Layer.IDENTITY)
        assert assume(ALICE, trust, resource_account=OTHER, identity=(ALLOW,)) == allowed(Layer.IDENTITY)
    assert assume(ALICE, NO_TRUST, resource_account=OTHER, identity=(ALLOW,)) == implicit(Layer.TRUST)


def test_a_deny_in_a_trust_policy_is_told_as_such() -> None:
    element = {"Action": "sts:AssumeRole", "Resource": None, "Principal": {"AWS": "*"}}
    parsed = policy(allow(**element), deny(**element), grammar=Grammar.TRUST)
    trust = (ResourcePolicy(policy=parsed, layer=Layer.TRUST),)
    assert assume(ALICE, trust, identity=(ALLOW,)) == explicit(Layer.TRUST)


# Several policies of one resource


def both(*policies: tuple[ResourcePolicy, ...]) -> tuple[ResourcePolicy, ...]:
    return tuple(chain(*policies))


def test_of_several_policies_of_a_resource_any_may_allow_and_any_may_deny() -> None:
    naming = resource_policy(allow(Principal={"AWS": ALICE.arn}), source="grants")
    silent, denying = resource_policy(allow(Principal={"AWS": OTHER})), resource_policy(deny(Principal="*"))
    decision = decide(request(), Policies(resource=both(silent, naming)))
    assert outcome(decision) == allowed(Layer.RESOURCE)
    assert [ref.policy for ref in decision.statements] == ["grants"]
    assert ask(request(), resource=both(silent, silent)) == implicit(Layer.IDENTITY)
    assert ask(request(), resource=both(naming, denying)) == explicit(Layer.RESOURCE)
    assert ask(request(), resource=both(naming, naming, denying), identity=(ALLOW,)) == explicit(Layer.RESOURCE)


def test_the_closest_name_of_all_policies_of_a_resource_counts() -> None:
    account, itself = (resource_policy(allow(Principal={"AWS": name})) for name in (ACCOUNT, SESSION.arn))
    assert ask(request(SESSION), resource=both(account, itself), session=()) == allowed(Layer.RESOURCE)
    assert ask(request(SESSION), resource=both(account, account), session=()) == implicit(Layer.IDENTITY)


def test_a_policy_of_a_resource_tells_the_account_that_the_request_does_not() -> None:
    across = resource_policy(allow(Principal={"AWS": ALICE.arn}), account=OTHER)
    assert ask(request(), resource=across) == implicit(Layer.IDENTITY)
    assert ask(request(), resource=across, identity=(ALLOW,)) == allowed(Layer.IDENTITY)
    silent = resource_policy(allow(Principal={"AWS": OTHER}), account=OTHER)
    assert ask(request(), resource=silent, identity=(ALLOW,)) == implicit(Layer.RESOURCE)


def test_a_policy_in_another_account_than_the_resource_denies_and_never_consents() -> None:
    asked = request(resource_account=OTHER)
    own = resource_policy(allow(Principal={"AWS": ALICE.arn}), account=ACCOUNT)
    assert ask(asked, resource=own, identity=(ALLOW,)) == implicit(Layer.RESOURCE)
    assert ask(request(SERVICE, resource_account=OTHER), resource=own) == implicit(Layer.RESOURCE)
    consenting = resource_policy(allow(Principal={"AWS": ACCOUNT}), account=OTHER)
    assert ask(asked, resource=both(own, consenting), identity=(ALLOW,)) == allowed(Layer.IDENTITY)
    denying = resource_policy(deny(Principal="*"), account=ACCOUNT)
    assert ask(asked, resource=both(denying, consenting), identity=(ALLOW,)) == explicit(Layer.RESOURCE)


def test_policies_in_several_accounts_do_not_tell_which_of_them_owns_the_resource() -> None:
    here, there = (resource_policy(allow(Principal={"AWS": ALICE.arn}), account=one) for one in (ACCOUNT, OTHER))
    for resource in (both(here, there), both(there, here)):
        assert ask(request(), resource=resource, identity=(ALLOW,)) == implicit(Layer.RESOURCE)
        assert ask(request(resource_account=ACCOUNT), resource=resource) == allowed(Layer.RESOURCE)
        assert ask(request(resource_account=OTHER), resource=resource, identity=(ALLOW,)) == allowed(Layer.IDENTITY)
    denying = resource_policy(deny(Principal="*"), account=OTHER)
    assert ask(request(), resource=both(here, denying), identity=(ALLOW,)) == explicit(Layer.RESOURCE)


def test_beside_a_trust_policy_no_other_policy_of_the_role_consents() -> None:
    granting = resource_policy(allow(Principal={"AWS": ALICE.arn}))
    for trust in (NO_TRUST, trust_policy({"AWS": OTHER})):
        assert assume(ALICE, both(granting, trust), identity=(ALLOW,)) == implicit(Layer.TRUST)
    denying = both(trust_policy({"AWS": ALICE.arn}), resource_policy(deny(Principal="*")))
    assert assume(ALICE, denying, identity=(ALLOW,)) == explicit(Layer.RESOURCE)


# KMS keys


@pytest.mark.parametrize("action", ["kms:Decrypt", "KMS:Decrypt"])
def test_a_key_policy_is_the_root_of_trust(action: str) -> None:
    asked = request(action=action, resource=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/abc")
    delegating = resource_policy(allow(Principal={"AWS": ROOT_ARN}))
    assert ask(asked, identity=(ALLOW,)) == implicit(Layer.RESOURCE)
    assert ask(asked, identity=(ALLOW,), resource=resource_policy(allow(Principal={"AWS": OTHER}))) == implicit(
        Layer.RESOURCE
    )
    assert ask(asked, identity=(ALLOW,), resource=delegating) == allowed(Layer.IDENTITY)
    assert ask(asked, resource=delegating) == implicit(Layer.IDENTITY)
    assert ask(asked, resource=resource_policy(allow(Principal={"AWS": ALICE.arn}))) == allowed(Layer.RESOURCE)
    assert ask(replace(asked, principal=ROOT)) == implicit(Layer.RESOURCE)
    assert ask(replace(asked, principal=ROOT), resource=delegating) == allowed(Layer.RESOURCE)
    assert ask(replace(asked, resource="*"), identity=(ALLOW,)) == allowed(Layer.IDENTITY)


# Actions that ask for no permission


@pytest.mark.parametrize("action", ["sts:GetCallerIdentity", "sts:GetSessionToken", "STS:getcalleridentity"])
def test_no_permission_is_needed_to_ask_who_one_is(action: str) -> None:
    asked = request(action=action, resource="*")
    assert ask(asked) == allowed(None)
    assert ask(asked, identity=(DENY,), scp=((DENY,),)) == allowed(None)
    assert ask(replace(asked, principal=ANONYMOUS)) == implicit(Layer.RESOURCE)


# Resources


def test_an_action_without_resource_matches_only_the_star() -> None:
    asked = request(action="s3:ListAllMyBuckets", resource="*")
    for pattern in ("arn:aws:s3:::*", "arn:aws:s3:*:*:*"):
        assert ask(asked, identity=(policy(allow(Resource=pattern)),)) == implicit(Layer.IDENTITY)
    assert ask(asked, identity=(ALLOW,)) == allowed(Layer.IDENTITY)


def test_not_action_and_not_resource_are_everything_else() -> None:
    but_iam = policy(allow(NotAction="IAM:*"))
    assert ask(request(), identity=(but_iam,)) == allowed(Layer.IDENTITY)
    assert ask(request(action="iam:ListUsers", resource="*"), identity=(but_iam,)) == implicit(Layer.IDENTITY)
    but_secret = policy(deny(NotResource="arn:aws:s3:::reports/*"))
    assert ask(request(), identity=(ALLOW, but_secret)) == allowed(Layer.IDENTITY)
    assert ask(request(resource="arn:aws:s3:::other"), identity=(ALLOW, but_secret)) == explicit(Layer.IDENTITY)


# Which of several denying layers is told


def test_the_first_layer_in_the_documented_order_is_told() -> None:
    order: list[tuple[Layer, dict[str, Any]]] = [
        (Layer.RCP, {"rcp": DENY_RCP}),
        (Layer.SCP, {"scp": ((DENY,),)}),
        (Layer.RESOURCE, {"resource": resource_policy(deny(Principal="*"))}),
        (Layer.IDENTITY, {"identity": (DENY,)}),
        (Layer.BOUNDARY, {"boundary": DENY}),
        (Layer.SESSION, {"session": (DENY,)}),
        (Layer.SCOPE_DOWN, {"scope_down": (DENY,)}),
        (Layer.ENDPOINT, {"endpoint": (policy(deny(Principal="*"), grammar=Grammar.ENDPOINT),)}),
    ]
    for index, (layer, _) in enumerate(order):
        policies = {name: value for _, given in order[index:] for name, value in given.items()}
        assert ask(request(), **policies) == explicit(layer)


def test_an_explicit_deny_is_told_before_an_implicit_one() -> None:
    assert ask(request(), session=(DENY,), scp=((NOTHING,),)) == explicit(Layer.SESSION)
