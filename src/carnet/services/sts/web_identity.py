"""The authenticator of web identity tokens: the caller for whom an account's OpenID Connect provider vouches.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from carnet.base.arns import parse_arn
from carnet.base.faults import Invalid
from carnet.directory.snapshot import Snapshot
from carnet.entities.oidc_provider import OidcProvider, issuer_name
from carnet.identity.caller import FEDERATED_AUTHENTICATOR, Federated
from carnet.oidc import refusals
from carnet.oidc.issuers import Issuer
from carnet.oidc.token import Checked, check_claims, read_token, verify
from carnet.policy.request import Principal, PrincipalKind, Value, Values
from carnet.services.operation import AnonymousCall
from carnet.services.preparing import Pool, Preparation
from carnet.services.sts.origin_identity import origin_keys
from carnet.services.sts.token_claims import condition_keys, session_claims

_REMEMBERED = ("aud", "oaud", "sub", "amr")
"""The condition keys of the token that the session keeps."""


async def vouched(call: AnonymousCall, given: Mapping[str, Any]) -> Federated:
    """The subject of the token as a caller. Raises Refused.

    INVARIANT: an issuer is contacted only if the role's account has registered it, the token is for an accepted
    audience, and the token has not expired.
    """
    if "ProviderId" in given:
        raise Invalid(
            "A token of an OAuth 2.0 provider cannot be verified here; an OpenID Connect token has no ProviderId."
        )
    token = read_token(given["WebIdentityToken"])
    account = _account(given["RoleArn"])
    provider = _provider(call.snapshot, account, token.issuer)
    checked = check_claims(token, client_ids=provider.client_ids, now=call.now.timestamp())
    issuer = Issuer(url=provider.issuer, thumbprints=provider.thumbprints, account=account)
    verify(token, await call.parts.issuers.of(issuer, token.kid))
    return _federated_caller(call.snapshot, provider, token.claims, checked)


PREPARATION = Preparation(pool=Pool(name="web-identity", size=256, waiting=256, seconds=10), work=vouched)
"""Waiting costs little here, and of slow issuers each account may have few asked at once (`oidc.issuers.FETCHING`)."""


def _account(role_arn: str) -> str:
    arn = parse_arn(role_arn)
    if arn is None:
        raise Invalid(f"{role_arn} is invalid")
    return arn.account


def _provider(snapshot: Snapshot, account: str, issuer: str) -> OidcProvider:
    view, name = snapshot.open_account(account), issuer_name(issuer)
    provider = view.of(OidcProvider).named(name) if view is not None and name is not None else None
    if provider is None or provider.issuer != issuer:
        raise refusals.invalid(f"No OpenIDConnect provider found in your account for {issuer[:255]}")
    return provider


def _federated_caller(
    snapshot: Snapshot, provider: OidcProvider, claims: Mapping[str, Any], checked: Checked
) -> Federated:
    audience = checked.audience or next(one for one in checked.audiences if one in provider.client_ids)
    keys = dict(_keys(provider.name, claims, checked, audience))
    return Federated(
        FEDERATED_AUTHENTICATOR,
        principal=Principal(
            kind=PrincipalKind.WEB_IDENTITY, id=f"{provider.arn}:{audience}:{checked.subject}", provider=provider.arn
        ),
        account=provider.account,
        keys=keys,
        remembered={key: keys[key] for name in _REMEMBERED if (key := f"{provider.name}:{name}") in keys},
        user_name=checked.subject,
        audience=audience,
        session=replace(session_claims(claims), context=_context(snapshot, provider, claims)),
        trusted=lambda now: _still_trusted(now, provider),
    )


def _context(snapshot: Snapshot, provider: OidcProvider, claims: Mapping[str, Any]) -> dict[str, str]:
    return origin_keys(snapshot, provider, condition_keys(claims), issuer=provider.name)


def _keys(name: str, claims: Mapping[str, Any], checked: Checked, audience: str) -> Iterator[tuple[str, Value]]:
    """Each claim as `issuer:claim`. As on AWS `aud` is the authorized party, if there is one, and `oaud` the rest."""
    told: Values = condition_keys(claims)
    for claim, value in told.items():
        yield f"{name}:{claim}", value
    yield f"{name}:aud", audience
    yield f"{name}:oaud", checked.audiences if len(checked.audiences) > 1 else checked.audiences[0]


def _still_trusted(snapshot: Snapshot, provider: OidcProvider) -> bool:
    view = snapshot.open_account(provider.account)
    found = view.of(OidcProvider).get(provider.id) if view is not None else None
    return found is not None and _verified_properties(found) == _verified_properties(provider)


def _verified_properties(provider: OidcProvider) -> tuple[object, ...]:
    """The properties of a provider by which its tokens are verified."""
    return (
        provider.client_ids,
        provider.thumbprints,
        provider.context_provider,
        provider.identity_center_instance,
    )
