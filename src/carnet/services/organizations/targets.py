"""What the operations of Organizations act on, for `on=` of an operation.

Each target is made by a factory that says from which account the operation may be called (`callers`). Whoever calls it
from elsewhere is told so once the policies allow the operation, and of nothing else.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar

from carnet.base.arns import organizations_arn
from carnet.base.faults import Fault
from carnet.directory.organization_view import Node, OrganizationView
from carnet.entities.entity import Tags
from carnet.entities.organization import Organization
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy
from carnet.entities.organization_resource_policy import OrganizationResourcePolicy
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.entities.responsibility_transfer import ResponsibilityTransfer
from carnet.services.operation import Call, Names
from carnet.services.organizations import sentences
from carnet.services.organizations.callers import From, asked, side
from carnet.services.target import Found, Target

Taggable: TypeAlias = Node | OrganizationPolicy | OrganizationResourcePolicy | ResponsibilityTransfer
"""What can have tags."""

_KINDS = {"r-": "root", "ou-": "ou", "p-": "policy", "rp-": "resourcepolicy", "rt-": "transfer"}
"""What the id of something begins with, to what its ARN has before the organization."""

N = TypeVar("N", bound=Node)


class Finding(Generic[*Found]):
    """A target: its ARN, the values for the operation's body, and its tags."""

    def __init__(self, arn: str, found: tuple[*Found], tags: Tags | None = None) -> None:
        self.arn = arn
        self.found = found
        self.tags = tags or {}


def sought(
    call: Call,
    whence: From,
    absent: str | Callable[[OrganizationView | Fault], str],
    find: Callable[[OrganizationView], Finding[*Found] | Fault],
) -> Target[*Found]:
    """What `find` finds in the organization of the caller's account.

    `absent` is the ARN that policies decide by if there is no organization, or what is named is not in it.
    """
    view = asked(call, whence)
    missing = absent if isinstance(absent, str) else absent(view)
    if isinstance(view, Fault):
        return Target(arn=missing, account=call.account, found=view)
    account, policies = side(call, whence, view)
    one = find(view)
    if isinstance(one, Fault):
        return Target(arn=missing, account=account, policies=policies, found=one)
    return Target(arn=one.arn, account=account, policies=policies, found=one.found, tags=one.tags)


def organization(whence: From) -> Names[OrganizationView]:
    """The organization as a whole, for an action without a resource type."""

    def target(call: Call, given: Any) -> Target[OrganizationView]:
        return sought(call, whence, "*", lambda view: Finding("*", (view,)))

    return target


def node_arn(organization: Organization, node: Node) -> str:
    """The ARN of a root, a unit or an account."""
    if isinstance(node, OrganizationAccount):
        return organization.account_arn(node.id)
    return organization.arn_of(node.resource)


def _named_in(
    member: str, find: Callable[[OrganizationView, str], N | None], missing: Callable[[], Fault]
) -> Callable[[From], Names[OrganizationView, N]]:
    """The root, unit or account whose id is in this member of the input."""

    def targets_of(whence: From) -> Names[OrganizationView, N]:
        def target(call: Call, given: Any) -> Target[OrganizationView, N]:
            return named(call, whence, given[member], find, missing)

        return target

    return targets_of


def named(
    call: Call,
    whence: From,
    node_id: str,
    find: Callable[[OrganizationView, str], N | None],
    missing: Callable[[], Fault],
) -> Target[OrganizationView, N]:
    """The root, unit or account of an id; what is not there is decided by the ARN that it would have."""

    def found_in(view: OrganizationView) -> Finding[OrganizationView, N] | Fault:
        found = find(view, node_id)
        if found is None:
            return missing()
        return Finding(node_arn(view.organization, found), (view, found), found.tags)

    return sought(call, whence, would_be_arn(call, node_id), found_in)


