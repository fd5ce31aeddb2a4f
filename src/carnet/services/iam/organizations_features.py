"""Centralized root access, for accounts that are in no organization: there is none to enable it for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
"""

from __future__ import annotations

from typing import Any, NoReturn

from carnet.base.faults import Refused
from carnet.services.iam import sentences
from carnet.services.iam.service import iam
from carnet.services.operation import Call, WriteCall, account_wide


@iam.read("ListOrganizationsFeatures", on=account_wide)
def list_organizations_features(call: Call, given: Any) -> NoReturn:
    """Which features the organization has enabled: always refused."""
    raise _no_organization()


def _switch(operation: str) -> None:
    """Register the operation of this name, which enables or disables a feature for the organization."""

    @iam.write(operation, on=account_wide)
    def switch_feature(call: WriteCall, given: Any) -> NoReturn:
        """Always refused."""
        raise _no_organization()


def _no_organization() -> Refused:
    return Refused("OrganizationNotFoundException", sentences.NO_ORGANIZATION)


_switch("EnableOrganizationsRootCredentialsManagement")
_switch("DisableOrganizationsRootCredentialsManagement")
_switch("EnableOrganizationsRootSessions")
_switch("DisableOrganizationsRootSessions")
