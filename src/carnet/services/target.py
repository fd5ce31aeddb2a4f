"""The resource that an operation acts on, and the condition keys that its tags appear under."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVarTuple

from msgspec import Struct, field

from carnet.access.authorize import Check
from carnet.base.arns import parse_arn
from carnet.base.faults import Fault
from carnet.entities.entity import Tags
from carnet.policy.policies import ResourcePolicy
from carnet.policy.request import Value

Keys = Mapping[str, Value]

Found = TypeVarTuple("Found")
"""The types of the values that a target finds."""
Other = TypeVarTuple("Other")

_NO_KEYS: Keys = MappingProxyType({})
_NO_TAG_KEYS: Mapping[str, str] = MappingProxyType({})
_TAG_KEYS: dict[str, Mapping[str, str]] = {}
"""The `tag_keys` of each service, by the service of its ARNs: an operation may act on a resource of another service."""


class Target(Struct, Generic[*Found], frozen=True, kw_only=True):
    """The resource that an operation acts on, whether or not it exists.

    `Target[User]` is of an operation on a user that must exist: its body is called with that user. `Target[()]` is of
    one that creates, lists, or acts on the whole account: its body is called with nothing more than the input.
    """

    arn: str
    account: str
    found: tuple[*Found] | Fault
    """The further arguments of the body; or the fault that says that the resource does not exist. Only callers who may
    know are told."""
    tags: Tags = field(default_factory=dict[str, str])
    shown: str | None = None
    """What a denial of the operation names as the resource, if not the ARN."""
    policies: tuple[ResourcePolicy, ...] = ()
    """The policies of the resource itself, found in the account that it belongs to."""
    action: str | None = None
    """The permission that is needed, if its name is not the operation's."""

    def finding(self, found: tuple[*Other] | Fault) -> Target[*Other]:
        """The same resource as the target of an operation whose body gets other values."""
        return Target(
            arn=self.arn,
            account=self.account,
            found=found,
            tags=self.tags,
            shown=self.shown,
            policies=self.policies,
            action=self.action,
        )

    def check(self, action: str, keys: Keys = _NO_KEYS, shown: str | None = None) -> Check:
        """The check whether the caller may do `action` on this resource. `keys` are the condition keys that the request
        adds."""
        return Check(
            action=action,
            resource=self.arn,
            resource_account=self.account,
            keys=keys,
            resource_keys=resource_tag_keys(self.arn, self.tags),
            policies=self.policies,
            shown=shown,
        )


AnyTarget = Target[*tuple[Any, ...]]


def show_tags_of(service: str, tag_keys: Mapping[str, str]) -> None:
    """Show the tags of a service's resources under the service's own condition keys, too.

    `service` is that of their ARNs; `tag_keys` as those of `service.Service`.
    """
    _TAG_KEYS[service] = tag_keys


def resource_tag_keys(resource: str, tags: Tags) -> Keys:
    """aws:ResourceTag/... for each tag of the resource, and the service's own condition keys for them
    (`show_tags_of`)."""
    if not tags:
        return _NO_KEYS
    prefixes = ["aws:ResourceTag/"]
    arn = parse_arn(resource)
    if arn is not None:
        own = _TAG_KEYS.get(arn.service, _NO_TAG_KEYS)
        prefixes += [prefix for beginning, prefix in own.items() if arn.resource.startswith(beginning)]
    return {f"{prefix}{key}": value for prefix in prefixes for key, value in tags.items()}
