"""The AWS-managed policies: AWS's own documents, each in the version that is the default one.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from carnet.base.arns import parse_arn
from carnet.base.ids import POLICY
from carnet.base.partitions import DEFAULT_PARTITION, PARTITIONS
from carnet.catalog.archive import DataFile
from carnet.entities.entity import name_key
from carnet.entities.managed_policy import AWS_ACCOUNT, ManagedPolicy, PolicyVersion
from carnet.entities.role import SERVICE_LINKED_PATH

DATA = DataFile("managed_policies.zlib")
INDEX_MEMBER = "index"
DOCUMENTS_MEMBER = "documents/"
DOCUMENT_END = "\n"
"""What parts the documents of one member; none of them has a line break of its own."""

_POLICIES_KEPT = 256
_LISTS_KEPT = 2
_ID_TAIL = 17


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """A line of the index. The document is the `position`th of member `documents/<member>`."""

    path: str
    name: str
    created: str
    updated: str
    version: int
    member: int
    position: int

    @property
    def resource(self) -> str:
        return f"{ManagedPolicy.resource_type}{self.path}{self.name}"


def managed_policy(arn: str) -> ManagedPolicy | None:
    """The AWS-managed policy of that ARN, in the ARN's partition; None if AWS has none."""
    parts = parse_arn(arn)
    if parts is None or parts.partition not in PARTITIONS:
        return None
    if (parts.service, parts.region, parts.account) != ("iam", "", AWS_ACCOUNT) or parts.resource not in _index():
        return None
    return _policy(parts.partition, parts.resource)


@lru_cache(_LISTS_KEPT)
def managed_policies(partition: str = DEFAULT_PARTITION) -> tuple[ManagedPolicy, ...]:
    """All AWS-managed policies, sorted by name as ListPolicies does. Costs some megabytes once asked for."""
    entries = sorted(_index().values(), key=lambda entry: name_key(entry.name))
    members = {entry.member: _documents(entry.member) for entry in entries}
    return tuple(_built(partition, entry, members[entry.member][entry.position]) for entry in entries)


def is_attachable(path: str) -> bool:
    """Whether users, groups and customers' own roles can have a policy of that path.

    AWS keeps the policies of service-linked roles for these: "Cannot attach a Service Role Policy to a Customer Role."
    """
    return not path.startswith(SERVICE_LINKED_PATH)


@lru_cache(1)
def _index() -> Mapping[str, _Entry]:
    """Every policy by the last part of its ARN."""
    fields = tuple(_Entry.__dataclass_fields__)
    entries = (_Entry(**dict(zip(fields, row, strict=True))) for row in json.loads(DATA.archive.read(INDEX_MEMBER)))
    return {entry.resource: entry for entry in entries}


@lru_cache(_POLICIES_KEPT)
def _policy(partition: str, resource: str) -> ManagedPolicy:
    entry = _index()[resource]
    return _built(partition, entry, _documents(entry.member)[entry.position])


def _documents(member: int) -> list[str]:
    return DATA.archive.read(f"{DOCUMENTS_MEMBER}{member}").decode("utf-8").split(DOCUMENT_END)


def _built(partition: str, entry: _Entry, document: str) -> ManagedPolicy:
    updated = datetime.fromisoformat(entry.updated)
    version = PolicyVersion(number=entry.version, document=_in_partition(partition, document), created=updated)
    return ManagedPolicy(
        id=_id(entry.resource),
        account=AWS_ACCOUNT,
        partition=partition,
        path=entry.path,
        name=entry.name,
        created=datetime.fromisoformat(entry.created),
        updated=updated,
        versions=(version,),
        default_version=entry.version,
        next_version=entry.version + 1,
        attachable=is_attachable(entry.path),
    )


def _in_partition(partition: str, document: str) -> str:
    """The document as the partition has it: the ARNs that it names are the partition's own."""
    return document.replace(f'"arn:{DEFAULT_PARTITION}:', f'"arn:{partition}:')


def _id(resource: str) -> str:
    """A policy id that is the same wherever and whenever it is made; AWS publishes no list of the true ones."""
    digest = hashlib.sha256(resource.encode("utf-8")).digest()
    return POLICY + base64.b32encode(digest).decode("ascii")[:_ID_TAIL]
