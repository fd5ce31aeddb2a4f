"""IAM Identity Center in a small world: an organization with an instance, and whatever a test adds to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carnet import models
from carnet.directory.identity_center import own_instance
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.role import RESERVED_PATH, Role
from carnet.services.identity_center import enable_here
from tests.services.organizations.estate import Estate, an_estate
from tests.services.world import Caller, World

SERVICE = "sso-admin"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
PROVIDER = "arn:aws:sso::aws:applicationProvider/custom"
INLINE = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Center:
    """`world.root` is the root user of the management account, which owns the instance."""

    world: World
    estate: Estate
    instance: Instance

    def call(self, operation: str, /, **given: object) -> dict[str, Any]:
        """What is answered to the root user of the management account, of this instance if the input names one."""
        return self.call_as(self.world.root, operation, **given)

    def call_as(self, caller: Caller, operation: str, /, **given: object) -> dict[str, Any]:
        """The same, to another caller."""
        shape = models.operation(SERVICE, operation).input
        named = {"InstanceArn": self.instance.arn} if shape is not None and "InstanceArn" in shape.members else {}
        return dict(self.world.call(caller, operation, service=SERVICE, **(named | given)))

    def permission_set(self, name: str = "Reader", *policies: str, **given: object) -> str:
        """The ARN of a new permission set with these AWS managed policies."""
        made: str = self.call("CreatePermissionSet", Name=name, **given)["PermissionSet"]["PermissionSetArn"]
        for policy in policies:
            self.call("AttachManagedPolicyToPermissionSet", PermissionSetArn=made, ManagedPolicyArn=policy)
        return made

    def application(self, name: str, *, caller: Caller | None = None, **given: object) -> str:
        """The ARN of a new application."""
        caller = caller or self.world.root
        made = self.call_as(caller, "CreateApplication", ApplicationProviderArn=PROVIDER, Name=name, **given)
        return str(made["ApplicationArn"])

    def issuer(
        self, name: str, url: str = "https://issuer.example", *, caller: Caller | None = None, **given: object
    ) -> str:
        """The ARN of a new trusted token issuer."""
        configuration = {
            "IssuerUrl": url,
            "ClaimAttributePath": "email",
            "IdentityStoreAttributePath": "emails.value",
            "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
        }
        made = self.call_as(
            caller or self.world.root,
            "CreateTrustedTokenIssuer",
            Name=name,
            TrustedTokenIssuerType="OIDC_JWT",
            TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": configuration},
            **given,
        )
        return str(made["TrustedTokenIssuerArn"])

    def user(self, name: str = "ann", attributes: Mapping[str, Any] | None = None, *, enabled: bool = True) -> str:
        """The id of a new person."""
        world = self.world
        person = IdentityStoreUser(
            id=self._id(),
            account=self.instance.account,
            identity_store=self.instance.identity_store,
            user_name=name,
            attributes=attributes or {},
            enabled=enabled,
            **self._made(),
        )
        self.save(person, new=True)
        assert world.snapshot.accounts[self.instance.account].of(IdentityStoreUser).get(person.id)
        return person.id

    def group(self, *members: str, name: str = "readers") -> str:
        """The id of a new group of these people."""
        group = IdentityStoreGroup(
            id=self._id(),
            account=self.instance.account,
            identity_store=self.instance.identity_store,
            display_name=name,
            **self._made(),
        )
        self.save(group, new=True)
        for member in members:
            self.save(self.membership(group.id, member), new=True)
        return group.id

    def membership(self, group: str, member: str) -> IdentityStoreMembership:
        """A membership that is not stored."""
        return IdentityStoreMembership(
            id=self._id(),
            account=self.instance.account,
            identity_store=self.instance.identity_store,
            group=group,
            member=member,
            created=self.world.clock(),
            created_by="test",
        )

    def save(self, entity: object, *, new: bool = False) -> None:
        with self.world.installation.store.write() as unit:
            (unit.add if new else unit.save)(entity)
        self.world.installation.directory.catch_up()

    def remove(self, entity: object) -> None:
        with self.world.installation.store.write() as unit:
            unit.remove(entity)
        self.world.installation.directory.catch_up()

    def assign(
        self, permission_set: str, account: str, principal: str, kind: str = "USER", *, caller: Caller | None = None
    ) -> dict[str, Any]:
        """What came of an assignment."""
        return self._finished("Creation", permission_set, account, principal, kind, caller)

    def unassign(
        self, permission_set: str, account: str, principal: str, kind: str = "USER", *, caller: Caller | None = None
    ) -> dict[str, Any]:
        """What came of its removal."""
        return self._finished("Deletion", permission_set, account, principal, kind, caller)

    def _finished(
        self, kind: str, permission_set: str, account: str, principal: str, principal_type: str, caller: Caller | None
    ) -> dict[str, Any]:
        given = {
            "PermissionSetArn": permission_set,
            "TargetId": account,
            "TargetType": "AWS_ACCOUNT",
            "PrincipalType": principal_type,
            "PrincipalId": principal,
        }
        verb = "Create" if kind == "Creation" else "Delete"
        member = f"AccountAssignment{kind}Status"
        begun = self.call_as(caller or self.world.root, f"{verb}AccountAssignment", **given)[member]
        assert begun["Status"] == "IN_PROGRESS"
        asked = {f"AccountAssignment{kind}RequestId": begun["RequestId"]}
        told: dict[str, Any] = self.call(f"Describe{member}", **asked)[member]
        assert {name: told[name] for name in given} == given
        return told

    def roles(self, account: str) -> list[Role]:
        """The roles of IAM Identity Center in an account."""
        roles = self.world.snapshot.accounts[account].of(Role).sorted()
        return [role for role in roles if role.path.startswith(RESERVED_PATH)]

    def role(self, account: str) -> Role:
        """The only one."""
        (role,) = self.roles(account)
        return role

    def _made(self) -> dict[str, Any]:
        now = self.world.clock()
        return {"created": now, "created_by": "test", "updated": now, "updated_by": "test"}

    def _id(self) -> str:
        return f"{self.instance.identity_store.removeprefix('d-')}-{self.world.installation.ids.uuid()}"


def a_center(world: World, region: str = "us-east-1") -> Center:
    """A new organization with an instance."""
    estate = an_estate(world)
    installation = world.installation
    enable_here(installation.operator_call(), account=world.account_id, region=region)
    installation.directory.catch_up()
    instance = own_instance(world.snapshot.accounts[world.account_id])
    assert instance is not None
    return Center(world=world, estate=estate, instance=instance)
