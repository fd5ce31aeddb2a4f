"""Tag policies, enforced where this server itself sets tags.

If a rule names a tag key, the key must be written as in the rule and the value must be one of the rule's, on resources
of the types that the rule is enforced for. Other tags, and resources without the tag, are not checked.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies-enforcement.html
"""

from __future__ import annotations

from collections.abc import Iterable

from carnet.directory.snapshot import Snapshot
from carnet.entities.entity import name_key
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import PolicyType
from carnet.services.effective_policies import effective_policy
from carnet.services.inheritance import Setting

_ALL_TYPES = ("*", "ALL_SUPPORTED")
"""The words for every type of a service's resources."""


TOO_LARGE = "The effective tag policy of the account is larger than it may be, so no tag is allowed."


def tag_policy_violation(
    snapshot: Snapshot, account: str, resource_type: str, tags: Iterable[tuple[str, str]]
) -> str | None:
    """AWS's sentence for the first tag (key, value) that may not be set; None if all may be.

    `account` owns the resource, whoever sets the tags; `resource_type` is as in tag policies: `iam:role`. Raises
    Unavailable if the organization cannot be read.
    """
    view = snapshot.organization_of(account)
    if view is None:
        return None
    effective = effective_policy(view, view.of(OrganizationAccount).by_id[account], PolicyType.TAG)
    if effective is None:
        return None
    if effective.too_large:
        return TOO_LARGE if any(True for _ in tags) else None
    rules = effective.setting.members.get("tags", Setting())
    for key, value in tags:
        rule = rules.members.get(name_key(key))
        if rule is not None and _is_enforced_for(rule, resource_type):
            if key != rule.members["tag_key"].value:
                return f"The tag policy does not allow the specified capitalization of the following tag key: '{key}'."
            if not any(_takes(pattern, value) for pattern in _values(rule, "tag_value")):
                return f"The tag policy does not allow the specified value for the following tag key: '{key}'."
    return None


def _is_enforced_for(rule: Setting, resource_type: str) -> bool:
    service = resource_type.partition(":")[0]
    types = {resource_type, *(f"{service}:{each}" for each in _ALL_TYPES)}
    return any(each in types for each in _values(rule, "enforced_for"))


def _values(rule: Setting, name: str) -> tuple[str, ...]:
    setting = rule.members.get(name)
    return setting.value if setting is not None and isinstance(setting.value, tuple) else ()


def _takes(pattern: str, value: str) -> bool:
    """Whether a rule allows a value. A `*` in the rule's values stands for any characters."""
    before, wildcard, after = pattern.partition("*")
    if not wildcard:
        return value == pattern
    return len(value) >= len(before) + len(after) and value.startswith(before) and value.endswith(after)
