"""An organization in a small world: a management account, and whatever a test adds to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from carnet.entities.membership import Membership
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.services.account_quotas import set_quotas
from tests.services.world import Caller, World

SERVICE = "organizations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """`root` is the id of the organization's root, and `world.root` the root user of the management account."""

    world: World
    organization: str
    root: str

    def call(self, operation: str, /, **given: object) -> dict[str, Any]:
        """What Organizations answers to the root user of the management account."""
        return self.call_as(self.world.root, operation, **given)

    def call_as(self, caller: Caller, operation: str, /, **given: object) -> dict[str, Any]:
        """What Organizations answers to a caller."""
        return dict(self.world.call(caller, operation, service=SERVICE, **given))

    def unit(self, name: str, parent: str | None = None) -> str:
        """The id of a new unit; without a `parent`, right below the root."""
        made = self.call("CreateOrganizationalUnit", ParentId=parent or self.root, Name=name)
        return str(made["OrganizationalUnit"]["Id"])

    def member(self, parent: str | None = None) -> Caller:
        """The root user of a new account of the organization."""
        caller = self.world.account()
        account = self.world.principal(caller).principal.account
        with self.world.installation.store.write() as unit:
            unit.add(Membership(account=account, organization=self.organization))
            unit.add(
                OrganizationAccount(
                    id=account,
                    organization=self.organization,
                    parent=parent or self.root,
                    joined_method=JoinedMethod.CREATED,
                    joined=self.world.clock(),
                )
            )
        self.world.installation.directory.catch_up()
        return caller

    def tagged(self, node_id: str, tags: Mapping[str, str]) -> None:
        """Give a root, unit or account these tags."""
        node = self.world.snapshot.organizations[self.organization].node(node_id)
        assert node is not None
        with self.world.installation.store.write() as unit:
            unit.save(replace(node, tags=tags))
        self.world.installation.directory.catch_up()

    def limit(self, **numbers: int | None) -> None:
        """Set quotas of the management account, as the operator does."""
        here = self.world.installation
        account = self.world.account_id
        set_quotas(here.operator_call(), account=account, changes=numbers)
        here.directory.catch_up()

    def account_of(self, caller: Caller) -> str:
        return self.world.principal(caller).principal.account


def an_estate(world: World, **given: object) -> Estate:
    """A new organization; if it has all features, with SCPs enabled."""
    made = world.call(world.root, "CreateOrganization", service=SERVICE, **given)["Organization"]
    root = world.call(world.root, "ListRoots", service=SERVICE)["Roots"][0]
    if made["FeatureSet"] == "ALL":
        enabled = {"RootId": root["Id"], "PolicyType": "SERVICE_CONTROL_POLICY"}
        world.call(world.root, "EnablePolicyType", service=SERVICE, **enabled)
    return Estate(world=world, organization=made["Id"], root=root["Id"])


def delegating(principal: object, *actions: str, **elements: object) -> str:
    """A resource policy of an organization, in favour of a principal."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": actions,
        "Resource": "*",
        **elements,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": statement}, separators=(",", ":"))
