"""Tags of roots, units, accounts, policies, transfers, and of the resource policy.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_TagResource.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.entities.organization_account import OrganizationAccount
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import targets
from carnet.services.organizations.callers import administrator, delegate
from carnet.services.organizations.condition_keys import type_of_tagged
from carnet.services.organizations.service import organizations
from carnet.services.organizations.tagging import with_tags
from carnet.services.paging import page
from carnet.services.request_tags import removed_tag_keys, request_tags

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )


@organizations.write("TagResource", on=targets.tagged(delegate), context=(request_tags, type_of_tagged))
def tag_resource(call: WriteCall, given: TagResourceRequestTypeDef, tagged: Any) -> Answer:
    """Set tags: those with the same key are replaced."""
    kind = "account" if isinstance(tagged, OrganizationAccount) else tagged.resource.partition("/")[0]
    after = replace(tagged, tags=with_tags(call, tagged.tags, given["Tags"], kind))
    if after != tagged:
        call.store.save(after)
    return {}


@organizations.write("UntagResource", on=targets.tagged(delegate), context=(removed_tag_keys, type_of_tagged))
def untag_resource(call: WriteCall, given: UntagResourceRequestTypeDef, tagged: Any) -> Answer:
    """Remove tags; unknown keys are ignored."""
    gone = frozenset(given["TagKeys"])
    after = replace(tagged, tags={key: value for key, value in tagged.tags.items() if key not in gone})
    if after != tagged:
        call.store.save(after)
    return {}


@organizations.read("ListTagsForResource", on=targets.tagged(administrator), context=(type_of_tagged,))
def list_tags_for_resource(call: Call, given: ListTagsForResourceRequestTypeDef, tagged: Any) -> Answer:
    """The tags, by key."""
    tags = sorted(tagged.tags.items())
    found = page(call.paging, "ListTagsForResource", tags, given, key=lambda tag: tag[0])
    return found.answer("Tags", lambda tag: {"Key": tag[0], "Value": tag[1]})
