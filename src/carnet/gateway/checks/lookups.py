"""Looks up in the upstream which resource a request means.

INVARIANT: a look-up that fails is no answer. Nothing is decided on it, and nothing is sent.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from carnet.base.arns import parse_arn
from carnet.base.bounded_json import loads
from carnet.base.http import HttpResponse
from carnet.gateway.checks.check import Scope, Sought, SoughtBy
from carnet.models import Operation, operation

Ask = Callable[[Operation, Mapping[str, Any]], Awaitable[HttpResponse]]
"""Sends an operation with its input to the upstream."""

_KEY_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32}", re.ASCII)
_KEY_ID_BYTES = 36
NO_KEY = "00000000-0000-0000-0000-000000000000"
"""In the place of the id of a key that is not there."""
_SUCCESS, _CLIENT_ERROR, _SERVER_ERROR = 200, 400, 500


class NotFound(Exception):
    """The upstream has no such resource; `answer` is its answer."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__("there is no such resource")
        self.answer = answer


class NotCarriedOut(NotFound):
    """The service will refuse to do this to the resource, once it is allowed; `answer` is AWS's."""


def not_carried_out(code: str, message: str, *, version: str) -> NotCarriedOut:
    """What a service says of what is wrong with a request, in that version of AWS's JSON."""
    headers = (("content-type", f"application/x-amz-json-{version}"),)
    said = json.dumps({"__type": code, "message": message})
    return NotCarriedOut(HttpResponse(status=HTTPStatus.BAD_REQUEST, headers=headers, body=said.encode()))


class LookupFailed(Exception):
    """The upstream has given no answer."""


async def resource_of(sought: Sought, scope: Scope, ask: Ask) -> str:
    """The ARN of a resource. Raises NotFound and LookupFailed."""
    match sought.by:
        case SoughtBy.KMS_ALIAS:
            return await _arn_in_answer(
                ask, "kms", "DescribeKey", {"KeyId": sought.text}, ("KeyMetadata", "Arn"), "kms"
            )
        case SoughtBy.SECRET:
            named = {"SecretId": sought.name or sought.text}
            return await _arn_in_answer(ask, "secretsmanager", "DescribeSecret", named, ("ARN",), "secretsmanager")
        case SoughtBy.KMS_CIPHERTEXT:
            return f"arn:{scope.partition}:kms:{scope.region}:{scope.account}:key/{_key_of(sought.text)}"
        case other:
            raise LookupFailed(f"what {other} names cannot be looked up")


def _key_of(ciphertext: str) -> str:
    """The id of the key, which stands before what emulators encrypt with it.

    Raises NotCarriedOut for a ciphertext that no key has made. AWS gives this error no message, and SDKs do not try
    again.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
    """
    try:
        beginning = base64.b64decode(ciphertext, validate=True)[:_KEY_ID_BYTES].decode("ascii")
    except (binascii.Error, ValueError):
        beginning = ""
    if not _KEY_ID.fullmatch(beginning):
        raise not_carried_out("InvalidCiphertextException", "", version="1.1")
    return beginning


async def _arn_in_answer(
    ask: Ask, service: str, name: str, given: Mapping[str, Any], path: tuple[str, ...], arn_service: str
) -> str:
    """The ARN at a path of a JSON answer."""
    answer = await ask(operation(service, name), given)
    if _CLIENT_ERROR <= answer.status < _SERVER_ERROR:
        raise NotFound(answer)
    value: Any = None
    if answer.status == _SUCCESS:
        try:
            value = loads(answer.body)
            for part in path:
                value = value[part]
        except (ValueError, LookupError, TypeError):
            value = None
    arn = parse_arn(value) if isinstance(value, str) else None
    if arn is None or arn.service != arn_service or any(sign in str(value) for sign in "*?"):
        raise LookupFailed(f"the upstream does not answer {name} as {service} does")
    return str(value)


async def resource_or_stand_in(sought: Sought, scope: Scope, ask: Ask) -> tuple[str, bool]:
    """The ARN of a resource, and whether it is missing: then the ARN is its stand-in. Raises LookupFailed."""
    try:
        return await resource_of(sought, scope, ask), False
    except NotFound:
        return stand_in(sought, scope), True


def stand_in(sought: Sought, scope: Scope) -> str:
    """The ARN to decide on if a resource does not exist, so that callers without permission learn nothing else."""
    if sought.by in (SoughtBy.KMS_ALIAS, SoughtBy.KMS_CIPHERTEXT):
        return f"arn:{scope.partition}:kms:{scope.region}:{scope.account}:key/{NO_KEY}"
    return sought.text


_PINNED_AS = {
    SoughtBy.KMS_ALIAS: ("KeyId", "SourceKeyId", "DestinationKeyId"),
    SoughtBy.KMS_CIPHERTEXT: ("KeyId", "SourceKeyId"),
    SoughtBy.SECRET: ("SecretId",),
}


def pinned(asked: Operation, given: Mapping[str, Any], sought: Sought, arn: str) -> Mapping[str, Any]:
    """The input with the resource that was decided on in the place of what named it.

    INVARIANT: if an alias is moved after the decision, the request still goes to the key that was decided on.
    """
    known = asked.input.members if asked.input is not None else {}
    members = [name for name in _PINNED_AS.get(sought.by, ()) if name in known]
    if sought.by is SoughtBy.KMS_CIPHERTEXT:
        return dict.fromkeys(members[:1], arn) | dict(given)
    return {**given, **{member: arn for member in members if str(given.get(member, arn)) in sought.text}}
