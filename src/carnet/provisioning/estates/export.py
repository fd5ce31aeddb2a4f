"""Writes an organization as the document that `carnet org import` reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from carnet.base.timestamps import iso_seconds
from carnet.catalog.organization_policies import FULL_ACCESS, RCP_FULL_ACCESS
from carnet.directory.organization_view import Node, OrganizationView
from carnet.directory.snapshot import Snapshot
from carnet.entities.entity import tag_list
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.entities.organization_resource_policy import OrganizationResourcePolicy
from carnet.entities.organizational_unit import OrganizationalUnit


def exported_organization(snapshot: Snapshot, view: OrganizationView) -> dict[str, Any]:
    """An organization in JSON values: parents before what is in them, policies as they were written."""
    organization = view.organization
    nodes = list(walk(view, view.root))
    units = [node for node in nodes if isinstance(node, OrganizationalUnit) and not node.is_root]
    accounts = [node for node in nodes if isinstance(node, OrganizationAccount)]
    told: dict[str, Any] = {
        "Organization": {
            "Id": organization.id,
            "MasterAccountId": organization.management,
            "FeatureSet": organization.feature_set.value,
        },
        "Roots": [
            {
                "Id": view.root.id,
                "Name": view.root.name,
                "PolicyTypes": [{"Type": str(one), "Status": "ENABLED"} for one in organization.policy_types],
                "Tags": tag_list(view.root.tags),
            }
        ],
        "OrganizationalUnits": [
            {"Id": one.id, "Name": one.name, "ParentId": one.parent, "Tags": tag_list(one.tags)} for one in units
        ],
        "Accounts": [_account(snapshot, one) for one in accounts],
        "Policies": [_policy(one) for one in view.of(OrganizationPolicy).sorted()],
        "Attachments": [{"PolicyId": policy, "TargetId": node.id} for node in nodes for policy in attached(view, node)],
        "DelegatedAdministrators": [
            {"Id": one.id, "ServicePrincipals": list(one.delegations)} for one in accounts if one.delegations
        ],
        "EnabledServicePrincipals": [{"ServicePrincipal": name} for name in organization.trusted_services],
    }
    for one in view.of(OrganizationResourcePolicy):
        told["ResourcePolicy"] = {"Content": one.content}
    return told


def walk(view: OrganizationView, node: OrganizationalUnit) -> Iterator[Node]:
    """A unit and all that is below it: its accounts before its units."""
    yield node
    yield from view.accounts_in(node.id)
    for unit in view.units_in(node.id):
        yield from walk(view, unit)


def attached(view: OrganizationView, node: Node) -> Iterator[str]:
    """The ids of the policies attached to a root, unit or account, AWS's own of the enabled types first."""
    types = view.organization.policy_types
    if node.full_access and PolicyType.SERVICE_CONTROL in types:
        yield FULL_ACCESS.id
    if PolicyType.RESOURCE_CONTROL in types:
        yield RCP_FULL_ACCESS.id
    yield from node.attached


def _account(snapshot: Snapshot, one: OrganizationAccount) -> dict[str, Any]:
    seen = snapshot.accounts[one.id]
    closed = seen.membership.closed if seen.membership is not None else None
    return {
        "Id": one.id,
        "Name": seen.account.name,
        "Email": seen.account.email,
        "ParentId": one.parent,
        "State": "ACTIVE" if closed is None else "CLOSED",
        **({} if closed is None else {"ClosedTimestamp": iso_seconds(closed)}),
        "JoinedMethod": one.joined_method.value,
        "Tags": tag_list(one.tags),
    }


def _policy(one: OrganizationPolicy) -> dict[str, Any]:
    return {
        "Id": one.id,
        "Type": one.type.value,
        "Name": one.name,
        "Description": one.description,
        "Content": one.content,
        "Tags": tag_list(one.tags),
    }
