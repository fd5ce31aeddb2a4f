"""Rules of the tags of IAM entities. Whether the case of a key counts depends on the kind of entity.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from carnet.base.faults import Invalid, Refused, TooMany
from carnet.entities.entity import Tags, name_key
from carnet.entities.tag_characters import takes
from carnet.services.iam import sentences
from carnet.services.iam.kinds import Kind
from carnet.services.iam.quotas import IamQuotas
from carnet.services.operation import Call
from carnet.services.tag_policies import tag_policy_violation

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import TagTypeDef

_RESERVED_PREFIX = "aws:"


def tags_of(call: Call, kind: Kind[Any], given: Any) -> Tags:
    """The tags of a new entity. Raises Refused and TooMany as `with_tags` does."""
    return with_tags(call, kind, {}, given.get("Tags", ()))


def with_tags(call: Call, kind: Kind[Any], tags: Tags, added: Sequence[TagTypeDef]) -> Tags:
    """The tags with others set: one whose key is the same, as this kind of entity compares keys, is replaced.

    Raises Refused (InvalidInput) for a key given twice or reserved and for what the tag policies of the account's
    organization do not allow, TooMany for more tags than an entity may have.
    """
    if not added:
        return tags
    keys = [kind.tag_key(tag["Key"]) for tag in added]
    if len(set(keys)) < len(keys):
        with_case = kind.tag_key is str
        raise Refused(
            "InvalidInput", sentences.DUPLICATE_TAG_KEYS if with_case else sentences.DUPLICATE_TAG_KEYS_WITHOUT_CASE
        )
    _refuse_reserved(keys)
    merged = {kind.tag_key(key): (key, value) for key, value in tags.items()}
    merged |= {kind.tag_key(tag["Key"]): (tag["Key"], tag["Value"]) for tag in added}
    quotas: IamQuotas = call.quotas
    if len(merged) > quotas.tags:
        raise TooMany(sentences.TAGS_FULL)
    resource_type = f"iam:{kind.entity.resource_type}"
    told = [(tag["Key"], tag["Value"]) for tag in added]
    violation = tag_policy_violation(call.snapshot, call.account, resource_type, told)
    if violation is not None:
        raise Refused("InvalidInput", violation)
    return dict(merged.values())


def without_tags(kind: Kind[Any], tags: Tags, removed: Iterable[str]) -> Tags:
    """The tags without those of the given keys, compared as this kind of entity does; unknown keys are ignored."""
    gone = frozenset(map(kind.tag_key, removed))
    _refuse_reserved(gone)
    return {key: value for key, value in tags.items() if kind.tag_key(key) not in gone}


def check_characters(tags: Tags) -> None:
    """Raise Invalid for tags that another service's model allows and IAM's does not."""
    for key, value in tags.items():
        for name, text in (("key", key), ("value", value)):
            if not takes(text):
                raise Invalid(sentences.tag_characters(name))


def _refuse_reserved(keys: Iterable[str]) -> None:
    if any(name_key(key).startswith(_RESERVED_PREFIX) for key in keys):
        raise Refused("InvalidInput", sentences.RESERVED_TAG_KEY)
