"""What a backup policy (BACKUP_POLICY) may hold.

Which services' resources may be selected is not checked, since AWS Backup supports ever more of them.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from carnet.entities.entity import name_key
from carnet.services.inheritance import ASSIGN, members, operators, scalar
from carnet.services.organizations.backup_dependencies import ARCHIVE, COLD, CONTINUOUS, DELETE, SCHEDULE, conflicts
from carnet.services.organizations.setting_checks import Check, a_list, an_object, each, fields, one_like, one_of

_ANY = re.compile(".*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,50}", re.ASCII)
"""Of a plan or a rule."""
_VAULT = re.compile(r"[A-Za-z0-9_-]{1,50}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]+", re.ASCII)
_TAG_KEY = re.compile(".{1,128}", re.DOTALL)
_DAYS = re.compile(r"0*[1-9][0-9]*", re.ASCII)
_MINUTES = re.compile(r"0*(?:[6-9][0-9]|[1-9][0-9]{2,})", re.ASCII)
"""60 and more."""
_MOST_DIGITS = re.compile("[0-9]{1,16}", re.ASCII)
_PARTITION = r"arn:aws(?:-[a-z]+)*"
_ROLE = re.compile(rf"{_PARTITION}:iam::\$account:role/.+", re.ASCII)
"""In the account that the policy is in effect for."""
_IN_ACCOUNT = rf"(?:\$account|[0-9]{{12}}):backup-vault:{_VAULT.pattern}"
_COPIED_TO = re.compile(rf"{_PARTITION}:backup:{_REGION.pattern}:{_IN_ACCOUNT}", re.ASCII)
_AIR_GAPPED = re.compile(rf"{_PARTITION}:backup:\$region:{_IN_ACCOUNT}", re.ASCII)
_RESOURCES = re.compile(rf"\*|{_PARTITION}:[a-z0-9-]+:.+", re.ASCII)
_CRON = re.compile(r"cron\(([0-9,-]+)((?: [0-9A-Za-z*?,/#-]+){4,6})\)", re.ASCII)
"""Its first field, the minutes, is such that it does not start more often than each hour."""
_NO_DAY = re.compile(r"L-(?:3[1-9]|[4-9][0-9]|[0-9]{3,})W? \S+|3[01]W (?:FEB|2)", re.ASCII)
"""More days before the last one than a month has, and weekdays around days that February lacks."""
_NO_WEEKDAYS = re.compile(r"0L|[0-9A-Z]+#[06-9]|[0-9A-Z]+L,[0-9A-Z]+L", re.ASCII)
"""Days of a week are 1 to 7, and one of them comes 1 to 5 times in a month; of several, none is the last."""
_YEARS = re.compile("([0-9]{1,4})-([0-9]{1,4})", re.ASCII)


def _number(value: re.Pattern[str]) -> Check:
    is_short, is_like = one_like(_MOST_DIGITS), one_like(value)
    return lambda part: is_short(part) and is_like(part)


def _schedule(part: Any) -> bool:
    if not one_like(_CRON)(part):
        return False
    assigned = operators(part).get(ASSIGN)
    if assigned is None:
        return True
    days, months, weekdays, *others = assigned.removesuffix(")").split(" ")[2:]
    if (days, weekdays).count("?") != 1 or _NO_WEEKDAYS.fullmatch(weekdays) or _NO_DAY.fullmatch(f"{days} {months}"):
        return False
    years = _YEARS.fullmatch(others[0]) if others else None
    return years is None or int(years[1]) <= int(years[2])


_WORD = one_of("true", "false")


def _flag(part: Any) -> bool:
    """`true` and `false` may be written as words of JSON, too."""
    assigned = operators(part).get(ASSIGN) if isinstance(part, dict) else None
    return _WORD({**part, ASSIGN: scalar(assigned)}) if isinstance(assigned, bool) else _WORD(part)


_SWITCH = one_of("enabled", "disabled")
_SINGLE = one_like(_ANY)
_LIFECYCLE = fields({COLD: _number(_DAYS), DELETE: _number(_DAYS), ARCHIVE: _flag})
_COPY = fields(
    {"target_backup_vault_arn": one_like(_COPIED_TO), "lifecycle": _LIFECYCLE},
    needed=frozenset({"target_backup_vault_arn"}),
)
_TAG = {"tag_key": one_like(_TAG_KEY), "tag_value": _SINGLE}
_SCANNED = a_list(re.compile("EBS|EC2|S3|ALL"), least=1)
_RULE = fields(
    {
        SCHEDULE: _schedule,
        "schedule_expression_timezone": _SINGLE,
        "start_backup_window_minutes": _number(_MINUTES),
        "complete_backup_window_minutes": _number(_MINUTES),
        CONTINUOUS: _flag,
        "target_backup_vault_name": one_like(_VAULT),
        "target_logically_air_gapped_backup_vault_arn": one_like(_AIR_GAPPED),
        "recovery_point_tags": each(_ANY, fields(_TAG)),
        "lifecycle": _LIFECYCLE,
        "copy_actions": each(_COPIED_TO, _COPY),
        "index_actions": fields({"resource_types": a_list(re.compile("EBS|S3"), least=1)}),
        "scan_actions": fields({"guardduty": fields({"scan_mode": one_of("INCREMENTAL_SCAN", "FULL_SCAN")})}),
    }
)
_CONDITION = fields(
    {"condition_key": _SINGLE, "condition_value": _SINGLE}, needed=frozenset({"condition_key", "condition_value"})
)
_CONDITIONS = fields(
    {name: each(_ANY, _CONDITION) for name in ("string_equals", "string_not_equals", "string_like", "string_not_like")}
)
_SELECTED_BY_TAGS = fields(
    {"iam_role_arn": one_like(_ROLE), "tag_key": one_like(_TAG_KEY), "tag_value": a_list(_ANY, least=1)},
    needed=frozenset({"tag_key", "tag_value"}),
)
_SELECTED_RESOURCES = fields(
    {
        "iam_role_arn": one_like(_ROLE),
        "resource_types": a_list(_RESOURCES, least=1),
        "not_resource_types": a_list(_RESOURCES, least=1),
        "conditions": _CONDITIONS,
    }
)
_SELECTING = frozenset({"resource_types", "not_resource_types", "conditions"})


def _selected(part: Any) -> bool:
    return _SELECTED_RESOURCES(part) and not _SELECTING.isdisjoint(name for name, _ in members(part))


def _plan_tag(name: str, part: Any) -> bool:
    """A tag of a plan stands under its key."""
    if not fields(_TAG, needed=frozenset(_TAG))(part):
        return False
    assigned = operators(dict(members(part))["tag_key"]).get(ASSIGN, name)
    return isinstance(assigned, str) and name_key(assigned) == name_key(name)


def _rule(part: Any) -> bool:
    return _RULE(part) and not any(_wrong_together(part))


_PLAN = fields(
    {
        "rules": each(_NAME, _rule),
        "regions": a_list(_REGION),
        "selections": fields({"tags": each(_ANY, _SELECTED_BY_TAGS), "resources": each(_ANY, _selected)}),
        "advanced_backup_settings": fields(
            {
                "ec2": fields({"windows_vss": _SWITCH}),
                "s3": fields({"backup_acls": _SWITCH, "backup_object_tags": _SWITCH}),
            }
        ),
        "backup_plan_tags": an_object(_plan_tag),
        "scan_settings": fields(
            {"guardduty": fields({"resource_types": _SCANNED, "scanner_role_arn": one_like(_ROLE)})}
        ),
    }
)
is_backup_policy: Check = each(_NAME, _PLAN)
"""Whether what stands under `plans` is all that it may be."""


def _wrong_together(rule: Mapping[str, Any]) -> Iterator[bool]:
    """Whether a policy itself assigns what may not be together, or does not assign what that needs."""
    given = dict(members(rule))
    own = _assigned(given)
    kept = _assigned(dict(members(given.get("lifecycle", {}))))
    yield own.get(CONTINUOUS) == "true" and DELETE not in kept
    lifecycles = [kept, *(_assigned(dict(members(_copy))) for _copy in _lifecycles_of_copies(given))]
    for each_lifecycle in lifecycles:
        together = {**own, **each_lifecycle}
        yield together.get(ARCHIVE) == "true" and not {COLD, DELETE, SCHEDULE} <= together.keys()
        yield any(conflicts(together))


def _lifecycles_of_copies(rule: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for _, copy in members(rule.get("copy_actions", {})):
        yield dict(members(copy)).get("lifecycle", {})


def _assigned(settings: Mapping[str, Any]) -> dict[str, str]:
    """What settings are assigned in one policy, as texts."""
    found = {name: scalar(operators(given).get(ASSIGN, [])) for name, given in settings.items()}
    return {name: text for name, text in found.items() if text is not None}
