"""The parents and the children of roots, units and accounts.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListChildren.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.directory.organization_view import Node, OrganizationView
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.services.operation import Answer, Call
from carnet.services.organizations import targets
from carnet.services.organizations.callers import administrator
from carnet.services.organizations.service import organizations
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import ListChildrenRequestTypeDef, ListParentsRequestTypeDef


@organizations.read("ListChildren", on=targets.parent(administrator))
def list_children(
    call: Call, given: ListChildrenRequestTypeDef, view: OrganizationView, parent: OrganizationalUnit
) -> Answer:
    """The units or the accounts directly below a root or unit, by id."""
    children: tuple[Node, ...] = (
        view.accounts_in(parent.id) if given["ChildType"] == "ACCOUNT" else view.units_in(parent.id)
    )
    found = page(call.paging, "ListChildren", children, given, key=lambda child: child.id)
    return found.answer("Children", lambda child: {"Id": child.id, "Type": given["ChildType"]})


@organizations.read("ListParents", on=targets.child(administrator))
def list_parents(call: Call, given: ListParentsRequestTypeDef, view: OrganizationView, child: Node) -> Answer:
    """The parent of a unit or account, as a list of one."""
    parent = view.path_to(child)[-2]
    kind = "ROOT" if parent.parent is None else "ORGANIZATIONAL_UNIT"
    found = page(call.paging, "ListParents", (parent,), given, key=lambda one: one.id)
    return found.answer("Parents", lambda one: {"Id": one.id, "Type": kind})
