"""Organizational units.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.base.faults import AlreadyExists
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import sentences, shapes, targets
from carnet.services.organizations.callers import administrator, management_account
from carnet.services.organizations.quotas import quotas_of
from carnet.services.organizations.service import organizations
from carnet.services.organizations.tagging import tags_of
from carnet.services.paging import page
from carnet.services.request_tags import request_tags, tagged_on_creation

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        CreateOrganizationalUnitRequestTypeDef,
        DeleteOrganizationalUnitRequestTypeDef,
        DescribeOrganizationalUnitRequestTypeDef,
        ListOrganizationalUnitsForParentRequestTypeDef,
        UpdateOrganizationalUnitRequestTypeDef,
    )


@organizations.write(
    "CreateOrganizationalUnit",
    on=targets.parent(management_account),
    also=(tagged_on_creation("organizations:TagResource"),),
    context=(request_tags,),
)
def create_organizational_unit(
    call: WriteCall, given: CreateOrganizationalUnitRequestTypeDef, view: OrganizationView, parent: OrganizationalUnit
) -> Answer:
    """Add an empty unit. FullAWSAccess is attached to it from the start."""
    quotas = quotas_of(call, view.organization)
    if len(view.of(OrganizationalUnit)) > quotas.organizational_units:  # the root is among them
        raise sentences.constraint("OU_NUMBER_LIMIT_EXCEEDED", sentences.UNITS_FULL)
    if len(view.path_to(parent)) > quotas.organizational_unit_depth:
        raise sentences.constraint("OU_DEPTH_LIMIT_EXCEEDED", sentences.TOO_DEEP)
    unit = OrganizationalUnit(
        id=call.ids.organizational_unit(view.root.id),
        organization=view.scope.id,
        parent=parent.id,
        name=given["Name"],
        tags=tags_of(call, given, "ou"),
    )
    try:
        call.store.add(unit)
    except AlreadyExists as fault:
        raise sentences.unit_exists() from fault
    return {"OrganizationalUnit": shapes.new_unit(view, parent, unit)}


@organizations.read("DescribeOrganizationalUnit", on=targets.unit(administrator))
def describe_organizational_unit(
    call: Call, given: DescribeOrganizationalUnitRequestTypeDef, view: OrganizationView, unit: OrganizationalUnit
) -> Answer:
    """One unit."""
    return {"OrganizationalUnit": shapes.unit(view, unit)}


@organizations.write("UpdateOrganizationalUnit", on=targets.unit(management_account))
def update_organizational_unit(
    call: WriteCall, given: UpdateOrganizationalUnitRequestTypeDef, view: OrganizationView, unit: OrganizationalUnit
) -> Answer:
    """Rename a unit. What is in it and what is attached to it stays. A name of blanks alone changes nothing."""
    name = given.get("Name", "")
    renamed = replace(unit, name=name if name.strip() else unit.name)
    if renamed != unit:
        try:
            call.store.save(renamed)
        except AlreadyExists as fault:
            raise sentences.unit_exists() from fault
    return {"OrganizationalUnit": shapes.unit(view, renamed)}


@organizations.write("DeleteOrganizationalUnit", on=targets.unit(management_account))
def delete_organizational_unit(
    call: WriteCall, given: DeleteOrganizationalUnitRequestTypeDef, view: OrganizationView, unit: OrganizationalUnit
) -> Answer:
    """Remove an empty unit; its policies are detached from it."""
    if view.units_in(unit.id) or view.accounts_in(unit.id):
        raise sentences.unit_not_empty()
    call.store.remove(unit)
    return {}


@organizations.read("ListOrganizationalUnitsForParent", on=targets.parent(administrator))
def list_organizational_units_for_parent(
    call: Call,
    given: ListOrganizationalUnitsForParentRequestTypeDef,
    view: OrganizationView,
    parent: OrganizationalUnit,
) -> Answer:
    """The units directly below a root or unit, by id."""
    units = view.units_in(parent.id)
    found = page(call.paging, "ListOrganizationalUnitsForParent", units, given, key=lambda unit: unit.id)
    return found.answer("OrganizationalUnits", lambda unit: shapes.unit(view, unit))
