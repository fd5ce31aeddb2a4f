"""Which policies of an organization apply: SCPs to principals of its accounts, RCPs to resources of its accounts.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from carnet.access.documents import stored_policy
from carnet.base.faults import Unavailable
from carnet.catalog.organization_policies import FULL_ACCESS, RCP_FULL_ACCESS, policy_arn
from carnet.directory.memo import RecentOfPolicies
from carnet.directory.organization_view import Node, OrganizationView
from carnet.directory.snapshot import Snapshot
from carnet.entities.organization import Organization
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy
from carnet.policy.document import Grammar, Policy
from carnet.policy.policies import Attached, Levels, Policies
from carnet.policy.request import Principal

_BOUND_ROOM = 4_096


class _Kind(NamedTuple):
    """A type of organization policy that takes part in decisions."""

    name: str
    full_access: OrganizationPolicy
    grammar: Grammar
    detachable: bool
    """Whether the policy that allows everything can be detached."""


_SCP = _Kind("SCP", FULL_ACCESS, Grammar.SCP, detachable=True)
_RCP = _Kind("RCP", RCP_FULL_ACCESS, Grammar.RCP, detachable=False)


class Binding(NamedTuple):
    """The policies of one type that limit an account: those of each level that does not allow everything."""

    levels: Levels
    attached: Attached


NOTHING = Binding((), ())


class _Bound(NamedTuple):
    """INVARIANT: the objects that it was made of are kept alive with it, so that no other objects get the ids by which
    it is found."""

    own: Policies
    scp: Binding
    rcp: Binding
    all: Policies


_bound: RecentOfPolicies[tuple[int, int, int], _Bound] = RecentOfPolicies(_BOUND_ROOM)


def bound(snapshot: Snapshot, principal: Principal, resource_account: str, own: Policies) -> Policies:
    """The policies that a principal brings along, with the SCPs and RCPs that apply to it on a resource of that
    account.

    Raises Unavailable if an organization cannot be read. INVARIANT: returns the same object for the same `own` in the
    same organizations as long as it is in use, unless the session has policies of its own.
    """
    view = snapshot.organization_of(principal.account)
    of_resource = view if resource_account == principal.account else snapshot.organization_of(resource_account)
    if view is None and of_resource is None:
        return own
    scp, rcp = _binding_of(view, principal.account, _SCP), _binding_of(of_resource, resource_account, _RCP)
    if not scp.levels and not rcp.levels:
        return own
    if own.session is not None or own.scope_down:
        return _with_bindings(own, scp, rcp)
    ids = (id(own), id(scp), id(rcp))
    known = _bound.get(ids) or _bound.put(ids, _Bound(own, scp, rcp, _with_bindings(own, scp, rcp)))
    return known.all


def _with_bindings(own: Policies, scp: Binding, rcp: Binding) -> Policies:
    return replace(own, scp=scp.levels, scp_attached=scp.attached, rcp=rcp.levels, rcp_attached=rcp.attached)


def scps_of(snapshot: Snapshot, account: str) -> Binding:
    """The SCPs that apply to the principals of an account; none for a stand-alone and for a management account.

    Raises Unavailable if the organization cannot be read.
    """
    return _binding_of(snapshot.organization_of(account), account, _SCP)


def scps_at(view: OrganizationView, node: Node) -> Levels:
    """The SCPs above a root, a unit or an account, and its own, including those that allow everything.

    Raises LookupError if a policy or a parent is missing.
    """
    return ((_policy(view.organization, FULL_ACCESS, _SCP),), *_levels_above(view, node, _SCP).levels)


def scp(view: OrganizationView, policy: OrganizationPolicy) -> Policy:
    """An SCP as decisions use it."""
    return _policy(view.organization, policy, _SCP)


def _binding_of(view: OrganizationView | None, account: str, kind: _Kind) -> Binding:
    if view is None:
        return NOTHING
    remembered = (_binding_of, account, kind.name)
    known: Binding | None = view.policy_memo.get(remembered)
    if known is None:
        try:
            known = view.policy_memo[remembered] = _make_binding(view, account, kind)
        except LookupError as problem:
            raise Unavailable(f"The policies of the organization {view.scope.id} cannot be read.") from problem
    return known


def _make_binding(view: OrganizationView, account: str, kind: _Kind) -> Binding:
    """The levels above the account and its own, without those that allow everything and deny nothing.

    INVARIANT: accounts of one parent that have no policies of their own share one object. It stays the same in the next
    view, unless a policy or a node above them was changed. So a policy that limits nothing costs a decision nothing,
    and a policy of many accounts is compiled once. Raises LookupError if a policy or a parent is missing.
    """
    organization = view.organization
    if kind.full_access.type not in organization.policy_types or account == organization.management:
        return NOTHING
    return _levels_above(view, view.of(OrganizationAccount).by_id[account], kind)


def _levels_above(view: OrganizationView, node: Node, kind: _Kind) -> Binding:
    binding = NOTHING
    for each in view.path_to(node):
        binding = _and_of(view, binding, each, kind)
    return binding


def _and_of(view: OrganizationView, above: Binding, node: Node, kind: _Kind) -> Binding:
    """The levels above a root, a unit or an account, and its own."""
    policies = view.of(OrganizationPolicy)
    attached = [policies.by_id[policy_id] for policy_id in node.attached]
    own = tuple([policy for policy in attached if policy.type is kind.full_access.type])
    full_access = node.full_access or not kind.detachable
    if full_access and not own:
        return above
    held = (kind.full_access, *own) if full_access else own
    organization = view.organization
    return view.policy_memo.lasting(
        (_and_of, node.id, kind.name),
        (above, node, policies, organization),
        lambda: Binding(
            levels=(*above.levels, tuple([_policy(organization, policy, kind) for policy in held])),
            attached=(*above.attached, tuple([f"{policy.name}, attached to {_place(node)}" for policy in held])),
        ),
    )


def _place(node: Node) -> str:
    if isinstance(node, OrganizationAccount):
        return f"account {node.id}"
    return f"root {node.id}" if node.is_root else f"organizational unit {node.name} ({node.id})"


def _policy(organization: Organization, policy: OrganizationPolicy, kind: _Kind) -> Policy:
    return stored_policy(policy.content, kind.grammar, policy_arn(organization, policy))
