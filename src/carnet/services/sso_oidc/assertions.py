"""Assertions (RFC 7523): an application brings a JSON Web Token of a trusted token issuer, which identifies a person.

https://docs.aws.amazon.com/singlesignon/latest/userguide/using-apps-with-trusted-token-issuer.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from carnet.base.faults import AlreadyExists, Fault, Refused
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import user_named, user_with_email
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.redeemed_assertion import RedeemedAssertion
from carnet.entities.sso_application import SsoApplication
from carnet.entities.trusted_token_issuer import TrustedTokenIssuer
from carnet.oidc.issuers import Issuer
from carnet.oidc.token import Unverified, check_claims, read_token, verify
from carnet.services.attribute_sources import PATHS, value_at
from carnet.services.operation import Call, WriteCall
from carnet.services.preparing import Pool, Preparation
from carnet.services.sso_oidc import refusals
from carnet.services.sso_oidc.applications import JWT_BEARER, application, grant_of

_LONGEST = 20_000
_LONGEST_ID = 256
_LONGEST_LIFE = timedelta(days=31)
"""How long an assertion may be good, whose id is kept until its end. Providers let access tokens live up to 30 days."""
_USED_BEFORE = "The assertion was used before"


class Vouched(NamedTuple):
    """An assertion whose issuer's signature is verified."""

    issuer: TrustedTokenIssuer
    token: Unverified


async def _verify_assertion(call: Call, given: Mapping[str, Any]) -> Vouched | None:
    """Verify the assertion, if there is one. Raises Refused.

    INVARIANT: nothing is asked of an issuer before the caller may use the application, and the token names one of the
    application's issuers, is for an audience that the application takes, and is of this time.
    """
    if given["grantType"] != JWT_BEARER:
        return None
    found = application(call, given).found
    if isinstance(found, Fault):
        raise found
    grant_of(found[0], JWT_BEARER, "JwtBearer")
    if len(given.get("assertion", "")) > _LONGEST or "assertion" not in given:
        raise refusals.invalid_request()
    try:
        token = read_token(given["assertion"])
        issuer = _trusted_issuer(call, found[0], token)
        source = Issuer(url=issuer.issuer_url, thumbprints=(), account=issuer.account)
        verify(token, await call.parts.issuers.of(source, token.kid))
    except Refused as problem:
        raise _oauth_error(problem) from problem
    return Vouched(issuer, token)


PREPARATION = Preparation(
    pool=Pool(name="trusted-token-issuers", size=64, waiting=64, seconds=10), work=_verify_assertion
)


def person_vouched_for(call: WriteCall, found: SsoApplication) -> tuple[IdentityStoreUser, str]:
    """The person of the verified assertion, and the unique text of it, which is accepted once. Raises Refused.

    INVARIANT: what was true before the turn to write is looked at again: the application may have changed.
    """
    vouched = call.prepared
    if not isinstance(vouched, Vouched):
        raise refusals.invalid_grant()
    try:
        if _trusted_issuer(call, found, vouched.token) != vouched.issuer:
            raise refusals.invalid_grant()
        view = call.snapshot.accounts[found.account]
        people = list(_people(view, vouched.issuer, _claim(vouched.token.claims, vouched.issuer.claim)))
    except Refused as problem:
        raise _oauth_error(problem) from problem
    if len(people) != 1 or not people[0].enabled:
        raise refusals.invalid_grant("The assertion is of no user, or of several")
    return people[0], _spend_assertion(call, vouched)


def _trusted_issuer(call: Call, found: SsoApplication, token: Unverified) -> TrustedTokenIssuer:
    """The application's issuer that the token names, if the token is for the application and valid. Raises Refused."""
    issuers = call.snapshot.accounts[found.account].of(TrustedTokenIssuer)
    for each in grant_of(found, JWT_BEARER, "JwtBearer").get("AuthorizedTokenIssuers", ()):
        one = issuers.get(each.get("TrustedTokenIssuerArn", "").rpartition("/")[2])
        if one is not None and one.instance == found.instance and one.issuer_url == token.issuer:
            audiences = tuple(each.get("AuthorizedAudiences", ()))
            check_claims(token, client_ids=audiences, now=call.now.timestamp())
            return one
    raise refusals.invalid_grant("The application takes no token of this issuer")


def _spend_assertion(call: WriteCall, vouched: Vouched) -> str:
    """Remember that the assertion was used, for as long as it is valid. Raises Refused if it was used before."""
    name, until = vouched.token.claims.get("jti"), vouched.token.claims["exp"]
    if type(name) is not str or not 0 < len(name) <= _LONGEST_ID:
        raise refusals.invalid_grant("The assertion has no jti")
    unique = hashlib.sha256(f"jwt-bearer\0{vouched.issuer.id}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
    if until > (call.now + _LONGEST_LIFE).timestamp():
        raise refusals.invalid_grant("The assertion is good for too long")
    expires = datetime.fromtimestamp(until, UTC)
    try:
        call.store.add(RedeemedAssertion(id=unique, account=vouched.issuer.account, expires=expires))
    except AlreadyExists:
        raise refusals.invalid_grant(_USED_BEFORE) from None
    return unique


def _claim(claims: Mapping[str, Any], path: str) -> str:
    """The claim at a path, `email` or `person.email`. Raises Refused unless it is a text."""
    value: Any = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if type(value) is not str or not value:
        raise refusals.invalid_grant(f"The assertion has no {path}")
    return value


def _people(view: AccountView, issuer: TrustedTokenIssuer, value: str) -> Iterator[IdentityStoreUser]:
    """The people who have that value in the issuer's attribute; user names and email addresses are compared without
    case."""
    match issuer.attribute:
        case "userName":
            found = user_named(view, value)
        case "emails.value":
            found = user_with_email(view, value)
        case path:
            known = path in PATHS
            yield from (each for each in view.of(IdentityStoreUser) if known and value_at(each, path) == value)
            return
    if found is not None:
        yield found


def _oauth_error(problem: Refused) -> Refused:
    """OAuth's error for a token that is not accepted."""
    return problem if problem.code in _OWN else refusals.invalid_grant(problem.message)


_OWN = frozenset(("InvalidGrantException", "InvalidRequestException", "UnauthorizedClientException"))
