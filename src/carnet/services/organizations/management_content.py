"""What a management policy may hold, by its type: AWS refuses anything else when the policy is saved.

Names, operators and what a control lists are compared without regard to ASCII case.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from carnet.base.faults import Malformed
from carnet.catalog.actions import service
from carnet.entities.entity import name_key
from carnet.entities.organization_policy import PolicyType
from carnet.policy.json_text import plain_json
from carnet.policy.sentences import ORGANIZATIONS
from carnet.policy.shape import read_document
from carnet.services.inheritance import (
    ALL,
    APPEND,
    ASSIGN,
    CONTROL,
    NONE,
    OPERATOR_PREFIX,
    REMOVE,
    VALUE_OPERATORS,
    members,
    operators,
    scalar,
    scalars,
)
from carnet.services.organizations.backup_policies import is_backup_policy
from carnet.services.organizations.chat_policies import is_chat_policy

_BEGINS_WITH: Mapping[PolicyType, str | None] = {
    PolicyType.TAG: "tags",
    PolicyType.BACKUP: "plans",
    PolicyType.AI_OPT_OUT: "services",
    PolicyType.CHATBOT: "chatbot",
    PolicyType.DECLARATIVE_EC2: "ec2_attributes",
    PolicyType.SECURITY_HUB: "securityhub",
    PolicyType.SECURITY_HUB_CSPM: None,
    PolicyType.INSPECTOR: "inspector",
    PolicyType.UPGRADE_ROLLOUT: "upgrade_rollout",
    PolicyType.BEDROCK: "bedrock",
    PolicyType.S3: "s3_attributes",
    PolicyType.NETWORK_SECURITY_DIRECTOR: "network_security_director",
    PolicyType.GUARDDUTY: "guardduty",
}
"""The one name at the top of a policy; None if it is not known here, and may be any."""

_Part: TypeAlias = Mapping[str, Any]
"""An object of a policy, as JSON has it, but for numbers, which are texts."""

_OPERATORS = VALUE_OPERATORS | {CONTROL}
_CONTROLS = VALUE_OPERATORS | {ALL, NONE}
_LISTS = {"tag_value", "enforced_for", "report_required_tag_for"}
_RESOURCE_TYPE = re.compile(r"[a-z0-9-]+:(?:\*|[A-Za-z0-9_./-]+)", re.ASCII)
"""`iam:policy`, `ec2:*`, `ecs:ALL_SUPPORTED`."""
_LONGEST_TAG_KEY = 128
_SERVICE = re.compile("[a-z0-9]+", re.ASCII)
"""`comprehend`, `codeguruprofiler`, `default`."""


def check_management_policy(content: str, policy_type: PolicyType) -> None:
    """Raise Malformed unless the content is a policy of the type."""
    try:
        if not _is_valid(plain_json(read_document(content)), policy_type):
            raise Malformed(ORGANIZATIONS)
    except Malformed:
        raise Malformed(ORGANIZATIONS) from None


def _is_valid(document: _Part, policy_type: PolicyType) -> bool:
    if not isinstance(document, dict) or not _values_are_any(operators(document)):
        return False
    if not _is_part({name: given for name, given in document.items() if name_key(name) not in VALUE_OPERATORS}):
        return False
    given = dict(members(document))
    if len(given) != 1 or _BEGINS_WITH[policy_type] not in (None, *given):
        return False
    (top,) = given.values()
    check = _CHECKS.get(policy_type)
    if not isinstance(top, dict) or VALUE_OPERATORS & operators(top).keys():
        return False
    return check is None or check(top)


def _values_are_any(given: Mapping[str, Any]) -> bool:
    """AWS takes a value of the whole policy, which changes nothing, whichever operator gives it."""
    return all(
        scalar(value) is not None or scalars(value) is not None
        for name, value in given.items()
        if name in VALUE_OPERATORS
    )


def _is_part(part: object) -> bool:
    """Whether the value is an object of known operators and further parts, all of different names."""
    if not isinstance(part, dict) or len({name_key(name) for name in part}) < len(part):
        return False
    return all(_is_operator(*each) for each in operators(part).items()) and all(
        _is_part(given) for _, given in members(part)
    )


def _is_operator(name: str, given: object) -> bool:
    if name == CONTROL:
        return _is_control(given)
    if name == ASSIGN:
        return isinstance(given, str) or scalar(given) is not None or scalars(given) is not None
    return name in _OPERATORS and scalars(given) is not None


def _is_control(given: object) -> bool:
    named = scalars(given)
    if not named or not isinstance(given, list) or len(named) < len(given):
        return False
    known = set(map(name_key, named))
    return known <= _CONTROLS and (NONE not in known or len(known) == 1)


def _tags(top: _Part) -> bool:
    return all(
        0 < len(name) <= _LONGEST_TAG_KEY and isinstance(rule, dict) and _is_tag_rule(name, rule)
        for name, rule in members(top)
    )


def _is_tag_rule(name: str, rule: _Part) -> bool:
    if VALUE_OPERATORS & operators(rule).keys():
        return False
    return all(
        isinstance(part, dict) and not any(True for _ in members(part)) and _is_tag_setting(name, field, part)
        for field, part in members(rule)
    )


def _is_tag_setting(name: str, field: str, part: _Part) -> bool:
    given = operators(part)
    if field == "tag_key":
        assigned = given.get(ASSIGN, name)
        return isinstance(assigned, str) and name_key(assigned) == name and not {APPEND, REMOVE} & given.keys()
    values = tuple(_values(given))
    if field not in _LISTS or any(scalars(given[name]) is None for name in VALUE_OPERATORS & given.keys()):
        return False
    if field == "tag_value":
        return all(value.count("*") <= 1 for value in values)
    return all(map(_is_resource_type, values))


def _is_resource_type(value: str) -> bool:
    """Any type of a service that there is, since ever more types are supported."""
    return _RESOURCE_TYPE.fullmatch(value) is not None and service(value.partition(":")[0]) is not None


def _values(given: Mapping[str, Any]) -> Iterator[str]:
    """All values of the operators of a list."""
    for name in VALUE_OPERATORS & given.keys():
        yield from scalars(given[name]) or ()


def _services(top: _Part) -> bool:
    """Names of services are compared with case. Any name is accepted, since the services change."""
    return all(_SERVICE.fullmatch(name) for name in top if not name.startswith(OPERATOR_PREFIX)) and all(
        isinstance(one, dict) and _chooses(one, "opt_out_policy", ("optIn", "optOut")) for _, one in members(top)
    )


def _s3_attributes(top: _Part) -> bool:
    return _chooses(top, "public_access_block_configuration", ("all", "none"))


def _chooses(part: _Part, known: str, words: tuple[str, ...]) -> bool:
    """Whether the only setting is the known one, and its value is one of the words."""
    if VALUE_OPERATORS & operators(part).keys():
        return False
    for field, setting in members(part):
        if field != known or not isinstance(setting, dict) or any(True for _ in members(setting)):
            return False
        given = operators(setting)
        if {APPEND, REMOVE} & given.keys() or given.get(ASSIGN, words[0]) not in words:
            return False
    return True


_CHECKS: Mapping[PolicyType, Callable[[_Part], bool]] = {
    PolicyType.TAG: _tags,
    PolicyType.AI_OPT_OUT: _services,
    PolicyType.BACKUP: is_backup_policy,
    PolicyType.CHATBOT: is_chat_policy,
    PolicyType.S3: _s3_attributes,
}
"""What else is checked below the one name at the top, of the types whose every name AWS documents."""
