"""The APIs of every AWS service, as far as Carnet needs to know of those that it does not offer.

Which service a signature is for, how its operations are told apart on the wire, and which permission each needs: on a
resource whose ARN can be made of the request's own members, or on none. Made from botocore's models and the catalogue
of actions; nothing here loads a model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from carnet.catalog.archive import DataFile

DATA = DataFile("apis.zlib")
INDEX_MEMBER = "apis"
API_MEMBER = "api/"

_OPERATIONS_KEPT = 16
"""Services whose operations are held; those of one take up to 2 MB."""


class Place(NamedTuple):
    """Where a request has a member of its input, and under which name."""

    location: str
    """`uri`, `querystring`, `header` or `body`."""
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedResource:
    """A resource whose ARN the members of an input make."""

    arn: str
    """ARN pattern, e.g. `arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}`."""
    members: Mapping[str, str]
    """The pattern's variables, but for partition, Region and account, to the members that hold them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """The action that an operation needs, if the catalogue has one of exactly its name."""

    action: str
    read_only: bool
    without_resource: bool
    """Whether the action is decided on `*`."""
    named: tuple[NamedResource, ...]
    """Every type of resource that the action is decided on, if members of the input name each of them; else empty."""
    arn_members: tuple[str, ...]
    """Members that hold the ARN of the resource itself."""
    arns: tuple[str, ...]
    """The ARN patterns of every type of resource that the action is decided on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiOperation:
    """One operation."""

    name: str
    method: str
    uri: str
    """The path's template, with the literal fields of the query string."""
    required: tuple[Place, ...]
    """Parameters of the query string and headers that a request must have."""
    permission: Permission | None
    places: Mapping[str, Place]
    """Where the members stand that a `Permission` names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """One service of botocore's, without its operations."""

    name: str
    signing_name: str
    protocols: tuple[str, ...]
    """By botocore's names, `query` or `smithy-rpc-v2-cbor`."""
    target_prefix: str
    api_version: str
    unsigned: tuple[str, ...]
    """The operations whose callers need not sign."""

    @property
    def operations(self) -> Mapping[str, ApiOperation]:
        """By name; read when they are first asked for."""
        return _operations(self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Apis:
    """All of them, by what a request says of its service."""

    by_name: Mapping[str, Api] = field(repr=False)
    by_signing_name: Mapping[str, tuple[Api, ...]] = field(repr=False)
    by_target_prefix: Mapping[str, tuple[Api, ...]] = field(repr=False)
    by_api_version: Mapping[str, tuple[Api, ...]] = field(repr=False)
    """Those of the query protocol and its kin."""


@lru_cache(1)
def apis() -> Apis:
    """The index: a few hundred lines, read once."""
    rows = json.loads(DATA.archive.read(INDEX_MEMBER))
    known = [
        Api(
            name=name,
            signing_name=signing_name,
            protocols=tuple(protocols),
            target_prefix=target_prefix,
            api_version=api_version,
            unsigned=tuple(unsigned),
        )
        for name, signing_name, protocols, target_prefix, api_version, unsigned in rows
    ]
    return Apis(
        by_name=MappingProxyType({api.name: api for api in known}),
        by_signing_name=_group_apis((api.signing_name, api) for api in known),
        by_target_prefix=_group_apis((api.target_prefix, api) for api in known if api.target_prefix),
        by_api_version=_group_apis((api.api_version, api) for api in known if {"query", "ec2"} & {*api.protocols}),
    )


def _group_apis(pairs: Any) -> Mapping[str, tuple[Api, ...]]:
    groups: dict[str, tuple[Api, ...]] = {}
    for key, api in pairs:
        groups[key] = (*groups.get(key, ()), api)
    return MappingProxyType(groups)


@lru_cache(_OPERATIONS_KEPT)
def _operations(name: str) -> Mapping[str, ApiOperation]:
    written = json.loads(DATA.archive.read(API_MEMBER + name))
    patterns = written["arns"]
    return MappingProxyType(
        {operation: _operation(operation, row, patterns) for operation, row in written["operations"].items()}
    )


def _operation(name: str, row: list[Any], patterns: list[str]) -> ApiOperation:
    method, uri, required, permission, places = row
    return ApiOperation(
        name=name,
        method=method,
        uri=uri,
        required=tuple(Place(*place) for place in required),
        permission=_permission(name, permission, patterns) if permission is not None else None,
        places={member: Place(*place) for member, place in places.items()},
    )


def _permission(name: str, row: list[Any], patterns: list[str]) -> Permission:
    prefix, read_only, types, named, arn_members = row
    return Permission(
        action=f"{prefix}:{name}",
        read_only=bool(read_only),
        without_resource=not types,
        named=tuple(NamedResource(arn=patterns[at], members=members) for at, members in named),
        arn_members=tuple(arn_members),
        arns=tuple(patterns[at] for at in types),
    )
