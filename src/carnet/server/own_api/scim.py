"""SCIM tokens of an account's identity store, and what was asked for with them. AWS has both in its console alone."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from carnet.audit.scim_requests import scim_requests
from carnet.base.faults import Invalid, Missing
from carnet.directory.identity_center import own_instance
from carnet.entities.identity_center_instance import Instance
from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, OwnWriteCall, Told, Turn, without_token
from carnet.services.scim_tokens import delete_token, listed, new_token, tokens_of, told

_PATH = "accounts/{account}/identity-center"
_LARGEST_PAGE = 1_000


class Requests(Input, frozen=True, kw_only=True):
    """Which requests to list, the newest first."""

    limit: Annotated[int, Meta(ge=1, le=_LARGEST_PAGE)] = 50
    after: str | None = None
    """The `next` of the page before."""
    failed: bool = False


def create_token(call: OwnWriteCall) -> Told:
    """Make a token. It is shown this once."""
    new = new_token(call.transaction, identity_store=_instance(call).identity_store)
    return {**told(new.kept), "token": new.text}


def list_tokens(call: OwnCall) -> Told:
    tokens = tokens_of(call.snapshot, _instance(call))
    return {"tokens": [listed(each, call.parts.last_used) for each in tokens]}


def remove_token(call: OwnWriteCall) -> Told:
    """Take a token back: it opens nothing from then on."""
    identity_store = _instance(call).identity_store
    return told(delete_token(call.store, call.snapshot, identity_store=identity_store, token=call.path["id"]))


def list_requests(call: OwnCall) -> Told:
    """A page of the log of requests; it may be empty, and `next` ask for the one behind it."""
    asked: Requests = call.query
    account = _instance(call).account
    try:
        return scim_requests(call.parts.history, account, count=asked.limit, after=asked.after, failed=asked.failed)
    except LookupError:
        raise Invalid("There is no such page.") from None


def _instance(call: OwnCall) -> Instance:
    view = call.snapshot.open_account(call.account or "")
    instance = own_instance(view) if view is not None else None
    if instance is None:
        raise Missing(f"The account {call.account} has no instance of IAM Identity Center.")
    return instance


ENDPOINTS = (
    Endpoint(
        name="CreateScimToken",
        method="POST",
        path=f"{_PATH}/scim-tokens",
        scope=OperatorScope.SCIM_WRITE,
        resource=None,
        body=create_token,
        turn=Turn.IN_TRANSACTION,
        status=201,
        audited=without_token,
    ),
    Endpoint(
        name="ListScimTokens",
        method="GET",
        path=f"{_PATH}/scim-tokens",
        scope=OperatorScope.SCIM_WRITE,
        resource="scim-tokens",
        body=list_tokens,
    ),
    Endpoint(
        name="DeleteScimToken",
        method="DELETE",
        path=f"{_PATH}/scim-tokens/{{id}}",
        scope=OperatorScope.SCIM_WRITE,
        resource=None,
        body=remove_token,
        turn=Turn.IN_TRANSACTION,
        audited=dict,
    ),
    Endpoint(
        name="ListScimRequests",
        method="GET",
        path=f"{_PATH}/scim-requests",
        scope=OperatorScope.AUDIT_READ,
        resource="scim-requests",
        body=list_requests,
        turn=Turn.IN_THREAD,
        query=Requests,
    ),
)
