"""One account as it was at one revision."""

from __future__ import annotations

from dataclasses import dataclass

from carnet.directory.scope_view import Collections, ScopeView
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.key_grant import KeyGrants
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.membership import Membership
from carnet.entities.mfa_device import MfaDevice, key_of_serial
from carnet.entities.role import Role
from carnet.entities.scope import Scope
from carnet.entities.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """The entities that have a managed policy attached, and those whose permissions boundary it is, by name."""

    users: tuple[User, ...]
    groups: tuple[Group, ...]
    roles: tuple[Role, ...]
    boundary_users: tuple[User, ...]
    boundary_roles: tuple[Role, ...]


class AccountView(ScopeView):
    """The view of an existing account, with queries on its IAM entities."""

    __slots__ = ("account", "closed", "membership")

    def __init__(self, scope: Scope, collections: Collections, before: ScopeView | None = None) -> None:
        super().__init__(scope, collections, before)
        self.account: Account = self.of(Account).by_id[scope.id]
        self.membership: Membership | None = self.of(Membership).get(scope.id)
        """The membership in an organization; None for a stand-alone account. It is kept because each call reads it
        several times."""
        self.closed = self.membership is not None and self.membership.closed is not None
        """Whether its organization has closed the account."""

    def keys_of(self, owner: str) -> tuple[AccessKey, ...]:
        """The access keys of a user (by id) or of the root user (by account id), oldest first."""
        return self.of(AccessKey).referring("owner", owner)

    def mfa_devices_of(self, holder: str) -> tuple[MfaDevice, ...]:
        """The MFA devices that are enabled for a user (by id) or for the root user (by account id)."""
        return self.of(MfaDevice).referring("holder", holder)

    def mfa_device(self, serial: str) -> MfaDevice | None:
        """The MFA device of that serial number, which is compared exactly."""
        key = key_of_serial(serial)
        device = self.of(MfaDevice).named(key) if key is not None else None
        return device if device is not None and device.serial == serial else None

    def members(self, group: str) -> tuple[User, ...]:
        """The users in the group of that id, by name."""
        return self.of(User).referring("groups", group)

    def profiles_of(self, role: str) -> tuple[InstanceProfile, ...]:
        """The instance profiles that contain the role of that id, by name."""
        return self.of(InstanceProfile).referring("role", role)

    def attachments(self, policy_arn: str) -> Attachments:
        """The users of the managed policy of that ARN, which may be AWS-managed."""
        users, groups, roles = self.of(User), self.of(Group), self.of(Role)
        return Attachments(
            users=users.referring("attached", policy_arn),
            groups=groups.referring("attached", policy_arn),
            roles=roles.referring("attached", policy_arn),
            boundary_users=users.referring("boundary", policy_arn),
            boundary_roles=roles.referring("boundary", policy_arn),
        )

    def retirable_by(self, principal: str) -> tuple[KeyGrants, ...]:
        """The keys with a grant that a principal, as in `KeyGrant.retired_by`, may retire, by ARN."""
        return self.of(KeyGrants).referring("retiring", principal)

    def policy(self, arn: str) -> ManagedPolicy | None:
        """The customer-managed policy of that ARN, which is compared exactly."""
        policy = self.of(ManagedPolicy).named(arn.rpartition("/")[2])
        return policy if policy is not None and policy.arn == arn else None
