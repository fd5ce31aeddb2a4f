"""Backup policies that AWS was recorded to take and to refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.services.organizations.estate import Estate
from tests.services.organizations.policies import a_policy
from tests.services.organizations.test_policy_content import MALFORMED, assign
from tests.services.world import ServiceError

ROLE = "arn:aws:iam::$account:role/backup"
VAULT = "arn:aws:backup:us-east-1:$account:backup-vault:Vault"
AIR_GAPPED = "arn:aws:backup:$region:$account:backup-vault:Vault"
MONTHLY, DAILY, WEEKLY = "cron(0 5 1 * ? *)", "cron(0 5 ? * * *)", "cron(0 5 ? * SUN *)"


def plan(**members: object) -> dict[str, Any]:
    return {"daily": members}


def rule(**members: object) -> dict[str, Any]:
    return plan(rules={"daily": members})


def lifecycle(cold: object = None, delete: object = None, archive: object = None) -> dict[str, Any]:
    given = {
        "move_to_cold_storage_after_days": cold,
        "delete_after_days": delete,
        "opt_in_to_archive_for_supported_resources": archive,
    }
    return {name: assign(value) for name, value in given.items() if value is not None}


def archived(schedule: str | None, delete: str) -> dict[str, Any]:
    kept = lifecycle("30", delete, "true")
    return rule(lifecycle=kept) if schedule is None else rule(lifecycle=kept, schedule_expression=assign(schedule))


def by_tags(**members: object) -> dict[str, Any]:
    return plan(selections={"tags": {"cost": {name: assign(value) for name, value in members.items()}}})


def resources(**members: object) -> dict[str, Any]:
    return plan(selections={"resources": {"selection": members}})


def condition(**members: str) -> dict[str, Any]:
    settings = {name: assign(value) for name, value in members.items()}
    return resources(conditions={"string_equals": {"condition1": settings}})


def plan_tag(key: object, value: object) -> dict[str, Any]:
    return plan(backup_plan_tags={"cost": {"tag_key": assign(key), "tag_value": assign(value)}})


def copied(to: str, **members: object) -> dict[str, Any]:
    return rule(copy_actions={to: members})


TAKEN = {
    "nothing": {},
    "an empty plan": plan(),
    "names of plans": {"with.dot": {}, "A_-9": {}, "x" * 50: {}},
    "no Region": plan(regions=assign([])),
    "a Region twice": plan(regions=assign(["us-east-1", "us-east-1"])),
    "removed Regions": plan(regions={"@@remove": ["us-east-1"], "@@append": []}),
    "shortest window": rule(start_backup_window_minutes=assign("60"), complete_backup_window_minutes=assign("060")),
    "a number": rule(start_backup_window_minutes=assign(60)),
    "longest number": rule(start_backup_window_minutes=assign("9999999999999999")),
    "schedule": rule(schedule_expression=assign(DAILY)),
    "five fields of a schedule": rule(schedule_expression=assign("cron(0 5 1 * ?)")),
    "seven fields of a schedule": rule(schedule_expression=assign("cron(0 5 1 * ? * *)")),
    "parts of a day": rule(schedule_expression=assign("cron(0 20-2 ? NOV-FEB MON#2 2030/2)")),
    **{
        f"schedule {fields}": rule(schedule_expression=assign(f"cron(0 5 {fields})"))
        for fields in (
            *("L-30 * ? *", "L-3W * ? *", "31W JAN ? *", "1-5W * ? *", "1W,15W * ? *", "1,29 FEB ? *"),
            *("? * 1L *", "? * MONL *", "? * 7-1 *", "? * MON-FRI/2 *", "? * 1#1,2 *", "? * MON#5 *"),
            *("? JAN * 2030-2035", "1 * ? * garbage"),
        )
    },
    "not continuous": rule(enable_continuous_backup=assign(False)),
    "continuous": rule(enable_continuous_backup=assign(True), lifecycle=lifecycle(delete="35")),
    "continuous as a text": rule(enable_continuous_backup=assign("true"), lifecycle=lifecycle(delete="35")),
    "kept longer": rule(enable_continuous_backup=assign("false"), lifecycle=lifecycle(delete="36")),
    "longest name of a vault": rule(target_backup_vault_name=assign("x" * 50)),
    "an air-gapped vault": rule(target_logically_air_gapped_backup_vault_arn=assign(AIR_GAPPED)),
    "soon deleted": rule(lifecycle=lifecycle("30", "60")),
    "no archive": rule(lifecycle=lifecycle("1", None, False)),
    "archive": archived(MONTHLY, "120"),
    "yearly archive": archived("cron(0 5 1 1 ? *)", "120"),
    "eleven rules": plan(rules={str(number): {} for number in range(11)}),
    "no tags": plan(selections={"tags": {}}),
    "selected by tags": by_tags(iam_role_arn=ROLE, tag_key="c" * 128, tag_value=["", 1]),
    "without a role": by_tags(tag_key="Cost", tag_value=["one"]),
    "every resource": resources(resource_types=assign(["*"])),
    "resources": resources(resource_types=assign(["arn:aws:ec2:*:*:volume/*"])),
    "conditions": condition(condition_key="aws:ResourceTag/cost", condition_value="one"),
    "settings of services": plan(
        advanced_backup_settings={
            "ec2": {"windows_vss": assign("enabled")},
            "s3": {"backup_acls": assign("disabled"), "backup_object_tags": assign("enabled")},
        }
    ),
    "index": rule(index_actions={"resource_types": assign(["EBS", "S3"])}),
    "scans": rule(scan_actions={"GUARDDUTY": {"scan_mode": assign("FULL_SCAN")}}),
    "scanned": plan(scan_settings={"GUARDDUTY": {"resource_types": assign(["ALL"]), "scanner_role_arn": assign(ROLE)}}),
    "copies": copied(VAULT, target_backup_vault_arn=assign(VAULT)),
    "case of a plan's tag": plan_tag("Cost", True),
    "an empty tag": plan_tag("cost", ""),
    "case of a field": plan(REGIONS={"@@Assign": ["us-east-1"]}),
}
REFUSED = {
    "unknown of a plan": plan(other=assign("one")),
    "unknown of a rule": rule(other=assign("one")),
    "unknown of a lifecycle": rule(lifecycle={"other": assign("1")}),
    "space in a plan's name": {"with space": {}},
    "letter of a plan's name": {"\u00e9": {}},
    "too long name of a plan": {"x" * 51: {}},
    "no Region": plan(regions=assign(["wrong"])),
    "every Region": plan(regions=assign(["*"])),
    "one Region": plan(regions=assign("us-east-1")),
    "number of a Region": plan(regions=assign([12])),
    "too short window": rule(start_backup_window_minutes=assign("59")),
    "fraction": rule(start_backup_window_minutes=assign("60.5")),
    "fraction of a number": rule(start_backup_window_minutes=assign(60.0)),
    "sign": rule(complete_backup_window_minutes=assign("+60")),
    "blank": rule(complete_backup_window_minutes=assign(" 60")),
    "true for a number": rule(complete_backup_window_minutes=assign(True)),
    "too long number": rule(start_backup_window_minutes=assign("10000000000000000")),
    "no schedule": rule(schedule_expression=assign("")),
    "rate": rule(schedule_expression=assign("rate(1 day)")),
    "each minute": rule(schedule_expression=assign("cron(* * * * * *)")),
    "each quarter of an hour": rule(schedule_expression=assign("cron(0/15 * ? * * *)")),
    **{
        f"schedule {fields}": rule(schedule_expression=assign(f"cron(0 5 {fields})"))
        for fields in (
            *("L-31 * ? *", "31W FEB ? *", "? * 0L *", "? * MON#0 *", "? * MON#6 *", "? * 1L,2L *"),
            "? JAN * 2035-2030",
        )
    },
    "two days": rule(schedule_expression=assign("cron(0 5 1 * MON *)")),
    "continuous forever": rule(enable_continuous_backup=assign(True)),
    "continuous in capitals": rule(enable_continuous_backup=assign("TRUE"), lifecycle=lifecycle(delete="35")),
    "continuous as a number": rule(enable_continuous_backup=assign(1), lifecycle=lifecycle(delete="35")),
    "continuous too long": rule(enable_continuous_backup=assign("true"), lifecycle=lifecycle(delete="36")),
    "dot of a vault": rule(target_backup_vault_name=assign("with.dot")),
    "no vault": rule(target_backup_vault_name=assign("")),
    "too long name of a vault": rule(target_backup_vault_name=assign("x" * 51)),
    "appended vault": rule(target_backup_vault_name={"@@append": ["vault"]}),
    "Region of an air-gapped vault": rule(target_logically_air_gapped_backup_vault_arn=assign(VAULT)),
    "no days": rule(lifecycle=lifecycle("0")),
    "days before": rule(lifecycle=lifecycle(delete="-1")),
    "archive of nothing": rule(lifecycle=lifecycle(archive="true")),
    "archive without a schedule": archived(None, "120"),
    "daily archive": archived(DAILY, "120"),
    "weekly archive": archived(WEEKLY, "120"),
    "short archive": archived(MONTHLY, "60"),
    "short archive of a copy": rule(
        schedule_expression=assign(MONTHLY),
        copy_actions={VAULT: {"target_backup_vault_arn": assign(VAULT), "lifecycle": lifecycle("30", "60", "true")}},
    ),
    "selection of nothing": by_tags(),
    "selection without a key": by_tags(iam_role_arn=ROLE, tag_value=["one"]),
    "selection without a value": by_tags(iam_role_arn=ROLE, tag_key="cost"),
    "selection of no value": by_tags(tag_key="cost", tag_value=[]),
    "one value": by_tags(tag_key="cost", tag_value="one"),
    "too long key": by_tags(tag_key="c" * 129, tag_value=["one"]),
    "role of an account": by_tags(
        iam_role_arn="arn:aws:iam::111111111111:role/Test", tag_key="cost", tag_value=["one"]
    ),
    "role alone": resources(iam_role_arn=assign(ROLE)),
    "no resources": resources(resource_types=assign([])),
    "condition without a value": condition(condition_key="aws:ResourceTag/cost"),
    "unknown service": plan(advanced_backup_settings={"other": {"field": assign("enabled")}}),
    "true for a word": plan(advanced_backup_settings={"ec2": {"windows_vss": assign(True)}}),
    "unknown index": rule(index_actions={"resource_types": assign(["WRONG"])}),
    "empty index": rule(index_actions={"resource_types": assign([])}),
    "unknown mode": rule(scan_actions={"GUARDDUTY": {"scan_mode": assign("wrong")}}),
    "nothing scanned": plan(scan_settings={"GUARDDUTY": {"resource_types": assign([])}}),
    "copy to the Region": copied(AIR_GAPPED, target_backup_vault_arn=assign(AIR_GAPPED)),
    "copy without a target": copied(VAULT, lifecycle=lifecycle(delete="120")),
    "another plan's tag": plan_tag("other", "one"),
    "number of a plan's tag": plan_tag(12, "one"),
    "values of a plan's tag": plan_tag("cost", ["one"]),
    "plan's tag without a value": plan(backup_plan_tags={"cost": {"tag_key": assign("cost")}}),
}


@pytest.mark.parametrize("plans", TAKEN.values(), ids=TAKEN.keys())
def test_backup_policies_that_are_taken(estate: Estate, plans: dict[str, Any]) -> None:
    a_policy(estate, "backup", "BACKUP_POLICY", json.dumps({"plans": plans}))


@pytest.mark.parametrize("plans", REFUSED.values(), ids=REFUSED.keys())
def test_backup_policies_that_are_refused(estate: Estate, plans: dict[str, Any]) -> None:
    with pytest.raises(ServiceError, match=MALFORMED):
        a_policy(estate, "backup", "BACKUP_POLICY", json.dumps({"plans": plans}))
