"""Sessions by a provider that has a context provider: they tell whom the token or the assertion is of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from carnet.access.gather import carried_by
from carnet.policy.request import Value
from tests.oidc import issuer
from tests.oidc.issuer import HOST, URL
from tests.saml import idp
from tests.services.iam.expect import refused as call_refused
from tests.services.sts.federation import Federation
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


INSTANCE_KEYS = ("aws:IdentityCenterInstanceArn", "aws:IdentityStoreArn")


def keys_of(world: World, answer: Mapping[str, Any]) -> Mapping[str, Value]:
    return carried_by(world.snapshot, world.principal(world.session(answer)).credential).keys


def test_the_session_tells_in_which_identity_store_its_person_is(world: World) -> None:
    owner = world.root
    instance = world.call(owner, "CreateInstance", service="sso-admin", Name="own")["InstanceArn"]
    arn, named = trusting(world, *ACTIONS), {"OpenIDConnectProviderArn": provider(world)}
    world.call(owner, "UpdateOpenIDConnectProvider", **named, IdentityCenterInstanceArn=instance)
    try:
        answer = assume(world, arn)
        told = world.call(owner, "GetOpenIDConnectProvider", **named)
        keys = keys_of(world, answer)
        assert [keys[key] for key in INSTANCE_KEYS] == [instance, told["IdentityStoreArn"]]
        assert set(answer["TrustedIdentityPropagationContext"]) == {"OriginIdentity"}
        condition = {"StringEquals": {"sts:RequestContext/aws:IdentityCenterInstanceArn": instance}}
        assert assume(world, trusting(world, *ACTIONS, condition=condition))
        world.call(owner, "DeleteInstance", service="sso-admin", InstanceArn=instance)
        gone = "The IAM Identity Center instance that is associated with the provider is gone."
        assert refused(world, arn) == ("InvalidIdentityToken", gone)
    finally:
        world.call(owner, "UpdateOpenIDConnectProvider", **named, RemoveIdentityCenterInstance=True)
    assert not keys_of(world, assume(world, arn)).keys() & set(INSTANCE_KEYS)


class TestSaml:
    """AssumeRoleWithSAML."""

    ACTIONS = ("sts:AssumeRoleWithSAML", "sts:SetContext")
    MAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
    CONTEXT: ClassVar[dict[str, Any]] = {
        "SubjectSourceKey": "Subject/NameID",
        "SubjectTypeSourceKey": "kind",
        "KeyDefinitionList": [{"SourceKey": MAIL, "TargetKey": "Mail"}, {"SourceKey": "groups"}],
    }

    @pytest.fixture
    def federation(self, tmp_path: Path) -> Iterator[Federation]:
        with open_world(tmp_path) as world:
            yield Federation(world, ContextProvider=self.CONTEXT)

    def test_the_session_and_the_answer_tell_whom_the_assertion_is_of(self, federation: Federation) -> None:
        attributes = {"kind": ["user"], self.MAIL: ["alice@example.com"]}
        arn = federation.trusting_role("told", actions=self.ACTIONS)
        answer = federation.assume(federation.answer(arn, attributes=attributes), role=arn)
        assert fits_the_model("AssumeRoleWithSAML", answer, service="sts")
        world = federation.world
        (known,) = world.call(world.root, "GetSAMLProvider", SAMLProviderArn=federation.provider)["SAMLKeyHashes"]
        origin = {
            "Subject": answer["Subject"],
            "SubjectType": "user",
            "Issuer": known["KeyHashes"][0],
            "FederatedProviderArn": federation.provider,
        }
        assert answer["TrustedIdentityPropagationContext"] == {
            "OriginIdentity": origin,
            "TransactionContext": {"IdentityProvider": {"Mail": "alice@example.com"}},
        }
        keys = keys_of(world, answer)
        assert origin == {name: keys[f"aws:OriginIdentity/{name}"] for name in origin}
        assert keys["aws:TransactionContext/IdentityProvider/Mail"] == "alice@example.com"

    def test_the_issuer_is_the_key_that_has_signed(self, federation: Federation) -> None:
        world, arn = federation.world, federation.trusting_role("signed", actions=self.ACTIONS)
        document = idp.metadata(idp.signer(), idp.signer("second"))
        world.call(world.root, "UpdateSAMLProvider", SAMLProviderArn=federation.provider, SAMLMetadataDocument=document)
        (known,) = world.call(world.root, "GetSAMLProvider", SAMLProviderArn=federation.provider)["SAMLKeyHashes"]
        for signer, expected in zip((idp.signer(), idp.signer("second")), known["KeyHashes"], strict=True):
            for make in (idp.with_signed_assertion, idp.with_signed_response):
                said = federation.answer(arn, id=f"_{world.installation.ids.hexadecimal(16)}")
                told = federation.assume(idp.encoded(make(said, signer)), role=arn)
                assert told["TrustedIdentityPropagationContext"]["OriginIdentity"]["Issuer"] == expected

    def test_the_trust_policy_must_let_the_provider_set_a_context(self, federation: Federation) -> None:
        assert federation.refused() == ("AccessDenied", "Not authorized to perform sts:SetContext")
        condition = {"StringEquals": {"sts:RequestContext/aws:OriginIdentity/Subject": "alice"}}
        arn = federation.trusting_role("alices", actions=self.ACTIONS, condition=condition)
        assert federation.assume(role=arn)
        denied = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
        assert federation.refused(federation.answer(arn, name="bob"), role=arn) == denied

    def test_no_attribute_stands_in_for_the_name_id(self, federation: Federation) -> None:
        arn = federation.trusting_role("named", actions=self.ACTIONS)
        answer = federation.assume(federation.answer(arn, attributes={"Subject/NameID": ["root"]}), role=arn)
        assert answer["TrustedIdentityPropagationContext"]["OriginIdentity"]["Subject"] == answer["Subject"] == "alice"

    @pytest.mark.parametrize("values", [["red", "blue"], ["x" * 129], [""], []])
    def test_an_attribute_is_one_value(self, federation: Federation, values: list[str]) -> None:
        arn = federation.trusting_role("valued", actions=self.ACTIONS)
        code, message = federation.refused(federation.answer(arn, attributes={"groups": values}), role=arn)
        assert code == "InvalidIdentityToken"
        assert "groups" in message

    def test_what_came_encrypted_is_not_told(self, federation: Federation) -> None:
        world, own = federation.world, idp.rsa_key("own")
        named = {"SAMLProviderArn": federation.provider}
        world.call(world.root, "UpdateSAMLProvider", **named, AddPrivateKey=idp.pem(own))
        arn = federation.trusting_role("secret", actions=self.ACTIONS)
        response = idp.encrypted(idp.with_signed_assertion(federation.answer(arn)), own.public_key())
        answer = federation.assume(idp.encoded(response), role=arn)
        assert "TrustedIdentityPropagationContext" not in answer
        assert keys_of(world, answer)["aws:OriginIdentity/Subject"] == "alice"
