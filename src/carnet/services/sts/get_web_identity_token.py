"""GetWebIdentityToken.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from carnet.access.authorize import Check
from carnet.base.faults import Invalid, Refused
from carnet.entities.outbound_federation import OutboundFederation, SigningAlgorithm
from carnet.identity.outbound_keys import issuer_url, sign
from carnet.identity.principals import principal_tags
from carnet.policy.request import Value
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import SessionTags, session_tags
from carnet.services.target import Keys, Target

_Given = Mapping[str, Any]
_OWN = "https://sts.amazonaws.com/"
"""The claim that holds what no standard has a name for."""
_DEFAULT_SECONDS = 300
_MOST_CHARACTERS = 16_384
"""How long a token may be; AWS publishes no figure."""


def requested_token(call: Call, given: _Given, target: object) -> Keys:
    """The condition keys of the token asked for."""
    tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}
    keys: dict[str, Value] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    keys["sts:IdentityTokenAudience"] = tuple(given["Audience"])
    keys["sts:SigningAlgorithm"] = given["SigningAlgorithm"]
    keys["sts:DurationSeconds"] = str(given.get("DurationSeconds", _DEFAULT_SECONDS))
    return {**keys, "aws:TagKeys": tuple(tags)} if tags else keys


def tag_token(call: Call, given: _Given, target: Target[()], keys: Keys) -> Iterator[Check]:
    """sts:TagGetWebIdentityToken, for a token that will have tags."""
    if tags := {name: value for name, value in keys.items() if name.startswith(("aws:RequestTag/", "aws:TagKeys"))}:
        yield target.check("sts:TagGetWebIdentityToken", tags)


@sts.read("GetWebIdentityToken", on=account_wide, also=(tag_token,), context=(requested_token,))
def get_web_identity_token(call: Call, given: _Given) -> Answer:
    """A token that says who calls, for services that trust the account's issuer."""
    federation = call.view.of(OutboundFederation).get(call.account)
    if federation is None or not federation.enabled:
        raise Refused(
            "OutboundWebIdentityFederationDisabledException",
            "Outbound web identity federation is not enabled for the account.",
        )
    if given.get("SubjectMode") == "OriginIdentity" or "Scope" in given:
        raise Invalid("The calling session carries no trusted identity propagation context.")
    until = int(call.now.timestamp()) + given.get("DurationSeconds", _DEFAULT_SECONDS)
    _refuse_longer(call, until)
    claims = _claims(call, given, issuer_url(call.parts.public_url, federation), until)
    try:
        algorithm = SigningAlgorithm(given["SigningAlgorithm"])
    except ValueError:
        raise Invalid("The signing algorithm must be RS256 or ES384.") from None
    token = sign(call.parts.keyring, call.account, federation.key(algorithm), claims)
    if len(token) > _MOST_CHARACTERS:
        raise Refused("JWTPayloadSizeExceededException", "The tags and audiences are too large for a token.")
    return {"WebIdentityToken": token, "Expiration": datetime.fromtimestamp(until, UTC)}


def _refuse_longer(call: Call, until: int) -> None:
    """Raise Refused for a token that would outlive the session which asks for it."""
    session = call.caller.credential.session
    if session is not None and until * 1000 > session.expires_ms:
        raise Refused(
            "SessionDurationEscalationException",
            "The requested token duration would extend beyond the expiration of the calling session.",
        )


def _claims(call: Call, given: _Given, issuer: str, until: int) -> dict[str, Any]:
    principal, session = call.caller.principal, call.caller.credential.session
    requested = session_tags(SessionTags(), given.get("Tags", ()), ())
    subject = principal.role_arn or principal.arn
    own: dict[str, Any] = {"aws_account": call.account, "principal_id": subject}
    if call.caller.region:
        own["source_region"] = call.caller.region
    if session is not None:
        own["original_session_exp"] = datetime.fromtimestamp(session.expires_ms // 1000, UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
        if session.provider is not None:
            own["federated_provider"] = session.provider
    if tags := principal_tags(call.view, call.caller.credential):
        own["principal_tags"] = dict(tags)
    if requested.tags:
        own["request_tags"] = dict(requested.tags)
    audiences = given["Audience"]
    return {
        "iss": issuer,
        "sub": subject,
        "aud": audiences[0] if len(audiences) == 1 else list(audiences),
        "iat": int(call.now.timestamp()),
        "exp": until,
        "jti": call.ids.uuid(),
        _OWN: own,
    }
