"""SCIM in AWS's mode.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/supported-apis.html
"""

from __future__ import annotations

from carnet.scim.discovery import discovery_of
from carnet.scim.endpoints import Endpoint, Mode
from carnet.scim.groups import create_group, delete_group, get_group, list_groups, patch_group
from carnet.scim.refusals import written
from carnet.scim.schemas import AWS_TYPES
from carnet.scim.users import create_user, delete_user, get_user, list_users, patch_user, put_user

_LISTS, _ONES = discovery_of(AWS_TYPES)

AWS_MODE = Mode(
    path="v2",
    of_all={
        **_LISTS,
        ("POST", "Users"): Endpoint("ScimCreateUser", create_user, 201),
        ("GET", "Users"): Endpoint("ScimListUsers", list_users, writes=False),
        ("POST", "Groups"): Endpoint("ScimCreateGroup", create_group, 201),
        ("GET", "Groups"): Endpoint("ScimListGroups", list_groups, writes=False),
    },
    of_one={
        **_ONES,
        ("GET", "Users"): Endpoint("ScimGetUser", get_user, writes=False),
        ("PUT", "Users"): Endpoint("ScimPutUser", put_user),
        ("PATCH", "Users"): Endpoint("ScimPatchUser", patch_user),
        ("DELETE", "Users"): Endpoint("ScimDeleteUser", delete_user, 204),
        ("GET", "Groups"): Endpoint("ScimGetGroup", get_group, writes=False),
        ("PATCH", "Groups"): Endpoint("ScimPatchGroup", patch_group, 204),
        ("DELETE", "Groups"): Endpoint("ScimDeleteGroup", delete_group, 204),
    },
    written=written,
)
