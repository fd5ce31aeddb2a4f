"""The credential scope: the day, Region and service that a signature is good for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.errors import NO_REGION, WrongRegion, incomplete, mismatch, shown

TERMINATOR = "aws4_request"

_REGION = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
_TERMINATOR = re.compile(r"aws[0-9]?_[a-z]{1,10}", re.ASCII)
_DATE = re.compile(r"[0-9]{0,8}", re.ASCII)
_USUAL_LENGTH = 256


@dataclass(frozen=True)
class Scope:
    """The last four parts of a Credential, as written; nothing in them is believed before `verify` has looked."""

    date: str
    region: str
    service: str
    terminator: str

    @cached_property
    def text(self) -> str:
        """The parts as they are signed."""
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"

    @cached_property
    def is_well_formed(self) -> bool:
        """Whether the terminator is the only one there is, and the Region looks like one: Carnet serves all of them."""
        return self.terminator == TERMINATOR and _REGION.fullmatch(self.region) is not None


class ClaimedKey(NamedTuple):
    """Which access key a request says it is signed with, for which scope."""

    id: str
    scope: Scope


def parse_credential(text: str) -> ClaimedKey:
    """Split `keyid/date/region/service/aws4_request` into the access key id and the scope.

    Raises AuthFailure (IncompleteSignature) if there are not five parts, so also for a key id that holds a slash.
    """
    return _parse_usual(text) if len(text) <= _USUAL_LENGTH else _parse(text)


def _parse(text: str) -> ClaimedKey:
    parts = text.split("/")
    if len(parts) != 5:
        # AWS repeats the text, which may be a secret access key: many of them hold slashes.
        raise incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '...'"
        )
    return ClaimedKey(parts[0], Scope(*parts[1:]))


_parse_usual = lru_cache(4096)(_parse)
"""A caller's requests of one day and Region bring the same text."""


def foreign(scope: Scope, *, service: str, timestamp: str) -> AuthFailure:
    """What is said (SignatureDoesNotMatch) of a scope that is not well-formed, or of another service or day.

    Every fault is told at once, as AWS does.
    """
    faults = _faults(scope, service, timestamp)
    return WrongRegion(scope.region) if faults == [NO_REGION] else mismatch(" ".join(faults))


def _faults(scope: Scope, service: str, timestamp: str) -> list[str]:
    faults = []
    if not _REGION.fullmatch(scope.region):
        faults.append(NO_REGION)
    if scope.service != service:
        faults.append(f"Credential should be scoped to correct service: '{service}'.")
    if scope.terminator != TERMINATOR:
        told = shown(scope.terminator, _TERMINATOR)
        faults.append(f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{told}'.")
    if scope.date != timestamp[:8]:
        faults.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{shown(scope.date, _DATE)}' != '{timestamp[:8]}', from '{timestamp}'."
        )
    return faults
