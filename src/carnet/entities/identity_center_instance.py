"""Instances of IAM Identity Center: one of an organization, or one of an account.

https://docs.aws.amazon.com/singlesignon/latest/userguide/identity-center-instances.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from carnet.base.partitions import DEFAULT_PARTITION
from carnet.entities.entity import Tags

IDENTITY_CENTER = "sso.amazonaws.com"
"""The service principal of IAM Identity Center.

https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html
"""
_ID_BEGINS, _STORE_BEGINS = "ssoins-", "d-"
STORE_DIGITS = 10
"""How many hexadecimal digits the id of an identity store has."""


class InstanceStatus(StrEnum):
    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_FAILED = "CREATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    ACTIVE = "ACTIVE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """An instance and its identity store. All that it holds is of the account that owns it, which has no other."""

    id: str
    """`ssoins-` and 16 hexadecimal digits."""
    account: str
    """The owner: a management account, or the account of an account instance."""
    partition: str = DEFAULT_PARTITION
    organization: str | None = None
    """The organization whose instance it is; None of an account instance."""
    region: str
    name: str | None = None
    status: InstanceStatus = InstanceStatus.ACTIVE
    created: datetime
    tags: Tags = field(default_factory=dict[str, str])
    network: Mapping[str, Sequence[str]] = field(default_factory=dict[str, list[str]])
    """Networks from which the identity store may be called, by the members of its NetworkConfiguration."""

    @property
    def identity_store(self) -> str:
        """The id of the identity store, `d-...`, whose digits are the first ones of the instance's."""
        return identity_store_of(self.id)

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:sso:::instance/{self.id}"

    @property
    def identity_store_arn(self) -> str:
        return f"arn:{self.partition}:identitystore::{self.account}:identitystore/{self.identity_store}"

    @property
    def start_url(self) -> str:
        """What names the instance to clients: they look at no more than its form, and never connect to it."""
        return f"https://{self.identity_store}.awsapps.com/start"


def instance_id(digits: str) -> str:
    """The id of an instance of these 16 hexadecimal digits."""
    return _ID_BEGINS + digits


def identity_store_of(instance: str) -> str:
    """The id of the identity store of the instance of that id, whether or not there is one."""
    return _STORE_BEGINS + instance.removeprefix(_ID_BEGINS)[:STORE_DIGITS]


def store_of_resource(resource: str) -> str:
    """The id of the identity store that the id of a user, a group or a membership says it is in."""
    return _STORE_BEGINS + resource[:STORE_DIGITS]
