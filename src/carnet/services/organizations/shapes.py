"""Roots, units, accounts, policies and handshakes as Organizations answers them."""

from __future__ import annotations

from carnet.base.timestamps import moment_of_ms
from carnet.catalog.organization_policies import policy_arn
from carnet.directory.organization_view import Node, OrganizationView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.organization import FeatureSet, Organization
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.services.organizations.targets import node_arn


def organization(one: Organization, management: Account) -> dict[str, object]:
    return {
        "Id": one.id,
        "Arn": one.arn,
        "FeatureSet": one.feature_set,
        "MasterAccountArn": one.account_arn(one.management),
        "MasterAccountId": one.management,
        "MasterAccountEmail": management.email,
        "AvailablePolicyTypes": _available(one),
    }


def _available(one: Organization) -> list[dict[str, object]]:
    """AWS lists only SCPs here, whether or not they are enabled in the root, and refers to ListRoots."""
    if one.feature_set is not FeatureSet.ALL:
        return []
    return [{"Type": PolicyType.SERVICE_CONTROL, "Status": "ENABLED"}]


def root(of: Organization, one: OrganizationalUnit) -> dict[str, object]:
    """The root, with its enabled policy types by name."""
    types = [{"Type": each, "Status": "ENABLED"} for each in sorted(of.policy_types)]
    return {"Id": one.id, "Arn": node_arn(of, one), "Name": one.name, "PolicyTypes": types}


def unit(view: OrganizationView, one: OrganizationalUnit) -> dict[str, object]:
    return {
        "Id": one.id,
        "Arn": node_arn(view.organization, one),
        "Name": one.name,
        "Path": path(view, one),
    }


def new_unit(view: OrganizationView, parent: OrganizationalUnit, one: OrganizationalUnit) -> dict[str, object]:
    """A unit that the view does not have yet."""
    arn = node_arn(view.organization, one)
    return {"Id": one.id, "Arn": arn, "Name": one.name, "Path": f"{path(view, parent)}{one.id}/"}


def path(view: OrganizationView, node: Node) -> str:
    """The ids from the organization to the node: `o-.../r-.../ou-.../`."""
    return "/".join((view.scope.id, *(each.id for each in view.path_to(node)), ""))


def delegated_administrator(view: OrganizationView, snapshot: Snapshot, one: OrganizationAccount) -> dict[str, object]:
    """An account, without its place in the tree, with the time since when it administers its first service."""
    shown = account(view, snapshot, one)
    del shown["Paths"]
    return {**shown, "DelegationEnabledDate": moment_of_ms(min(one.delegations.values()))}


def account(view: OrganizationView, snapshot: Snapshot, one: OrganizationAccount) -> dict[str, object]:
    """An account. Status has one word for what State tells apart: closed, and suspended by AWS, as none is here."""
    seen = snapshot.accounts[one.id]
    status, state = ("SUSPENDED", "CLOSED") if seen.closed else ("ACTIVE", "ACTIVE")
    return {
        "Id": one.id,
        "Arn": view.organization.account_arn(one.id),
        "Email": seen.account.email,
        "Name": seen.account.name,
        "Status": status,
        "State": state,
        "Paths": [path(view, one)],
        "JoinedMethod": one.joined_method,
        "JoinedTimestamp": one.joined,
    }


def policy(of: Organization, one: OrganizationPolicy) -> dict[str, object]:
    return {"PolicySummary": policy_summary(of, one), "Content": one.content}


def policy_summary(of: Organization, one: OrganizationPolicy) -> dict[str, object]:
    return {
        "Id": one.id,
        "Arn": policy_arn(of, one),
        "Name": one.name,
        "Description": one.description,
        "Type": one.type,
        "AwsManaged": one.aws_managed,
    }


def policy_target(view: OrganizationView, snapshot: Snapshot, node: Node) -> dict[str, object]:
    """A root, unit or account that a policy is attached to."""
    if isinstance(node, OrganizationAccount):
        name, kind = snapshot.accounts[node.id].account.name, "ACCOUNT"
    else:
        name, kind = node.name, "ROOT" if node.is_root else "ORGANIZATIONAL_UNIT"
    return {"TargetId": node.id, "Arn": node_arn(view.organization, node), "Name": name, "Type": kind}
