"""Tags of instances, permission sets, applications and trusted token issuers.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_TagResource.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from carnet.base.faults import Fault, Missing
from carnet.entities.identity_center_instance import Instance
from carnet.entities.permission_set import PermissionSet
from carnet.entities.sso_application import SsoApplication
from carnet.entities.trusted_token_issuer import TrustedTokenIssuer
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.request_tags import removed_tag_keys, request_tags
from carnet.services.sso_admin import sentences
from carnet.services.sso_admin.application_targets import keys_in_instance
from carnet.services.sso_admin.callers import administrator, held
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.tagging import with_tags
from carnet.services.target import Target

Taggable: TypeAlias = Instance | PermissionSet | SsoApplication | TrustedTokenIssuer
_KINDS: Mapping[str, type[Any]] = {
    "permissionSet": PermissionSet,
    "application": SsoApplication,
    "trustedTokenIssuer": TrustedTokenIssuer,
}


def _tag_target(call: Call, given: Any) -> Target[Any]:
    """The resource of ResourceArn. InstanceArn, if it is given, must be that of its instance."""
    arn: str = given["ResourceArn"]
    found = _find_resource(call, given, arn)
    if isinstance(found, Fault):
        return Target(arn=arn, account=call.account, found=found)
    return Target(arn=arn, account=call.account, found=(found,), tags=found.tags)


def _find_resource(call: Call, given: Mapping[str, Any], arn: str) -> Any:
    kind, instance_id, *rest = arn.split(":", 5)[5].split("/")
    instance_arn = f"arn:{call.partition}:sso:::instance/{instance_id}"
    holder = held(call, instance_arn, administrator)
    if holder is None or given.get("InstanceArn", instance_arn) != instance_arn:
        return sentences.not_reached()
    if kind == "instance":
        return holder.instance
    found: Any = holder.view.of(_KINDS[kind]).get(rest[0])
    if found is None or found.arn != arn:
        return Missing(f"Could not find {arn}")
    return found


@sso_admin.write("TagResource", on=_tag_target, context=(request_tags, keys_in_instance))
def tag_resource(call: WriteCall, given: Mapping[str, Any], tagged: Any) -> Answer:
    """Set tags: those with the same key are replaced."""
    kind = given["ResourceArn"].split(":", 5)[5].partition("/")[0]
    owner = call.snapshot.accounts[tagged.account]
    _save(call, tagged, replace(tagged, tags=with_tags(call, owner, tagged.tags, given["Tags"], kind)))
    return {}


@sso_admin.write("UntagResource", on=_tag_target, context=(removed_tag_keys, keys_in_instance))
def untag_resource(call: WriteCall, given: Mapping[str, Any], tagged: Any) -> Answer:
    """Remove tags; unknown keys are ignored."""
    gone = frozenset(given["TagKeys"])
    _save(call, tagged, replace(tagged, tags={key: value for key, value in tagged.tags.items() if key not in gone}))
    return {}


@sso_admin.read("ListTagsForResource", on=_tag_target, context=(keys_in_instance,))
def list_tags_for_resource(call: Call, given: Mapping[str, Any], tagged: Any) -> Answer:
    """The tags, by key."""
    found = page(call.paging, "ListTagsForResource", sorted(tagged.tags.items()), given, key=lambda tag: tag[0])
    return found.answer("Tags", lambda tag: {"Key": tag[0], "Value": tag[1]})


def _save(call: WriteCall, before: Taggable, after: Taggable) -> None:
    if after != before:
        call.store.save(after)
