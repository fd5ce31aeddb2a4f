"""Parameters and answers as an audit event may show them: CloudTrail's spelling, and no secret.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from botocore.model import Shape

from carnet.models import Operation
from carnet.models import operation as operation_model

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
SECRET_MEMBERS = frozenset(
    (
        *("SessionToken", "TokenCode", "AuthenticationCode1", "AuthenticationCode2", "SecretAccessKey", "Password"),
        *("OldPassword", "NewPassword", "PrivateKey", "SAMLAssertion", "WebIdentityToken", "SubjectToken"),
        *("deviceCode", "userCode", "code", "codeVerifier", "refreshToken", "idToken"),
        *("verificationUriComplete", "ContextAssertion", "identityContext"),
    )
)
"""Members that are secret whether or not the model marks their shape as sensitive."""
PERSONAL_DOCUMENTS = frozenset(("AttributeValue",))
"""Shapes of documents, which the model cannot mark: what an identity store says of people."""
KEY_IDS = frozenset(("AccessKeyId", "AWSAccessKeyId"))
"""Members that hold the id of a key, beside which people keep its secret."""
_KEY_ID = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{12,124}", re.ASCII)
_LONGEST_PART = 100 * 1024
"""Bytes of the parameters, and of the answer, beyond which CloudTrail leaves them out of an event."""
_SHORTEST_SECRET = 4
_MOST_SECRETS = 100
"""That are looked for in a message: nobody has so many to give, but for who wants it to take long."""

Show = Callable[[Any], Any]


def shown(asked: Operation, given: Any, answer: Any = None) -> tuple[Any, Any]:
    """The event's requestParameters and responseElements, for an operation's parsed input and what it answers.

    None for what is empty or not given.
    """
    service, name = asked.service.name, asked.name
    parameters = input_redaction(service, name)(given) if given else None
    elements = output_redaction(service, name)(answer) if answer else None
    return bounded(parameters, "requestParameters"), bounded(elements, "responseElements")


def bounded(part: Any, name: str) -> Any:
    """A part of an event, or of one that is too long how long it is."""
    if not part:
        return None
    size = len(orjson.dumps(part))
    return part if size <= _LONGEST_PART else {"omitted": True, "originalSize": size, "reason": f"{name} too large"}


def without_secrets(asked: Operation, given: Mapping[str, Any], message: str) -> str:
    """What a caller is told, without the secrets that it gave: AWS repeats the value that is wrong."""
    secrets = {value for value in _secrets(asked.input, "", given) if len(value) >= _SHORTEST_SECRET}
    if len(secrets) > _MOST_SECRETS:
        return HIDDEN
    for value in sorted(secrets, key=len, reverse=True):  # one may be a part of another
        message = message.replace(value, HIDDEN)
    return message


def _secrets(shape: Shape | None, name: str, value: Any) -> Iterator[str]:
    """The secrets in what was given for a member of that name, however deep they stand."""
    if isinstance(value, str):
        sensitive = shape is not None and shape.metadata.get("sensitive")
        if name in SECRET_MEMBERS or sensitive or (name in KEY_IDS and not _KEY_ID.fullmatch(value)):
            yield value
    elif isinstance(value, Mapping):
        members = getattr(shape, "members", {})
        for key, each in value.items():
            yield from _secrets(members.get(key) or getattr(shape, "value", None), key, each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _secrets(getattr(shape, "member", None), name, each)


@lru_cache(1024)
def input_redaction(service: str, operation: str) -> Show:
    """Turns an operation's parsed input into the event's requestParameters."""
    shape = operation_model(service, operation).input
    return _compile(shape, ()) if shape is not None else _nothing


@lru_cache(1024)
def output_redaction(service: str, operation: str) -> Show:
    """Turns an operation's answer into the event's responseElements."""
    shape = operation_model(service, operation).output
    return _compile(shape, ()) if shape is not None else _nothing


def _nothing(value: Any) -> None:
    return None


def _compile(shape: Shape, above: tuple[str, ...]) -> Show:
    if shape.metadata.get("sensitive"):
        return _hide
    if shape.name in above:
        return _hide  # a recursive shape: none of what an event shows is that deep
    if getattr(shape, "is_document_type", False):
        if shape.name in PERSONAL_DOCUMENTS:
            return _hide
        return json.dumps  # any JSON at all, numbers that an event could not hold among it
    within = (*above, shape.name)
    if shape.type_name == "structure":
        return _structure({name: _member(name, member, within) for name, member in _members(shape).items()})
    if shape.type_name == "list":
        return _list(_compile(_part(shape, "member"), within))
    if shape.type_name == "map":
        return _map(_compile(_part(shape, "value"), within))
    return _SCALARS.get(shape.type_name, _as_it_is)


def _members(shape: Shape) -> dict[str, Shape]:
    members: dict[str, Shape] = getattr(shape, "members", {})
    return members


def _part(shape: Shape, name: str) -> Shape:
    part: Shape = getattr(shape, name)
    return part


def _member(name: str, shape: Shape, above: tuple[str, ...]) -> tuple[str, Show]:
    if name in KEY_IDS:
        return name[0].lower() + name[1:], _key_id
    return name[0].lower() + name[1:], _hide if name in SECRET_MEMBERS else _compile(shape, above)


def _hide(value: Any) -> str:
    return HIDDEN


def _key_id(value: Any) -> Any:
    """What is no id of a key may be the secret of one."""
    return value if not isinstance(value, str) or _KEY_ID.fullmatch(value) else HIDDEN


def _structure(members: dict[str, tuple[str, Show]]) -> Show:
    def show(value: Any) -> dict[str, Any]:
        return {
            shown_name: show_member(member)
            for name, member in value.items()
            if member is not None
            for shown_name, show_member in (members[name],)
        }

    return show


def _list(element: Show) -> Show:
    return lambda value: [element(item) for item in value]


def _map(element: Show) -> Show:
    return lambda value: {key: element(item) for key, item in value.items()}


def _as_it_is(value: Any) -> Any:
    return value


def _blob(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def event_time(value: datetime) -> str:
    """As CloudTrail writes a time within an event: `Jan 02, 2026, 03:04:05 AM`."""
    return _of_epoch(int(value.timestamp()))


@lru_cache(64)
def _of_epoch(epoch_seconds: int) -> str:
    """All the answers of one second have one text, and `strftime` takes as long as an HMAC."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%b %d, %Y, %I:%M:%S %p")


_SCALARS: Mapping[str, Show] = {"blob": _blob, "timestamp": event_time}
