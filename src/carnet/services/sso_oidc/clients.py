"""RegisterClient: a client describes itself, and gets an id and a secret. Nothing is stored: the id contains
everything.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from carnet.entities.oauth_session import REGISTERED_FOR
from carnet.identity.authenticate import Authenticate
from carnet.identity.oauth_tokens import ACCOUNT_ACCESS, Registration, registered, sealed
from carnet.services.loopback_redirects import is_redirect
from carnet.services.operation import AnonymousCall, Answer, anybody
from carnet.services.sso_oidc import refusals
from carnet.services.sso_oidc.service import sso_oidc
from carnet.services.sso_oidc.start_url import instance_at

CODE, REFRESH = "authorization_code", "refresh_token"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_GRANTS = (CODE, REFRESH, DEVICE)
_PUBLIC = "public"
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]{1,100}")
"""No control characters, and none that turn the direction of a text: people read it before they consent."""
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,80}", re.ASCII)
_LEGACY_ACCESS = "sso-portal:*"
"""As clients asked for ACCOUNT_ACCESS before tokens were refreshed, and some still do: Granted, and tools made like it.

https://docs.aws.amazon.com/cli/latest/userguide/sso-configure-profile-legacy.html
"""
_MOST = 10
"""Scopes, redirect URIs: the client's id holds them."""


@sso_oidc.read("RegisterClient", on=anybody, authenticate=Authenticate.ANONYMOUS)
def register_client(call: AnonymousCall, given: Mapping[str, Any]) -> Answer:
    """Issue an id and a secret, valid for 90 days."""
    if given["clientType"] != _PUBLIC:
        raise refusals.invalid_metadata("Client type must be public")
    if _NAME.fullmatch(given["clientName"]) is None:
        raise refusals.invalid_metadata("Invalid client name")
    issued = int(call.now.timestamp())
    expires = issued + int(REGISTERED_FOR.total_seconds())
    registration = Registration(
        name=given["clientName"],
        scopes=_scopes(given.get("scopes", ())),
        redirect_uris=_redirects(given),
        grant_types=_grant_types(given.get("grantTypes", ())),
        instance=_instance(call, given),
        issued=issued,
        expires=expires,
    )
    client_id, secret = sealed(call.parts.keyring, registration)
    return {
        "clientId": client_id,
        "clientSecret": secret,
        "clientIdIssuedAt": issued,
        "clientSecretExpiresAt": expires,
        "authorizationEndpoint": f"{call.parts.public_url}/authorize",
        "tokenEndpoint": f"{call.parts.public_url}/token",
    }


def client_of(call: AnonymousCall, given: Mapping[str, Any]) -> Registration:
    """The client that the secret authenticates. Raises Refused."""
    found = registered(call.parts.keyring, given["clientId"], given["clientSecret"], call.now)
    if found is None:
        raise refusals.invalid_client()
    return found


def scopes_of(client: Registration) -> tuple[str, ...]:
    """The scopes that the client may be given; for a client that has registered none, that of account credentials."""
    return client.scopes or (ACCOUNT_ACCESS,)


def meant(scopes: Sequence[str]) -> tuple[str, ...]:
    """Each scope once; a scope's former name is replaced by its present one."""
    return tuple(dict.fromkeys(ACCOUNT_ACCESS if scope == _LEGACY_ACCESS else scope for scope in scopes))


def _scopes(given: Sequence[str]) -> tuple[str, ...]:
    """The scopes that a client registers. A client that registers only the former name gets no refresh tokens, as one
    that registers none."""
    if len(given) > _MOST or not all(_SCOPE.fullmatch(scope) for scope in given):
        raise refusals.invalid_scope()
    return () if set(given) == {_LEGACY_ACCESS} else meant(given)


def _grant_types(given: Sequence[str]) -> tuple[str, ...]:
    if not set(given) <= set(_GRANTS):
        raise refusals.unsupported_grant_type()
    return tuple(dict.fromkeys(given))


def _redirects(given: Mapping[str, Any]) -> tuple[str, ...]:
    uris = tuple(dict.fromkeys(given.get("redirectUris", ())))
    if len(uris) > _MOST or not all(map(is_redirect, uris)):
        raise refusals.invalid_redirect("Redirect URIs must be http URIs of the loopback address")
    if CODE in given.get("grantTypes", ()) and not uris:
        raise refusals.invalid_redirect("redirectUris are required for the grant type authorization_code")
    return uris


def _instance(call: AnonymousCall, given: Mapping[str, Any]) -> str:
    if "issuerUrl" not in given:
        if CODE in given.get("grantTypes", ()):
            raise refusals.invalid_request("issuerUrl is required for the grant type authorization_code")
        return ""
    instance = instance_at(call.snapshot, given["issuerUrl"])
    if instance is None:
        raise refusals.invalid_request("Invalid issuer url provided")
    return instance.id
