"""CreateOAuth2TokenWithIAM and CreateBearerToken: a token that says to one service who has signed the request for it.

No service behind Carnet takes one; whoever runs a service that does asks IntrospectOAuth2TokenWithIAM whose it is.

https://docs.aws.amazon.com/signin/latest/APIReference/API_dataplane-signin_CreateOAuth2TokenWithIAM.html
https://docs.aws.amazon.com/signin/latest/APIReference/API_dataplane-signin_CreateBearerToken.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from carnet.access.sign_in_policy import CREATE_TOKEN, sign_in_policies
from carnet.identity.credential import traced
from carnet.identity.principals import SESSION_TOKEN
from carnet.keyring.session_claims import SessionClaims
from carnet.services.operation import Answer, Call
from carnet.services.signin import refusals
from carnet.services.signin.login import CLIENT_ID, GRANT_TYPE, REGION, service_principal
from carnet.services.signin.service import signin
from carnet.services.signin.service_tokens import LONGEST_ACCESS_SECONDS, check_resource, issued
from carnet.services.target import Keys, Target

SIGV4_CLIENT = "arn:aws:signin:::client-credentials/sigv4"
"""The client of whoever signs the request for a token.

https://docs.aws.amazon.com/signin/latest/userguide/reference-signin-condition-keys.html
"""
_LONGEST_BEARER_SECONDS = 43_200

Given = Mapping[str, Any]


def _asked_for(action: str) -> Callable[[Call, Given], Target[()]]:
    """For `on=`: the service that the token is for. The policies for sign-ins of the account's principals apply."""

    def target(call: Call, given: Given) -> Target[()]:
        return Target(
            arn=service_principal(call.view.account, call.caller.region or REGION, given["resource"]),
            account=call.account,
            found=(),
            action=action,
            policies=sign_in_policies(call.snapshot, call.view),
        )

    return target


def _request(call: Call, given: Given, target: object) -> Keys:
    """For `context=`: the keys of a client's request for a token."""
    return {CLIENT_ID: SIGV4_CLIENT, GRANT_TYPE: given["grantType"]}


@signin.read("CreateOAuth2TokenWithIAM", on=_asked_for(CREATE_TOKEN), context=(_request,))
def create_oauth2_token_with_iam(call: Call, given: Given) -> Answer:
    """An access token for an hour, or until the caller's session expires. Raises Refused."""
    return _issue_token(call, given["resource"], LONGEST_ACCESS_SECONDS)


@signin.read("CreateBearerToken", on=_asked_for("signin:CreateBearerToken"), context=(_request,))
def create_bearer_token(call: Call, given: Given) -> Answer:
    """A token for up to 12 hours, but not beyond the caller's session. Raises Refused."""
    seconds = given.get("durationSeconds", _LONGEST_BEARER_SECONDS)
    if seconds > _LONGEST_BEARER_SECONDS:
        raise refusals.invalid_request(f"The duration must be at most {_LONGEST_BEARER_SECONDS} seconds.")
    return _issue_token(call, given["resource"], seconds)


def _issue_token(call: Call, resource: str, seconds: int) -> Answer:
    check_resource(resource)
    call.parts.tokens.check_issuing()
    claims = traced(_claims(call, seconds), call.caller.credential, call.now_ms)
    return issued(call, claims, client=SIGV4_CLIENT, resource=resource)


def _claims(call: Call, seconds: int) -> SessionClaims:
    """The principal that a token stands for. The limits of the caller's session are left out, as the token is of no use
    here."""
    credential, expires_ms = call.caller.credential, call.now_ms + 1000 * seconds
    session = credential.session
    if session is None:
        return SessionClaims(
            kind=SESSION_TOKEN,
            account=credential.principal.account,
            principal_id=credential.principal.id,
            issued_ms=call.now_ms,
            expires_ms=expires_ms,
            token_id=call.ids.uuid(),
            epoch=call.snapshot.epoch,
        )
    return SessionClaims(
        kind=session.kind,
        account=session.account,
        principal_id=session.principal_id,
        session_name=session.session_name,
        issued_ms=call.now_ms,
        expires_ms=min(expires_ms, session.expires_ms),
        token_id=call.ids.uuid(),
        epoch=call.snapshot.epoch,
        person=session.person,
        on_behalf_of=session.on_behalf_of,
    )
