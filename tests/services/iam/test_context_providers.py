"""Trusted identity propagation through SAML and OpenID Connect providers: what is set, what is told, and who may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from carnet.saml.key_hash import key_hash
from tests.saml import idp
from tests.services.iam.documents import Document, allow, deny
from tests.services.iam.expect import refused
from tests.services.wire import fits_the_model
from tests.services.world import Caller, World

CONTEXT = {"SubjectSourceKey": "sub"}
NOBODYS = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
ISSUER = "idp.example.com"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of identity provider: its operations, and whom it is of."""

    name: str
    given: dict[str, Any]
    issuer: str

    def create(self, world: World, caller: Caller | None = None, **given: Any) -> str:
        answer = world.call(caller or world.root, f"Create{self.name}", **self.given, **given)
        return str(answer[f"{self.name}Arn"])

    def update(self, world: World, arn: str, caller: Caller | None = None, **given: Any) -> None:
        answer = world.call(caller or world.root, f"Update{self.name}", **{f"{self.name}Arn": arn}, **given)
        assert fits_the_model(f"Update{self.name}", answer)

    def refused(self, world: World, arn: str, caller: Caller | None = None, **given: Any) -> tuple[str, str]:
        return refused(world, caller or world.root, f"Update{self.name}", **{f"{self.name}Arn": arn}, **given)

    def shown(self, world: World, arn: str) -> dict[str, Any]:
        answer = world.call(world.root, f"Get{self.name}", **{f"{self.name}Arn": arn})
        assert fits_the_model(f"Get{self.name}", answer)
        return {key: answer[key] for key in answer if key in ("ContextProvider", *ASSOCIATED)}


ASSOCIATED = ("IdentityCenterInstanceArn", "IdentityStoreArn")
SAML = Kind(
    "SAMLProvider",
    {"Name": "idp", "SAMLMetadataDocument": idp.metadata()},
    key_hash(idp.signer().base64),
)
OIDC = Kind("OpenIDConnectProvider", {"Url": f"https://{ISSUER}"}, ISSUER)


