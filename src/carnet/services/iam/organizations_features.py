"""The features of centralized root access, which an organization enables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from carnet.base.faults import Fault, Refused
from carnet.directory.organization_view import OrganizationView
from carnet.directory.root_access import RootFeature, is_administrator, is_trusted
from carnet.entities.organization import FeatureSet, Organization
from carnet.services.iam import organization_sentences as sentences
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.target import Target


def _organization_target(call: Call, given: Any) -> Target[OrganizationView]:
    """The caller's organization, for the accounts that may manage its root access."""
    return Target(arn="*", account=call.account, found=_administered_organization(call))


def _managed_organization(call: Call, given: Any) -> Target[OrganizationView]:
    """The caller's organization, for its management account only."""
    target = _organization_target(call, given)
    if isinstance(target.found, Fault) or target.found[0].organization.management == call.account:
        return target
    return target.finding(Refused("CallerIsNotManagementAccountException", sentences.NOT_MANAGEMENT_ACCOUNT))


def _administered_organization(call: Call) -> tuple[OrganizationView] | Fault:
    view = call.snapshot.organization_of(call.account)
    if view is None:
        return Refused("OrganizationNotFoundException", sentences.NO_ORGANIZATION)
    if not is_administrator(view, call.account):
        return Refused("AccountNotManagementOrDelegatedAdministratorException", sentences.NOT_ROOT_ADMINISTRATOR)
    if view.organization.feature_set is not FeatureSet.ALL:
        return Refused("OrganizationNotInAllFeaturesModeException", sentences.NOT_ALL_FEATURES)
    if not is_trusted(view):
        return Refused("ServiceAccessNotEnabledException", sentences.no_trusted_access(call.account))
    return (view,)


@iam.read("ListOrganizationsFeatures", on=_organization_target)
def list_organizations_features(call: Call, given: Any, view: OrganizationView) -> Answer:
    """Which features the organization has enabled."""
    return _features(view.organization)


def _enable(operation: str, feature: RootFeature) -> None:
    """Register the operation of this name."""

    @iam.write(operation, on=_managed_organization)
    def enable_feature(call: WriteCall, given: Any, view: OrganizationView) -> Answer:
        """Enable a feature; it may be enabled already."""
        return _save_features(call, view.organization, {*view.organization.root_features, feature})


def _disable(operation: str, feature: RootFeature) -> None:
    """Register the operation of this name."""

    @iam.write(operation, on=_organization_target)
    def disable_feature(call: WriteCall, given: Any, view: OrganizationView) -> Answer:
        """Disable a feature. Sessions that were made by it stay valid until they end."""
        return _save_features(call, view.organization, {*view.organization.root_features} - {feature})


def _save_features(call: WriteCall, organization: Organization, features: set[str]) -> Answer:
    switched = replace(organization, root_features=tuple(sorted(features)))
    if switched != organization:
        call.store.save(switched)
    return _features(switched)


def _features(organization: Organization) -> Answer:
    return {"OrganizationId": organization.id, "EnabledFeatures": list(organization.root_features)}


_enable("EnableOrganizationsRootCredentialsManagement", RootFeature.CREDENTIALS)
_disable("DisableOrganizationsRootCredentialsManagement", RootFeature.CREDENTIALS)
_enable("EnableOrganizationsRootSessions", RootFeature.SESSIONS)
_disable("DisableOrganizationsRootSessions", RootFeature.SESSIONS)
