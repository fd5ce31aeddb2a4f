"""The kinds of resources that have tags, for the service that tags resources of every service.

A service whose resources have tags says here which of its operations change them. A caller who tags through the
Resource Groups Tagging API also needs the permission of that operation, with its condition keys, and gets its errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from carnet.base.arns import Arn
from carnet.directory.account_view import AccountView
from carnet.entities.entity import Entity, Tags
from carnet.services.operation import Operation
from carnet.services.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedKind:
    """One kind of resource with tags."""

    service: Service
    entity: type[Entity]
    tag: Operation
    """Sets the `Tags` of what it names."""
    untag: Operation
    """Removes the tags of the `TagKeys` from what it names."""
    naming: Callable[[Entity], Mapping[str, str]]
    """The input members that name a resource: `{"UserName": "alice"}`."""
    check: Callable[[Tags], None]
    """Raises a Fault for tags that the model of `tag` would not let through."""
    key_in: Callable[[str], str]
    """The unique name of the resource that an ARN names."""
    listed: bool
    """Whether GetResources tells of such resources. It does not of IAM's users and roles.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
    """

    @property
    def type(self) -> str:
        """`iam:policy`, as filters name it."""
        return f"{self.service.action_prefix}:{self.entity.resource_type}"

    def find(self, view: AccountView, arn: str) -> Any:
        """The resource of that ARN, which is compared exactly; None if the account has none."""
        found: Any = view.of(self.entity).named(self.key_in(arn))
        return found if found is not None and found.arn == arn else None


_KINDS: dict[str, TaggedKind] = {}


def offer_tagging(kind: TaggedKind) -> None:
    """Let the Resource Groups Tagging API tag resources of that kind; raises ValueError if it already can."""
    if _KINDS.setdefault(kind.type, kind) is not kind:
        raise ValueError(f"{kind.type} is offered twice")


def tagged_kinds() -> tuple[TaggedKind, ...]:
    """Every kind that has tags."""
    return tuple(_KINDS.values())


def kind_of(arn: Arn) -> TaggedKind | None:
    """The kind of the resource that an ARN names; None for one of no kind that is offered."""
    return _KINDS.get(f"{arn.service}:{arn.resource.partition('/')[0]}")
