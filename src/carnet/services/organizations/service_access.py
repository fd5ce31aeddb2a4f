"""Trusted access: the AWS services that may act in the accounts of an organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.base.timestamps import moment_of_ms
from carnet.catalog.service_principals import is_service_principal
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization import FeatureSet
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import PolicyType
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import sentences, targets
from carnet.services.organizations.callers import administrator, management_account
from carnet.services.organizations.condition_keys import service_principal
from carnet.services.organizations.service import organizations
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        DisableAWSServiceAccessRequestTypeDef,
        EnableAWSServiceAccessRequestTypeDef,
        ListAWSServiceAccessForOrganizationRequestTypeDef,
    )

SERVICES_OF_TYPES: Mapping[PolicyType, str] = {PolicyType.SECURITY_HUB: "securityhub.amazonaws.com"}
"""The policy types that are enabled only while a service is trusted. AWS names this one as an example, and no other."""


@organizations.write(
    "EnableAWSServiceAccess", on=targets.organization(management_account), context=(service_principal,)
)
def enable_service_access(
    call: WriteCall, given: EnableAWSServiceAccessRequestTypeDef, view: OrganizationView
) -> Answer:
    """Trust a service; nothing changes if it is trusted already."""
    organization, service = view.organization, known_service(given["ServicePrincipal"])
    if organization.feature_set is not FeatureSet.ALL:
        raise sentences.constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", sentences.ALL_FEATURES_NEEDED)
    if service not in organization.trusted_services:
        trusted = {**organization.trusted_services, service: call.now_ms}
        call.store.save(replace(organization, trusted_services=trusted))
    return {}


@organizations.write(
    "DisableAWSServiceAccess", on=targets.organization(management_account), context=(service_principal,)
)
def disable_service_access(
    call: WriteCall, given: DisableAWSServiceAccessRequestTypeDef, view: OrganizationView
) -> Answer:
    """Stop trusting a service; nothing changes if it is not. Its administrators and policy type have to go before."""
    organization, service = view.organization, known_service(given["ServicePrincipal"])
    if view.of(OrganizationAccount).referring("delegations", service):
        raise sentences.constraint("DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE", sentences.DEREGISTER_FIRST)
    if any(SERVICES_OF_TYPES.get(PolicyType(each)) == service for each in organization.policy_types):
        raise sentences.constraint("POLICY_TYPE_ENABLED_FOR_THIS_SERVICE", sentences.DISABLE_TYPE_FIRST)
    if service in organization.trusted_services:
        trusted = {name: since for name, since in organization.trusted_services.items() if name != service}
        call.store.save(replace(organization, trusted_services=trusted))
    return {}


@organizations.read("ListAWSServiceAccessForOrganization", on=targets.organization(administrator))
def list_service_access(
    call: Call, given: ListAWSServiceAccessForOrganizationRequestTypeDef, view: OrganizationView
) -> Answer:
    """The trusted services, by name."""
    trusted = sorted(view.organization.trusted_services.items())
    found = page(call.paging, "ListAWSServiceAccessForOrganization", trusted, given, key=lambda one: one[0])
    return found.answer(
        "EnabledServicePrincipals",
        lambda one: {"ServicePrincipal": one[0], "DateEnabled": moment_of_ms(one[1])},
    )


def known_service(name: str) -> str:
    """The name, if it is that of an AWS service; raises Invalid for another."""
    if not is_service_principal(name):
        raise sentences.invalid("UNRECOGNIZED_SERVICE_PRINCIPAL", sentences.UNKNOWN_SERVICE)
    return name
