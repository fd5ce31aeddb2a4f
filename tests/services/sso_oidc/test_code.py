from __future__ import annotations

from datetime import timedelta
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from carnet.services.sso_oidc.authorize import CannotAsk, SentBack, asked
from tests.services.sso_oidc.people import CHALLENGE, REDIRECT, SCOPE, VERIFIER, Center, Client
from tests.services.world import ServiceError

_NUMBERS = count()


def code_of(center: Center, client: Client, **changed: str) -> str:
    url = center.consent(center.authorize(client, **changed), center.browser(center.person(f"ann{next(_NUMBERS)}")))
    return parse_qs(urlsplit(url).query)["code"][0]


def test_a_consent_becomes_tokens(center: Center) -> None:
    client = center.register()
    url = center.consent(center.authorize(client), center.browser(center.person("ann")))
    assert url.startswith(f"{REDIRECT}?code=")
    fields = parse_qs(urlsplit(url).query)
    assert fields["state"] == ["the-state"]
    tokens = center.redeem(client, fields["code"][0])
    assert (tokens["tokenType"], tokens["expiresIn"]) == ("Bearer", 3600)
    assert center.refresh(client, tokens["refreshToken"])["refreshToken"] != tokens["refreshToken"]


def test_a_code_that_is_used_twice_ends_the_session(center: Center) -> None:
    client = center.register()
    code = code_of(center, client)
    tokens = center.redeem(client, code)
    for _ in range(2):
        with pytest.raises(ServiceError, match="InvalidGrantException"):
            center.redeem(client, code)
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.refresh(client, tokens["refreshToken"])


def test_a_code_lives_for_a_minute(center: Center) -> None:
    client = center.register()
    late, in_time = code_of(center, client), code_of(center, client, state="2")
    center.world.clock.advance(59.9)
    center.redeem(client, in_time)
    center.world.clock.advance(0.1)
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.redeem(client, late)


@pytest.mark.parametrize(
    "changed",
    [
        {"codeVerifier": "w" * 43},
        {"codeVerifier": CHALLENGE},
        {"codeVerifier": "v" * 42},
        {"codeVerifier": ""},
        {"redirectUri": "http://127.0.0.1:61235/oauth/callback"},
        {"redirectUri": "http://127.0.0.1/oauth/callback"},
    ],
)
def test_a_code_is_bound_to_verifier_and_redirect(center: Center, changed: dict[str, str]) -> None:
    client = center.register()
    code = code_of(center, client)
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.redeem(client, code, **changed)
    assert center.redeem(client, code)["accessToken"]


def test_a_code_is_bound_to_its_client(center: Center) -> None:
    client, other = center.register(), center.register()
    code = code_of(center, client)
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.redeem(other, code)


@pytest.mark.parametrize("left_out", ["codeVerifier", "redirectUri", "code"])
def test_what_is_left_out_is_an_invalid_request(center: Center, left_out: str) -> None:
    client = center.register()
    given = {"redirectUri": REDIRECT, "codeVerifier": VERIFIER, "code": code_of(center, client)}
    del given[left_out]
    with pytest.raises(ServiceError) as refused:
        center.oidc("CreateToken", grantType="authorization_code", **client.proof, **given)
    assert refused.value.code == "InvalidRequestException"


def ask(center: Center, client: Client, **changed: str) -> object:
    world = center.world
    return asked(center.authorize(client, **changed), world.installation.keyring, world.snapshot, world.clock())


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "x"},
        {"client_id": ""},
        {"redirect_uri": "http://evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1.evil/oauth/callback"},
        {"redirect_uri": ""},
        {"state": ""},
        {"state": "a\r\nset-cookie: x=1"},
        {"state": "x" * 1025},
    ],
)
def test_what_sends_the_browser_nowhere(center: Center, changed: dict[str, str]) -> None:
    with pytest.raises(CannotAsk):
        ask(center, center.register(), **changed)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": VERIFIER + "+"}, "invalid_request"),
        ({"scopes": "sso:account:access sso:everything"}, "invalid_scope"),
    ],
)
def test_what_the_client_is_told(center: Center, changed: dict[str, str], error: str) -> None:
    with pytest.raises(SentBack) as told:
        ask(center, center.register(), **changed)
    assert told.value.url == f"{REDIRECT}?error={error}&state=the-state"


def test_a_client_that_has_not_registered_the_grant_gets_no_code(center: Center) -> None:
    given = {"redirectUris": ["http://127.0.0.1/oauth/callback"], "issuerUrl": center.instance.start_url}
    client = center.register(legacy=True, grantTypes=["refresh_token"], scopes=[SCOPE], **given)
    with pytest.raises(SentBack) as told:
        ask(center, client)
    assert told.value.url == f"{REDIRECT}?error=unauthorized_client&state=the-state"


