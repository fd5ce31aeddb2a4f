"""Applications as OAuth clients: which application asks for tokens, who may ask for it, and what it may get.

https://docs.aws.amazon.com/singlesignon/latest/userguide/customermanagedapps-trusted-identity-propagation-oauth2.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from carnet.access.documents import stored_policy
from carnet.base.arns import parse_arn
from carnet.directory.identity_center import application_at
from carnet.entities.sso_application import ENABLED, SsoApplication
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy
from carnet.services.operation import Call
from carnet.services.sso_oidc import refusals
from carnet.services.target import Target

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - no password
OPENID, AWS, IDENTITY_CONTEXT = "openid", "aws", "sts:identity_context"
_METHOD = "IAM"
_REDIRECT = re.compile(r"https://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?(?:/[!$&-;=?-Z_a-z~%]*)?", re.ASCII)
_LONGEST_REDIRECT = 2048


def application(call: Call, given: Mapping[str, Any]) -> Target[SsoApplication]:
    """The application whose ARN is clientId; its ActorPolicy is the resource-based policy. Raises Refused."""
    arn = parse_arn(given["clientId"])
    if arn is None or (arn.service, arn.resource.partition("/")[0]) != ("sso", "application"):
        raise refusals.invalid_client()
    found = application_at(call.snapshot, given["clientId"])
    if found is None:
        return Target(arn=given["clientId"], account=arn.account, found=refusals.invalid_client())
    return Target(
        arn=found.arn,
        account=found.application_account,
        found=(found,) if found.status == ENABLED and _METHOD in found.methods else refusals.invalid_client(),
        policies=_actors(found),
    )


def _actors(found: SsoApplication) -> tuple[ResourcePolicy, ...]:
    """The principals that may ask for tokens for the application, by its authentication method."""
    if _METHOD not in found.methods:
        return ()
    document = json.dumps(found.methods[_METHOD]["Iam"]["ActorPolicy"])
    policy = stored_policy(document, Grammar.RESOURCE, f"{found.arn} (ActorPolicy)")
    return (ResourcePolicy(policy=policy, account=found.application_account),)


def grant_of(found: SsoApplication, grant_type: str, member: str) -> Mapping[str, Any]:
    """The application's settings for a grant type. Raises Refused if it has none for it."""
    if grant_type not in found.grants:
        raise refusals.unauthorized_client()
    grant: Mapping[str, Any] = found.grants[grant_type][member]
    return grant


def redirects_of(found: SsoApplication, grant_type: str) -> tuple[str, ...]:
    """Where a browser may take a code for the application; none if codes are none of its grants.

    INVARIANT: only HTTPS, and no text that a browser could read otherwise: a script is no redirect URI.
    """
    uris: Iterable[str] = found.grants.get(grant_type, {}).get("AuthorizationCode", {}).get("RedirectUris", ())
    return tuple(uri for uri in uris if len(uri) <= _LONGEST_REDIRECT and _REDIRECT.fullmatch(uri))


def scopes_of_application(found: SsoApplication) -> tuple[str, ...]:
    """All scopes that people may give the application."""
    return tuple(dict.fromkeys((OPENID, AWS, IDENTITY_CONTEXT, *sorted(found.scopes))))


def narrowed(may: Iterable[str], asked: Iterable[str] | None) -> tuple[str, ...]:
    """The requested scopes; all available ones if none is requested. Raises Refused for one that is not available."""
    wanted = tuple(dict.fromkeys(asked or may))
    if not set(wanted) <= set(may):
        raise refusals.invalid_scope()
    return wanted


def is_audience(source: SsoApplication, scopes: Iterable[str], of: SsoApplication) -> bool:
    """Whether a scope of a token of `source` makes the token valid for the application `of`, too."""
    return any(of.arn in source.scopes.get(scope, ()) for scope in scopes)
