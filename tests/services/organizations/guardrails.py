"""SCPs and RCPs in the small organization of tests, written to its store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from carnet.directory.organization_view import Node, OrganizationView
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from tests.services.iam.documents import allow
from tests.services.organizations.estate import Estate
from tests.services.sts.trust import assume, role
from tests.services.world import Caller, ServiceError

SCP, RCP = PolicyType.SERVICE_CONTROL, PolicyType.RESOURCE_CONTROL
EVERYTHING = allow("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrails:
    """An organization in which SCPs and RCPs are enabled."""

    estate: Estate

    @property
    def view(self) -> OrganizationView:
        return self.estate.world.snapshot.organizations[self.estate.organization]

    def attach(self, kind: PolicyType, document: Mapping[str, Any], *nodes: str) -> str:
        """The ARN of a new policy, attached to these."""
        number = len(self.view.of(OrganizationPolicy))
        policy = OrganizationPolicy(
            id=f"p-{number:08}",
            organization=self.estate.organization,
            type=kind,
            name=f"policy-{number}",
            content=json.dumps(document),
        )
        with self._changed() as unit:
            unit.add(policy)
            for node in map(self.node, nodes):
                unit.save(replace(node, attached=(*node.attached, policy.id)))
        return self.view.organization.arn_of(policy.resource)

    def edit(self, arn: str, document: Mapping[str, Any]) -> None:
        policy = self.view.of(OrganizationPolicy).by_id[arn.rpartition("/")[2]]
        with self._changed() as unit:
            unit.save(replace(policy, content=json.dumps(document)))

    def detach(self, arn: str, node_id: str) -> None:
        node, gone = self.node(node_id), arn.rpartition("/")[2]
        with self._changed() as unit:
            unit.save(replace(node, attached=tuple(each for each in node.attached if each != gone)))

    def without_full_access(self, node_id: str) -> None:
        with self._changed() as unit:
            unit.save(replace(self.node(node_id), full_access=False))

    def node(self, node_id: str) -> Node:
        node = self.view.node(node_id)
        assert node is not None
        return node

    @contextmanager
    def _changed(self) -> Iterator[Any]:
        world = self.estate.world
        with world.installation.store.write() as unit:
            yield unit
        world.installation.directory.catch_up()


def guardrails(estate: Estate) -> Guardrails:
    """The organization, from now on with RCPs, too."""
    estate.call("EnablePolicyType", RootId=estate.root, PolicyType=RCP)
    return Guardrails(estate=estate)


def refusal(estate: Estate, caller: Caller, operation: str, *, service: str = "iam", **given: Any) -> str | None:
    """What the caller is told if it may not; None if it may."""
    try:
        estate.world.call(caller, operation, service=service, **given)
    except ServiceError as error:
        if not error.code.startswith("AccessDenied"):
            raise
        return error.message
    return None


def role_session(estate: Estate, root: Caller, name: str = "worker", allows: Mapping[str, Any] = EVERYTHING) -> Caller:
    """A session of a new role of an account that may do what `allows` says."""
    assumer = estate.world.user(f"{name}-assumer", [allow("sts:*")], root=root)
    arn = role(estate.world, name, root=root, allows=allows)
    return estate.world.session(assume(estate.world, assumer, arn))


def not_available(estate: Estate, caller: Caller, operation: str, **given: Any) -> None:
    """Assert that the server cannot tell whether the caller may."""
    with pytest.raises(ServiceError) as error:
        estate.world.call(caller, operation, **given)
    assert error.value.code.startswith("ServiceUnavailable"), error.value
