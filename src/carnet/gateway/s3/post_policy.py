"""The policy of a form that a browser posts: what it may hold, how long it is good, how long the file may be.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
PURE. INVARIANT: a field that no condition is about is refused, but for those that are exempt.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from carnet.base.bounded_json import loads
from carnet.gateway.s3.bodies import MOST_CONTENT
from carnet.gateway.s3.faults import DENIED, S3Fault
from carnet.gateway.s3_sentences import UPLOAD_TOO_LARGE

_EXEMPT = frozenset(("file", "policy", "x-amz-signature"))
_IGNORED = "x-ignore-"
_COUNT = re.compile(r"[0-9]{1,100}", re.ASCII)
_EXPIRATIONS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ")


class LengthRange(Struct, frozen=True):
    """How many bytes the file may have."""

    least: int = 0
    most: int = MOST_CONTENT

    def refuse_unless_within(self, count: int) -> None:
        """Raises S3Fault."""
        if count > self.most:
            raise S3Fault("EntityTooLarge", UPLOAD_TOO_LARGE)
        if count < self.least:
            raise S3Fault("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")


ANY_LENGTH = LengthRange()


class _Condition(Struct, frozen=True):
    field: str
    """In lower case."""
    starts_with: bool
    value: str
    text: str
    """As the policy has it."""

    def holds(self, fields: Mapping[str, str]) -> bool:
        given = fields.get(self.field)
        if given is None:
            return False
        return given.startswith(self.value) if self.starts_with else given == self.value


def held_to(policy: str, fields: Mapping[str, str], now: datetime) -> LengthRange:
    """Hold the fields of a form against its policy, which is in base64. Names are in lower case; `bucket` is the
    bucket that the form is posted to, and `key` has the file's name in it.

    Raises S3Fault: InvalidPolicyDocument; AccessDenied for what the policy does not allow.
    """
    expires, conditions = _read_policy(policy)
    if now >= expires:
        raise _not_allowed("Policy expired.")
    lengths, about = ANY_LENGTH, set()
    for one in conditions:
        if isinstance(one, LengthRange):
            lengths = LengthRange(max(lengths.least, one.least), min(lengths.most, one.most))
            continue
        about.add(one.field)
        if not one.holds(fields):
            raise _not_allowed(f"Policy Condition failed: {one.text}")
    extra = [name for name in fields if name not in about and name not in _EXEMPT and not name.startswith(_IGNORED)]
    if extra:
        raise _not_allowed(f"Extra input fields: {extra[0][:64]}")
    return lengths


def _not_allowed(why: str) -> S3Fault:
    return S3Fault(DENIED, f"Invalid according to Policy: {why}")


def _invalid(why: str) -> S3Fault:
    return S3Fault("InvalidPolicyDocument", f"Invalid Policy: {why}")


def _read_policy(policy: str) -> tuple[datetime, list[_Condition | LengthRange]]:
    try:
        document = loads(base64.b64decode(policy, validate=True), object_pairs_hook=_once_each)
    except ValueError:
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("Invalid JSON.")
    for name in ("expiration", "conditions"):
        if name not in document:
            raise _invalid(f"Policy missing {name}.")
    unknown = document.keys() - {"expiration", "conditions"}
    if unknown:
        raise _invalid(f"Unexpected: {min(unknown)[:64]!r}")
    conditions = document["conditions"]
    if not isinstance(conditions, list):
        raise _invalid("conditions is not a list.")
    return _expiration(document["expiration"]), [each for one in conditions for each in _conditions(one)]


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is given twice")
    return found


def _expiration(given: Any) -> datetime:
    for form in _EXPIRATIONS:
        try:
            return datetime.strptime(str(given), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise _invalid(f"Invalid 'expiration' value: '{str(given)[:64]}'")


def _conditions(given: Any) -> Iterator[_Condition | LengthRange]:
    text = json.dumps(given)[:256]
    if isinstance(given, dict) and given:
        for name, value in given.items():
            yield _Condition(name.lower(), starts_with=False, value=_string(value, text), text=text)
        return
    if not isinstance(given, list) or len(given) != 3:
        raise _invalid(f"Invalid Condition: {text}")
    how, name, value = given
    match str(how).lower():
        case "content-length-range":
            yield LengthRange(_count(name, text), _count(value, text))
        case "eq" | "starts-with" as kind if str(name).startswith("$"):
            field = _string(name, text)[1:].lower()
            yield _Condition(field, starts_with=kind == "starts-with", value=_string(value, text), text=text)
        case _:
            raise _invalid(f"Invalid Condition: {text}")


def _string(value: Any, text: str) -> str:
    if not isinstance(value, str):
        raise _invalid(f"Invalid Condition: {text}")
    return value


def _count(value: Any, text: str) -> int:
    """A number, which may be written as text."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not _COUNT.fullmatch(str(value)):
        raise _invalid(f"Invalid Condition: {text}")
    return min(int(value), MOST_CONTENT)
