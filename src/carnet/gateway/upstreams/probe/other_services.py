"""Measures which operations of a service an upstream knows: all but those that it answers as one that nobody has.

Each is asked for with an input that is made up, so that most are answered with an error of their own. One that fails
over it, as an unknown one may, is not listed: whoever knows better adds it to the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from botocore.parsers import ResponseParserError
from msgspec import Struct

from carnet.base.arns import ACCOUNT_ID
from carnet.catalog.operations import operation_rules
from carnet.gateway.upstreams.probe.asking import Upstream

_NO_PATH, _SERVER_ERROR = 404, 500
_MADE_UP, _NOBODYS = "carnet-probe", "NobodysProbe"
_ONCE = re.compile(r"[0-9A-Fa-f-]{8,}|\d+")
ACCOUNT = "111122223333"
_KEY_ID_BYTES = 36
_DEPTH = 6

Tell = Callable[[str], None]


class _Answered(Struct, frozen=True):
    """The features by which answers are compared."""

    status: int
    code: str
    message: str
    """Without the operation's name, and without what is another one each time."""


def known_operations(upstream: Upstream, service: str, tell: Tell) -> frozenset[str]:
    """The operations of a service that the gateway could send, and that the upstream knows; in alphabetical order."""
    nobodys = _asked_for_nothing(upstream, service)
    model = upstream.client(service).meta.service_model
    known: set[str] = set()
    for name in sorted(set(model.operation_names) & set(operation_rules(service))):
        told = _ask(upstream, service, model.operation_model(name))
        if told is None or told == nobodys or told.status >= _SERVER_ERROR:
            tell(f"{service} {name}: {f'{told.status} {told.code}' if told is not None else 'no answer'}")
        else:
            known.add(name)
    return frozenset(known)


def _ask(upstream: Upstream, service: str, model: OperationModel, sent_as: str = "") -> _Answered | None:
    given = _made_up(model.input_shape, 0) if model.input_shape is not None else {}
    try:
        answer = upstream.ask(service, model.name, **given)
    except ClientError as problem:
        return _read_answer(problem.response, sent_as or model.name)
    except (BotoCoreError, ResponseParserError, OSError, HTTPException, ValueError, TypeError):
        return None
    return _read_answer(answer, sent_as or model.name)


def _asked_for_nothing(upstream: Upstream, service: str) -> _Answered | None:
    """The answer to an operation that no service has, in the service's protocol."""
    client = upstream.client(service)

    def rename(params: dict[str, Any], **_: Any) -> None:
        if "X-Amz-Target" in params["headers"]:
            params["headers"]["X-Amz-Target"] = params["headers"]["X-Amz-Target"].partition(".")[0] + f".{_NOBODYS}"
        elif isinstance(params["body"], dict):
            params["body"]["Action"] = _NOBODYS
        else:
            params["url_path"] = f"/2015-03-31/{_NOBODYS}"
            params["url"] = f"{upstream.url}{params['url_path']}"

    client.meta.events.register("before-call", rename)
    try:
        model = client.meta.service_model
        return _ask(upstream, service, model.operation_model(min(model.operation_names)), _NOBODYS)
    finally:
        client.meta.events.unregister("before-call", rename)


def _read_answer(answer: Mapping[str, Any], name: str) -> _Answered:
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVER_ERROR)
    error = answer.get("Error", {})
    # Who is asked by paths complains of the path, which is another one each time.
    message = "" if status == _NO_PATH else _ONCE.sub("", str(error.get("Message", "")).replace(name, ""))
    return _Answered(status, str(error.get("Code", "")), message)


def _made_up(shape: Shape, depth: int, name: str = "") -> Any:
    """A value of a shape with its required members, none of which names anything that is there."""
    if depth > _DEPTH:
        return {}
    match shape:
        case StructureShape():
            return {
                member: _made_up(shape.members[member], depth + 1, member) for member in sorted(shape.required_members)
            }
        case ListShape():
            return [_made_up(shape.member, depth + 1, name)]
        case MapShape():
            return {_MADE_UP: _made_up(shape.value, depth + 1, name)}
        case StringShape():
            return shape.enum[0] if shape.enum else _text(name)
    return {
        "boolean": False,
        "blob": b"probe",
        "timestamp": 0,
        "float": 1.0,
        "double": 1.0,
    }.get(shape.type_name, max(1, int(shape.metadata.get("min", 1))))


def _text(name: str) -> str:
    if name.lower().endswith("arn"):
        return f"arn:aws:iam::{ACCOUNT}:role/{_MADE_UP}"
    if name == "QueueUrl":
        return f"http://127.0.0.1/{ACCOUNT}/{_MADE_UP}"
    return _MADE_UP


def key_id_in_ciphertext(upstream: Upstream) -> bool:
    """Whether a ciphertext of its KMS begins with the id of the key; it makes a key for that."""
    try:
        key_id = upstream.ask("kms", "CreateKey")["KeyMetadata"]["KeyId"]
        sealed: bytes = upstream.ask("kms", "Encrypt", KeyId=key_id, Plaintext=b"probe")["CiphertextBlob"]
    except (ClientError, BotoCoreError, LookupError):
        return False
    return bool(sealed[:_KEY_ID_BYTES] == key_id.encode())


def account_of_made(upstream: Upstream) -> str:
    """The account in whose name the upstream makes a queue or a key; empty if it makes none."""
    for service, name, given, path in _MAKERS:
        try:
            made: Any = upstream.ask(service, name, **given)
            for part in path:
                made = made[part]
        except (ClientError, BotoCoreError, LookupError):
            continue
        found = [part for part in str(made).replace("/", ":").split(":") if ACCOUNT_ID.fullmatch(part)]
        if found:
            return found[0]
    return ""


_MAKERS: tuple[tuple[str, str, Mapping[str, Any], tuple[str, ...]], ...] = (
    ("sqs", "CreateQueue", {"QueueName": _MADE_UP}, ("QueueUrl",)),
    ("kms", "CreateKey", {}, ("KeyMetadata", "Arn")),
    ("sns", "CreateTopic", {"Name": _MADE_UP}, ("TopicArn",)),
)


def ways_to_tell() -> Iterator[tuple[str, str, dict[str, str]]]:
    """How an upstream may be told the account: (what a profile says, access key id, headers)."""
    yield "access-key", ACCOUNT, {}
    yield "header:x-moto-account-id", "carnet", {"x-moto-account-id": ACCOUNT}
