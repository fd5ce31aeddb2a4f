"""Applications: OAuth 2.0 clients of the customer. AWS creates those of SAML 2.0 only in its console.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateApplication.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import AlreadyExists, Invalid, Missing, TooMany
from carnet.entities.saml_application import SamlApplication
from carnet.entities.sso_application import ENABLED, ApplicationAssignment, SsoApplication
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import page
from carnet.services.request_tags import request_tags
from carnet.services.sso_admin import application_targets as targets
from carnet.services.sso_admin import sentences
from carnet.services.sso_admin.application_targets import (
    PROVIDERS,
    and_its_instance,
    and_provider,
    keys_in_instance,
    new_application_keys,
)
from carnet.services.sso_admin.callers import Held, administrator, held
from carnet.services.sso_admin.quotas import quotas_of
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.tagging import tags_of
from carnet.services.sso_admin.targets import and_tags

_SAML = "SAML"
_CUSTOM = (("custom", "OAUTH", "Custom application"), ("custom-saml", _SAML, "Custom SAML 2.0 application"))
_ID_BYTES = 8
_ORIGINS_WITH_URL = "APPLICATION"


@sso_admin.write(
    "CreateApplication",
    on=targets.new_application,
    also=(and_its_instance("CreateApplication"), and_provider, and_tags),
    context=(request_tags, new_application_keys),
)
def create_application(call: WriteCall, given: Mapping[str, Any], holder: Held) -> Answer:
    """Add an application that has no grants yet; the same ClientToken makes no second one."""
    if _provider_at(call, given["ApplicationProviderArn"])["FederationProtocol"] == _SAML:
        raise Invalid("SAML 2.0 applications are made by carnet sso saml-application create, and by no operation.")
    applications, token = holder.view.of(SsoApplication), given.get("ClientToken")
    there = next(iter(applications.referring("client_token", token)), None) if token is not None else None
    if there is not None:
        if (there.name, there.provider) != (given["Name"], given["ApplicationProviderArn"]):
            raise AlreadyExists("The ClientToken was used for another application.")
        return _identifying_members(holder, there)
    quotas = quotas_of(call, holder.view)
    if len(applications) >= quotas.identity_center_applications:
        raise TooMany(f"An instance can have at most {quotas.identity_center_applications} applications.")
    made = SsoApplication(
        id=f"apl-{call.ids.random(_ID_BYTES).hex()}",
        account=holder.instance.account,
        instance=holder.instance.id,
        partition=holder.instance.partition,
        application_account=call.account,
        provider=given["ApplicationProviderArn"],
        name=given["Name"],
        description=given.get("Description"),
        portal=_portal(given.get("PortalOptions", {})),
        status=given.get("Status", ENABLED),
        created=call.now,
        client_token=token,
        tags=tags_of(call, holder.view, given, "application"),
    )
    call.store.add(made)
    return _identifying_members(holder, made)


@sso_admin.read("DescribeApplication", on=targets.application, context=(keys_in_instance,))
def describe_application(call: Call, given: Mapping[str, Any], holder: Held, one: SsoApplication) -> Answer:
    """An application."""
    return _application_members(holder, one)


@sso_admin.read("ListApplications", on=account_wide)
def list_applications(call: Call, given: Mapping[str, Any]) -> Answer:
    """The applications of the instance InstanceArn."""
    holder = held(call, given["InstanceArn"], administrator)
    if holder is None:
        raise sentences.not_reached()
    wanted = given.get("Filter", {})
    account, provider = wanted.get("ApplicationAccount"), wanted.get("ApplicationProvider")
    found = page(
        call.paging,
        "ListApplications",
        holder.view.of(SsoApplication).sorted(),
        given,
        key=lambda each: each.id,
        matching=lambda each: account in (None, each.application_account) and provider in (None, each.provider),
    )
    return found.answer("Applications", lambda each: _application_members(holder, each))


@sso_admin.write("UpdateApplication", on=targets.application, context=(keys_in_instance,))
def update_application(call: WriteCall, given: Mapping[str, Any], holder: Held, one: SsoApplication) -> Answer:
    """Change the given members."""
    portal = {**one.portal, **given["PortalOptions"]} if "PortalOptions" in given else one.portal
    after = replace(
        one,
        name=given.get("Name", one.name),
        description=given.get("Description", one.description),
        status=given.get("Status", one.status),
        portal=_portal(portal),
    )
    save(call, one, after)
    return {}


@sso_admin.write("DeleteApplication", on=targets.application, context=(keys_in_instance,))
def delete_application(call: WriteCall, given: Mapping[str, Any], holder: Held, one: SsoApplication) -> Answer:
    """Remove an application with its assignments."""
    for assignment in holder.view.of(ApplicationAssignment).referring("application", one.id):
        call.store.remove(assignment)
    side = holder.view.of(SamlApplication).get(one.id)
    if side is not None:
        call.store.remove(side)
    call.store.remove(one)
    return {}


@sso_admin.read("DescribeApplicationProvider", on=targets.provider)
def describe_application_provider(call: Call, given: Mapping[str, Any]) -> Answer:
    """An application provider."""
    return _provider_at(call, given["ApplicationProviderArn"])


@sso_admin.read("ListApplicationProviders", on=targets.provider)
def list_application_providers(call: Call, given: Mapping[str, Any]) -> Answer:
    """The application providers: those for the customer's own applications."""
    found = page(
        call.paging,
        "ListApplicationProviders",
        list(_providers(call)),
        given,
        key=lambda each: str(each["ApplicationProviderArn"]),
    )
    return found.answer("ApplicationProviders", dict)


def save(call: WriteCall, before: SsoApplication, after: SsoApplication) -> None:
    """Store the application if it has changed."""
    if after != before:
        call.store.save(after)


def _provider_at(call: Call, arn: str) -> dict[str, object]:
    """Raises Missing for a provider that does not exist here."""
    for each in _providers(call):
        if each["ApplicationProviderArn"] == arn:
            return each
    raise Missing(f"Could not find application provider {arn}")


def _providers(call: Call) -> Iterator[dict[str, object]]:
    for name, protocol, shown in _CUSTOM:
        yield {
            "ApplicationProviderArn": PROVIDERS.format(partition=call.partition) + name,
            "FederationProtocol": protocol,
            "DisplayData": {"DisplayName": shown},
        }


def _portal(options: Mapping[str, Any]) -> dict[str, Any]:
    """The stored form of PortalOptions. Raises Invalid unless ApplicationUrl comes with the Origin APPLICATION only."""
    sign_in = options.get("SignInOptions", {})
    if (sign_in.get("Origin") == _ORIGINS_WITH_URL) != ("ApplicationUrl" in sign_in):
        raise Invalid("ApplicationUrl is needed for the Origin APPLICATION, and for no other.")
    return dict(options)


def _identifying_members(holder: Held, one: SsoApplication) -> Answer:
    instance = holder.instance
    return {
        "ApplicationArn": one.arn,
        "InstanceArn": instance.arn,
        "IdentityStoreArn": instance.identity_store_arn,
    }


def _application_members(holder: Held, one: SsoApplication) -> dict[str, object]:
    told: dict[str, object | None] = {
        **_identifying_members(holder, one),
        "ApplicationProviderArn": one.provider,
        "Name": one.name,
        "ApplicationAccount": one.application_account,
        "Status": one.status,
        "PortalOptions": one.portal or None,
        "Description": one.description,
        "CreatedDate": one.created,
        "CreatedFrom": holder.instance.region,
    }
    return {name: value for name, value in told.items() if value is not None}
