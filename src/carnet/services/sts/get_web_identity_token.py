"""GetWebIdentityToken.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from carnet.access.authorize import Check
from carnet.access.gather import carried_by
from carnet.base.faults import Invalid, Refused
from carnet.entities.outbound_federation import OutboundFederation, SigningAlgorithm
from carnet.identity.identity_context import IDENTITY_STORE_ARN, USER_ID
from carnet.identity.outbound_keys import issuer_url, sign
from carnet.identity.principals import principal_tags
from carnet.policy.request import Value
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import SessionTags, session_tags
from carnet.services.sts.token_subject import ORIGIN_IDENTITY, check_scope, origin_subject, subject_mode
from carnet.services.target import Keys, Target

_Given = Mapping[str, Any]
_OWN = "https://sts.amazonaws.com/"
"""The claim that holds what no standard has a name for."""
_OF_KEYS = {
    "org_id": "aws:PrincipalOrgID",
    "ou_path": "aws:PrincipalOrgPaths",
    "federated_provider": "aws:FederatedProvider",
    "identity_store_user_id": USER_ID,
    "identity_store_arn": IDENTITY_STORE_ARN,
    "ec2_source_instance_arn": "ec2:SourceInstanceARN",
    "ec2_role_delivery": "ec2:RoleDelivery",
    "source_identity": "aws:SourceIdentity",
}
"""The claims that AWS documents to be condition keys, as far as sessions have these here."""
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
    keys["sts:SubjectMode"] = subject_mode(given)
    if "Scope" in given:
        keys["sts:IdentityTokenScope"] = tuple(given["Scope"].split(" "))
    return {**keys, "aws:TagKeys": tuple(tags)} if tags else keys


def tag_token(call: Call, given: _Given, target: Target[()], keys: Keys) -> Iterator[Check]:
    """sts:TagGetWebIdentityToken, for a token that will have tags."""
    if tags := {name: value for name, value in keys.items() if name.startswith(("aws:RequestTag/", "aws:TagKeys"))}:
        yield target.check("sts:TagGetWebIdentityToken", tags)


def scope_token(call: Call, given: _Given, target: Target[()], keys: Keys) -> Iterator[Check]:
    """sts:SetWebIdentityTokenScope, for a token that will have a scope."""
    if "sts:IdentityTokenScope" in keys:
        yield target.check("sts:SetWebIdentityTokenScope", {"sts:IdentityTokenScope": keys["sts:IdentityTokenScope"]})


@sts.read("GetWebIdentityToken", on=account_wide, also=(tag_token, scope_token), context=(requested_token,))
def get_web_identity_token(call: Call, given: _Given) -> Answer:
    """A token that says who calls, for services that trust the account's issuer."""
    federation = call.view.of(OutboundFederation).get(call.account)
    if federation is None or not federation.enabled:
        raise Refused(
            "OutboundWebIdentityFederationDisabledException",
            "Outbound web identity federation is not enabled for the account.",
        )
    check_scope(given)
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


def _told(carried: Keys) -> dict[str, Value]:
    """The claims that say what some condition keys of the caller do."""
    told = {claim: carried[key] for claim, key in _OF_KEYS.items() if key in carried}
    return {claim: value if isinstance(value, str) else value[0] for claim, value in told.items()}


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
    arn, carried = principal.role_arn or principal.arn, carried_by(call.snapshot, call.caller.credential).keys
    own: dict[str, Any] = {"aws_account": call.account, "principal_id": arn, **_told(carried)}
    if call.caller.region:
        own["source_region"] = call.caller.region
    if session is not None:
        own["original_session_exp"] = datetime.fromtimestamp(session.expires_ms // 1000, UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
    if tags := principal_tags(call.view, call.caller.credential):
        own["principal_tags"] = dict(tags)
    if requested.tags:
        own["request_tags"] = dict(requested.tags)
    subject, audiences = arn, given["Audience"]
    if subject_mode(given) == ORIGIN_IDENTITY:
        subject, own["subject_mode"] = origin_subject(carried), ORIGIN_IDENTITY
    return {
        "iss": issuer,
        "sub": subject,
        **({"scope": given["Scope"]} if "Scope" in given else {}),
        "aud": audiences[0] if len(audiences) == 1 else list(audiences),
        "iat": int(call.now.timestamp()),
        "exp": until,
        "jti": call.ids.uuid(),
        _OWN: own,
    }
