"""Policies of resources, as checks carry them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from carnet.access.authorize import Check, authorize
from carnet.access.gather import policies_of
from carnet.access.resource_policies import trust_of, trust_of_nobody
from carnet.entities.role import Role
from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context
from tests.services.iam.documents import allow, text, trust
from tests.services.world import Caller, World, open_world

BUCKET = "arn:aws:s3:::reports"
EVERYBODY = "*"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as made:
        yield made


def bucket_policy(effect: str) -> Policy:
    statement = {"Effect": effect, "Principal": EVERYBODY, "Action": "s3:*", "Resource": "*"}
    return parse(text({"Version": "2012-10-17", "Statement": statement}), Grammar.RESOURCE, source="bucket policy")


ALLOWS, DENIES = ResourcePolicy(policy=bucket_policy("Allow")), ResourcePolicy(policy=bucket_policy("Deny"))
UNREADABLE = ResourcePolicy(policy=None)


def decision(world: World, caller: Caller, *policies: ResourcePolicy, account: str = "") -> Decision:
    check = Check(
        action="s3:GetBucketPolicy",
        resource=BUCKET,
        resource_account=account or world.account_id,
        policies=policies,
    )
    view = world.snapshot.accounts[world.account_id]
    engine = world.installation.execution.parts.engine
    verified = world.principal(caller)
    carried = policies_of(view, verified.credential)
    return authorize(engine, world.snapshot, verified.principal, carried, Context(), check).decision


def test_any_of_several_allows_and_any_denies(world: World) -> None:
    stranger = world.user("stranger")
    silent = ResourcePolicy(policy=parse(text(statement_for("s3:PutObject")), Grammar.RESOURCE))
    assert decision(world, stranger, silent).verdict is Verdict.IMPLICIT_DENY
    assert decision(world, stranger, silent, ALLOWS).allowed
    assert decision(world, stranger, ALLOWS, DENIES).verdict is Verdict.EXPLICIT_DENY


def put_to(world: World, caller: Caller, carried: Policies, *policies: ResourcePolicy) -> Policies:
    """What a check with these policies of the resource is decided on."""
    check = Check(action="s3:GetObject", resource=BUCKET, resource_account=world.account_id, policies=policies)
    engine, principal = world.installation.execution.parts.engine, world.principal(caller).principal
    return authorize(engine, world.snapshot, principal, carried, Context(), check).policies


def test_the_engine_is_given_the_same_object_for_the_same_policies(world: World) -> None:
    reader, carried, others = world.user("reader"), Policies(), Policies()
    found = put_to(world, reader, carried, ALLOWS)
    assert found.resource == (ALLOWS,)
    assert put_to(world, reader, carried, as_equal(ALLOWS)) is found
    assert put_to(world, reader, others, ALLOWS) is not found
    assert put_to(world, reader, carried, DENIES).resource == (DENIES,)


def as_equal(one: ResourcePolicy) -> ResourcePolicy:
    return ResourcePolicy(policy=one.policy, layer=one.layer, account=one.account)


def test_of_session_policies_no_set_is_remembered(world: World) -> None:
    """A caller makes any number of them."""
    reader, narrowed = world.user("reader"), Policies(session=(bucket_policy("Allow"),))
    assert put_to(world, reader, narrowed, ALLOWS) is not put_to(world, reader, narrowed, ALLOWS)


def statement_for(action: str) -> dict[str, object]:
    statement = {"Effect": "Allow", "Principal": EVERYBODY, "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": statement}


@pytest.mark.parametrize("others", [(), (ALLOWS,)])
def test_one_that_cannot_be_read_denies(world: World, others: tuple[ResourcePolicy, ...]) -> None:
    admin = world.user("admin", [allow("*")])
    assert decision(world, admin, *others).allowed
    refused = decision(world, admin, UNREADABLE, *others)
    assert (refused.verdict, refused.layer) == (Verdict.EXPLICIT_DENY, Layer.RESOURCE)


def test_the_consent_of_the_resources_account_counts(world: World) -> None:
    reader = world.user("reader", [allow("s3:*")])
    other = world.principal(world.account()).principal.account
    assert not decision(world, reader, account=other).allowed
    assert decision(world, reader, ALLOWS, account=other).allowed


def made_role(world: World) -> Role:
    trusted = trust(f"arn:aws:iam::{world.account_id}:root")
    world.call(world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trusted)
    return present_role(world)


def present_role(world: World) -> Role:
    role = world.snapshot.accounts[world.account_id].of(Role).named("r")
    assert role is not None
    return role


def test_a_trust_policy_is_found_in_the_roles_account_and_remembered_there(world: World) -> None:
    role, view = made_role(world), world.snapshot.accounts[world.account_id]
    found = trust_of(view, role)
    assert (found.layer, found.account) == (Layer.TRUST, world.account_id)
    assert trust_of(view, role) is found
    other = trust("arn:aws:iam::111122223333:root")
    world.call(world.root, "UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=other)
    assert trust_of(world.snapshot.accounts[world.account_id], present_role(world)) != found


TRUSTED = {"Effect": "Allow", "Principal": EVERYBODY, "Action": "sts:AssumeRole"}
UNCLEAR = {"Condition": {"NoSuchOperator": {"aws:PrincipalArn": "*"}}}


def trusting(*statements: Mapping[str, object]) -> str:
    return text({"Version": "2012-10-17", "Statement": statements})


def assumed(world: World, caller: Caller, role: Role, *documents: str) -> tuple[Verdict, Layer | None]:
    """What is decided of AssumeRole on a role with these trust policies; with none, on a role that is not there."""
    view = world.snapshot.accounts[world.account_id]
    ids = (f"AROA{number:017}" for number in range(len(documents)))
    found = [
        trust_of(view, replace(role, id=unused, trust=document))
        for unused, document in zip(ids, documents, strict=True)
    ]
    policies = tuple(found) or (trust_of_nobody(world.account_id),)
    check = Check(action="sts:AssumeRole", resource=role.arn, resource_account=role.account, policies=policies)
    engine = world.installation.execution.parts.engine
    verified = world.principal(caller)
    carried = policies_of(view, verified.credential)
    decided = authorize(engine, world.snapshot, verified.principal, carried, Context(), check).decision
    return decided.verdict, decided.layer


def test_without_an_allow_in_its_trust_policy_a_role_trusts_nobody(world: World) -> None:
    admin = world.user("admin", [allow("*")])
    assert assumed(world, admin, made_role(world)) == (Verdict.IMPLICIT_DENY, Layer.TRUST)


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        (trusting(TRUSTED), Verdict.ALLOWED),
        (trusting({**TRUSTED, **UNCLEAR}), Verdict.IMPLICIT_DENY),
        (trusting(TRUSTED, {**TRUSTED, **UNCLEAR}), Verdict.ALLOWED),
        (trusting(TRUSTED, {**TRUSTED, **UNCLEAR, "Effect": "Deny"}), Verdict.EXPLICIT_DENY),
        (trusting(), Verdict.EXPLICIT_DENY),
        ("{", Verdict.EXPLICIT_DENY),
        ("", Verdict.EXPLICIT_DENY),
    ],
)
def test_what_cannot_be_read_of_a_trust_policy_fails_closed(world: World, document: str, verdict: Verdict) -> None:
    admin = world.user("admin", [allow("*")])
    assert assumed(world, admin, made_role(world), document)[0] is verdict


@pytest.mark.parametrize("beside", [(), (trusting(TRUSTED),)])
def test_a_trust_policy_that_cannot_be_read_denies_whoever_asks(world: World, beside: tuple[str, ...]) -> None:
    role = made_role(world)
    for caller in (world.root, world.user("nobody"), world.user("admin", [allow("*")])):
        assert assumed(world, caller, role, "{", *beside) == (Verdict.EXPLICIT_DENY, Layer.TRUST)
