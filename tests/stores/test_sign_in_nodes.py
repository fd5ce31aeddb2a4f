"""Attack 10 of single sign-on, and its kin: what counts once counts once on all nodes. Starting anew loses nothing."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.entities.browser_session import BrowserSession
from carnet.entities.oauth_session import GRACE
from carnet.identity.oauth_tokens import AccessToken, opened, user_of
from tests.services.sso_oidc.people import REDIRECT, VERIFIER, Center, Client, Given
from tests.services.world import ServiceError, World, open_world
from tests.stores.test_revocation import two_nodes


def code_of(center: Center, client: Client) -> str:
    url = center.consent(center.authorize(client), center.browser(center.person("ann")))
    return parse_qs(urlsplit(url).query)["code"][0]


def redeem(node: World, client: Client, code: str) -> Given:
    given = {"grantType": "authorization_code", "redirectUri": REDIRECT, "codeVerifier": VERIFIER, "code": code}
    return node.unsigned("CreateToken", service="sso-oidc", **client.proof, **given)


def refresh(node: World, client: Client, token: str) -> Given:
    given = {"grantType": "refresh_token", "refreshToken": token}
    return node.unsigned("CreateToken", service="sso-oidc", **client.proof, **given)


def test_attack_10_a_refresh_token_used_again_ends_the_session_on_both_nodes(tmp_path: Path, database: str) -> None:
    with two_nodes(database, tmp_path) as (one, other):
        center = Center(one)
        client = center.register()
        first = redeem(one, client, code_of(center, client))["refreshToken"]
        second = refresh(other, client, first)["refreshToken"]
        assert refresh(one, client, first)["accessToken"], "processes that share a token send it at once"
        one.clock.advance(GRACE.total_seconds() + 1)
        with pytest.raises(ServiceError, match="InvalidGrantException"):
            refresh(one, client, first)
        for node in (other, one):
            with pytest.raises(ServiceError, match="InvalidGrantException"):
                refresh(node, client, second)


def test_attack_1_a_code_that_is_used_on_another_node_ends_the_session(tmp_path: Path, database: str) -> None:
    with two_nodes(database, tmp_path) as (one, other):
        center = Center(one)
        client = center.register()
        code = code_of(center, client)
        token = redeem(one, client, code)["refreshToken"]
        with pytest.raises(ServiceError, match="InvalidGrantException"):
            redeem(other, client, code)
        for node in (one, other):
            with pytest.raises(ServiceError, match="InvalidGrantException"):
                refresh(node, client, token)


def test_a_node_that_starts_anew_knows_every_session_that_was_acknowledged(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        center = Center(world)
        client = center.register()
        ann = center.person("ann")
        browser = center.browser(ann)
        code = parse_qs(urlsplit(center.consent(center.authorize(client), browser)).query)["code"][0]
        tokens = redeem(world, client, code)
        clock = world.clock
    settings = Settings(data_dir=tmp_path / "data", password_hash_kib=8, limits="off")
    with open_installation(settings, create=False, clock=clock) as again:
        node = World.__new__(World)
        node.installation, node.clock = again, clock
        access = opened(again.keyring, AccessToken, tokens["accessToken"])
        assert access is not None
        user = user_of(node.snapshot, access)
        assert user is not None
        assert user.user_id == ann.id
        assert node.snapshot.named(BrowserSession, browser.digest) == browser
        assert refresh(node, client, tokens["refreshToken"])["accessToken"]