def test_a_registration_that_is_over_asks_nothing(center: Center) -> None:
    client = center.register()
    center.world.clock.advance(timedelta(days=90).total_seconds())
    with pytest.raises(CannotAsk):
        ask(center, client)


def test_a_state_comes_back_as_it_was(center: Center) -> None:
    client = center.register()
    state = "&code=x#/?%0d%0a \"<'"
    url = center.consent(center.authorize(client, state=state), center.browser(center.person("ann")))
    assert parse_qs(urlsplit(url).query)["state"] == [state]
    assert url.isprintable()


def test_a_refusal_is_told(center: Center) -> None:
    client = center.register()
    world = center.world
    consent = asked(center.authorize(client), world.installation.keyring, world.snapshot, world.clock())
    assert consent.refused() == f"{REDIRECT}?error=access_denied&state=the-state"
    assert "the-state" not in repr(consent)


def test_a_refresh_token_is_followed_by_one_successor(center: Center) -> None:
    client = center.register()
    first = center.redeem(client, code_of(center, client))["refreshToken"]
    one = center.refresh(client, first)["refreshToken"]
    center.world.clock.advance(60)
    again = center.refresh(client, first)["refreshToken"]
    third = center.refresh(client, one)["refreshToken"]
    assert center.refresh(client, again)["accessToken"]
    assert center.refresh(client, third)["accessToken"]


def test_a_refresh_token_that_comes_after_the_grace_ends_the_session(center: Center) -> None:
    client = center.register()
    first = center.redeem(client, code_of(center, client))["refreshToken"]
    second = center.refresh(client, first)["refreshToken"]
    center.world.clock.advance(60.001)
    for token in (first, second):
        with pytest.raises(ServiceError, match="InvalidGrantException"):
            center.refresh(client, token)


def test_an_older_refresh_token_ends_the_session_at_once(center: Center) -> None:
    client = center.register()
    first = center.redeem(client, code_of(center, client))["refreshToken"]
    third = center.refresh(client, center.refresh(client, first)["refreshToken"])["refreshToken"]
    for token in (first, third):
        with pytest.raises(ServiceError, match="InvalidGrantException"):
            center.refresh(client, token)


def test_a_refresh_token_is_its_clients(center: Center) -> None:
    client, other = center.register(), center.register()
    token = center.redeem(client, code_of(center, client))["refreshToken"]
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.refresh(other, token)
    assert center.refresh(client, token)["accessToken"]


def test_a_session_lasts_eight_hours_however_often_it_is_refreshed(center: Center) -> None:
    client = center.register()
    tokens = center.redeem(client, code_of(center, client))
    for _ in range(7):
        center.world.clock.advance(3600)
        tokens = center.refresh(client, tokens["refreshToken"])
    center.world.clock.advance(3599)
    tokens = center.refresh(client, tokens["refreshToken"])
    assert tokens["expiresIn"] == 1
    center.world.clock.advance(1)
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.refresh(client, tokens["refreshToken"])


@pytest.mark.parametrize("grant", ["password", "client_credentials", ""])
def test_no_other_grant_is_taken(center: Center, grant: str) -> None:
    client = center.register()
    with pytest.raises(ServiceError, match="UnsupportedGrantTypeException"):
        center.oidc("CreateToken", grantType=grant, **client.proof)


def test_a_grant_that_the_client_has_not_registered(center: Center) -> None:
    given = {"redirectUris": ["http://127.0.0.1/oauth/callback"], "issuerUrl": center.instance.start_url}
    client = center.register(legacy=True, grantTypes=["refresh_token"], **given)
    with pytest.raises(ServiceError, match="UnauthorizedClientException"):
        center.redeem(client, "x")


@pytest.mark.parametrize("token", ["", "x", "aor", "aorx", "ASORx"])
def test_what_is_no_refresh_token(center: Center, token: str) -> None:
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.refresh(center.register(), token)


def test_a_client_that_takes_codes_says_of_which_instance(center: Center) -> None:
    given = {"redirectUris": ["http://127.0.0.1/oauth/callback"], "grantTypes": ["authorization_code"]}
    with pytest.raises(ServiceError, match="InvalidRequestException"):
        center.register(legacy=True, **given)


def test_a_client_of_no_instance_sends_the_browser_nowhere(center: Center) -> None:
    """It may register addresses of its own, but not ask for codes; nor may one whose instance is gone."""
    given = {"redirectUris": ["http://127.0.0.1/oauth/callback"], "scopes": [SCOPE]}
    of_none = center.register(legacy=True, grantTypes=["refresh_token"], **given)
    of_former = center.register()
    assert ask(center, of_former)
    center.remove(center.instance)
    for client in (of_none, of_former):
        with pytest.raises(CannotAsk, match="is of no instance of IAM Identity Center here"):
            ask(center, client)
