"""Centralized root access: what an organization has switched on of it, and which accounts use it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
"""

from __future__ import annotations

from enum import StrEnum

from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization_account import OrganizationAccount

_IAM = "iam.amazonaws.com"


class RootFeature(StrEnum):
    """The features, as `Organization.root_features` names them."""

    CREDENTIALS = "RootCredentialsManagement"
    SESSIONS = "RootSessions"


def is_trusted(view: OrganizationView) -> bool:
    """Whether trusted access is enabled for IAM, without which there is none."""
    return _IAM in view.organization.trusted_services


def is_administrator(view: OrganizationView, account: str) -> bool:
    """Whether it is the management account, or a delegated administrator for IAM."""
    found = view.of(OrganizationAccount).get(account)
    return account == view.organization.management or (found is not None and _IAM in found.delegations)


def is_enabled(view: OrganizationView, feature: RootFeature) -> bool:
    return is_trusted(view) and feature in view.organization.root_features
