"""An identity store in a small world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from carnet.entities.identity_center_instance import Instance
from carnet.services.identity_center import enable_here
from tests.services.world import Caller, World

SERVICE = "identitystore"
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The identity store of an instance that the account of `world.root` owns."""

    world: World
    instance: Instance

    @property
    def id(self) -> str:
        return self.instance.identity_store

    def call(self, operation: str, /, **given: object) -> dict[str, Any]:
        """What the identity store answers to the root user of the owner."""
        return self.call_as(self.world.root, operation, **given)

    def call_as(self, caller: Caller, operation: str, /, **given: object) -> dict[str, Any]:
        """What it answers to a caller."""
        given = {"IdentityStoreId": self.id, **given}
        return dict(self.world.call(caller, operation, service=SERVICE, **given))

    def user(self, name: str = "alice", **given: object) -> str:
        """The id of a new user."""
        whole = {"DisplayName": name, "Name": {"GivenName": name, "FamilyName": "Doe"}, **given}
        return str(self.call("CreateUser", UserName=name, **whole)["UserId"])

    def group(self, name: str = "Admins", **given: object) -> str:
        """The id of a new group."""
        return str(self.call("CreateGroup", DisplayName=name, **given)["GroupId"])

    def member(self, group: str, user: str) -> str:
        """The id of a new membership."""
        made = self.call("CreateGroupMembership", GroupId=group, MemberId={"UserId": user})
        return str(made["MembershipId"])

    def described(self, user: str, **given: object) -> dict[str, Any]:
        return self.call("DescribeUser", UserId=user, **given)

    def update(self, user: str, path: str, value: object = None, **given: object) -> dict[str, Any]:
        """Change one attribute of a user; None takes it away."""
        operation = {"AttributePath": path} | ({} if value is None else {"AttributeValue": value})
        return self.call("UpdateUser", UserId=user, Operations=[operation], **given)


def a_store(world: World) -> Store:
    """A new instance of the account of `world.root`, or of the organization that it manages."""
    installation = world.installation
    instance = enable_here(installation.operator_call(), account=world.account_id, region="eu-west-1")
    installation.directory.catch_up()
    return Store(world=world, instance=instance)
