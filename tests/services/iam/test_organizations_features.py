"""Centralized root access, as accounts meet it that are in no organization."""

from __future__ import annotations

import pytest

from tests.services.iam.expect import refused
from tests.services.world import World


@pytest.mark.parametrize(
    "operation",
    [
        "DisableOrganizationsRootCredentialsManagement",
        "DisableOrganizationsRootSessions",
        "EnableOrganizationsRootCredentialsManagement",
        "EnableOrganizationsRootSessions",
        "ListOrganizationsFeatures",
    ],
)
def test_there_is_no_organization(world: World, operation: str) -> None:
    assert refused(world, world.root, operation) == (
        "OrganizationNotFoundException",
        "The request was rejected because no organization is associated with your account.",
    )
    nobody = world.user("nobody")
    assert refused(world, nobody, operation)[0] == "AccessDenied"
