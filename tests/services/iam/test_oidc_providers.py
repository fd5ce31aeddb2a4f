"""OpenID Connect providers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from carnet.entities.oidc_provider import issuer_name
from tests.services.iam.documents import allow
from tests.services.iam.expect import changes_nothing, refused, set_quotas
from tests.services.wire import fits_the_model
from tests.services.world import START, World, open_world

GITHUB = "token.actions.githubusercontent.com"
THUMBPRINT = "6938fd4d98bab03faadb97b34396831e3780aea1"
NAMED = "OpenIDConnectProviderArn"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("providers")) as made:
        yield made


@pytest.fixture
def arn(world: World) -> Iterator[str]:
    yield create(world)
    for one in world.call(world.root, "ListOpenIDConnectProviders")["OpenIDConnectProviderList"]:
        world.call(world.root, "DeleteOpenIDConnectProvider", **{NAMED: one["Arn"]})


def create(world: World, url: str = f"https://{GITHUB}", **given: Any) -> str:
    arn: str = world.call(world.root, "CreateOpenIDConnectProvider", Url=url, **given)[NAMED]
    return arn


def told(world: World, arn: str) -> dict[str, Any]:
    return world.call(world.root, "GetOpenIDConnectProvider", **{NAMED: arn})


def test_a_provider_is_told_as_it_was_created(world: World) -> None:
    arn = create(
        world,
        "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
        ClientIDList=["sts.amazonaws.com", "sts.amazonaws.com", "other"],
        ThumbprintList=[THUMBPRINT.upper()],
        Tags=[{"Key": "team", "Value": "blue"}],
        ContextProvider={"SubjectSourceKey": "sub", "KeyDefinitionList": []},
    )
    resource = "oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
    assert arn == f"arn:aws:iam::{world.account_id}:{resource}"
    answer = told(world, arn)
    assert answer == {
        "Url": resource.removeprefix("oidc-provider/"),
        "ClientIDList": ["sts.amazonaws.com", "other"],
        "ThumbprintList": [THUMBPRINT],
        "CreateDate": START,
        "Tags": [{"Key": "team", "Value": "blue"}],
        "ContextProvider": {"SubjectSourceKey": "sub", "KeyDefinitionList": []},
    }
    assert fits_the_model("GetOpenIDConnectProvider", answer)
    listed = world.call(world.root, "ListOpenIDConnectProviders")
    assert listed == {"OpenIDConnectProviderList": [{"Arn": arn, "IsTrustedIdentityPropagationEnabled": False}]}
    assert fits_the_model("ListOpenIDConnectProviders", listed)
    assert world.call(world.root, "GetAccountSummary")["SummaryMap"]["Providers"] == 1
    world.call(world.root, "DeleteOpenIDConnectProvider", **{NAMED: arn})
    for operation, missing in (
        ("GetOpenIDConnectProvider", f"OpenIDConnect Provider not found for arn {arn}"),
        ("DeleteOpenIDConnectProvider", f"OpenId connect Provider {arn} cannot be found."),
    ):
        assert refused(world, world.root, operation, **{NAMED: arn}) == ("NoSuchEntity", missing)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://tenant.auth0.com/",
        "https://login.microsoftonline.com/0a1b/v2.0",
        "https://gitlab.example.com:8443/realms/a%20b",
        "https://example.com:65535",
        "https://10.1.2.3/",
    ],
)
def test_a_name_is_the_url_without_its_scheme(url: str) -> None:
    assert issuer_name(url) == url.removeprefix("https://")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "HTTPS://example.com",
        "example.com",
        "https://",
        "https://localhost",
        "https://aws",
        "https://example.com?a=b",
        "https://example.com/#a",
        "https://user@example.com",
        "https://example.com\\@evil.example.org",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://exa_mple.com",
        "https://example..com",
        "https://example.com:",
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:123456",
        "https://[::1]/",
        "https://exämple.com",
        "https://example.com/ä",
    ],
)
def test_what_is_no_url_of_an_issuer_is_refused(world: World, url: str) -> None:
    expected = ("ValidationError", "Invalid Open ID Connect Provider URL")
    assert refused(world, world.root, "CreateOpenIDConnectProvider", Url=url) == expected


def test_an_issuer_is_registered_once(world: World, arn: str) -> None:
    expected = ("EntityAlreadyExists", f"Provider with url https://{GITHUB} already exists.")
    assert refused(world, world.root, "CreateOpenIDConnectProvider", Url=f"https://{GITHUB}") == expected


def test_an_account_has_its_quota_of_them(world: World, arn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CreateOpenIDConnectProvider", oidc_providers=2)
    create(world, "https://a.example.com")
    expected = ("LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 2")
    assert refused(world, world.root, "CreateOpenIDConnectProvider", Url="https://b.example.com") == expected


def test_client_ids_are_added_and_removed(world: World, arn: str) -> None:
    root = world.root
    world.call(root, "AddClientIDToOpenIDConnectProvider", **{NAMED: arn}, ClientID="a")
    changes_nothing(world, root, "AddClientIDToOpenIDConnectProvider", **{NAMED: arn}, ClientID="a")
    world.call(root, "AddClientIDToOpenIDConnectProvider", **{NAMED: arn}, ClientID="b")
    world.call(root, "RemoveClientIDFromOpenIDConnectProvider", **{NAMED: arn}, ClientID="a")
    changes_nothing(world, root, "RemoveClientIDFromOpenIDConnectProvider", **{NAMED: arn}, ClientID="a")
    assert told(world, arn)["ClientIDList"] == ["b"]


def test_a_provider_has_its_quota_of_client_ids(world: World, arn: str) -> None:
    full = [f"id{number}" for number in range(100)]
    expected = ("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
    one_more: dict[str, Any] = {"Url": "https://a.example.com", "ClientIDList": [*full, "more"]}
    assert refused(world, world.root, "CreateOpenIDConnectProvider", **one_more) == expected
    filled = create(world, "https://a.example.com", ClientIDList=full)
    assert refused(world, world.root, "AddClientIDToOpenIDConnectProvider", **{NAMED: filled}, ClientID="x") == expected


def test_thumbprints_are_replaced_together(world: World, arn: str) -> None:
    five = [f"{number:040x}" for number in range(5)]
    world.call(world.root, "UpdateOpenIDConnectProviderThumbprint", **{NAMED: arn}, ThumbprintList=five)
    assert told(world, arn)["ThumbprintList"] == five
    for thumbprints in ([*five, "f" * 40], ["g" * 40], []):
        given: dict[str, Any] = {NAMED: arn, "ThumbprintList": thumbprints}
        assert refused(world, world.root, "UpdateOpenIDConnectProviderThumbprint", **given)[0] == "InvalidInput"


def test_tags_are_those_of_every_kind(world: World, arn: str) -> None:
    tags = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]
    world.call(world.root, "TagOpenIDConnectProvider", **{NAMED: arn}, Tags=tags)
    world.call(world.root, "UntagOpenIDConnectProvider", **{NAMED: arn}, TagKeys=["b"])
    listed = world.call(world.root, "ListOpenIDConnectProviderTags", **{NAMED: arn})
    assert listed["Tags"] == [{"Key": "a", "Value": "1"}]


def test_they_are_tagged_through_the_other_service_too(world: World, arn: str) -> None:
    long = create(world, "https://idp.example.com/realms/a")
    for one in (arn, long):
        answer = world.call(
            world.root, "TagResources", service="resourcegroupstaggingapi", ResourceARNList=[one], Tags={"team": "red"}
        )
        assert answer["FailedResourcesMap"] == {}
    found = world.call(
        world.root, "GetResources", service="resourcegroupstaggingapi", ResourceTypeFilters=["iam:oidc-provider"]
    )
    assert {one["ResourceARN"] for one in found["ResourceTagMappingList"]} == {arn, long}


def test_whoever_tags_on_creation_needs_the_permission_to_tag(world: World) -> None:
    alice = world.user("alice", [allow("iam:CreateOpenIDConnectProvider")])
    given: dict[str, Any] = {"Url": "https://a.example.com", "Tags": [{"Key": "k", "Value": "v"}]}
    code, message = refused(world, alice, "CreateOpenIDConnectProvider", **given)
    assert (code, "iam:TagOpenIDConnectProvider" in message) == ("AccessDenied", True)


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("not an arn at all, no", "InvalidInput"),
        ("arn:aws:iam::111122223333:role/x", "InvalidInput"),
        ("arn:aws:iam::111122223333:oidc-provider/example.com", "AccessDenied"),
    ],
)
def test_only_the_accounts_own_are_found(world: World, arn: str, code: str) -> None:
    alice = world.user(f"reader-{len(arn)}", [allow("iam:*")])
    assert refused(world, alice, "GetOpenIDConnectProvider", **{NAMED: arn})[0] == code
