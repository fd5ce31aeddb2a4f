"""Organizations as a whole.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnet.directory.organization_view import OrganizationView
from carnet.entities.membership import Membership
from carnet.entities.organization import FeatureSet, Organization
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.entities.organizational_unit import ROOT_NAME, OrganizationalUnit
from carnet.entities.responsibility_transfer import TransferDirection
from carnet.services.membership import admit, may_make_linked_role
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.organization_events import Departure, departed
from carnet.services.organizations import sentences, shapes, targets
from carnet.services.organizations.callers import any_account, management_account
from carnet.services.organizations.handshake_parts import of_organization
from carnet.services.organizations.service import organizations
from carnet.services.organizations.transfer_parts import ensure_no_transfer, transfers
from carnet.store.entity_types import ENTITY_TYPES

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import CreateOrganizationRequestTypeDef


@organizations.write("CreateOrganization", on=account_wide, also=(may_make_linked_role,))
def create_organization(call: WriteCall, given: CreateOrganizationRequestTypeDef) -> Answer:
    """Make an organization whose management account is the caller's.

    No policy type is enabled: AWS's reference says that SCPs are, and its clients show that they are not. Terraform,
    for one, enables each type after that, and AWS refuses to enable a type twice.
    """
    if call.view.membership is not None:
        raise sentences.already_in_organization()
    organization = Organization(
        id=call.ids.organization(),
        partition=call.partition,
        management=call.account,
        feature_set=FeatureSet(given.get("FeatureSet", FeatureSet.ALL)),
        created=call.now,
    )
    root = OrganizationalUnit(id=call.ids.root(), organization=organization.id, parent=None, name=ROOT_NAME)
    management = OrganizationAccount(
        id=call.account,
        organization=organization.id,
        parent=root.id,
        joined_method=JoinedMethod.INVITED,
        joined=call.now,
    )
    call.store.add(organization)
    call.store.add(root)
    admit(call.store, call.ids, call.view.account, management, organization, call.view)
    return {"Organization": shapes.organization(organization, call.view.account)}


@organizations.read("DescribeOrganization", on=targets.organization(any_account))
def describe_organization(call: Call, given: Any, view: OrganizationView) -> Answer:
    """The organization of the caller's account."""
    management = call.snapshot.accounts[view.organization.management].account
    return {"Organization": shapes.organization(view.organization, management)}


@organizations.write("DeleteOrganization", on=targets.organization(management_account))
def delete_organization(call: WriteCall, given: Any, view: OrganizationView) -> Answer:
    """Remove an organization that has no account except the management account."""
    if len(view.of(OrganizationAccount)) > 1:
        raise sentences.not_empty()
    ensure_no_transfer(call, view)
    call.store.remove(Membership(account=call.account, organization=view.scope.id))
    about = (*of_organization(call.snapshot, view.scope.id), *transfers(call, view.scope.id, TransferDirection.INBOUND))
    for entity in (*about, *view.in_order_of_deletion(ENTITY_TYPES)):
        call.store.remove(entity)
    call.store.audit(departed(view.organization, call.account, Departure.LEFT, call.now))
    return {}
