"""Who may make a call of Carnet's own API: an operator whose token has the scope, or a caller whose policies allow it.

A signed caller asks about its own account, whatever the endpoint is.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from carnet.access.authorize import Check, Decided, authorize
from carnet.access.gather import carried_by
from carnet.access.request_context import caller_context
from carnet.audit.events import Event
from carnet.audit.steps import Arrived
from carnet.base.arns import OWN_SERVICE, Arn
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.identity.caller import AccountCaller, OperatorCaller
from carnet.policy.compile import Engine
from carnet.server.own_api.endpoint import Endpoint, OwnCaller
from carnet.server.own_api.problems import Problem


class Asked(Struct, frozen=True, kw_only=True):
    """A request that is read, and made by somebody who has proven who it is."""

    arrived: Arrived
    event: Event
    """What the audit log will say; it is told more on the way."""
    decided: list[Decided]
    """What policies have decided by now."""
    endpoint: Endpoint
    path: dict[str, str]
    caller: OwnCaller
    query: Any
    given: Any

    @property
    def named_account(self) -> str | None:
        """The account that the request names, if it names one."""
        return self.path.get("account") or getattr(self.query, "account", None)


def admit_operator(asked: Asked, operator: OperatorCaller) -> str | None:
    """The account that is asked about, None for all; raises Problem if the token has not the scope."""
    scope = asked.endpoint.scope
    if scope is None:
        raise _access_denied(f"{asked.endpoint.name} is for callers of an account: it takes a signed request.")
    if scope not in operator.token.scopes:
        raise _access_denied(f"The operator token {operator.token.id} does not have the scope {scope}.")
    return asked.named_account


def admit_signed(asked: Asked, caller: AccountCaller, snapshot: Snapshot, engine: Engine) -> Decided:
    """The decision on a caller of the account that is asked about. Raises Problem if it asks about another one, or for
    what is the operator's."""
    endpoint, arrived, account = asked.endpoint, asked.arrived, caller.principal.account
    if endpoint.resource is None and endpoint.check is None:
        raise _access_denied(f"{endpoint.name} is for the operator: it takes an operator token.")
    if asked.named_account not in (None, account):
        raise _access_denied(f"A signed request is about the caller's own account, {account}.")
    view = snapshot.accounts[account]
    check = endpoint.check(view, asked.given) if endpoint.check is not None else _own_check(asked, view)
    policies, keys = carried_by(snapshot, caller.credential)
    context = caller_context(keys, caller, arrived.http, arrived.time)
    return authorize(engine, snapshot, caller.principal, policies, context, check)


def _own_check(asked: Asked, view: AccountView) -> Check:
    """`carnet:NAME` on the endpoint's resource."""
    account, endpoint = view.account, asked.endpoint
    resource = (endpoint.resource or "").format_map(asked.path)
    return Check(
        action=endpoint.action,
        resource=str(Arn(account.partition, OWN_SERVICE, "", account.id, resource)),
        resource_account=account.id,
    )


def _access_denied(sentence: str) -> Problem:
    return Problem(403, "AccessDenied", sentence)