@pytest.fixture(params=[SAML, OIDC], ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def instance(world: World) -> dict[str, str]:
    """An account instance of IAM Identity Center, as providers tell of it."""
    arn = world.call(world.root, "CreateInstance", service="sso-admin", Name="own")["InstanceArn"]
    store = world.call(world.root, "DescribeInstance", service="sso-admin", InstanceArn=arn)["IdentityStoreId"]
    return {
        "IdentityCenterInstanceArn": arn,
        "IdentityStoreArn": f"arn:aws:identitystore::{world.account_id}:identitystore/{store}",
    }


def test_the_context_provider_is_set_replaced_and_removed(world: World, kind: Kind) -> None:
    arn = kind.create(world)
    assert kind.shown(world, arn) == {}
    wanted = {"SubjectSourceKey": "sub", "SubjectTypeValue": "user", "KeyDefinitionList": [{"SourceKey": "a b"}]}
    for settings in (wanted, CONTEXT):
        kind.update(world, arn, ContextProvider=settings)
        assert kind.shown(world, arn) == {"ContextProvider": settings}
    kind.update(world, arn, RemoveContextProvider=True)
    assert kind.shown(world, arn) == {}


def test_an_instance_is_associated_and_disassociated(world: World, kind: Kind, instance: dict[str, str]) -> None:
    asked: dict[str, Any] = {"IdentityCenterInstanceArn": instance["IdentityCenterInstanceArn"]}
    arn = kind.create(world, ContextProvider=CONTEXT, **asked)
    assert kind.shown(world, arn) == {"ContextProvider": CONTEXT, **instance}
    other = CONTEXT | {"SubjectTypeValue": "user"}
    kind.update(world, arn, ContextProvider=other)
    assert kind.refused(world, arn, RemoveContextProvider=True) == (
        "InvalidInput",
        "To remove the context provider, first remove the IAM Identity Center association.",
    )
    kind.update(world, arn, RemoveIdentityCenterInstance=True)
    assert kind.shown(world, arn) == {"ContextProvider": other}
    kind.update(world, arn, **asked)
    assert kind.shown(world, arn) == {"ContextProvider": other, **instance}
    kind.update(world, arn, RemoveIdentityCenterInstance=True)
    kind.update(world, arn, RemoveContextProvider=True)
    assert kind.shown(world, arn) == {}


def test_lists_tell_whose_identities_are_propagated(world: World, kind: Kind, instance: dict[str, str]) -> None:
    asked: dict[str, Any] = {"IdentityCenterInstanceArn": instance["IdentityCenterInstanceArn"]}

    def propagates() -> bool:
        answer = world.call(world.root, f"List{kind.name}s")
        assert fits_the_model(f"List{kind.name}s", answer)
        (told,) = answer[f"{kind.name}List"]
        found: bool = told["IsTrustedIdentityPropagationEnabled"]
        return found

    arn = kind.create(world, ContextProvider=CONTEXT)
    assert not propagates()
    kind.update(world, arn, **asked)
    assert propagates()
    world.call(world.root, "DeleteInstance", service="sso-admin", InstanceArn=asked["IdentityCenterInstanceArn"])
    assert not propagates()


def test_an_instance_that_is_gone_is_not_told(world: World, kind: Kind, instance: dict[str, str]) -> None:
    asked: dict[str, Any] = {"IdentityCenterInstanceArn": instance["IdentityCenterInstanceArn"]}
    arn = kind.create(world, ContextProvider=CONTEXT, **asked)
    world.call(world.root, "DeleteInstance", service="sso-admin", InstanceArn=asked["IdentityCenterInstanceArn"])
    assert kind.shown(world, arn) == {"ContextProvider": CONTEXT}
    kind.update(world, arn, RemoveIdentityCenterInstance=True)
    kind.update(world, arn, RemoveContextProvider=True)


@pytest.mark.usefixtures("instance")
def test_only_an_instance_that_the_account_sees_is_associated(world: World, kind: Kind) -> None:
    other = world.account()
    foreign = world.call(other, "CreateInstance", service="sso-admin", Name="own")["InstanceArn"]
    arn = kind.create(world, ContextProvider=CONTEXT)
    for unseen in (foreign, NOBODYS, "nothing"):
        assert kind.refused(world, arn, IdentityCenterInstanceArn=unseen) == (
            "InvalidInput",
            f"The IAM Identity Center instance {unseen} does not exist.",
        )


def test_an_instance_needs_a_context_provider(world: World, kind: Kind, instance: dict[str, str]) -> None:
    asked: dict[str, Any] = {"IdentityCenterInstanceArn": instance["IdentityCenterInstanceArn"]}
    sentence = "An IAM Identity Center instance can be associated only with a provider that has a context provider."
    assert refused(world, world.root, f"Create{kind.name}", **kind.given, **asked) == ("InvalidInput", sentence)
    assert kind.refused(world, kind.create(world), **asked) == ("InvalidInput", sentence)


@pytest.mark.parametrize(
    "given",
    [
        {"ContextProvider": CONTEXT, "RemoveContextProvider": True},
        {"IdentityCenterInstanceArn": NOBODYS, "RemoveIdentityCenterInstance": True},
        {"ContextProvider": CONTEXT, "IdentityCenterInstanceArn": NOBODYS},
        {"ContextProvider": CONTEXT, "RemoveIdentityCenterInstance": True},
        {"RemoveContextProvider": True, "RemoveIdentityCenterInstance": True},
        {"RemoveIdentityCenterInstance": True},
        {"ContextProvider": {"SubjectSourceKey": " sub"}},
        {"ContextProvider": {"SubjectSourceKey": "a  b"}},
        {"ContextProvider": {"SubjectSourceKey": "sub", "SubjectTypeValue": "a", "SubjectTypeSourceKey": "b"}},
        {"ContextProvider": {"SubjectSourceKey": "sub", "KeyDefinitionList": [{"SourceKey": "a "}]}},
        {"ContextProvider": {"SubjectSourceKey": "sub", "KeyDefinitionList": [{"SourceKey": "a", "TargetKey": "é"}]}},
        {
            "ContextProvider": {
                "SubjectSourceKey": "sub",
                "KeyDefinitionList": [{"SourceKey": "a"}, {"SourceKey": "b", "TargetKey": "A"}],
            }
        },
    ],
)
def test_no_other_configuration_is_taken(world: World, kind: Kind, given: dict[str, Any]) -> None:
    arn = kind.create(world, ContextProvider=CONTEXT)
    assert kind.refused(world, arn, **given)[0] == "InvalidInput"
    assert kind.shown(world, arn) == {"ContextProvider": CONTEXT}


@pytest.mark.parametrize("given", [{}, {"RemoveContextProvider": False, "RemoveIdentityCenterInstance": False}])
def test_an_update_changes_something(world: World, kind: Kind, given: dict[str, Any]) -> None:
    assert kind.refused(world, kind.create(world), **given)[0] in ("InvalidInput", "ValidationError")


def test_metadata_and_context_provider_are_not_changed_together(world: World, instance: dict[str, str]) -> None:
    arn = SAML.create(world, ContextProvider=CONTEXT)
    document = idp.metadata(idp.signer("new"))
    contexts: list[dict[str, Any]] = [{"ContextProvider": CONTEXT}, {"RemoveContextProvider": True}]
    changes: list[dict[str, Any]] = [{"SAMLMetadataDocument": document}, {"AssertionEncryptionMode": "Allowed"}]
    for context in contexts:
        for metadata in changes:
            assert SAML.refused(world, arn, **context, **metadata) == (
                "InvalidInput",
                "A request can change either the context provider or the provider metadata, but not both.",
            )
    asked: dict[str, Any] = {"IdentityCenterInstanceArn": instance["IdentityCenterInstanceArn"]}
    SAML.update(world, arn, SAMLMetadataDocument=document, **asked)
    assert world.call(world.root, "GetSAMLProvider", SAMLProviderArn=arn)["SAMLMetadataDocument"] == document
    assert SAML.shown(world, arn) == {"ContextProvider": CONTEXT, **instance}


class TestWhoMayConfigureIt:
    def test_a_policy_tells_providers_with_it_from_others(self, world: World, kind: Kind) -> None:
        without = {"Bool": {"iam:EnableIdentityPropagation": "false", "iam:EnableIdentityCenterAssociation": "false"}}
        alice = self.user(world, allow("iam:Create*", condition=without))
        assert self.denied(world, alice, f"Create{kind.name}", **kind.given, ContextProvider=CONTEXT)
        kind.create(world, alice)

    def test_a_policy_asks_for_the_issuers_of_the_request(self, world: World, kind: Kind) -> None:
        def of(issuer: str) -> Document:
            return allow(
                "iam:Create*", condition={"ForAnyValue:StringEquals": {"iam:RequestIdentityProviderIssuers": issuer}}
            )

        mallory, alice = (self.user(world, of(issuer)) for issuer in ("other.example.com", kind.issuer))
        assert self.denied(world, mallory, f"Create{kind.name}", **kind.given)
        kind.create(world, alice)

    def test_a_policy_asks_for_the_issuers_of_the_provider(self, world: World, kind: Kind) -> None:
        arn = kind.create(world)
        condition = {"ForAnyValue:StringEquals": {"iam:ResourceIdentityProviderIssuers": kind.issuer}}
        alice = self.user(world, allow("iam:Update*"), deny("iam:Update*", condition=condition))
        assert self.denied(world, alice, f"Update{kind.name}", **{f"{kind.name}Arn": arn}, ContextProvider=CONTEXT)
        if kind is SAML:
            kind.update(world, arn, SAMLMetadataDocument=idp.metadata(idp.signer("new")))
            kind.update(world, arn, alice, ContextProvider=CONTEXT)

    def test_a_policy_asks_for_the_instance(self, world: World, kind: Kind, instance: dict[str, str]) -> None:
        asked: dict[str, Any] = {"IdentityCenterInstanceArn": instance["IdentityCenterInstanceArn"]}
        arn = kind.create(world, ContextProvider=CONTEXT)
        association = {"Bool": {"iam:EnableIdentityCenterAssociation": "true"}}
        requested = {"StringEquals": {"iam:RequestIdentityCenterInstanceArn": NOBODYS}}
        present = {"StringEquals": {"iam:ResourceIdentityCenterInstanceArn": asked["IdentityCenterInstanceArn"]}}
        alice, bob, carol = (
            self.user(world, allow("iam:Update*"), deny("iam:Update*", condition=condition))
            for condition in (association, requested, present)
        )
        named = {f"{kind.name}Arn": arn}
        assert self.denied(world, alice, f"Update{kind.name}", **named, **asked)
        assert self.denied(world, bob, f"Update{kind.name}", **named, IdentityCenterInstanceArn=NOBODYS)
        kind.update(world, arn, carol, **asked)
        assert self.denied(world, carol, f"Update{kind.name}", **named, RemoveIdentityCenterInstance=True)
        kind.update(world, arn, alice, RemoveIdentityCenterInstance=True)

    def test_a_stranger_is_told_no_more_than_that_it_is_one(self, world: World, kind: Kind) -> None:
        assert self.denied(world, self.user(world), f"Create{kind.name}", **kind.given)

    @staticmethod
    def user(world: World, *policies: Document) -> Caller:
        return world.user(f"u{world.installation.ids.hexadecimal(8)}", policies)

    @staticmethod
    def denied(world: World, caller: Caller, operation: str, **given: Any) -> bool:
        return refused(world, caller, operation, **given)[0] == "AccessDenied"
