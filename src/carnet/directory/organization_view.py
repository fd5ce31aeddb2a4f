"""One organization as it was at one revision."""

from __future__ import annotations

from typing import TypeAlias

from carnet.directory.scope_view import ScopeView
from carnet.entities.organization import Organization
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy
from carnet.entities.organizational_unit import OrganizationalUnit

Node: TypeAlias = OrganizationalUnit | OrganizationAccount
"""A target of policies: the root, a unit or an account."""


class OrganizationView(ScopeView):
    """The view of an existing organization, with queries on its tree."""

    __slots__ = ()

    @property
    def organization(self) -> Organization:
        return self.of(Organization).by_id[self.scope.id]

    @property
    def root(self) -> OrganizationalUnit:
        """Raises LookupError for an organization without one, which nothing makes."""
        return self.derived(_root)

    def node(self, node_id: str) -> Node | None:
        """The root, unit or account of that id."""
        return self.of(OrganizationalUnit).get(node_id) or self.of(OrganizationAccount).get(node_id)

    def units_in(self, parent: str) -> tuple[OrganizationalUnit, ...]:
        """The units directly below a parent, by id."""
        return self.of(OrganizationalUnit).referring("parent", parent)

    def accounts_in(self, parent: str) -> tuple[OrganizationAccount, ...]:
        """The accounts directly below a parent, by id."""
        return self.of(OrganizationAccount).referring("parent", parent)

    def path_to(self, node: Node) -> tuple[Node, ...]:
        """The root, the units on the path, and the node itself.

        INVARIANT: the first has no parent. Raises LookupError if a parent is missing, or comes twice.
        """
        path: list[Node] = [node]
        units = self.of(OrganizationalUnit)
        while (parent := path[-1].parent) is not None:
            if len(path) > len(units) + 1:
                raise LookupError(f"{node.id} is below itself")
            path.append(units.by_id[parent])
        return tuple(reversed(path))

    def org_path(self, node: Node) -> str:
        """The path of the node's parents in the form of aws:PrincipalOrgPaths: `o-.../r-.../ou-.../`.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data-orgs.html
        """
        remembered = (OrganizationView.org_path, node.id)
        path: str | None = self.memo.get(remembered)
        if path is None:
            parents = self.path_to(node)[: -1 if isinstance(node, OrganizationAccount) else None]
            path = self.memo[remembered] = "/".join((self.scope.id, *(each.id for each in parents), ""))
        return path

    def targets_of(self, policy: OrganizationPolicy) -> tuple[Node, ...]:
        """The targets that a policy is attached to, by id; accounts come first."""
        units, accounts = self.of(OrganizationalUnit), self.of(OrganizationAccount)
        return (*accounts.referring("attached", policy.id), *units.referring("attached", policy.id))


def organization_in(org_path: str) -> str:
    """The id of the organization that an `org_path` begins with."""
    return org_path.partition("/")[0]


def _root(view: OrganizationView) -> OrganizationalUnit:
    roots = [unit for unit in view.of(OrganizationalUnit) if unit.is_root]
    if len(roots) != 1:
        raise LookupError(f"{view.scope} has {len(roots)} roots")
    return roots[0]
