"""The encoded authorization message: the details of a denial, sealed for those who may read them.

AWS adds such a message to the denials of Amazon EC2: the caller who was denied may not see what the policies say.

https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from carnet.access.authorize import Decided
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring, SealContext
from carnet.policy.decision import Verdict
from carnet.policy.request import Principal, PrincipalKind, Value
from carnet.policy.statement import Statement

READ_WITHIN = timedelta(days=1)
"""How long a message can be decoded. AWS says that messages expire, but not when."""
MOST_CHARACTERS = 10_240
"""The longest message that DecodeAuthorizationMessage takes."""
_TIME_BYTES = 8
_LENGTH_BYTES = 4
_ELEMENTS = ("Action", "NotAction", "Resource", "NotResource")


class NotDecoded(ValueError):
    """The text is no message of this installation for the account, or the message has expired."""


def encoded(keyring: Keyring, decided: Decided, now: datetime) -> str:
    """The message for a decision. Principals of the caller's account may decode it.

    If it is too long, parts are left out: first the statements except their ids, then the condition keys.
    """
    request = decided.request
    statements = list(_matched_statements(decided))
    by_id = [{"statementId": each["statementId"], "effect": each["effect"]} for each in statements]
    context = _context(decided)
    without_keys = {**context, "conditions": _items(())}
    for shown_statements, shown_context in ((statements, context), (by_id, context), (by_id, without_keys)):
        plain = _pack(now, shown_context, shown_statements, decided.decision.verdict)
        text = _seal(keyring, plain, request.principal.account)
        if len(text) <= MOST_CHARACTERS:
            return text
    return _seal(keyring, _pack(now, {}, [], decided.decision.verdict), request.principal.account)


def decoded(keyring: Keyring, text: str, account: str, now: datetime) -> str:
    """The JSON in a message for the account; raises NotDecoded."""
    try:
        sealed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        plain = keyring.open(sealed, context=_seal_context(account))
    except (Unsealable, binascii.Error, UnicodeEncodeError) as problem:
        raise NotDecoded from problem
    made = datetime.fromtimestamp(int.from_bytes(plain[:_TIME_BYTES]), now.tzinfo)
    if now >= made + READ_WITHIN:
        raise NotDecoded
    return _unpack(plain[_TIME_BYTES:])


def _seal(keyring: Keyring, plain: bytes, account: str) -> str:
    sealed = keyring.seal(plain, context=_seal_context(account))
    return base64.urlsafe_b64encode(sealed).decode("ascii")


def _seal_context(account: str) -> SealContext:
    return SealContext(
        table="authorization_messages",
        column="message",
        account=account,
        key="",
        owner="",
        purpose=Purpose.AUTHORIZATION_MESSAGES,
    )


def _pack(now: datetime, context: Mapping[str, Any], statements: list[Any], verdict: Verdict) -> bytes:
    """Time, then each part with its length, compressed by itself.

    INVARIANT: the caller's input and the contents of policies are not compressed together: the length would tell
    callers whether they have guessed what a policy says.
    """
    outcome = {"allowed": verdict is Verdict.ALLOWED, "explicitDeny": verdict is Verdict.EXPLICIT_DENY}
    parts = (outcome, statements, context)
    compressed = [zlib.compress(orjson.dumps(part)) for part in parts]
    framed = b"".join(len(each).to_bytes(_LENGTH_BYTES) + each for each in compressed)
    return int(now.timestamp()).to_bytes(_TIME_BYTES) + framed


def _unpack(framed: bytes) -> str:
    parts: list[Any] = []
    while framed:
        end = _LENGTH_BYTES + int.from_bytes(framed[:_LENGTH_BYTES])
        parts.append(orjson.loads(zlib.decompress(framed[_LENGTH_BYTES:end])))
        framed = framed[end:]
    outcome, statements, context = parts
    message = {**outcome, "matchedStatements": _items(statements), "failures": _items(()), "context": context}
    return orjson.dumps(message).decode("utf-8")


def _matched_statements(decided: Decided) -> Iterator[dict[str, Any]]:
    """The statements that determined the decision, as AWS shows them."""
    wanted = set(decided.decision.statements)
    principal = _values((decided.request.principal.id,))
    for policy in decided.policies.every():
        for statement in policy.statements:
            if statement.ref in wanted:
                yield _statement(statement, principal)


def _statement(statement: Statement, principal: Mapping[str, Any]) -> dict[str, Any]:
    actions, not_actions, resources, not_resources = (_texts(statement.source.get(name)) for name in _ELEMENTS)
    shown = {
        "statementId": statement.ref.sid,
        "effect": statement.effect.value.upper(),
        "principals": principal,
        "principalGroups": _items(()),
        "actions": _values(actions),
        "resources": _values(resources),
        "conditions": _items(list(_conditions(statement))),
    }
    shown |= {"notActions": _values(not_actions)} if not_actions else {}
    shown |= {"notResources": _values(not_resources)} if not_resources else {}
    return shown


def _conditions(statement: Statement) -> Iterator[dict[str, Any]]:
    for condition in statement.conditions:
        yield {"key": condition.key, "values": _values(wanted.text for wanted in condition.values)}


def _context(decided: Decided) -> dict[str, Any]:
    request = decided.request
    keys = {**request.context.request, **request.context.resource, **request.context.principal}
    conditions = [{"key": key, "values": _values(_texts(value))} for key, value in sorted(keys.items())]
    return {
        "principal": _principal(request.principal),
        "action": request.action,
        "resource": request.resource,
        "conditions": _items(conditions),
    }


def _principal(principal: Principal) -> dict[str, str]:
    named = {"name": principal.arn.rpartition("/")[2]} if principal.kind is PrincipalKind.USER else {}
    return {"id": principal.id, **named, "arn": principal.arn}


def _texts(value: Value | list[str] | None) -> tuple[str, ...]:
    """The texts of a value that is one text or several, as in policies and contexts."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _values(texts: Iterable[str]) -> dict[str, Any]:
    return _items([{"value": text} for text in texts])


def _items(values: Iterable[Any]) -> dict[str, Any]:
    return {"items": list(values)}