def tagged(whence: From) -> Names[Any]:
    """The root, unit, account, policy, resource policy or inbound responsibility transfer ResourceId."""

    def target(call: Call, given: Any) -> Target[Any]:
        resource_id: str = given["ResourceId"]
        return sought(call, whence, would_be_arn(call, resource_id), lambda view: _taggable(call, view, resource_id))

    return target


def resource_policy(whence: From) -> Names[OrganizationView, OrganizationResourcePolicy | None]:
    """The resource policy of the organization, or None."""

    def target(call: Call, given: Any) -> Target[OrganizationView, OrganizationResourcePolicy | None]:
        absent = would_be_arn(call, "rp-none")

        def found_in(view: OrganizationView) -> Finding[OrganizationView, OrganizationResourcePolicy | None]:
            policy = next(iter(view.of(OrganizationResourcePolicy)), None)
            if policy is None:
                return Finding(absent, (view, None))
            return Finding(view.organization.arn_of(policy.resource), (view, policy), policy.tags)

        return sought(call, whence, absent, found_in)

    return target


def _taggable(call: Call, view: OrganizationView, resource_id: str) -> Finding[Taggable] | Fault:
    """The resource of that id, of a kind that can have tags."""
    node = view.node(resource_id)
    if node is not None:
        return Finding(node_arn(view.organization, node), (node,), node.tags)
    found = (
        view.of(OrganizationPolicy).get(resource_id)
        or view.of(OrganizationResourcePolicy).get(resource_id)
        or _inbound_transfer(call, view, resource_id)
    )
    if found is None:
        return sentences.target_missing()
    return Finding(view.organization.arn_of(found.resource), (found,), found.tags)


def _inbound_transfer(call: Call, view: OrganizationView, resource_id: str) -> ResponsibilityTransfer | None:
    found = call.snapshot.installation.of(ResponsibilityTransfer).get(resource_id)
    mine = found is not None and found.organization == view.scope.id and found.is_shown_at(call.now)
    return found if mine else None


def would_be_arn(call: Call, node_id: str) -> str:
    """The ARN of a root, unit or account that does not exist, in the caller's organization or in none."""
    kind = next((kind for prefix, kind in _KINDS.items() if node_id.startswith(prefix)), "account")
    return absent_arn(call, kind, node_id)


def absent_arn(call: Call, kind: str, rest: str) -> str:
    """The ARN of a resource of that kind that does not exist, in the caller's organization or in none."""
    membership = call.view.membership
    organization = membership.organization if membership is not None else "o-none"
    return organizations_arn(call.partition, call.account, f"{kind}/{organization}/{rest}")


def unit_or_root(view: OrganizationView, node_id: str) -> OrganizationalUnit | None:
    return view.of(OrganizationalUnit).get(node_id)


def _unit(view: OrganizationView, node_id: str) -> OrganizationalUnit | None:
    found = unit_or_root(view, node_id)
    return found if found is not None and not found.is_root else None


def _root(view: OrganizationView, node_id: str) -> OrganizationalUnit | None:
    found = unit_or_root(view, node_id)
    return found if found is not None and found.is_root else None


def _account(view: OrganizationView, node_id: str) -> OrganizationAccount | None:
    return view.of(OrganizationAccount).get(node_id)


def _child(view: OrganizationView, node_id: str) -> Node | None:
    return _unit(view, node_id) or _account(view, node_id)


unit = _named_in("OrganizationalUnitId", _unit, sentences.unit_missing)
"""The organizational unit; a root is none."""
root = _named_in("RootId", _root, sentences.root_missing)
parent = _named_in("ParentId", unit_or_root, sentences.parent_missing)
"""The root or unit."""
account = _named_in("AccountId", _account, sentences.account_missing)
"""The account of the organization."""
node = _named_in("TargetId", OrganizationView.node, sentences.target_missing)
"""The root, unit or account that policies are attached to."""
child = _named_in("ChildId", _child, sentences.child_missing)
"""The unit or account."""
