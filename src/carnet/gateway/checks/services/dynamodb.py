"""Amazon DynamoDB: tables and indexes, batches and transactions, PartiQL.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/api-permissions-reference.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Asked, Check, Members, Scope, invalid
from carnet.gateway.checks.hand import Hand, Rule, Unknown
from carnet.gateway.checks.members import needed, structure, structures, text
from carnet.gateway.checks.naming import ARN, Named
from carnet.gateway.checks.partiql import read_statement
from carnet.gateway.checks.services import dynamodb_attributes as attributes
from carnet.gateway.checks.services.dynamodb_statements import attributes_of
from carnet.gateway.checks.table import from_table
from carnet.policy.request import Value

TABLE, INDEX = "table", "index"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}", re.ASCII)
_TABLE_ARN = re.compile(r"arn:([a-z-]+):dynamodb:([a-z0-9-]+):([0-9]{12}):table/[A-Za-z0-9_.-]{3,255}", re.ASCII)
_MOST_STATEMENTS, _MOST_ITEMS = 100, 1_000
_TRANSACT = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html"""
_RESTORES_BY = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")


def table(scope: Scope, given: str) -> Named:
    """The table that a name or an ARN names. Raises Refused, for another Region as was recorded of GetItem."""
    if _NAME.fullmatch(given):
        arn = f"{ARN}{scope.partition}:dynamodb:{scope.region}:{scope.account}:table/{given}"
        return Named(type=TABLE, resource=arn, account=scope.account)
    found = _TABLE_ARN.fullmatch(given)
    if found is not None and found[2] != scope.region:
        at = f"Value '{given}' at 'tableName' failed to satisfy constraint: Invalid AWS region"
        raise invalid(f"1 validation error detected: {at}")
    if found is None or found[1] != scope.partition:
        raise invalid("Invalid table/index name.")
    return Named(type=TABLE, resource=given, account=found[3])


def index(scope: Scope, given: str, name: str) -> Named:
    on = table(scope, given)
    if not _NAME.fullmatch(name):
        raise invalid("Invalid table/index name.")
    return Named(type=INDEX, resource=f"{on.resource}/index/{name}", account=on.account)


