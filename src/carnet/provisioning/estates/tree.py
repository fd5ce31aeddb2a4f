"""Draws an organization as a tree, with the policies attached at each level."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from carnet.base.printable import printable
from carnet.directory.organization_view import Node, OrganizationView
from carnet.directory.snapshot import Snapshot
from carnet.entities.organization_account import OrganizationAccount
from carnet.provisioning.estates.export import attached
from carnet.services.organizations.policy_targets import find_policy


def drawn(snapshot: Snapshot, view: OrganizationView) -> Iterator[str]:
    """The lines: the organization, its root, and below each unit its accounts and then its units, each by name."""
    organization = view.organization
    types = ", ".join(organization.policy_types) or "none"
    yield f"{organization.id}  management account {organization.management}, policy types: {types}"
    yield _line(snapshot, view, view.root)
    yield from _below(snapshot, view, view.root, "")


def _below(snapshot: Snapshot, view: OrganizationView, node: Node, indent: str) -> Iterator[str]:
    by_name = partial(_name, snapshot)
    inside: tuple[Node, ...] = (
        *sorted(view.accounts_in(node.id), key=by_name),
        *sorted(view.units_in(node.id), key=by_name),
    )
    for one in inside:
        last = one is inside[-1]
        yield f"{indent}{'└── ' if last else '├── '}{_line(snapshot, view, one)}"
        if not isinstance(one, OrganizationAccount):
            yield from _below(snapshot, view, one, indent + ("    " if last else "│   "))


def _line(snapshot: Snapshot, view: OrganizationView, node: Node) -> str:
    policies = ", ".join(_policy_name(view, policy) for policy in attached(view, node))
    return printable(f"{_name(snapshot, node)} ({node.id})" + (f"  [{policies}]" if policies else ""))


def _name(snapshot: Snapshot, node: Node) -> str:
    if not isinstance(node, OrganizationAccount):
        return node.name
    seen = snapshot.accounts[node.id]
    return f"{seen.account.name}{', closed' if seen.closed else ''}"


def _policy_name(view: OrganizationView, policy_id: str) -> str:
    policy = find_policy(view, policy_id)
    return policy_id.removeprefix("p-") if policy is None else policy.name
