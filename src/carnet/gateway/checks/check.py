"""The checks that a request has to pass: the values between parsing and deciding."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from carnet.policy.request import Value

Members = Mapping[str, Any]
"""The parsed input of an operation, by the model's names: text, numbers, dates, bytes, lists, maps of these."""


class Scope(Struct, frozen=True, kw_only=True):
    """Where a request is made: its partition, the Region that it is signed for, the account of its caller."""

    partition: str
    region: str
    account: str


class Asked(Struct, frozen=True, kw_only=True):
    """A request for one operation of a service, by botocore's names."""

    service: str
    operation: str
    members: Members
    scope: Scope
    literal_keys: bool = False
    """Whether the store takes keys of objects literally (`protocols.s3_paths`)."""


class SoughtBy(StrEnum):
    """The values that identify a resource whose ARN is not known."""

    KMS_ALIAS = "kms-alias"
    """The ARN of an alias, of whose key."""
    KMS_CIPHERTEXT = "kms-ciphertext"
    """A ciphertext in base64, encrypted under the key."""
    KMS_GRANT_TOKEN = "kms-grant-token"  # noqa: S105
    """A grant, of whose key."""
    SECRET = "secret"  # noqa: S105
    """An ARN that ends with the name of a secret or with its ARN's last characters."""
    DEAD_LETTER_SOURCES = "dead-letter-sources"
    """The ARN of a queue: every queue that messages came from."""


class Sought(Struct, frozen=True, kw_only=True):
    """A resource whose ARN a look-up tells. INVARIANT: nothing is decided on it before."""

    by: SoughtBy
    text: str
    name: str = ""
    """The name that the request gives, if the ARN in `text` is made of it: look-ups are by that.

    An ARN without its last characters would be read as a whole one if the name ends with a hyphen and six characters.
    """


class Check(Struct, frozen=True, kw_only=True):
    """One action on one resource. A request is allowed if all of its checks are."""

    action: str
    resource: str | Sought
    """An ARN, `*` for an action without a resource, or what SNS decides a text message on: the number."""
    account: str | None
    """The account that owns the resource; None if a look-up tells: that of a bucket."""
    type: str = ""
    """The resource type, as the Service Authorization Reference calls it; empty for `*`."""
    shown: str | None = None
    """What the sentence of a denial names instead of the ARN; empty if it names nothing."""
    by_ciphertext: bool = False
    """Whether a ciphertext alone has told the resource (`access.authorize.Check`)."""
    keys: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """The condition keys that the request's members fill."""
    part: Members = field(default_factory=dict[str, Any])
    """What of a batch or a transaction the check is for; empty if it is for all of the input."""
    expected_account: str | None = None
    """The account that the caller expects to own the bucket; another is refused before anything is decided."""
    unknown: frozenset[str] = frozenset()
    """Keys that the reference lists and that members do not tell: of the resource, the connection, the signature.

    Until they are filled, no decision may depend on them (`policy.unknown_keys`).
    """


class Refusal(Struct, frozen=True, kw_only=True):
    """Why it is not known what a request needs. It is not sent on."""

    code: str
    """The code of AWS's error, without the word Exception that some protocols add."""
    message: str


class Refused(Exception):
    """Raised by a rule for input that it does not know; `mapping` catches it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(code=code, message=message)


NOT_IMPLEMENTED, INVALID = "NotImplemented", "ValidationError"


def invalid(message: str) -> Refused:
    """A refusal of input that AWS would refuse, too."""
    return Refused(INVALID, message)


def not_decided(asked: Asked, reason: str) -> Refused:
    """A refusal of what AWS decides on and this server does not; `reason` is a clause."""
    return Refused(NOT_IMPLEMENTED, f"Not decided, not sent on: {asked.service} {asked.operation}: {reason}.")
