"""Tags of instances, permission sets, applications and trusted token issuers.

https://docs.aws.amazon.com/singlesignon/latest/userguide/tagging.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carnet.base.faults import Invalid, TooMany
from carnet.directory.account_view import AccountView
from carnet.entities.entity import Tags, name_key
from carnet.services.operation import Call
from carnet.services.sso_admin.quotas import quotas_of
from carnet.services.tag_policies import tag_policy_violation

_RESERVED_PREFIX = "aws:"


def tags_of(call: Call, owner: AccountView, given: Mapping[str, Any], kind: str) -> Tags:
    """The tags of a new resource. Otherwise as `with_tags`."""
    return with_tags(call, owner, {}, given.get("Tags", ()), kind)


def with_tags(call: Call, owner: AccountView, tags: Tags, added: Sequence[Mapping[str, str]], kind: str) -> Tags:
    """The tags with others set; keys are compared as written.

    `owner` is the account of the instance, `kind` what an ARN of the tagged has: `instance`.

    Raises Invalid for a key given twice or reserved and for what the tag policies of the organization do not allow,
    TooMany for more tags than there may be.
    """
    if not added:
        return tags
    keys = [tag["Key"] for tag in added]
    if len(set(keys)) < len(keys):
        raise Invalid("Tag keys must be unique.")
    if any(name_key(key).startswith(_RESERVED_PREFIX) for key in keys):
        raise Invalid("Tag keys beginning with aws: are reserved for system use.")
    merged = {**tags, **{tag["Key"]: tag["Value"] for tag in added}}
    most = quotas_of(call, owner).tags_per_resource
    if len(merged) > most:
        raise TooMany(f"A resource can have at most {most} tags.")
    told = [(tag["Key"], tag["Value"]) for tag in added]
    violation = tag_policy_violation(call.snapshot, owner.account.id, f"sso:{kind}", told)
    if violation is not None:
        raise Invalid(violation)
    return merged
