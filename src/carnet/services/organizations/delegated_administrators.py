"""Member accounts that administer an AWS service for the whole organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.base.timestamps import moment_of_ms
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization_account import OrganizationAccount
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import sentences, shapes, targets
from carnet.services.organizations.callers import administrator, management_account
from carnet.services.organizations.condition_keys import service_principal
from carnet.services.organizations.quotas import DELEGATED_ADMINISTRATORS
from carnet.services.organizations.service import organizations
from carnet.services.organizations.service_access import known_service
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        DeregisterDelegatedAdministratorRequestTypeDef,
        ListDelegatedAdministratorsRequestTypeDef,
        ListDelegatedServicesForAccountRequestTypeDef,
        RegisterDelegatedAdministratorRequestTypeDef,
    )


@organizations.write(
    "RegisterDelegatedAdministrator", on=targets.account(management_account), context=(service_principal,)
)
def register_delegated_administrator(
    call: WriteCall,
    given: RegisterDelegatedAdministratorRequestTypeDef,
    view: OrganizationView,
    account: OrganizationAccount,
) -> Answer:
    """Let an account read the organization and administer a trusted service."""
    service = known_service(given["ServicePrincipal"])
    if account.id == view.organization.management:
        raise sentences.constraint(
            "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", sentences.NOT_THE_MANAGEMENT_ACCOUNT
        )
    if call.snapshot.accounts[account.id].closed:
        raise sentences.constraint(
            "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", sentences.NOT_A_SUSPENDED_ACCOUNT
        )
    if service not in view.organization.trusted_services:
        raise sentences.constraint("SERVICE_ACCESS_NOT_ENABLED", sentences.ENABLE_ACCESS_FIRST)
    if service in account.delegations:
        raise sentences.already_registered()
    most = DELEGATED_ADMINISTRATORS.get(service)
    if most is not None and len(view.of(OrganizationAccount).referring("delegations", service)) >= most:
        raise sentences.constraint(
            "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED", sentences.TOO_MANY_ADMINISTRATORS
        )
    call.store.save(replace(account, delegations={**account.delegations, service: call.now_ms}))
    return {}


@organizations.write(
    "DeregisterDelegatedAdministrator", on=targets.account(management_account), context=(service_principal,)
)
def deregister_delegated_administrator(
    call: WriteCall,
    given: DeregisterDelegatedAdministratorRequestTypeDef,
    view: OrganizationView,
    account: OrganizationAccount,
) -> Answer:
    """End an account's administration of a service."""
    service = known_service(given["ServicePrincipal"])
    if service not in account.delegations:
        raise sentences.not_registered()
    kept = {name: since for name, since in account.delegations.items() if name != service}
    call.store.save(replace(account, delegations=kept))
    return {}


@organizations.read("ListDelegatedAdministrators", on=targets.organization(administrator), context=(service_principal,))
def list_delegated_administrators(
    call: Call, given: ListDelegatedAdministratorsRequestTypeDef, view: OrganizationView
) -> Answer:
    """The delegated administrators of a service, or of any, by account id."""
    service = given.get("ServicePrincipal")
    accounts = (
        _all_delegated(view) if service is None else view.of(OrganizationAccount).referring("delegations", service)
    )
    found = page(call.paging, "ListDelegatedAdministrators", accounts, given, key=lambda account: account.id)
    return found.answer(
        "DelegatedAdministrators", lambda account: shapes.delegated_administrator(view, call.snapshot, account)
    )


def _all_delegated(view: OrganizationView) -> tuple[OrganizationAccount, ...]:
    """Every delegated administrator, by account id, computed once for each state of the accounts."""
    accounts = view.of(OrganizationAccount)
    return view.memo.lasting(
        _all_delegated, (accounts,), lambda: tuple(account for account in accounts.sorted() if account.delegations)
    )


@organizations.read("ListDelegatedServicesForAccount", on=targets.account(administrator))
def list_delegated_services(
    call: Call,
    given: ListDelegatedServicesForAccountRequestTypeDef,
    view: OrganizationView,
    account: OrganizationAccount,
) -> Answer:
    """The services that an account administers, by name."""
    if not account.delegations:
        raise sentences.not_registered()
    services = sorted(account.delegations.items())
    found = page(call.paging, "ListDelegatedServicesForAccount", services, given, key=lambda one: one[0])
    return found.answer(
        "DelegatedServices",
        lambda one: {"ServicePrincipal": one[0], "DelegationEnabledDate": moment_of_ms(one[1])},
    )
