"""The credential scope: the day, Region and service that a signature is good for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import re
from typing import NamedTuple

from carnet.sigv4.errors import incomplete, mismatch

TERMINATOR = "aws4_request"

_REGION = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)


class Scope(NamedTuple):
    """The last four parts of a Credential, as written; nothing in them is believed before `refuse_foreign`."""

    date: str
    region: str
    service: str
    terminator: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"


def parse_credential(text: str) -> tuple[str, Scope]:
    """Split `keyid/date/region/service/aws4_request` into the access key id and the scope.

    Raises AuthFailure (IncompleteSignature) where there are not five parts, so also for a key id that holds a slash.
    """
    parts = text.split("/")
    if len(parts) != 5:
        raise incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{text}'"
        )
    return parts[0], Scope(*parts[1:])


def refuse_foreign(scope: Scope, *, service: str, timestamp: str) -> None:
    """Raise AuthFailure (SignatureDoesNotMatch) unless the scope is of this service and of the timestamp's day.

    Every fault is told at once, as AWS does. The Region has only to look like one: Carnet serves all of them.
    """
    if (
        scope.service == service
        and scope.date == timestamp[:8]
        and scope.terminator == TERMINATOR
        and _REGION.fullmatch(scope.region)
    ):
        return
    raise mismatch(" ".join(_faults(scope, service, timestamp)))


def _faults(scope: Scope, service: str, timestamp: str) -> list[str]:
    faults = []
    if not _REGION.fullmatch(scope.region):
        faults.append("Credential should be scoped to a valid region.")
    if scope.service != service:
        faults.append(f"Credential should be scoped to correct service: '{service}'.")
    if scope.terminator != TERMINATOR:
        faults.append(f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{scope.terminator}'.")
    if scope.date != timestamp[:8]:
        faults.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope.date}' != '{timestamp[:8]}', from '{timestamp}'."
        )
    return faults
