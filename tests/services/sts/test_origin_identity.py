"""AssumeRoleWithWebIdentity by a provider that has a context provider: the session tells whom the token is of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from carnet.access.gather import carried_by
from tests.oidc import issuer
from tests.oidc.issuer import HOST, URL
from tests.services.iam.expect import refused as call_refused
from tests.services.sts.trust import role
from tests.services.wire import fits_the_model
from tests.services.world import START, World, open_world

ACTIONS = ("sts:AssumeRoleWithWebIdentity", "sts:SetContext")
CONTEXT = {
    "SubjectSourceKey": "sub",
    "SubjectTypeSourceKey": "kind",
    "KeyDefinitionList": [
        {"SourceKey": "email", "TargetKey": "Mail"},
        {"SourceKey": "groups"},
        {"SourceKey": "org/unit", "TargetKey": "Unit"},
    ],
}
CLAIMS = {"kind": "workload", "email": "ann@example.com", "org": {"unit": "red"}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("origin-identity")
    keys = directory / "keys.json"
    keys.write_text(json.dumps({URL: issuer.key_set(issuer.private_key("RS256"))}))
    with open_world(directory, oidc_keys_file=keys) as made:
        made.call(made.root, "CreateOpenIDConnectProvider", Url=URL, ClientIDList=["app"], ContextProvider=CONTEXT)
        yield made


def provider(world: World) -> str:
    return f"arn:aws:iam::{world.account_id}:oidc-provider/{HOST}"


def trusting(world: World, *actions: str, condition: Mapping[str, Any] | None = None) -> str:
    statement = {"Effect": "Allow", "Principal": {"Federated": provider(world)}, "Action": list(actions)}
    document = {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}
    return role(world, f"n{world.installation.ids.uuid()}", json.dumps(document))


def given(arn: str, **claims: Any) -> dict[str, Any]:
    token = issuer.signed(issuer.claims(START.timestamp(), **claims))
    return {"RoleArn": arn, "RoleSessionName": "work", "WebIdentityToken": token}


def assume(world: World, arn: str, **claims: Any) -> dict[str, Any]:
    return world.unsigned("AssumeRoleWithWebIdentity", **given(arn, **claims))


def refused(world: World, arn: str, **claims: Any) -> tuple[str, str]:
    return call_refused(world, None, "AssumeRoleWithWebIdentity", service="sts", **given(arn, **claims))


def test_the_session_and_the_answer_tell_whom_the_token_is_of(world: World) -> None:
    answer = assume(world, trusting(world, *ACTIONS), **CLAIMS)
    assert fits_the_model("AssumeRoleWithWebIdentity", answer, service="sts")
    origin = {
        "Subject": "user-ann",
        "SubjectType": "workload",
        "Issuer": HOST,
        "FederatedProviderArn": provider(world),
    }
    asserted = {"Mail": "ann@example.com", "Unit": "red"}
    assert answer["TrustedIdentityPropagationContext"] == {
        "OriginIdentity": origin,
        "TransactionContext": {"IdentityProvider": asserted},
    }
    keys = carried_by(world.snapshot, world.principal(world.session(answer)).credential).keys
    for name, value in origin.items():
        assert keys[f"aws:OriginIdentity/{name}"] == value
    for name, value in asserted.items():
        assert keys[f"aws:TransactionContext/IdentityProvider/{name}"] == value


def test_only_the_subject_must_be_there(world: World) -> None:
    answer = assume(world, trusting(world, *ACTIONS))
    told = answer["TrustedIdentityPropagationContext"]
    assert "SubjectType" not in told["OriginIdentity"]
    assert "TransactionContext" not in told


def test_the_trust_policy_must_let_the_provider_set_a_context(world: World) -> None:
    denied = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    assert refused(world, trusting(world, ACTIONS[0])) == ("AccessDenied", "Not authorized to perform sts:SetContext")
    condition = {
        "StringEquals": {"sts:RequestContext/aws:OriginIdentity/Subject": "user-ann"},
        "ForAllValues:ArnEquals": {"sts:RequestContextProviders": provider(world)},
        "Null": {"sts:RequestContextProviders": "false"},
    }
    arn = trusting(world, *ACTIONS, condition=condition)
    assert assume(world, arn)
    assert refused(world, arn, sub="user-bob") == denied


@pytest.mark.parametrize(
    ("longest", "claim"), [({"sub": "s" * 255}, "sub"), ({"email": "e" * 128}, "email"), ({"kind": "k" * 128}, "kind")]
)
def test_a_value_has_its_length(world: World, longest: dict[str, str], claim: str) -> None:
    arn = trusting(world, *ACTIONS)
    assert assume(world, arn, **longest)
    code, message = refused(world, arn, **{claim: longest[claim] + "x"})
    assert code == "InvalidIdentityToken"
    assert claim in message


def test_a_list_is_one_value_or_none(world: World) -> None:
    arn = trusting(world, *ACTIONS)
    told = assume(world, arn, groups=["red"])["TrustedIdentityPropagationContext"]["TransactionContext"]
    assert told == {"IdentityProvider": {"groups": "red"}}
    assert refused(world, arn, groups=["red", "blue"])[0] == "InvalidIdentityToken"


def test_without_a_context_provider_there_is_no_context(world: World) -> None:
    arn, named = trusting(world, ACTIONS[0]), {"OpenIDConnectProviderArn": provider(world)}
    world.call(world.root, "UpdateOpenIDConnectProvider", **named, RemoveContextProvider=True)
    try:
        assert "TrustedIdentityPropagationContext" not in assume(world, arn, **CLAIMS)
    finally:
        world.call(world.root, "UpdateOpenIDConnectProvider", **named, ContextProvider=CONTEXT)


def test_a_token_without_the_subject_is_refused(world: World) -> None:
    arn, named = trusting(world, *ACTIONS), {"OpenIDConnectProviderArn": provider(world)}
    changed = CONTEXT | {"SubjectSourceKey": "employee"}
    world.call(world.root, "UpdateOpenIDConnectProvider", **named, ContextProvider=changed)
    try:
        assert refused(world, arn) == ("InvalidIdentityToken", "Missing a required claim: employee")
        told = assume(world, arn, employee="7")["TrustedIdentityPropagationContext"]["OriginIdentity"]
        assert told["Subject"] == "7"
    finally:
        world.call(world.root, "UpdateOpenIDConnectProvider", **named, ContextProvider=CONTEXT)
