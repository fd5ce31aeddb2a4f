"""What an account has beside its principals: its password policy and its identity providers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.saml_provider import SamlProvider
from carnet.policy.case_members import Misread
from carnet.provisioning.application import Applying
from carnet.provisioning.document import Home, read_document
from carnet.provisioning.plan import Verdict, make_plan
from carnet.services.iam import saml_documents
from tests.provisioning.planning import applied, done, operator, problem
from tests.saml.idp import metadata
from tests.services.world import World

METADATA = metadata()
ISSUER = "token.actions.githubusercontent.com"
OTHER_METADATA = metadata(issuer="https://other.example.com")


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def oidc(**more: Any) -> dict[str, Any]:
    return {"OpenIDConnectProviderList": [{"Url": f"https://{ISSUER}", "ClientIDList": ["sts.amazonaws.com"], **more}]}


def saml(document: str = METADATA, **more: Any) -> dict[str, Any]:
    return {"SAMLProviderList": [{"Name": "adfs", "SAMLMetadataDocument": document, **more}]}


def trusting(world: World) -> dict[str, Any]:
    """A role that trusts the SAML provider."""
    principal = {"Federated": f"arn:aws:iam::{world.account_id}:saml-provider/adfs"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRoleWithSAML"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    return {"RoleDetailList": [{"RoleName": "federated", "AssumeRolePolicyDocument": trust}]}


def account(**members: Any) -> dict[str, Any]:
    return {"PasswordPolicy": members}


def test_providers_are_made_before_the_roles_that_trust_them(world: World) -> None:
    data = {**trusting(world), **oidc(Tags=tags(a="1"), ThumbprintList=["A" * 40]), **saml(Tags=tags(b="2"))}
    plan = applied(world, data)
    assert [item.verdict for item in plan.items] == [Verdict.UNCHANGED, *[Verdict.CREATE] * 3]
    assert done(plan) == {
        ISSUER: ["CreateOpenIDConnectProvider"],
        "adfs": ["CreateSAMLProvider"],
        "federated": ["CreateRole"],
    }
    view = world.snapshot.accounts[world.account_id]
    (provider,) = view.of(OidcProvider).sorted()
    assert (provider.client_ids, provider.thumbprints) == (("sts.amazonaws.com",), ("a" * 40,))
    assert provider.tags == {"a": "1"}
    assert view.of(SamlProvider).sorted()[0].tags == {"b": "2"}


def test_an_oidc_provider_becomes_as_the_file_says(world: World) -> None:
    applied(world, oidc(Tags=tags(a="1"), ThumbprintList=["a" * 40]))
    assert done(applied(world, oidc(Url=ISSUER))) == {}, "what the file does not say stays; the scheme may be left out"
    changed = oidc(ClientIDList=["x", "y"], ThumbprintList=["B" * 40], Tags=tags(b="2"))
    assert done(applied(world, changed)) == {
        ISSUER: [
            "RemoveClientIDFromOpenIDConnectProvider",
            *["AddClientIDToOpenIDConnectProvider"] * 2,
            "UpdateOpenIDConnectProviderThumbprint",
            "UntagOpenIDConnectProvider",
            "TagOpenIDConnectProvider",
        ]
    }
    (provider,) = world.snapshot.accounts[world.account_id].of(OidcProvider).sorted()
    assert (provider.client_ids, provider.thumbprints, provider.tags) == (("x", "y"), ("b" * 40,), {"b": "2"})


@pytest.mark.parametrize(("provider", "updates"), [(oidc, "UpdateOpenIDConnectProvider"), (saml, "UpdateSAMLProvider")])
def test_the_context_provider_becomes_as_the_file_says(world: World, provider: Any, updates: str) -> None:
    settings = {"SubjectSourceKey": "sub", "KeyDefinitionList": [{"SourceKey": "mail", "TargetKey": "Mail"}]}
    applied(world, provider(ContextProvider=settings))
    assert context_providers(world) == [settings]
    assert done(applied(world, provider(ContextProvider=settings))) == {}
    assert done(applied(world, provider())) == {}, "what the file does not say stays"
    changed = {"SubjectSourceKey": "mail", "SubjectTypeValue": "user"}
    for wanted, left in ((changed, changed), (None, {})):
        assert list(done(applied(world, provider(ContextProvider=wanted))).values()) == [[updates]]
        assert context_providers(world) == [left]


def context_providers(world: World) -> list[Mapping[str, object]]:
    view = world.snapshot.accounts[world.account_id]
    of_oidc = [each.context_provider for each in view.of(OidcProvider)]
    return of_oidc + [each.context_provider for each in view.of(SamlProvider)]


def test_a_saml_provider_becomes_as_the_file_says(world: World) -> None:
    applied(world, saml(Tags=tags(a="1")))
    changed = saml(OTHER_METADATA, Tags=[])
    assert done(applied(world, changed)) == {"adfs": ["UpdateSAMLProvider", "UntagSAMLProvider"]}
    (provider,) = world.snapshot.accounts[world.account_id].of(SamlProvider).sorted()
    assert provider.document == OTHER_METADATA
    assert provider.tags == {}


def test_metadata_is_read_before_the_store_is_locked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    genuine = saml_documents._metadata

    def counted(text: str) -> Any:
        read.append(text)
        return genuine(text)

    monkeypatch.setattr(saml_documents, "_metadata", counted)
    by = operator(world)
    document = read_document(saml(), Home(partition_of=lambda _: "aws", account=world.account_id))
    plan = make_plan(document, world.snapshot, by, world.installation.store.types)
    assert read == [METADATA]
    Applying(store=world.installation.store, directory=world.installation.directory, operator=by).apply(plan)
    assert read == [METADATA]
    assert world.snapshot.accounts[world.account_id].of(SamlProvider).sorted()[0].document == METADATA


def test_a_password_policy_is_set_changed_and_taken_away(world: World) -> None:
    asked = account(MinimumPasswordLength="14", RequireSymbols=True, MaxPasswordAge="90")
    assert done(applied(world, asked)) == {world.account_id: ["UpdateAccountPasswordPolicy"]}
    answered = world.call(world.root, "GetAccountPasswordPolicy")["PasswordPolicy"]
    assert (answered["MinimumPasswordLength"], answered["MaxPasswordAge"]) == (14, 90)
    exported = {name: value if isinstance(value, bool) else str(value) for name, value in answered.items()}
    assert done(applied(world, {"PasswordPolicy": exported})) == {}
    assert done(applied(world, {})) == {}
    assert done(applied(world, account(MinimumPasswordLength="8"))) == {
        world.account_id: ["UpdateAccountPasswordPolicy"]
    }
    assert done(applied(world, {"PasswordPolicy": None})) == {world.account_id: ["DeleteAccountPasswordPolicy"]}
    assert world.snapshot.accounts[world.account_id].account.password_policy is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (saml("<x/>" * 300), "Could not parse metadata"),
        (oidc(ThumbprintList=["short"]), "hexadecimal|[Tt]humbprint"),
        (oidc(Url="localhost"), "[Uu][Rr][Ll]"),
        (account(MinimumPasswordLength="5"), "minimumPasswordLength"),
        (saml(ContextProvider={"SubjectSourceKey": " sub"}), "A source key can have only"),
        (oidc(ContextProvider={"SubjectSourceKey": "s" * 129}), "subjectSourceKey"),
    ],
    ids=["metadata", "thumbprint", "issuer", "length", "source key", "length of a source key"],
)
def test_what_the_api_would_refuse_is_in_the_plan(world: World, data: dict[str, Any], told: str) -> None:
    assert re.search(told, problem(world, data))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (oidc(Url="http://x.example.com"), ".OpenIDConnectProviderList[0].Url must begin with https://"),
        (oidc(Arn="arn:aws:iam::111122223333:oidc-provider/other"), ".OpenIDConnectProviderList[0].Arn is"),
        (oidc(ClientIDList="x"), ".OpenIDConnectProviderList[0].ClientIDList must be a list"),
        ({"OpenIDConnectProviderList": [*oidc()["OpenIDConnectProviderList"]] * 2}, "names an entry once"),
        (oidc(ContextProvider="sub"), ".OpenIDConnectProviderList[0].ContextProvider must be an object"),
        (oidc(ContextProvider={}), ".ContextProvider.SubjectSourceKey is missing"),
        (saml(ContextProvider={"SubjectSourceKey": ["sub"]}), ".ContextProvider.SubjectSourceKey must be text"),
        (
            saml(ContextProvider={"SubjectSourceKey": "sub", "KeyDefinitionList": [{"TargetKey": "a"}]}),
            ".ContextProvider.KeyDefinitionList[0].SourceKey is missing",
        ),
        (saml(IdentityCenterInstanceArn="arn"), "unknown member 'IdentityCenterInstanceArn'"),
        (saml(PrivateKeyList=[]), "unknown member 'PrivateKeyList'"),
        (account(MinimumPasswordLength="long"), ".PasswordPolicy.MinimumPasswordLength must be a whole number"),
        (account(RequireSymbols="yes"), ".PasswordPolicy.RequireSymbols must be true or false"),
        (account(MinimumLength=9), "unknown member 'MinimumLength'"),
    ],
)
def test_what_the_file_cannot_say(data: dict[str, Any], told: str) -> None:
    with pytest.raises(Misread) as refused:
        read_document(data, Home(partition_of=lambda _: "aws", account="111122223333"))
    assert told in str(refused.value)
