"""Trusted token issuers.

https://docs.aws.amazon.com/singlesignon/latest/userguide/using-apps-with-trusted-token-issuer.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import AlreadyExists, InUse, Invalid, TooMany
from carnet.entities.sso_application import SsoApplication
from carnet.entities.trusted_token_issuer import TrustedTokenIssuer
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.request_tags import request_tags
from carnet.services.sso_admin import application_targets as targets
from carnet.services.sso_admin.application_targets import and_its_instance, keys_in_instance
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.quotas import quotas_of
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.tagging import tags_of
from carnet.services.sso_admin.targets import and_tags, instance, primary_region

_TYPE = "OIDC_JWT"
_DISCOVERY = "OPEN_ID_DISCOVERY"


@sso_admin.write(
    "CreateTrustedTokenIssuer",
    on=targets.new_issuer,
    also=(and_its_instance("CreateTrustedTokenIssuer"), and_tags),
    context=(request_tags, primary_region),
)
def create_trusted_token_issuer(call: WriteCall, given: Mapping[str, Any], holder: Held) -> Answer:
    """Add an issuer; a repeated ClientToken adds no second one. Nothing is fetched from it here."""
    configuration = _configuration(given)
    issuers, token = holder.view.of(TrustedTokenIssuer), given.get("ClientToken")
    there = next(iter(issuers.referring("client_token", token)), None) if token is not None else None
    if there is not None:
        if (there.name, there.issuer_url) != (given["Name"], configuration["IssuerUrl"]):
            raise AlreadyExists("The ClientToken was used for another trusted token issuer.")
        return {"TrustedTokenIssuerArn": there.arn}
    quotas = quotas_of(call, holder.view)
    if len(issuers) >= quotas.trusted_token_issuers:
        raise TooMany(f"An instance can have at most {quotas.trusted_token_issuers} trusted token issuers.")
    made = TrustedTokenIssuer(
        id=f"tti-{call.ids.uuid()}",
        account=holder.instance.account,
        instance=holder.instance.id,
        partition=holder.instance.partition,
        name=given["Name"],
        issuer_url=configuration["IssuerUrl"],
        claim=configuration["ClaimAttributePath"],
        attribute=configuration["IdentityStoreAttributePath"],
        created=call.now,
        client_token=token,
        tags=tags_of(call, holder.view, given, "trustedTokenIssuer"),
    )
    try:
        call.store.add(made)
    except AlreadyExists as fault:
        raise AlreadyExists(f"The instance has an issuer of the URL {made.issuer_url} already.") from fault
    return {"TrustedTokenIssuerArn": made.arn}


@sso_admin.read("DescribeTrustedTokenIssuer", on=targets.issuer, context=(keys_in_instance,))
def describe_trusted_token_issuer(
    call: Call, given: Mapping[str, Any], holder: Held, one: TrustedTokenIssuer
) -> Answer:
    """An issuer."""
    configuration = {
        "IssuerUrl": one.issuer_url,
        "ClaimAttributePath": one.claim,
        "IdentityStoreAttributePath": one.attribute,
        "JwksRetrievalOption": _DISCOVERY,
    }
    return {**_issuer_members(one), "TrustedTokenIssuerConfiguration": {"OidcJwtConfiguration": configuration}}


@sso_admin.read("ListTrustedTokenIssuers", on=instance, context=(primary_region,))
def list_trusted_token_issuers(call: Call, given: Mapping[str, Any], holder: Held) -> Answer:
    """The issuers of an instance."""
    issuers = holder.view.of(TrustedTokenIssuer).sorted()
    found = page(call.paging, "ListTrustedTokenIssuers", issuers, given, key=lambda each: each.id)
    return found.answer("TrustedTokenIssuers", _issuer_members)


@sso_admin.write("UpdateTrustedTokenIssuer", on=targets.issuer, context=(keys_in_instance,))
def update_trusted_token_issuer(
    call: WriteCall, given: Mapping[str, Any], holder: Held, one: TrustedTokenIssuer
) -> Answer:
    """Change the given members; the URL cannot be changed."""
    configuration = given.get("TrustedTokenIssuerConfiguration", {}).get("OidcJwtConfiguration", {})
    after = replace(
        one,
        name=given.get("Name", one.name),
        claim=configuration.get("ClaimAttributePath", one.claim),
        attribute=configuration.get("IdentityStoreAttributePath", one.attribute),
    )
    if after != one:
        call.store.save(after)
    return {}


@sso_admin.write("DeleteTrustedTokenIssuer", on=targets.issuer, context=(keys_in_instance,))
def delete_trusted_token_issuer(
    call: WriteCall, given: Mapping[str, Any], holder: Held, one: TrustedTokenIssuer
) -> Answer:
    """Remove an issuer whose tokens no application accepts."""
    if any(one.arn in _taken_by(application) for application in holder.view.of(SsoApplication)):
        raise InUse("Applications take tokens of this issuer: remove it from their grants first.")
    call.store.remove(one)
    return {}


def _taken_by(application: SsoApplication) -> set[str]:
    """The ARNs of the issuers whose tokens an application accepts."""
    authorized = (each for grant in application.grants.values() for of in grant.values() for each in _issuers(of))
    return {each.get("TrustedTokenIssuerArn", "") for each in authorized}


def _issuers(grant: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = grant.get("AuthorizedTokenIssuers", [])
    return found


def _configuration(given: Mapping[str, Any]) -> dict[str, str]:
    configuration: dict[str, str] | None = given["TrustedTokenIssuerConfiguration"].get("OidcJwtConfiguration")
    if configuration is None:
        raise Invalid(f"The TrustedTokenIssuerConfiguration of the type {_TYPE} is OidcJwtConfiguration.")
    return configuration


def _issuer_members(one: TrustedTokenIssuer) -> dict[str, object]:
    return {"TrustedTokenIssuerArn": one.arn, "Name": one.name, "TrustedTokenIssuerType": _TYPE}
