"""A request of any operation in its protocol's form, and what breaks that form: fields twice, out of order, unknown."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from carnet import models
from carnet.models import Protocol
from carnet.server.limits import Limits
from tests.attacks.hostile import NASTY
from tests.attacks.plausible import Values

INDICES = (
    "",
    ".1",
    ".member.1",
    ".member.0",
    ".member.-1",
    ".member.01",
    ".",
    "..",
    ".member.999999999",
    ".entry.1.key",
)


@dataclass(frozen=True, kw_only=True)
class Fuzzed:
    """A request, not signed yet."""

    operation: models.Operation
    target: str
    headers: dict[str, str]
    body: bytes


def fuzzed(values: Values, operation: models.Operation) -> Fuzzed:
    """A call of the operation: every second one as a client would make it, the others with anything in them."""
    values.tame = values.chance.random() < 0.5
    shape = operation.input
    given = values.structure(shape) if shape is not None else {}
    match operation.service.protocol:
        case Protocol.QUERY | Protocol.EC2:
            return Fuzzed(operation=operation, target="/", headers={}, body=_form(values, operation, given))
        case Protocol.JSON:
            headers = {
                "content-type": f"application/x-amz-json-{operation.service.json_version}",
                "x-amz-target": f"{operation.service.target_prefix}.{operation.name}",
            }
            return Fuzzed(operation=operation, target="/", headers=headers, body=_json(values, given))
        case Protocol.REST_JSON:
            target = operation.model.http["requestUri"]
            headers = {"content-type": "application/json"}
            return Fuzzed(operation=operation, target=target, headers=headers, body=_json(values, given))
        case other:
            raise NotImplementedError(other)


def _form(values: Values, operation: models.Operation, given: dict[str, Any]) -> bytes:
    fields = [("Action", operation.name), ("Version", operation.service.api_version)]
    fields += _bent(values, list(_fields(given, "")))
    body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields)
    return body.encode()[: Limits().body]


def _bent(values: Values, fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Three in ten have a field twice, a field that is unknown, or its fields out of order."""
    chance = values.chance
    if values.tame or not fields or chance.random() >= 0.3:
        return fields
    name, value = chance.choice(fields)
    match chance.randrange(4):
        case 0:
            return [*fields, (name, chance.choice((value, *NASTY)))]
        case 1:
            return [*fields, (name + chance.choice(INDICES), chance.choice(NASTY))]
        case 2:
            return [(chance.choice(NASTY), value), *fields]
        case _:
            chance.shuffle(fields)
            return fields


def _fields(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for name, member in value.items():
                yield from _fields(member, f"{prefix}.{name}" if prefix else str(name))
        case list():
            for number, item in enumerate(value, 1):
                yield from _fields(item, f"{prefix}.member.{number}")
        case _:
            yield prefix, _text(value)


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return value.isoformat()
        case _:
            return "" if value is None else str(value)


def _json(values: Values, given: dict[str, Any]) -> bytes:
    text = json.dumps(given, default=lambda value: value.timestamp() if isinstance(value, datetime) else _text(value))
    if not values.tame and values.chance.random() < 0.2:
        broken = ((":", ":-"), ('"', values.chance.choice(NASTY)), ("{", '{"a":1e400,'), ("}", "]" * 5))
        old, new = values.chance.choice(broken)
        text = text.replace(old, new, 1)
    return text.encode("utf-8", "surrogatepass")[: Limits().body]
