"""Applications of IAM Identity Center that ask for tokens of people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from carnet.directory.identity_center import user_named
from carnet.entities.browser_session import BrowserSession, HolderKind
from carnet.entities.entity import Tags
from carnet.services.sso_oidc.authorize import Consent, asked
from tests.oidc import issuer
from tests.oidc.issuer import URL
from tests.services.sso_admin.center import Center, a_center
from tests.services.sso_oidc.people import CHALLENGE
from tests.services.world import Caller, World, open_world

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
PORTAL = "sso:account:access"
BACK = "https://app.example/callback?of=carnet"


@contextmanager
def open_center(directory: Path) -> Iterator[Center]:
    """IAM Identity Center with ann, bob and eve, in a world that has the keys of the issuer of tests."""
    keys = directory / "keys.json"
    keys.write_text(json.dumps({URL: issuer.key_set(issuer.private_key("RS256"))}))
    with open_world(directory, oidc_keys_file=keys) as world:
        made = a_center(world)
        for name in ("ann", "bob", "eve"):
            email = f"{name}@example.com"
            made.user(
                name, {"Emails": [{"Value": email, "Primary": True}], "Title": "same" if name != "eve" else "eve"}
            )
        yield made


class App:
    """An application with all grants, which everybody may use, and whose account's root user asks for tokens."""

    def __init__(self, center: Center, trusted: str, *, assigned: bool = False, actors: str = "") -> None:
        self.center, self.world = center, center.world
        self.arn = center.application(f"app-{center.world.installation.ids.uuid()}")
        named = {"ApplicationArn": self.arn}
        center.call("PutApplicationAssignmentConfiguration", AssignmentRequired=assigned, **named)
        issuers = [{"TrustedTokenIssuerArn": trusted, "AuthorizedAudiences": ["app"]}]
        for kind, grant in {
            JWT: {"JwtBearer": {"AuthorizedTokenIssuers": issuers}},
            EXCHANGE: {"TokenExchange": {}},
            "authorization_code": {"AuthorizationCode": {"RedirectUris": [BACK, "javascript:alert(1)"]}},
            "refresh_token": {"RefreshToken": {}},
        }.items():
            center.call("PutApplicationGrant", GrantType=kind, Grant=grant, **named)
        center.call("PutApplicationAccessScope", Scope=PORTAL, **named)
        self.acted_by(actors or f"arn:aws:iam::{self.world.account_id}:root")

    def acted_by(self, principal: str) -> None:
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sso-oauth:*", "Resource": "*"}
        self.center.call(
            "PutApplicationAuthenticationMethod",
            ApplicationArn=self.arn,
            AuthenticationMethodType="IAM",
            AuthenticationMethod={"Iam": {"ActorPolicy": {"Version": "2012-10-17", "Statement": [statement]}}},
        )

    def ask(self, kind: str, *, caller: Caller | None = None, **given: Any) -> dict[str, Any]:
        named = {"clientId": self.arn, "grantType": kind} | given
        return self.world.call(caller or self.world.root, "CreateTokenWithIAM", service="sso-oidc", **named)

    def assertion(self, who: str = "ann", **changed: Any) -> str:
        told = {"email": f"{who}@example.com", "jti": self.world.installation.ids.uuid()} | changed
        return issuer.signed(issuer.claims(self.world.clock().timestamp(), **told))

    def vouched(self, who: str = "ann", **changed: Any) -> dict[str, Any]:
        return self.ask(JWT, assertion=self.assertion(who, **changed))

    def asks(self, **changed: str) -> dict[str, str]:
        """The fields of /authorize."""
        return {
            "response_type": "code",
            "client_id": self.arn,
            "redirect_uri": BACK,
            "state": "s",
            "scope": f"openid {PORTAL}",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changed

    def consent(self, fields: dict[str, str]) -> Consent:
        return asked(fields, self.world.installation.keyring, self.world.snapshot, self.world.clock())

    def code(self, who: str, fields: dict[str, str] | None = None, *, attributes: Tags | None = None) -> str:
        """A code to which the person has consented in a browser that is still signed in."""
        session = self.browser(who, attributes or {})
        return self.code_of(session, fields)

    def browser(self, who: str, attributes: Tags) -> BrowserSession:
        world = self.world
        session = BrowserSession(
            id=world.installation.ids.uuid(),
            account=world.account_id,
            kind=HolderKind.PERSON,
            holder=who,
            digest=world.installation.ids.uuid(),
            created=world.clock(),
            expires=world.clock() + timedelta(hours=8),
            password_set=None,
            attributes=attributes,
        )
        with world.installation.store.write() as unit:
            unit.add(session)
        world.installation.directory.catch_up()
        return session

    def code_of(self, session: BrowserSession, fields: dict[str, str] | None = None) -> str:
        world = self.world
        url = self.consent(fields or self.asks()).given(world.installation.keyring, session, world.clock())
        assert url.startswith(f"{BACK}&code=")
        return parse_qs(urlsplit(url).query)["code"][0]


def person(world: World, name: str) -> str:
    found = user_named(world.snapshot.accounts[world.account_id], name)
    assert found is not None
    return found.id
