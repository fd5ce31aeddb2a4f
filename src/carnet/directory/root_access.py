"""Centralized root access: which features an organization has enabled, and which accounts administer it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
"""

from __future__ import annotations

import re
from enum import StrEnum

from carnet.directory.organization_view import OrganizationView
from carnet.directory.snapshot import Snapshot
from carnet.entities.organization_account import OrganizationAccount

_IAM = "iam.amazonaws.com"
_TASK_POLICY = re.compile(
    r"arn:[^:]+:iam::aws:policy/root-task/"
    r"(?:(?P<credentials>IAMAuditRootUserCredentials|IAMCreateRootUserPassword|IAMDeleteRootUserCredentials)"
    r"|S3UnlockBucketPolicy|SQSUnlockQueuePolicy)",
    re.ASCII,
)


class RootFeature(StrEnum):
    """The features, as `Organization.root_features` names them."""

    CREDENTIALS = "RootCredentialsManagement"
    SESSIONS = "RootSessions"


def feature_of(task_policy: str) -> RootFeature | None:
    """The feature that a task needs, by the ARN of its policy; None for what is no such task."""
    task = _TASK_POLICY.fullmatch(task_policy)
    if task is None:
        return None
    return RootFeature.CREDENTIALS if task["credentials"] else RootFeature.SESSIONS


def is_trusted(view: OrganizationView) -> bool:
    """Whether trusted access is enabled for IAM; centralized root access needs it."""
    return _IAM in view.organization.trusted_services


def is_administrator(view: OrganizationView, account: str) -> bool:
    """Whether an account is the management account, or a delegated administrator for IAM."""
    found = view.of(OrganizationAccount).get(account)
    return account == view.organization.management or (found is not None and _IAM in found.delegations)


def is_enabled(view: OrganizationView, feature: RootFeature) -> bool:
    return is_trusted(view) and feature in view.organization.root_features


def is_managed(snapshot: Snapshot, account: str, task_policy: str, *, by: str) -> bool:
    """Whether principals of the account `by` may be the root user of an account for a task: it is a member of an
    organization that has enabled that, and that `by` administers. With an empty `by` that is not looked at.

    Raises Unavailable if its organization cannot be read.
    """
    view, feature = snapshot.organization_of(account), feature_of(task_policy)
    if view is None or feature is None or account == view.organization.management:
        return False
    return is_enabled(view, feature) and (not by or is_administrator(view, by))
