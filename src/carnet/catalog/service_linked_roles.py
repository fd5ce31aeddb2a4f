"""The service-linked roles that AWS's services have: what CreateServiceLinkedRole makes for each.

https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html

Neither AWS nor its SDKs list them, and a name cannot be computed from the service's. So the list comes from what AWS's
own managed policies name, from a published table, and from AWS's documentation of each service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from carnet.catalog.archive import DataFile

DATA = DataFile("service_linked_roles.zlib")
ROLES_MEMBER = "roles"
"""A list of [service without its domain, name of the role, names of its policies, whether it may have a suffix]."""

_DOMAIN = ".amazonaws.com"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedRole:
    """The role that one service has, or several of, with a suffix each."""

    service: str
    """The service principal, `autoscaling.amazonaws.com`."""
    name: str
    """`AWSServiceRoleForAutoScaling`."""
    policies: tuple[str, ...]
    """The names of AWS's managed policies that the role has, all below `/aws-service-role/`; empty if not known."""
    takes_suffix: bool

    def named(self, suffix: str | None) -> str:
        """The name of the role with that suffix."""
        return self.name if suffix is None else f"{self.name}_{suffix}"


def linked_role(service: str) -> LinkedRole | None:
    """What a service principal's service-linked role is; None for a service that has none, in exactly that spelling."""
    return _roles().get(service)


@cache
def _roles() -> Mapping[str, LinkedRole]:
    rows = json.loads(DATA.archive.read(ROLES_MEMBER))
    roles = (
        LinkedRole(service=service + _DOMAIN, name=name, policies=tuple(policies), takes_suffix=takes_suffix)
        for service, name, policies, takes_suffix in rows
    )
    return {role.service: role for role in roles}
