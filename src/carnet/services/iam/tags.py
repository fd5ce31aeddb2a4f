"""Tag, Untag and List...Tags of users, roles, managed policies and instance profiles.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from carnet.access.gather import find_managed_policy
from carnet.base.faults import Missing
from carnet.entities.entity import Tags
from carnet.services.iam import sentences, targets
from carnet.services.iam.condition_keys import removed_tag_keys, request_tags
from carnet.services.iam.kinds import INSTANCE_PROFILES, POLICIES, ROLES, USERS, E, Kind
from carnet.services.iam.service import iam
from carnet.services.iam.tagging import with_tags, without_tags
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page, sort_token


def _tag_family(kind: Kind[E], *, tag: str, untag: str) -> None:
    """Register the operations of these names that change the tags of one kind of entity."""

    @iam.write(tag, on=kind.target, context=(request_tags,))
    def tag_entity(call: WriteCall, given: Any) -> Answer:
        """Set tags beside those that are there; one of the same key is replaced."""
        entity = kind.existing(call, given)
        kind.save(call, entity, replace(entity, tags=with_tags(call, kind, entity.tags, given["Tags"])))
        return {}

    @iam.write(untag, on=kind.target, context=(removed_tag_keys,))
    def untag_entity(call: WriteCall, given: Any) -> Answer:
        """Remove the tags of these keys, as far as there are any."""
        entity = kind.existing(call, given)
        kind.save(call, entity, replace(entity, tags=without_tags(kind, entity.tags, given["TagKeys"])))
        return {}


def _list_tags(kind: Kind[E], list_tags: str) -> None:
    """Register the operation of this name that lists the tags of one kind of entity."""

    @iam.read(list_tags, on=kind.target)
    def list_entity_tags(call: Call, given: Any) -> Answer:
        """The tags, sorted by key."""
        return _tag_page(list_tags, kind.existing(call, given).tags, given)


@iam.read("ListPolicyTags", on=targets.policy)
def list_policy_tags(call: Call, given: Any) -> Answer:
    """The tags of a managed policy, sorted by key; AWS's own have none."""
    arn = given["PolicyArn"]
    policy = find_managed_policy(call.view, arn)
    if policy is None:
        raise Missing(sentences.policy_missing(arn))
    return _tag_page("ListPolicyTags", policy.tags, given)


def _tag_page(operation: str, tags: Tags, given: Any) -> Answer:
    keys = sorted(tags, key=sort_token)
    return page(operation, keys, given, key=str).answer("Tags", lambda key: {"Key": key, "Value": tags[key]})


_tag_family(USERS, tag="TagUser", untag="UntagUser")
_tag_family(ROLES, tag="TagRole", untag="UntagRole")
_tag_family(POLICIES, tag="TagPolicy", untag="UntagPolicy")
_tag_family(INSTANCE_PROFILES, tag="TagInstanceProfile", untag="UntagInstanceProfile")
_list_tags(USERS, "ListUserTags")
_list_tags(ROLES, "ListRoleTags")
_list_tags(INSTANCE_PROFILES, "ListInstanceProfileTags")
