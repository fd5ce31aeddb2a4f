"""How an instance of IAM Identity Center comes to be. Of an organization, AWS makes one in its console alone.

https://docs.aws.amazon.com/singlesignon/latest/userguide/enable-identity-center.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from carnet.base.faults import AlreadyExists, Invalid, Missing
from carnet.base.ids import Ids
from carnet.base.timestamps import iso_seconds
from carnet.catalog.regions import check_region
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import own_instance
from carnet.directory.organization_view import OrganizationView
from carnet.directory.snapshot import Snapshot
from carnet.entities.entity import Tags
from carnet.entities.identity_center_instance import IDENTITY_CENTER, Instance, instance_id
from carnet.entities.organization import FeatureSet
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.role import Role
from carnet.services.linked_roles import linked_role_of, service_linked_role
from carnet.services.membership import NO_TAGS
from carnet.services.operator_event import operator_event
from carnet.services.transaction import OperatorCall, Transaction
from carnet.store.unit_of_work import Unit

_INSTANCE_DIGITS = 16


def new_instance(
    ids: Ids,
    owner: AccountView,
    *,
    organization: str | None,
    region: str,
    name: str | None = None,
    tags: Tags = NO_TAGS,
    now: datetime,
) -> Instance:
    """An instance that is not stored yet. Raises AlreadyExists if its owner has one."""
    there = own_instance(owner)
    if there is not None:
        raise AlreadyExists(f"The account {owner.account.id} has the instance {there.id}.")
    return Instance(
        id=instance_id(ids.hexadecimal(_INSTANCE_DIGITS)),
        account=owner.account.id,
        partition=owner.account.partition,
        organization=organization,
        region=region,
        name=name,
        created=now,
        tags=tags,
    )


def enable_identity_center(transaction: Transaction, *, account: str, region: str) -> Instance:
    """Make the instance of the organization that an account manages, or of a stand-alone account.

    The organization trusts the service from then on, and all of its accounts get the service-linked role. Raises
    Missing, Invalid, AlreadyExists. Who asks for it writes the audit event.
    """
    unit, snapshot, ids, now = transaction.unit, transaction.snapshot, transaction.ids, transaction.now
    view = snapshot.open_account(account)
    if view is None:
        raise Missing(f"There is no account {account}.")
    partition = view.account.partition
    check_region(partition, region)
    organization = snapshot.organization_of(account)
    if organization is not None:
        _check_manages(organization, account)
    named = None if organization is None else organization.scope.id
    instance = new_instance(ids, view, organization=named, region=region, now=now)
    unit.add(instance)
    if organization is not None:
        _trust(unit, organization, now)
    unit.add_all(_linked_roles(ids, _accounts(snapshot, view, organization), now))
    return instance


def enable_here(call: OperatorCall, *, account: str, region: str) -> Instance:
    """The same as the operator of the installation, in a change of its own."""
    with call.transaction() as transaction:
        made = enable_identity_center(transaction, account=account, region=region)
        transaction.unit.audit(operator_event("EnableIdentityCenter", told(made), call.now))
    return made


def told(instance: Instance) -> dict[str, object]:
    """What is said of an instance."""
    return {
        "account": instance.account,
        "organization": instance.organization,
        "instanceArn": instance.arn,
        "identityStoreId": instance.identity_store,
        "region": instance.region,
        "startUrl": instance.start_url,
        "created": iso_seconds(instance.created),
    }


def _check_manages(view: OrganizationView, account: str) -> None:
    organization = view.organization
    if organization.management != account:
        raise Invalid(
            f"The account {account} is a member of the organization {organization.id}. Enable IAM Identity Center in "
            f"the management account {organization.management}, or call CreateInstance in the member."
        )
    if organization.feature_set is not FeatureSet.ALL:
        raise Invalid(f"The organization {organization.id} has not all features, which IAM Identity Center needs.")


def _trust(store: Unit, view: OrganizationView, now: datetime) -> None:
    organization = view.organization
    if IDENTITY_CENTER not in organization.trusted_services:
        trusted = {**organization.trusted_services, IDENTITY_CENTER: int(now.timestamp() * 1000)}
        store.save(replace(organization, trusted_services=trusted))


def _accounts(snapshot: Snapshot, owner: AccountView, organization: OrganizationView | None) -> Iterator[AccountView]:
    if organization is None:
        yield owner
        return
    for place in organization.of(OrganizationAccount):
        view = snapshot.account(place.id)
        if view is not None:
            yield view


def _linked_roles(ids: Ids, accounts: Iterable[AccountView], now: datetime) -> Iterator[Role]:
    linked = linked_role_of(IDENTITY_CENTER)
    for view in accounts:
        if view.of(Role).named(linked.name) is None:
            yield service_linked_role(ids, view.account, linked, name=linked.name, now=now)


def owned_instance(snapshot: Snapshot, account: str) -> tuple[AccountView, Instance]:
    """The instance that an account owns, and that account. Raises Missing."""
    view = snapshot.open_account(account)
    instance = own_instance(view) if view is not None else None
    if view is None or instance is None:
        raise Missing(f"The account {account} has no instance of IAM Identity Center: carnet sso enable makes it.")
    return view, instance
