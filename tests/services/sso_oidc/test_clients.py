from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from carnet.services.loopback_redirects import is_redirect, is_same_redirect
from tests.services.sso_oidc.people import REDIRECT, SCOPE, Center
from tests.services.world import ServiceError


def test_a_client_gets_an_id_and_a_secret_for_ninety_days(center: Center) -> None:
    made = center.oidc("RegisterClient", clientName="cli", clientType="public")
    issued = int(center.world.clock().timestamp())
    assert made["clientIdIssuedAt"] == issued
    assert made["clientSecretExpiresAt"] == issued + timedelta(days=90).total_seconds()
    assert made["clientSecret"] not in made["clientId"]
    assert made["tokenEndpoint"] == center.world.installation.execution.parts.public_url + "/token"


def test_a_secret_can_be_given_to_the_aws_cli(center: Center) -> None:
    """It takes what begins with a hyphen for an option. One text of base64url in 64 does."""
    secrets = {center.oidc("RegisterClient", clientName="cli", clientType="public")["clientSecret"] for _ in range(800)}
    assert len(secrets) == 800
    assert not [secret for secret in secrets if secret.startswith("-")]


def test_nothing_is_stored_of_a_client(center: Center) -> None:
    before = center.world.snapshot.seq
    center.register()
    assert center.world.installation.directory.catch_up().seq == before


@pytest.mark.parametrize(
    ("given", "code", "error"),
    [
        ({"clientType": "confidential"}, "InvalidClientMetadataException", "invalid_client_metadata"),
        ({"clientName": ""}, "InvalidClientMetadataException", "invalid_client_metadata"),
        ({"clientName": "x" * 101}, "InvalidClientMetadataException", "invalid_client_metadata"),
        ({"clientName": "a\nb"}, "InvalidClientMetadataException", "invalid_client_metadata"),
        ({"clientName": "IWC \u202eteid"}, "InvalidClientMetadataException", "invalid_client_metadata"),
        ({"grantTypes": ["password"]}, "UnsupportedGrantTypeException", "unsupported_grant_type"),
        ({"redirectUris": ["https://evil.example/cb"]}, "InvalidRedirectUriException", "invalid_redirect_uri"),
        ({"redirectUris": []}, "InvalidRedirectUriException", "invalid_redirect_uri"),
        ({"redirectUris": [f"http://127.0.0.1/{n}" for n in range(11)]}, "InvalidRedirectUriException", None),
        ({"issuerUrl": "https://d-ffffffffff.awsapps.com/start"}, "InvalidRequestException", "invalid_request"),
        ({"issuerUrl": "https://evil.example/start"}, "InvalidRequestException", "invalid_request"),
        ({"scopes": ["a b"]}, "InvalidScopeException", "invalid_scope"),
        ({"scopes": [f"s:{n}" for n in range(11)]}, "InvalidScopeException", "invalid_scope"),
    ],
)
def test_what_a_client_may_not_be(center: Center, given: dict[str, Any], code: str, error: str | None) -> None:
    with pytest.raises(ServiceError) as refused:
        center.register(**given)
    assert refused.value.code == code
    assert error in (None, refused.value.members["error"])


def test_as_many_redirect_uris_as_may_be(center: Center) -> None:
    assert center.register(redirectUris=[f"http://127.0.0.1/{number}" for number in range(10)]).id


@pytest.mark.parametrize("ends", ["", "/", "#", "/#", "#/", "/#/"])
def test_a_start_url_is_known_as_browsers_write_it(center: Center, ends: str) -> None:
    center.register(issuerUrl=center.instance.start_url + ends)
    center.register(issuerUrl=f"https://{center.instance.id}.portal.us-east-1.app.aws{ends}")


