"""The traits of the identity stores of IAM Identity Center, and how their operations are registered.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, TypeVarTuple

from carnet.access.authorize import Check
from carnet.base.faults import (
    AlreadyExists,
    Denied,
    InUse,
    Invalid,
    Malformed,
    Missing,
    TooMany,
    Unavailable,
    Unmodifiable,
)
from carnet.services.identitystore.quotas import QUOTAS
from carnet.services.operation import Adds, Also, Answer, Call, Names, WriteCall
from carnet.services.service import Service
from carnet.services.target import AnyTarget, Keys

identitystore = Service(
    "identitystore",
    fault_codes={
        AlreadyExists: "ConflictException",
        Denied: "AccessDeniedException",
        InUse: "ConflictException",
        Invalid: "ValidationException",
        Malformed: "ValidationException",
        Missing: "ResourceNotFoundException",
        TooMany: "ServiceQuotaExceededException",
        Unavailable: "ServiceUnavailable",
        Unmodifiable: "AccessDeniedException",
    },
    quotas=QUOTAS,
)

Found = TypeVarTuple("Found")
Given = TypeVar("Given")
ActsOn = Callable[[Any, Any], Iterable[str]]
"""(given, target) to ARNs of what an operation acts on, besides the identity store itself."""


def read(
    name: str, *, on: Names[*Found], acts_on: ActsOn | None = None, context: tuple[Adds, ...] = ()
) -> Callable[[Callable[[Call, Given, *Found], Answer]], Callable[[Call, Given, *Found], Answer]]:
    """Register the body of an operation that only reads. The caller needs the permission for all that it acts on."""
    return identitystore.read(name, on=on, also=_also(name, acts_on), context=context)


def write(
    name: str, *, on: Names[*Found], acts_on: ActsOn | None = None, context: tuple[Adds, ...] = ()
) -> Callable[[Callable[[WriteCall, Given, *Found], Answer]], Callable[[WriteCall, Given, *Found], Answer]]:
    """Register the body of an operation that changes something, as `read` does."""
    return identitystore.write(name, on=on, also=_also(name, acts_on), context=context)


def _also(name: str, acts_on: ActsOn | None) -> tuple[Also, ...]:
    if acts_on is None:
        return ()

    def checks(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
        action = f"{identitystore.action_prefix}:{name}"
        for arn in acts_on(given, target):
            yield Check(action=action, resource=arn, resource_account=target.account, keys=keys)

    return (checks,)
