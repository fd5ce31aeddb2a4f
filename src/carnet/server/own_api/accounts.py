"""The accounts of an installation."""

from __future__ import annotations

from heapq import nsmallest
from typing import Annotated, Any

from msgspec import Meta

from carnet.base.faults import Invalid, Missing
from carnet.base.timestamps import iso_seconds
from carnet.entities.account import (
    EMAIL_RULE,
    ID_RULE,
    NAME_RULE,
    Account,
    is_account_email,
    is_account_id,
    is_account_name,
)
from carnet.entities.operator_token import OperatorScope
from carnet.identity.new_access_key import drawn_key
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, OwnWriteCall, Told, Turn
from carnet.services.account_removal import remove_account
from carnet.services.accounts import add_account
from carnet.services.closed_accounts import reopen_account as reopen
from carnet.services.membership import admit_new

_DEFAULT_PAGE, _LARGEST_PAGE = 100, 1000


class NewAccount(Input, frozen=True, kw_only=True):
    """What an account is made of."""

    name: str
    email: str
    id: str | None = None
    """One that no account has; None for one that is drawn."""
    organization: str | None = None
    """The organization that it becomes a member of; None for a stand-alone account."""


class Page(Input, frozen=True, kw_only=True):
    """Which accounts to list, in the order of their ids."""

    limit: Annotated[int, Meta(ge=1, le=_LARGEST_PAGE)] = _DEFAULT_PAGE
    after: str = ""
    """The id that the page before ended with."""


def create_account(call: OwnWriteCall) -> Told:
    """Make an account with a root access key that works at once, and is shown this once. Raises Missing."""
    given: NewAccount = call.given
    if not is_account_name(given.name):
        raise Invalid(NAME_RULE)
    if not is_account_email(given.email):
        raise Invalid(EMAIL_RULE)
    if given.id is not None and not is_account_id(given.id):
        raise Invalid(ID_RULE)
    parts = call.parts
    joined = None if given.organization is None else call.snapshot.organizations.get(given.organization)
    if joined is None and given.organization is not None:
        raise Missing(f"There is no organization {given.organization}.")
    account = Account(
        id=given.id or parts.ids.account(),
        partition=parts.partition if joined is None else joined.organization.partition,
        name=given.name,
        email=given.email,
        created=call.now,
    )
    root = add_account(call.store, parts.keyring, account, drawn_key(parts.ids, account.id))
    if joined is not None:
        admit_new(call.store, parts.ids, account, joined)
    key = {"accessKeyId": root.access_key_id, "secretAccessKey": root.secret_access_key}
    return {"account": _members(account), "rootAccessKey": key}


def _without_secret(answer: Told) -> Told:
    return {"account": answer["account"], "rootAccessKey": {"accessKeyId": answer["rootAccessKey"]["accessKeyId"]}}


def list_accounts(call: OwnCall) -> Told:
    """A page of the accounts; `next` is the `after` of the next one, absent from the last."""
    page: Page = call.query
    accounts = call.snapshot.accounts
    ids = nsmallest(page.limit + 1, (each for each in accounts if each > page.after))
    listed = [_members(accounts[each].account) for each in ids[: page.limit]]
    return {"accounts": listed} | ({"next": listed[-1]["id"]} if len(ids) > page.limit else {})


def get_account(call: OwnCall) -> Told:
    """One account; a signed caller's own."""
    view = call.snapshot.account(call.account or "")
    if view is None:
        raise Missing(f"There is no account {call.account}.")
    return {"account": _members(view.account)}


def delete_account(call: OwnWriteCall) -> Told:
    """Remove an account with all that is in it, in one change."""
    account = call.named_account
    return {"id": account, "rows": remove_account(call.store, account, call.now)}


def reopen_account(call: OwnWriteCall) -> Told:
    """Open an account again that its organization has closed."""
    account = call.named_account
    reopen(call.store, account)
    return {"id": account}


def _members(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "partition": account.partition,
        "created": iso_seconds(account.created),
        "alias": account.alias,
    }


ENDPOINTS = (
    Endpoint(
        name="CreateAccount",
        method="POST",
        path="accounts",
        scope=OperatorScope.ACCOUNTS_WRITE,
        resource=None,
        body=create_account,
        turn=Turn.IN_TRANSACTION,
        given=NewAccount,
        status=201,
        audited=_without_secret,
    ),
    Endpoint(
        name="ListAccounts",
        method="GET",
        path="accounts",
        scope=OperatorScope.ACCOUNTS_READ,
        resource=None,
        body=list_accounts,
        turn=Turn.IN_THREAD,
        query=Page,
    ),
    Endpoint(
        name="GetAccount",
        method="GET",
        path="accounts/{account}",
        scope=OperatorScope.ACCOUNTS_READ,
        resource="account",
        body=get_account,
    ),
    Endpoint(
        name="DeleteAccount",
        method="DELETE",
        path="accounts/{account}",
        scope=OperatorScope.ACCOUNTS_WRITE,
        resource=None,
        body=delete_account,
        turn=Turn.IN_TRANSACTION,
        audited=dict,
    ),
    Endpoint(
        name="ReopenAccount",
        method="POST",
        path="accounts/{account}/reopen",
        scope=OperatorScope.ACCOUNTS_WRITE,
        resource=None,
        body=reopen_account,
        turn=Turn.IN_TRANSACTION,
        audited=dict,
    ),
)
