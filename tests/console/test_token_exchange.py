"""The ID token of `aws login` is exchanged for a token for one service."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from carnet.entities.oauth_session import Grantor
from carnet.identity.id_tokens import id_token
from carnet.identity.oauth_tokens import session_of
from tests.attacks.wire import audit
from tests.console.conftest import Site
from tests.console.test_login_consent import ALLOWED, SAME, Program
from tests.console.test_people import save
from tests.policy.long_policies import assert_nobody_waited, put_under_long_policies, watch_reading

EXCHANGE, BEARER = (f"urn:ietf:params:oauth:grant-type:{name}" for name in ("token-exchange", "jwt-bearer"))
JWT = "urn:ietf:params:oauth:token-type:jwt"
GLUE = "glue.amazonaws.com"
OF_GLUE = "arn:aws:signin:us-east-1:*:service-principal/glue.amazonaws.com"


@pytest.fixture
def program(site: Site) -> Program:
    return Program(site)


def exchanged(site: Site, token: str, **given: str) -> Any:
    make: Any = boto3.client
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    client = make("signin", endpoint_url=site.server.endpoint, region_name="us-east-1", config=config)
    asked = {"grantType": EXCHANGE, "subjectToken": token, "subjectTokenType": JWT, "resource": GLUE} | given
    try:
        return client.create_o_auth2_token_with_token_exchange(**{key: value for key, value in asked.items() if value})
    finally:
        client.close()


def _claims(token: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return told


def refused(site: Site, token: str, **given: str) -> tuple[str, str, str]:
    """The code, the `error` and the message."""
    with pytest.raises(ClientError) as told:
        exchanged(site, token, **given)
    answer: Any = told.value.response
    return answer["Error"]["Code"], answer["error"], answer["Error"]["Message"]


NOT_GOOD = ("InvalidGrantException", "invalid_grant", "The subject token is not valid.")


def test_a_service_learns_who_has_signed_in(site: Site, program: Program) -> None:
    token = program.begun()["idToken"]
    told = exchanged(site, token)
    assert (told["tokenType"], told["expiresIn"]) == ("Bearer", 3600)
    assert told["issuedTokenType"] == "urn:ietf:params:oauth:token-type:access_token"
    shown = site.server.client("signin").introspect_oauth2_token_with_iam(token=told["accessToken"])
    arn = f"arn:aws:iam::{site.account}:user/{program.user}"
    assert (shown["active"], shown["sub"], shown["aud"], shown["clientId"]) == (True, arn, GLUE, SAME)
    event = json.dumps(audit(site.server)[-2:])
    assert "CreateOAuth2TokenWithTokenExchange" in event
    assert token not in event
    assert told["accessToken"] not in event


def test_the_policies_know_the_grant_and_the_service(site: Site, program: Program) -> None:
    token = program.begun()["idToken"]
    for condition in (
        {"StringEquals": {"signin:OAuthGrantType": ["client_credentials", "refresh_token", "authorization_code"]}},
        {"StringEquals": {"signin:OAuthClientId": "arn:aws:signin:::client-credentials/sigv4"}},
    ):
        program.allow(_statement(condition))
        code, error, message = refused(site, token)
        assert (code, error) == ("InvalidGrantException", "INSUFFICIENT_PERMISSIONS")
        assert "signin:CreateOAuth2Token" in message
    program.allow(_statement({"StringEquals": {"signin:OAuthGrantType": EXCHANGE, "signin:OAuthClientId": SAME}}))
    assert exchanged(site, token)["accessToken"]
    assert refused(site, token, resource="ecr.amazonaws.com")[1] == "INSUFFICIENT_PERMISSIONS"


def _statement(condition: dict[str, Any]) -> dict[str, Any]:
    told = {"Effect": "Allow", "Action": "signin:CreateOAuth2Token", "Resource": OF_GLUE, "Condition": condition}
    return {"Version": "2012-10-17", "Statement": told}


def test_it_ends_with_the_session_and_the_password(site: Site, program: Program) -> None:
    first, second = program.begun()["idToken"], program.begun()["idToken"]
    site.later(1)
    site.iam.update_login_profile(UserName=program.user, Password="Another-horse-2")
    assert refused(site, first)[:2] == ("InvalidGrantException", "USER_CREDENTIALS_CHANGED")
    site.later(12 * 3600)
    assert refused(site, second) == NOT_GOOD


def test_a_session_that_was_ended_gives_nothing(site: Site, program: Program) -> None:
    told = program.begun()
    site.server.client("signin").revoke_oauth2_token_with_iam(token=told["refreshToken"])
    assert refused(site, told["idToken"]) == NOT_GOOD


def active(site: Site, token: str) -> bool:
    told: bool = site.server.client("signin").introspect_oauth2_token_with_iam(token=token)["active"]
    return told


@pytest.mark.parametrize("ended", ["revoked", "another password"])
def test_what_it_was_exchanged_for_ends_too(site: Site, program: Program, ended: str) -> None:
    """A service that asks whether a token still holds is not told so for the rest of an hour."""
    told = program.begun()
    token = exchanged(site, told["idToken"])["accessToken"]
    assert active(site, token)
    if ended == "revoked":
        site.server.client("signin").revoke_oauth2_token_with_iam(token=told["refreshToken"])
    else:
        site.later(1)
        site.iam.update_login_profile(UserName=program.user, Password="Another-horse-2")
    assert not active(site, token)


def test_no_other_token_is_taken(site: Site, program: Program) -> None:
    told = program.begun()
    token, claims = told["idToken"], _claims(told["idToken"])
    head, body, signature = token.split(".")
    keyring = site.server.installation.keyring

    def part(content: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    unsigned = part({"alg": "none", "typ": "JWT", "kid": json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]})
    for wrong in (
        f"{head}.{part(claims | {'sub': 'arn:aws:iam::111122223333:root'})}.{signature}",
        f"{unsigned}.{body}.",
        f"{unsigned}.{body}.{signature}",
        f"{head}.{body}",
        f"{head}.{body}.{signature}=",
        f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': '00000000'})}.{body}.{signature}",
        f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'x'})}.{body}.{signature}",
        f"é.{body}.{signature}",
        "....",
        "null.null.null",
        told["refreshToken"],
        told["accessToken"]["sessionToken"],
        id_token(keyring, claims | {"iss": "https://elsewhere.example"}),
        id_token(keyring, claims | {"aud": "arn:aws:signin:::devtools/cross-device"}),
        id_token(keyring, claims | {"sub": "no-arn"}),
        id_token(keyring, claims | {"exp": 1}),
        id_token(keyring, claims | {"jti": "00000000-0000-4000-8000-000000000000"}),
        id_token(keyring, {"sub": 1}),
    ):
        assert refused(site, wrong) == NOT_GOOD, wrong
    assert exchanged(site, token)["accessToken"]


def test_what_is_not_known_is_refused(site: Site, program: Program) -> None:
    program.allow(ALLOWED)
    token = program.begun()["idToken"]
    code, error, _ = refused(site, "", subjectTokenType="", grantType=BEARER, assertion=token)
    assert (code, error) == ("InvalidGrantException", "invalid_grant")
    assert refused(site, token, scope="arn:aws:iam::aws:policy/ReadOnlyAccess")[:2] == (
        "InvalidScopeException",
        "invalid_scope",
    )
    for missing in ("subjectToken", "subjectTokenType", "resource"):
        assert refused(site, token, **{missing: ""}) == (
            "ValidationException",
            "invalid_request",
            f"{missing} is missing.",
        )
    assert refused(site, token, subjectTokenType=JWT.replace("jwt", "id_token"))[1] == "invalid_request"
    assert refused(site, token, resource="evil.example.com")[1] == "invalid_target"


def test_nobody_waits_for_policies_that_take_long(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(site)
    token = program.begun()["idToken"]
    put_under_long_policies(site.iam, program.user)
    read = watch_reading(monkeypatch)
    assert exchanged(site, token)["accessToken"]
    assert_nobody_waited(read)


def test_no_token_is_given_out_without_an_event(site: Site, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    token = program.begun()["idToken"]
    before = audit(site.server)
    with monkeypatch.context() as full:
        site.server.refuse_lines(full)
        with pytest.raises(ClientError) as told:
            exchanged(site, token)
    answer: Any = told.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert "accessToken" not in answer
    assert audit(site.server) == before


@pytest.mark.parametrize("changed", ["kind", "claims"])
def test_a_session_of_no_principal_gives_nothing(site: Site, program: Program, changed: str) -> None:
    """Whatever is stored of it: one of a person, or one that does not say who has signed in."""
    told = program.begun()
    claims = _claims(told["idToken"])
    here = site.server.installation
    session = session_of(here.directory.snapshot, site.account, claims["jti"])
    assert session is not None
    assert exchanged(site, told["idToken"])["accessToken"]
    other = {"kind": Grantor.PERSON} if changed == "kind" else {"claims": b"x"}
    save(site, replace(session, **other))
    assert refused(site, told["idToken"]) == NOT_GOOD
    status, answer = program.refresh(told["refreshToken"])
    assert (status, answer["error"]) == (400, "TOKEN_EXPIRED")