@pytest.mark.parametrize(
    "url",
    [
        "http://{store}.awsapps.com/start",
        "https://{store}.awsapps.com.evil.example/start",
        "https://x@{store}.awsapps.com/start",
        "https://{store}.awsapps.com/start/more",
        "https://{store}.awsapps.com/start\n",
        "https://ssoins-{digits}ffffff.portal.us-east-1.app.aws",
    ],
)
def test_what_is_no_start_url(center: Center, url: str) -> None:
    store = center.instance.identity_store
    with pytest.raises(ServiceError, match="Invalid issuer url"):
        center.register(issuerUrl=url.format(store=store, digits=store.removeprefix("d-")))


@pytest.mark.parametrize("secret", ["", "x", "\xe9"])
def test_a_client_proves_itself_by_its_secret(center: Center, secret: str) -> None:
    client, other = center.register(), center.register()
    for wrong in (secret, other.secret):
        with pytest.raises(ServiceError) as refused:
            center.oidc("CreateToken", clientId=client.id, clientSecret=wrong, grantType="refresh_token")
        assert (refused.value.code, refused.value.members["error"]) == ("InvalidClientException", "invalid_client")


def test_a_registration_ends(center: Center) -> None:
    client = center.register(legacy=True)
    center.world.clock.advance(timedelta(days=90).total_seconds() - 1)
    center.device(client)
    center.world.clock.advance(1)
    with pytest.raises(ServiceError, match="InvalidClientException"):
        center.device(client)


SAME = "http://127.0.0.1/oauth/callback"


@pytest.mark.parametrize("asked", [SAME, REDIRECT, "http://127.0.0.1:1/oauth/callback"])
def test_the_port_of_a_redirect_is_the_clients_choice(asked: str) -> None:
    assert is_same_redirect(SAME, asked)


@pytest.mark.parametrize(
    "asked",
    [
        "http://127.0.0.1.evil.example/oauth/callback",
        "http://evil.example/oauth/callback",
        "http://127.0.0.1/oauth/callback/",
        "http://127.0.0.1/oauth/other",
        "http://127.0.0.1/oauth/../oauth/callback",
        "http://127.0.0.1/x/../oauth/callback",
        "http://user@127.0.0.1/oauth/callback",
        "http://127.0.0.1:80@evil.example/oauth/callback",
        "http://127.0.0.1/oauth/callback#x",
        "http://127.0.0.1/oauth/callback?x=1",
        "http://127.0.0.1\\@evil.example/oauth/callback",
        "http://127.0.0.1:65536/oauth/callback",
        "http://127.0.0.1:0/oauth/callback",
        "http://127.0.0.1:/oauth/callback",
        "http://127.1/oauth/callback",
        "http://localhost/oauth/callback",
        "https://127.0.0.1/oauth/callback",
        "HTTP://127.0.0.1/oauth/callback",
        "http://127.0.0.1/oauth/callback\n",
        "http://127.0.0.1/oauth%2fcallback",
        "",
    ],
)
def test_nothing_else_of_a_redirect_is(asked: str) -> None:
    assert not is_same_redirect(SAME, asked)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1.evil.example/cb",
        "http://localhost.evil.example/cb",
        "http://evil.example/cb",
        "http://user@127.0.0.1/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://127.0.0.1/../cb",
        "http://127.0.0.1/cb#x",
        "https://127.0.0.1/cb",
        "javascript:alert(1)",
    ],
)
def test_attack_3_no_address_elsewhere_is_registered(uri: str) -> None:
    assert not is_redirect(uri)


def test_what_may_be_registered() -> None:
    assert is_redirect("http://[::1]/cb")
    assert is_redirect("http://localhost:8080/")
    assert is_redirect("http://127.0.0.1")
    assert not is_redirect("http://127.0.0.1/" + "a" * 512)
    assert not is_redirect("myapp://callback")


def test_scopes_are_the_clients(center: Center) -> None:
    with pytest.raises(ServiceError, match="InvalidScope"):
        center.register(scopes=['"'])
    center.register(scopes=[SCOPE, SCOPE])
