"""GetWebIdentityToken.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from carnet.access.authorize import Check
from carnet.access.gather import carried_by
from carnet.base.faults import Invalid, Refused
from carnet.base.timestamps import iso_of_epoch
from carnet.entities.outbound_federation import OutboundFederation, SigningAlgorithm
from carnet.identity.identity_context import IDENTITY_STORE_ARN, USER_ID
from carnet.identity.outbound_keys import OWN_CLAIMS, issuer_url, sign
from carnet.identity.principals import principal_tags
from carnet.policy.request import Value
from carnet.services.operation import Answer, Call
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import refuse_repeated
from carnet.services.sts.token_subject import ORIGIN_IDENTITY, check_scope, origin_subject, subject_mode
from carnet.services.target import Keys, Target

_Given = Mapping[str, Any]
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
"""The claims that AWS documents as condition keys, and that sessions have here."""
_DEFAULT_SECONDS = 300
_MOST_BYTES = 14_984
"""The longest payload of a token. AWS publishes no figure; this was the longest that AWS was seen to make."""
_ALGORITHM = (
    "Requested SigningAlgorithm is not supported. See the GetWebIdentityToken documentation for supported algorithms"
)


def requested_token(call: Call, given: _Given, target: object) -> Keys:
    """The condition keys of the requested token."""
    tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}
    keys: dict[str, Value] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    keys["sts:IdentityTokenAudience"] = tuple(given["Audience"])
    keys["sts:SigningAlgorithm"] = given["SigningAlgorithm"]
    keys["sts:DurationSeconds"] = str(_seconds(given))
    keys["sts:SubjectMode"] = subject_mode(given)
    if "Scope" in given:
        keys["sts:IdentityTokenScope"] = tuple(given["Scope"].split(" "))
    return {**keys, "aws:TagKeys": tuple(tags)} if tags else keys


def own_session(call: Call, given: _Given) -> Target[()]:
    """The caller itself: AWS names it as the resource of an action without a resource type."""
    return Target(arn=f"arn:{call.partition}:sts::{call.account}:self", account=call.account, found=())


def tag_token(call: Call, given: _Given, target: Target[()], keys: Keys) -> Iterator[Check]:
    """sts:TagGetWebIdentityToken, for a token that will have tags."""
    if tags := {name: value for name, value in keys.items() if name.startswith(("aws:RequestTag/", "aws:TagKeys"))}:
        yield target.check("sts:TagGetWebIdentityToken", tags)


def scope_token(call: Call, given: _Given, target: Target[()], keys: Keys) -> Iterator[Check]:
    """sts:SetWebIdentityTokenScope, for a token that will have a scope."""
    if "sts:IdentityTokenScope" in keys:
        yield target.check("sts:SetWebIdentityTokenScope", {"sts:IdentityTokenScope": keys["sts:IdentityTokenScope"]})


@sts.read("GetWebIdentityToken", on=own_session, also=(tag_token, scope_token), context=(requested_token,))
def get_web_identity_token(call: Call, given: _Given) -> Answer:
    """A token with the caller's identity, for services that trust the account's issuer."""
    algorithm = _algorithm(given)
    check_scope(given)
    refuse_repeated(given.get("Tags", ()))
    until = int(call.now.timestamp()) + _seconds(given)
    _refuse_longer(call, until)
    federation = call.view.of(OutboundFederation).get(call.account)
    if federation is None or not federation.enabled:
        disabled = "OutboundWebIdentityFederation is disabled."
        raise Refused("OutboundWebIdentityFederationDisabledException", disabled)
    claims = _claims(call, given, issuer_url(call.parts.public_url, federation), until)
    token = sign(call.parts.keyring, call.account, federation.key(algorithm), claims)
    if _payload_bytes(token) > _MOST_BYTES:
        raise Refused("JWTPayloadSizeExceededException", "JWT payload exceeds maximum allowed size")
    return {"WebIdentityToken": token, "Expiration": call.now + timedelta(seconds=_seconds(given))}


def _seconds(given: _Given) -> int:
    seconds: int = given.get("DurationSeconds", _DEFAULT_SECONDS)
    return seconds


def _algorithm(given: _Given) -> SigningAlgorithm:
    try:
        return SigningAlgorithm(given["SigningAlgorithm"])
    except ValueError:
        raise Invalid(_ALGORITHM) from None


def _payload_bytes(token: str) -> int:
    """How many bytes the claims of a token have."""
    return len(token.split(".")[1]) * 3 // 4


def _caller_claims(carried: Keys) -> dict[str, object]:
    """The claims that are made from condition keys of the caller."""
    told = {claim: carried[key] for claim, key in _OF_KEYS.items() if key in carried}
    return {claim: value if isinstance(value, str) else _of_several(claim, value) for claim, value in told.items()}


def _of_several(claim: str, values: Sequence[str]) -> object:
    return list(values) if claim == "ou_path" else values[0]


def _refuse_longer(call: Call, until: int) -> None:
    """Raise Refused for a token that would outlive the calling session."""
    session = call.caller.credential.session
    if session is not None and until * 1000 > session.expires_ms:
        raise Refused(
            "SessionDurationEscalationException",
            "Requested token expiry time must be before the original session's expiry time.",
        )


def _claims(call: Call, given: _Given, issuer: str, until: int) -> dict[str, Any]:
    principal, session = call.caller.principal, call.caller.credential.session
    arn, carried = principal.role_arn or principal.arn, carried_by(call.snapshot, call.caller.credential).keys
    own: dict[str, Any] = {"aws_account": call.account, "principal_id": arn, **_caller_claims(carried)}
    if call.caller.region:
        own["source_region"] = call.caller.region
    if session is not None:
        own["original_session_exp"] = iso_of_epoch(session.expires_ms // 1000)
    if tags := principal_tags(call.view, call.caller.credential):
        own["principal_tags"] = dict(tags)
    if requested := {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}:
        own["request_tags"] = requested
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
        OWN_CLAIMS: own,
    }
