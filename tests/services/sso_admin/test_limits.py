"""How many permission sets and applications an instance can have."""

from __future__ import annotations

import pytest

from tests.services.sso_admin.center import Center
from tests.services.world import ServiceError


def test_permission_sets(center: Center) -> None:
    there = len(center.call("ListPermissionSets").get("PermissionSets", []))
    center.estate.limit(permission_sets=there + 1)
    try:
        arn = center.permission_set("Last")
        with pytest.raises(ServiceError, match=rf"at most {there + 1} permission sets"):
            center.permission_set("OneMore")
        center.call("DeletePermissionSet", PermissionSetArn=arn)
        center.permission_set("OneMore")
    finally:
        center.estate.limit(permission_sets=None)


def test_applications(center: Center) -> None:
    there = len(center.call("ListApplications").get("Applications", []))
    center.estate.limit(identity_center_applications=there + 1)
    try:
        arn = center.application("Last")
        with pytest.raises(ServiceError, match=rf"at most {there + 1} applications"):
            center.application("OneMore")
        center.call("DeleteApplication", ApplicationArn=arn)
        center.application("OneMore")
    finally:
        center.estate.limit(identity_center_applications=None)
