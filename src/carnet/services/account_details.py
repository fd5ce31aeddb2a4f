"""The details and Regions of an account, which several services show."""

from __future__ import annotations

from carnet.catalog.regions import REGIONS, Region
from carnet.directory.account_view import AccountView
from carnet.entities.account_details import AccountDetails
from carnet.services.operation import WriteCall


def details_of(view: AccountView) -> AccountDetails:
    """The account's details; those of an account that changed none are empty."""
    return view.of(AccountDetails).get(view.account.id) or AccountDetails(account=view.account.id)


def keep_details(call: WriteCall, view: AccountView, details: AccountDetails) -> None:
    """Store the details of the account of `view`, whether or not it had any."""
    known = view.of(AccountDetails).get(details.id)
    if known is None:
        call.store.add(details)
    elif known != details:
        call.store.save(details)


def regions_of(view: AccountView) -> tuple[Region, ...]:
    """Every Region of the account's partition, by name."""
    return REGIONS.get(view.account.partition, ())


def is_enabled(view: AccountView, region: Region) -> bool:
    """Whether the account can use the Region."""
    return not region.opt_in or region.name in details_of(view).regions
