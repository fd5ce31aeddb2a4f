"""Tags of roots, units, accounts and policies.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from carnet.entities.entity import Tags, name_key
from carnet.services.operation import Call
from carnet.services.organizations import sentences
from carnet.services.organizations.quotas import quotas_of
from carnet.services.tag_policies import tag_policy_violation

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import TagTypeDef

_RESERVED_PREFIX = "aws:"


def tags_of(call: Call, given: Any, kind: str) -> Tags:
    """The tags of a new resource. Otherwise as `with_tags`."""
    return with_tags(call, {}, given.get("Tags", ()), kind)


def with_tags(call: Call, tags: Tags, added: Sequence[TagTypeDef], kind: str) -> Tags:
    """The tags with others set; keys are compared as written. `kind` is what an ARN of the tagged has: `ou`, `policy`.

    Raises Invalid for a key given twice or reserved, TooMany for more tags than there may be and for what the tag
    policies of the organization do not allow.
    """
    if not added:
        return tags
    keys = [tag["Key"] for tag in added]
    if len(set(keys)) < len(keys):
        raise sentences.invalid("DUPLICATE_TAG_KEY", sentences.DUPLICATE_TAG_KEYS)
    if any(name_key(key).startswith(_RESERVED_PREFIX) for key in keys):
        raise sentences.invalid("INVALID_SYSTEM_TAGS_PARAMETER", sentences.RESERVED_TAG_KEY)
    merged = {**tags, **{tag["Key"]: tag["Value"] for tag in added}}
    if len(merged) > quotas_of(call).tags_per_resource:
        raise sentences.constraint("MAX_TAG_LIMIT_EXCEEDED", sentences.TAGS_FULL)
    resource_type = f"organizations:{kind}"
    told = [(tag["Key"], tag["Value"]) for tag in added]
    violation = tag_policy_violation(call.snapshot, _owner(call), resource_type, told)
    if violation is not None:
        raise sentences.constraint("TAG_POLICY_VIOLATION", violation)
    return merged


def _owner(call: Call) -> str:
    """The account that owns the resources of the caller's organization: the management account."""
    view = call.snapshot.organization_of(call.account)
    return view.organization.management if view is not None else call.account
