"""Tags of roots, units, accounts and policies.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from carnet.entities.entity import Tags, name_key
from carnet.services.operation import Call
from carnet.services.organizations import sentences
from carnet.services.organizations.quotas import OrganizationsQuotas

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import TagTypeDef

_RESERVED_PREFIX = "aws:"


def tags_of(call: Call, given: Any) -> Tags:
    """The tags that something new is created with; raises as `with_tags` does."""
    return with_tags(call, {}, given.get("Tags", ()))


def with_tags(call: Call, tags: Tags, added: Sequence[TagTypeDef]) -> Tags:
    """The tags with others set; keys are compared as written.

    Raises Invalid for a key given twice or reserved, TooMany for more tags than there may be.
    """
    keys = [tag["Key"] for tag in added]
    if len(set(keys)) < len(keys):
        raise sentences.invalid("DUPLICATE_TAG_KEY", sentences.DUPLICATE_TAG_KEYS)
    if any(name_key(key).startswith(_RESERVED_PREFIX) for key in keys):
        raise sentences.invalid("INVALID_SYSTEM_TAGS_PARAMETER", sentences.RESERVED_TAG_KEY)
    merged = {**tags, **{tag["Key"]: tag["Value"] for tag in added}}
    quotas: OrganizationsQuotas = call.quotas
    if len(merged) > quotas.tags_per_resource:
        raise sentences.constraint("MAX_TAG_LIMIT_EXCEEDED", sentences.TAGS_FULL)
    return merged
