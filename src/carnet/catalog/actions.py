"""Every AWS service's actions, and what a policy can say about each.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from carnet.catalog.archive import DataFile
from carnet.catalog.condition_key import ConditionKey, filled_in, key_type
from carnet.entities.entity import name_key

DATA = DataFile("actions.zlib")
SERVICE_MEMBER = "service/"
RCP_MEMBER = "rcp_services"
FOREIGN_KEYS_MEMBER = "foreign_key_services"

_SERVICES_KEPT = 64

_T = TypeVar("_T")


class AccessLevel(StrEnum):
    """What an action does, as AWS classifies it."""

    LIST = "List"
    READ = "Read"
    WRITE = "Write"
    TAGGING = "Tagging"
    PERMISSIONS_MANAGEMENT = "Permissions management"


_LEVELS = {level.value: level for level in AccessLevel}


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceType:
    """A type of resource that a service's policies can name."""

    name: str
    arn: str
    """ARN pattern, e.g. `arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}`."""
    condition_keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionResource:
    """A type of resource that one action applies to.

    `required` is AWS's asterisk and not "all of": s3:GetObject has two types, neither required, and needs one of them.
    """

    type: ResourceType
    required: bool
    condition_keys: tuple[str, ...]
    """Keys present only when the action is decided on a resource of this type."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One action, e.g. `iam:PassRole`."""

    service: str
    name: str
    access_levels: tuple[AccessLevel, ...]
    resource_types: tuple[ActionResource, ...]
    condition_keys: tuple[str, ...]
    """Keys present whatever the resource."""
    dependents: tuple[str, ...]
    """Further actions that a call may need. An older source than the rest gives them (see `DATA.archive.sources`), so
    an action newer than that source has none here."""

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"

    @property
    def without_resource(self) -> bool:
        """Whether only `"Resource": "*"` can allow it."""
        return not self.resource_types


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Service:
    """One service: what stands before the colon of an action."""

    prefix: str
    name: str
    """AWS's name of the service, e.g. `AWS Identity and Access Management (IAM)`."""
    actions: Mapping[str, Action] = field(repr=False)
    """By the action's name in lower case; sorted."""
    resource_types: Mapping[str, ResourceType] = field(repr=False)
    condition_keys: Mapping[str, ConditionKey] = field(repr=False)
    """By the key's name in lower case, every key that the service lists: global ones and templates too."""

    def action(self, name: str) -> Action | None:
        """The action of that name, whatever the case of its ASCII letters."""
        return self.actions.get(name_key(name))

    def condition_key(self, name: str) -> ConditionKey | None:
        """The key of that name, or the template that the name fills in, whatever the case of ASCII letters."""
        folded = name_key(name)
        return self.condition_keys.get(folded) or filled_in(self.condition_keys.values(), folded)


@lru_cache(1)
def services() -> tuple[str, ...]:
    """The prefixes of all services, sorted."""
    members = DATA.archive.members
    return tuple(sorted(name.removeprefix(SERVICE_MEMBER) for name in members if name.startswith(SERVICE_MEMBER)))


def service(prefix: str) -> Service | None:
    """The service of that prefix, whatever the case of its ASCII letters."""
    folded = name_key(prefix)
    return _service(folded) if SERVICE_MEMBER + folded in DATA.archive.members else None


def action(name: str) -> Action | None:
    """The action called `prefix:Name`, whatever the case of its ASCII letters; None if AWS has none."""
    prefix, _, rest = name.partition(":")
    owner = service(prefix)
    return owner.action(rest) if owner is not None else None


@lru_cache(1)
def rcp_services() -> frozenset[str]:
    """Prefixes of the services that resource control policies apply to.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
    """
    return frozenset(json.loads(DATA.archive.read(RCP_MEMBER)))


class Outline(NamedTuple):
    """What is known of a service when all services are looked through."""

    name: str
    actions: Mapping[str, tuple[str, bool]]
    """Action in lower case to its name, and whether only `"Resource": "*"` can allow it; sorted."""
    resources: tuple[str, ...]
    """The ARN patterns of its types of resources."""


@lru_cache(1)
def outlines() -> Mapping[str, Outline]:
    """Every service by its prefix, sorted. Some 3 MB; it takes a quarter of a second when it is first asked for."""
    return MappingProxyType({prefix: _outline(prefix) for prefix in services()})


def _outline(prefix: str) -> Outline:
    written = json.loads(DATA.archive.read(SERVICE_MEMBER + prefix))
    actions = {name_key(row[0]): (row[0], not row[2]) for row in written["actions"]}
    return Outline(written["name"], actions, tuple(arn for _, arn, _ in written["resource_types"]))


@lru_cache(_SERVICES_KEPT)
def _service(prefix: str) -> Service:
    written = json.loads(DATA.archive.read(SERVICE_MEMBER + prefix))
    names = [name for name, _ in written["keys"]]
    types = [
        ResourceType(name=name, arn=arn, condition_keys=_pick(names, keys))
        for name, arn, keys in written["resource_types"]
    ]
    resources = [
        ActionResource(type=types[at], required=required, condition_keys=_pick(names, keys))
        for at, required, keys in written["action_resources"]
    ]
    actions = (_action(prefix, row, resources, names) for row in written["actions"])
    return Service(
        prefix=prefix,
        name=written["name"],
        actions=MappingProxyType({name_key(action.name): action for action in actions}),
        resource_types=MappingProxyType({resource_type.name: resource_type for resource_type in types}),
        condition_keys=MappingProxyType({name_key(name): _key(name, kind) for name, kind in written["keys"] if kind}),
    )


def _action(prefix: str, row: list[Any], resources: list[ActionResource], key_names: list[str]) -> Action:
    name, levels, resource_indexes, keys, dependents = row
    return Action(
        service=prefix,
        name=name,
        access_levels=tuple([_LEVELS[level] for level in levels]),
        resource_types=_pick(resources, resource_indexes),
        condition_keys=_pick(key_names, keys),
        dependents=tuple(dependents),
    )


def _key(name: str, written_type: str) -> ConditionKey:
    value_type, multivalued = key_type(written_type)
    return ConditionKey(name=name, type=value_type, multivalued=multivalued)


def _pick(values: Sequence[_T], indexes: Iterable[int]) -> tuple[_T, ...]:
    return tuple([values[at] for at in indexes])
