"""Which permissions the operations of some services need, and which members of their input name the resources.

An operation that is not here is not known: whoever enforces permissions refuses it. Made from botocore's models and the
catalogue of actions by tools/build_operations.py, with some rules by hand; nothing here loads a model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from carnet.catalog.archive import DataFile

DATA = DataFile("operations.zlib")
OPERATIONS_MEMBER = "operations/"

_SERVICES_KEPT = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceRule:
    """One way to make the ARN of a check's resource from the members of an input."""

    type: str
    """The resource type, as the Service Authorization Reference calls it."""
    arn: str
    """ARN pattern, e.g. `arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}`."""
    members: Mapping[str, tuple[str, ...]]
    """The pattern's variables, but for partition, Region and account, to the members that hold them: one of several.

    A member is a path: `TableName`, `InstanceIds[]` for each item of a list, `Entries[].EventBusName`.
    """
    arn_members: tuple[str, ...] = ()
    """Members that hold the whole ARN."""
    open: bool = False
    """Whether `*` stands for a variable without a value: the resource is yet to be made, or all of a type are meant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRule:
    """One permission that an operation needs, on each resource that the request names."""

    action: str
    """`ec2:RunInstances`."""
    resources: tuple[ResourceRule, ...]
    """The types of resource that it may be decided on, one of which a request names; none: `*`."""
    required: bool = True
    """Whether a request that names no resource is refused; if not, the check is made if it names one.

    A request that names none for any check is refused, too.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationRule:
    """All permissions that an operation needs."""

    checks: tuple[CheckRule, ...]
    undecided: tuple[str, ...]
    """Members with which a request is refused: on what they tell, the checks are silent."""


@lru_cache(1)
def services() -> tuple[str, ...]:
    """The services that are known here, by botocore's names, sorted."""
    members = DATA.archive.members
    return tuple(sorted(name.removeprefix(OPERATIONS_MEMBER) for name in members if name.startswith(OPERATIONS_MEMBER)))


@lru_cache(_SERVICES_KEPT)
def operation_rules(service: str) -> Mapping[str, OperationRule]:
    """The rules of a service's operations by their names; KeyError for a service that is not known here."""
    written = json.loads(DATA.archive.read(OPERATIONS_MEMBER + service))
    resources = [_resource(row, written["arns"]) for row in written["resources"]]
    return MappingProxyType(
        {
            name: OperationRule(
                checks=tuple([_check(row, name, written["prefix"], resources) for row in checks]),
                undecided=tuple(undecided),
            )
            for name, (checks, undecided) in written["operations"].items()
        }
    )


def _resource(row: list[Any], arns: list[list[str]]) -> ResourceRule:
    at, members, arn_members, is_open = row
    kind, arn = arns[at]
    members = {variable: tuple(paths) for variable, paths in members.items()}
    return ResourceRule(type=kind, arn=arn, members=members, arn_members=tuple(arn_members), open=bool(is_open))


def _check(row: list[Any], name: str, prefix: str, resources: list[ResourceRule]) -> CheckRule:
    action, numbers, required = row
    return CheckRule(
        action=action or f"{prefix}:{name}",
        resources=tuple([resources[at] for at in numbers]),
        required=bool(required),
    )