def _named_table(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named:
    return table(scope, values["TableName"])


def _named_index(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named:
    return index(scope, values["TableName"], values["IndexName"])


def _on(action: str, named: Named, keys: Mapping[str, Value] | None = None, part: Members | None = None) -> Check:
    return Check(
        action=f"dynamodb:{action}",
        resource=named.resource,
        account=named.account,
        type=named.type,
        keys=keys or {},
        part=part or {},
    )


def _batch(action: str, item_attributes: attributes.Reading) -> Rule:
    """BatchGetItem and BatchWriteItem: a check for each table."""

    def rule(asked: Asked) -> Iterator[Check]:
        requests = structure(asked.members, "RequestItems")
        if not requests:
            raise invalid("RequestItems is empty.")
        for name in requests:
            keys = attributes.keys_of(item_attributes(requests, name))
            part = {"Requests": requests[name]} if action == "BatchWriteItem" else structure(requests, name)
            yield _on(action, table(asked.scope, name), keys, part)

    return rule


def _transact(asked: Asked) -> Iterator[Check]:
    """A check for each item, with the permission of the item's own operation."""
    listed = structures(asked.members, "TransactItems")
    if not 0 < len(listed) <= _MOST_STATEMENTS:
        raise invalid("TransactItems must have from 1 to 100 items.")
    enclosing: dict[str, Value] = {"dynamodb:EnclosingOperation": asked.operation}
    for item in listed:
        kinds = [kind for kind in _TRANSACT if item.get(kind) is not None]
        if len(kinds) != 1 or len([kind for kind in item if item[kind] is not None]) != 1:
            raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
        given = structure(item, kinds[0])
        keys = enclosing | attributes.keys_of(attributes.of_item(given))
        if kinds == ["Get"]:
            keys |= {"dynamodb:Select": attributes.selected(given)}
        yield _on(_TRANSACT[kinds[0]], table(asked.scope, needed(given, "TableName")), keys, given)


def _statements(given: Members, name: str) -> Sequence[Members]:
    listed = structures(given, name)
    if not 0 < len(listed) <= _MOST_STATEMENTS:
        raise invalid(f"{name} must have from 1 to 100 statements.")
    return listed


def _execute(asked: Asked) -> Iterator[Check]:
    yield _by_statement(asked.scope, asked.members, {})


def _batch_execute(asked: Asked) -> Iterator[Check]:
    for one in _statements(asked.members, "Statements"):
        yield _by_statement(asked.scope, one, {})


def _execute_transaction(asked: Asked) -> Iterator[Check]:
    for one in _statements(asked.members, "TransactStatements"):
        yield _by_statement(asked.scope, one, {"dynamodb:EnclosingOperation": asked.operation})


def _by_statement(scope: Scope, given: Members, keys: dict[str, Value]) -> Check:
    one = read_statement(needed(given, "Statement"))
    named = table(scope, one.table) if one.index is None else index(scope, one.table, one.index)
    found = attributes_of(one)
    return _on(one.verb.value, named, keys | attributes.keys_of(found or ()), given)


def _restore_to_point(asked: Asked) -> Iterator[Check]:
    """The table that is read, and the one that is created."""
    sources = [name for name in ("SourceTableName", "SourceTableArn") if text(asked.members, name) is not None]
    if not sources:
        raise invalid("SourceTableName is missing.")
    for name in (*sources, "TargetTableName"):
        yield _on("RestoreTableToPointInTime", table(asked.scope, needed(asked.members, name)))
    yield from _restore_target(asked)


def _restore_backup(asked: Asked) -> Iterator[Check]:
    yield from from_table(asked, HAND)
    yield from _restore_target(asked)


def _restore_target(asked: Asked) -> Iterator[Check]:
    """The permissions to read and write the table that is restored to.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html
    """
    target = table(asked.scope, needed(asked.members, "TargetTableName"))
    for action in _RESTORES_BY:
        yield _on(action, target)


def _create_table(asked: Asked) -> Iterator[Check]:
    """With tags dynamodb:TagResource, too.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.Operations.html
    """
    named = table(asked.scope, needed(asked.members, "TableName"))
    yield _on("CreateTable", named)
    if asked.members.get("Tags"):
        yield _on("TagResource", named)


def _global_table(asked: Asked) -> Iterator[Check]:
    """A global table of the first version, and the table of its name."""
    yield from from_table(asked, HAND)
    yield _on(asked.operation, table(asked.scope, needed(asked.members, "GlobalTableName")))


def _attributes(asked: Asked, check: Check) -> Value | Unknown | None:
    """dynamodb:Attributes: the attributes that the request names, if it is no statement."""
    if check.action.startswith("dynamodb:PartiQL"):
        return Unknown.UNKNOWN
    return attributes.keys_of(attributes.of_item(asked.members)).get("dynamodb:Attributes")


def _select(asked: Asked, check: Check) -> Value | Unknown | None:
    """dynamodb:Select: what is meant if the request does not say it, too, so that a policy can insist.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html#DDB-Query-request-Select
    """
    if check.action == "dynamodb:PartiQLSelect":
        return Unknown.UNKNOWN
    if asked.operation == "BatchGetItem":
        return attributes.batch_select(structure(asked.members, "RequestItems"))
    given = text(asked.members, "Select")
    if given is not None:
        return given
    return attributes.selected(asked.members, on_index=check.type == INDEX)


def _return_values(asked: Asked, check: Check) -> Value | Unknown | None:
    if check.action.startswith("dynamodb:PartiQL"):
        return Unknown.UNKNOWN
    return text(asked.members, "ReturnValues") or "NONE"


def _list_tables(asked: Asked) -> Iterator[Check]:
    """Decided on all tables of the account in the Region, as recorded from AWS."""
    scope = asked.scope
    arn = f"{ARN}{scope.partition}:dynamodb:{scope.region}:{scope.account}:table/*"
    yield Check(action="dynamodb:ListTables", resource=arn, account=scope.account)


HAND = Hand(
    operations={
        "BatchExecuteStatement": _batch_execute,
        "BatchGetItem": _batch("BatchGetItem", attributes.of_batch_get),
        "BatchWriteItem": _batch("BatchWriteItem", attributes.of_batch_write),
        "CreateGlobalTable": _global_table,
        "CreateTable": _create_table,
        "ExecuteStatement": _execute,
        "ExecuteTransaction": _execute_transaction,
        "ListTables": _list_tables,
        "RestoreTableFromBackup": _restore_backup,
        "RestoreTableToPointInTime": _restore_to_point,
        "TransactGetItems": _transact,
        "TransactWriteItems": _transact,
        "UpdateGlobalTable": _global_table,
        "UpdateGlobalTableSettings": _global_table,
    },
    names={TABLE: _named_table, INDEX: _named_index},
    keys={
        "dynamodb:Attributes": _attributes,
        "dynamodb:EnclosingOperation": lambda asked, check: None,
        "dynamodb:ReturnConsumedCapacity": lambda asked, check: text(asked.members, "ReturnConsumedCapacity") or "NONE",
        "dynamodb:ReturnValues": _return_values,
        "dynamodb:Select": _select,
    },
)
