"""PartiQL statements in batches and transactions: each statement is decided separately.

Denied statements of a batch are not sent on; each is answered in its place. A transaction with a denied statement is
cancelled. The statements that are sent on are rebuilt from their parsed form.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteTransaction.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from carnet.access.authorize import Decided
from carnet.base.http import HttpResponse
from carnet.gateway.answers import answered_by, handed_back
from carnet.gateway.call import Call
from carnet.gateway.checks.check import Refusal, Refused, Scope
from carnet.gateway.checks.mapping import mapped
from carnet.gateway.checks.partiql_written import as_sent
from carnet.gateway.checks.resource_keys import decided_with_keys
from carnet.gateway.deciding import Resolved
from carnet.gateway.failures import DENIED, told_denial
from carnet.gateway.keys.key_permissions import allow_keys
from carnet.gateway.keys.known_keys import KnownKeys
from carnet.gateway.policies.reread import members_of
from carnet.gateway.upstreams.configured import Mode
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.protocols.errors import WireError
from carnet.server.outbox import Answer
from carnet.services.execution import Execution

ONE, BATCH, TRANSACTION = "ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"
_MEMBERS = {BATCH: "Statements", TRANSACTION: "TransactStatements"}
_MOST_BYTES = 4 * 1024 * 1024
"""The longest answer to a batch with denied statements, in bytes: it is parsed here."""
_JSON = (("content-type", "application/x-amz-json-1.0"),)
_CHECKSUM = "x-amz-crc32"

OwnerOf = Callable[[Call, tuple[Resolved, ...]], str]
Denied = Mapping[int, tuple[Resolved, Decided]]
"""The denied statements, by their index."""


def are_together(call: Call) -> bool:
    return call.operation.service.name == "dynamodb" and call.operation.name in _MEMBERS


def made_anew(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input with its statement rebuilt. Raises WireError for a statement that is not sent on."""
    is_one = call.operation.service.name == "dynamodb" and call.operation.name == ONE
    return _as_sent(call, given) if is_one else given


def _as_sent(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return as_sent(given)
    except Refused as refused:
        raise WireError(refused.refusal.code, refused.refusal.message, call.operation) from None


async def executed_together(
    execution: Execution, known: KnownKeys, call: Call, scope: Scope, owner_of: OwnerOf
) -> Answer:
    """Raises WireError, NotFound, and what `decided_with_keys` and `allow_keys` raise."""
    member = _MEMBERS[call.operation.name]
    statements = call.given[member]
    found = [_resolve_statement(call, {**call.given, member: [one]}, scope) for one in statements]
    refused = await _denied_statements(execution, call, found)
    if refused and call.operation.name == TRANSACTION:
        raise _transaction_cancelled(call, len(found), refused)
    allowed = tuple([one for at, one in enumerate(found) if at not in refused])
    if not allowed:
        return answered_by(call, HttpResponse(status=HTTPStatus.OK, headers=_JSON, body=_merge_denials({}, refused)))
    account = owner_of(call, allowed)
    await allow_keys(execution, known, call, allowed, binds=call.mode is Mode.ENFORCE)
    listed = [_as_sent(call, one) for at, one in enumerate(statements) if at not in refused]
    response = await call.send(call.operation, {**call.given, member: listed}, account)
    if not refused or response.status != HTTPStatus.OK:
        return await handed_back(call, response)
    body = _merge_denials(members_of(await response.whole(_MOST_BYTES)), refused, len(allowed))
    headers = tuple([(name, value) for name, value in response.headers if name != _CHECKSUM])
    return answered_by(call, HttpResponse(status=response.status, headers=headers, body=body))


def _resolve_statement(call: Call, alone: Mapping[str, Any], scope: Scope) -> Resolved:
    """The checks that one statement needs. Raises WireError for a statement that is not understood for certain."""
    checks = mapped(call.operation.service.name, call.operation.name, alone, scope)
    if isinstance(checks, Refusal):
        raise WireError(checks.code, checks.message, call.operation)
    (check,) = checks
    return Resolved(check, str(check.resource), check.account or scope.account)


async def _denied_statements(execution: Execution, call: Call, found: list[Resolved]) -> Denied:
    """The denied statements, if the mode enforces denials. INVARIANT: a call has one denial, which is its last
    decision."""
    refused: dict[int, tuple[Resolved, Decided]] = {}
    for at, one in enumerate(found):
        made, _, missing = await decided_with_keys(execution, call, (one,))
        if not made[-1].decision.allowed and call.mode is Mode.ENFORCE:
            refused[at] = one, made[-1]
        elif missing is not None:
            raise missing
        else:
            call.decided += made
    call.decided += [last for _, last in list(refused.values())[:1]]
    return refused


def _denial(last: Decided) -> dict[str, str]:
    _, sentence = told_denial("dynamodb", last)
    return {"Code": DENIED, "Message": sentence}


def _transaction_cancelled(call: Call, total: int, refused: Denied) -> WireError:
    """As recorded from AWS: allowed statements are not carried out either, and their cancellation reason is None."""
    reasons = [_denial(refused[at][1]) if at in refused else {"Code": "None"} for at in range(total)]
    codes = ", ".join(one["Code"] for one in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return WireError("TransactionCanceledException", message, call.operation, {"CancellationReasons": reasons})


def _merge_denials(answer: Mapping[str, Any], refused: Denied, sent: int = 0) -> bytes:
    """The answer, with an error for each statement that was not sent on. Raises UpstreamFailed if it is no answer of
    the operation."""
    responses = answer.get("Responses", [])
    if not isinstance(responses, list) or len(responses) != sent:
        raise UpstreamFailed("the upstream does not answer every statement", sent=True)
    told = iter(responses)
    every = [_error(*refused[at]) if at in refused else next(told) for at in range(sent + len(refused))]
    return json.dumps({**answer, "Responses": every}).encode()


def _error(one: Resolved, last: Decided) -> dict[str, Any]:
    table = one.resource.partition(":table/")[2].partition("/")[0]
    return {"Error": _denial(last), "TableName": table}
