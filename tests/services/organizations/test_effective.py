from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.entities.organization_policy import PolicyType
from carnet.policy.engine.recent import Recent
from carnet.services import effective_policies
from carnet.services.effective_policies import EffectivePolicy
from carnet.services.organizations import effective
from carnet.services.organizations.effective_errors import EffectiveError, effective_errors
from tests.services.organizations.estate import Estate
from tests.services.organizations.policies import a_policy, attach, detach, enable
from tests.services.world import START, Caller, ServiceError

TAG = "TAG_POLICY"
BACKUP = "BACKUP_POLICY"


def tag_values(**operators: list[str]) -> dict[str, Any]:
    """A tag policy on the values of CostCenter."""
    values = {f"@@{name}": each for name, each in operators.items()}
    return {"tags": {"CostCenter": {"tag_key": {"@@assign": "CostCenter"}, "tag_value": values}}}


def attached(estate: Estate, target: str, content: dict[str, Any], policy_type: str = TAG) -> str:
    """The id of a new policy that is attached to a target."""
    policy = a_policy(estate, f"of {target} {json.dumps(content)}"[:128], policy_type, json.dumps(content))
    attach(estate, policy, target)
    return policy


def described(estate: Estate, caller: Caller | None = None, **given: str) -> dict[str, Any]:
    """What an effective policy says."""
    given = {"PolicyType": TAG, **given}
    told = estate.call_as(caller or estate.world.root, "DescribeEffectivePolicy", **given)["EffectivePolicy"]
    content: dict[str, Any] = json.loads(told["PolicyContent"])
    return content


def test_policies_from_the_root_down_to_the_account_are_merged(estate: Estate) -> None:
    enable(estate, TAG)
    unit = estate.unit("Sandbox")
    member = estate.member(unit)
    account = estate.account_of(member)
    attached(estate, estate.root, tag_values(assign=["a", "b"]))
    attached(estate, unit, tag_values(append=["c"]))
    own = attached(estate, account, tag_values(remove=["a"]))
    merged = {"tags": {"costcenter": {"tag_key": "CostCenter", "tag_value": ["b", "c"]}}}
    assert described(estate, TargetId=account) == described(estate, member) == merged
    assert described(estate, member, TargetId=account) == merged
    assert described(estate) == {"tags": {"costcenter": {"tag_key": "CostCenter", "tag_value": ["a", "b"]}}}
    detach(estate, own, account)
    assert described(estate, member)["tags"]["costcenter"]["tag_value"] == ["a", "b", "c"]
    estate.call("MoveAccount", AccountId=account, SourceParentId=unit, DestinationParentId=estate.root)
    assert described(estate, member)["tags"]["costcenter"]["tag_value"] == ["a", "b"]


def test_the_order_of_attachment_counts(estate: Estate) -> None:
    enable(estate, TAG)
    first = attached(estate, estate.root, tag_values(assign=["first"]))
    attached(estate, estate.root, tag_values(assign=["second"]))
    assert described(estate)["tags"]["costcenter"]["tag_value"] == ["first"]
    detach(estate, first, estate.root)
    attach(estate, first, estate.root)
    assert described(estate)["tags"]["costcenter"]["tag_value"] == ["second"]


def test_an_effective_policy_tells_whose_it_is(estate: Estate) -> None:
    enable(estate, TAG)
    attached(estate, estate.root, {"tags": {}})
    assert estate.call("DescribeEffectivePolicy", PolicyType=TAG)["EffectivePolicy"] == {
        "PolicyContent": "{}",
        "LastUpdatedTimestamp": START,
        "TargetId": estate.world.account_id,
        "PolicyType": TAG,
    }


def test_an_account_without_a_policy_of_the_type_at_it_or_above_has_an_empty_one(estate: Estate) -> None:
    enable(estate, TAG)
    enable(estate, BACKUP)
    unit = estate.unit("Sandbox")
    member = estate.member(unit)
    account = estate.account_of(member)
    attached(estate, estate.root, {"plans": {}}, BACKUP)
    told = {"AccountId": account, "PolicyType": TAG, "EffectivePolicyValidationErrors": []}
    assert estate.call("ListEffectivePolicyValidationErrors", AccountId=account, PolicyType=TAG) == told
    assert described(estate, TargetId=account) == described(estate, member) == {}
    assert estate.call("ListAccountsWithInvalidEffectivePolicy", PolicyType=TAG)["Accounts"] == []
    attached(estate, unit, tag_values(assign=["a"]))
    assert described(estate, member)["tags"]["costcenter"]["tag_value"] == ["a"]
    assert described(estate) == {}


def test_a_tag_key_is_in_lower_case_and_takes_every_value_if_nothing_else_is_said(estate: Estate) -> None:
    enable(estate, TAG)
    attached(estate, estate.root, {"tags": {"CostCenter": {}}})
    assert described(estate) == {"tags": {"costcenter": {"tag_key": "costcenter", "tag_value": ["*"]}}}


def test_there_is_none_of_a_type_that_is_not_enabled(estate: Estate) -> None:
    account = estate.account_of(estate.member())
    for operation, given in (
        ("DescribeEffectivePolicy", {}),
        ("DescribeEffectivePolicy", {"TargetId": account}),
        ("ListAccountsWithInvalidEffectivePolicy", {}),
        ("ListEffectivePolicyValidationErrors", {"AccountId": account}),
    ):
        with pytest.raises(ServiceError, match="EffectivePolicyNotFoundException: The specified policy type is not"):
            estate.call(operation, PolicyType=TAG, **given)


def test_only_accounts_have_one(estate: Estate) -> None:
    enable(estate, TAG)
    for target in (estate.root, estate.unit("Sandbox")):
        with pytest.raises(ServiceError, match="InvalidInputException") as refused:
            described(estate, TargetId=target)
        assert refused.value.members == {"Reason": "TARGET_NOT_SUPPORTED"}
    with pytest.raises(ServiceError, match="TargetNotFoundException"):
        described(estate, TargetId="000000000000")
    with pytest.raises(ServiceError, match="AccountNotFoundException"):
        estate.call("ListEffectivePolicyValidationErrors", PolicyType=TAG, AccountId="000000000000")


def test_a_member_asks_about_itself_alone(estate: Estate) -> None:
    enable(estate, TAG)
    member = estate.member()
    for operation, given in (
        ("DescribeEffectivePolicy", {"TargetId": estate.world.account_id}),
        ("ListAccountsWithInvalidEffectivePolicy", {}),
        ("ListEffectivePolicyValidationErrors", {"AccountId": estate.account_of(member)}),
    ):
        with pytest.raises(ServiceError, match="AccessDeniedException"):
            estate.call_as(member, operation, PolicyType=TAG, **given)


def test_what_policies_say_is_worked_out_once_for_all_accounts_below(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    enable(estate, TAG)
    attached(estate, estate.root, tag_values(assign=["a"]))
    member = estate.member()
    known = described(estate)
    monkeypatch.setattr(effective_policies, "merged", None)
    assert described(estate, member) == known


def a_plan(**members: object) -> dict[str, Any]:
    """A whole backup plan, with other members if they are given; None leaves one out."""
    plan = {
        "regions": {"@@append": ["us-east-1"]},
        "rules": {"hourly": {"target_backup_vault_name": {"@@assign": "vault"}}},
        "selections": {
            "tags": {
                "pii": {
                    "iam_role_arn": {"@@assign": "arn:aws:iam::$account:role/backup"},
                    "tag_key": {"@@assign": "pii"},
                    "tag_value": {"@@assign": ["yes"]},
                }
            }
        },
    } | members
    return {"plans": {"Daily": {name: member for name, member in plan.items() if member is not None}}}


def rules(count: int) -> dict[str, Any]:
    return {f"rule{number}": {"target_backup_vault_name": {"@@assign": "vault"}} for number in range(count)}


def errors(estate: Estate, **given: object) -> list[dict[str, Any]]:
    """What is wrong with the effective backup policy of the management account."""
    told = estate.call(
        "ListEffectivePolicyValidationErrors", PolicyType=BACKUP, AccountId=estate.world.account_id, **given
    )
    found: list[dict[str, Any]] = told["EffectivePolicyValidationErrors"]
    return found


@pytest.mark.parametrize("plan", [a_plan(), a_plan(rules=rules(10))])
def test_a_whole_plan_is_valid(estate: Estate, plan: dict[str, Any]) -> None:
    enable(estate, BACKUP)
    attached(estate, estate.root, plan, BACKUP)
    assert estate.call("ListEffectivePolicyValidationErrors", PolicyType=BACKUP, AccountId=estate.world.account_id) == {
        "AccountId": estate.world.account_id,
        "PolicyType": BACKUP,
        "EffectivePolicyValidationErrors": [],
    }
    assert set(described(estate, PolicyType=BACKUP)["plans"]) == {"daily"}


@pytest.mark.parametrize(
    ("plan", "code", "message", "path"),
    [
        (a_plan(rules=None), "KEY_REQUIRED", "'rules' is missing", "plans/daily"),
        (
            a_plan(regions={"@@assign": []}),
            "ELEMENTS_TOO_FEW",
            "'regions' is less than the allowed minimum limit 1",
            "plans/daily/regions",
        ),
        (
            a_plan(rules=rules(11)),
            "ELEMENTS_TOO_MANY",
            "'rules' exceeds the allowed maximum limit 10",
            "plans/daily/rules",
        ),
        (
            a_plan(rules={"hourly": {"start_backup_window_minutes": {"@@assign": "60"}}}),
            "KEY_REQUIRED",
            "'target_backup_vault_name' is missing",
            "plans/daily/rules/hourly",
        ),
        (
            a_plan(selections={"resources": {"all": {"resource_types": {"@@assign": ["*"]}}}}),
            "KEY_REQUIRED",
            "'iam_role_arn' is missing",
            "plans/daily/selections/resources/all",
        ),
    ],
)
def test_a_plan_that_is_not_whole_is_told_of(
    estate: Estate, plan: dict[str, Any], code: str, message: str, path: str
) -> None:
    enable(estate, BACKUP)
    policy = attached(estate, estate.root, plan, BACKUP)
    assert errors(estate) == [
        {"ErrorCode": code, "ErrorMessage": message, "PathToError": path, "ContributingPolicies": [policy]}
    ]
    told = estate.call("ListEffectivePolicyValidationErrors", PolicyType=BACKUP, AccountId=estate.world.account_id)
    assert told["Path"] == f"{estate.organization}/{estate.root}/{estate.world.account_id}/"
    assert told["EvaluationTimestamp"] == START
    assert described(estate, PolicyType=BACKUP) == {}


def archived(**lifecycle: str) -> dict[str, Any]:
    return {
        "opt_in_to_archive_for_supported_resources": {"@@assign": "true"},
        **{name: {"@@assign": value} for name, value in lifecycle.items()},
    }


ARCHIVED = archived(move_to_cold_storage_after_days="30", delete_after_days="120")
MONTHLY = {"@@assign": "cron(0 5 1 * ? *)"}
DAILY = {"@@assign": "cron(0 5 ? * * *)"}
COPIES = {
    arn: {"target_backup_vault_arn": {"@@assign": arn}, "lifecycle": ARCHIVED}
    for arn in (f"arn:aws:backup:us-east-1:$account:backup-vault:{name}" for name in ("first", "second"))
}


@pytest.mark.parametrize(
    ("above", "below", "told"),
    [
        (
            {"enable_continuous_backup": {"@@assign": True}, "lifecycle": {"delete_after_days": {"@@assign": "35"}}},
            {"lifecycle": {"delete_after_days": {"@@assign": "45"}}},
            "enable_continuous_backup=true,delete_after_days=45",
        ),
        (
            {"schedule_expression": MONTHLY, "lifecycle": ARCHIVED},
            {"schedule_expression": DAILY},
            "opt_in_to_archive_for_supported_resources=true,schedule_expression=cron(0 5 ? * * *)",
        ),
        (
            {"schedule_expression": MONTHLY, "lifecycle": ARCHIVED},
            {"lifecycle": {"delete_after_days": {"@@assign": "60"}}},
            "opt_in_to_archive_for_supported_resources=true,delete_after_days=60,move_to_cold_storage_after_days=30",
        ),
        (
            {"schedule_expression": MONTHLY, "copy_actions": COPIES},
            {"schedule_expression": DAILY},
            "opt_in_to_archive_for_supported_resources=true,schedule_expression=cron(0 5 ? * * *)",
        ),
    ],
)
def test_settings_of_several_policies_that_are_wrong_together_are_told_once(
    estate: Estate, above: dict[str, Any], below: dict[str, Any], told: str
) -> None:
    """As recorded from AWS."""
    enable(estate, BACKUP)
    rule = {"target_backup_vault_name": {"@@assign": "vault"}}
    first = attached(estate, estate.root, a_plan(rules={"daily": {**rule, **above}}), BACKUP)
    assert errors(estate) == []
    second = attached(estate, estate.world.account_id, {"plans": {"Daily": {"rules": {"daily": below}}}}, BACKUP)
    assert errors(estate) == [
        {
            "ErrorCode": "CROSS_ATTRIBUTE_VALIDATION",
            "ErrorMessage": f"Dependent fields {told} in policy block daily are invalid when used together",
            "PathToError": "plans/daily/rules/daily",
            "ContributingPolicies": sorted((first, second)),
        }
    ]


def test_a_value_of_the_whole_policy_changes_nothing(estate: Estate) -> None:
    enable(estate, BACKUP)
    attached(estate, estate.root, {**a_plan(), "@@assign": "value", "@@append": None}, BACKUP)
    assert set(described(estate, PolicyType=BACKUP)["plans"]) == {"daily"}


def test_errors_are_told_page_by_page(estate: Estate) -> None:
    enable(estate, BACKUP)
    attached(estate, estate.root, {"plans": {"Daily": {"regions": {"@@append": ["us-east-1"]}}}}, BACKUP)
    first = estate.call(
        "ListEffectivePolicyValidationErrors", PolicyType=BACKUP, AccountId=estate.world.account_id, MaxResults=1
    )
    rest = errors(estate, NextToken=first["NextToken"])
    told = [each["ErrorMessage"] for each in first["EffectivePolicyValidationErrors"] + rest]
    assert told == ["'rules' is missing", "'selections' is missing"]


def test_accounts_with_an_invalid_effective_policy_are_listed(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    enable(estate, BACKUP)
    members = sorted(estate.account_of(estate.member()) for _ in range(3))
    attached(estate, estate.root, {"plans": {}}, BACKUP)
    attached(estate, members[1], a_plan(rules=None), BACKUP)
    answer = estate.call("ListAccountsWithInvalidEffectivePolicy", PolicyType=BACKUP)
    assert [account["Id"] for account in answer["Accounts"]] == [members[1]]
    assert answer["PolicyType"] == BACKUP
    assert "NextToken" not in answer
    looked_at: list[EffectivePolicy] = []

    def noted(policy: EffectivePolicy, policy_type: PolicyType) -> tuple[EffectiveError, ...]:
        looked_at.append(policy)
        return effective_errors(policy, policy_type)

    monkeypatch.setattr(effective, "effective_errors", noted)
    page = estate.call("ListAccountsWithInvalidEffectivePolicy", PolicyType=BACKUP, MaxResults=2)
    assert len(looked_at) == 2
    assert "NextToken" in page


def test_an_effective_policy_has_a_greatest_size(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    enable(estate, TAG)
    attached(estate, estate.root, tag_values(assign=["é"]))
    content = '{"tags":{"costcenter":{"tag_key":"CostCenter","tag_value":["é"]}}}'
    for most, wanted in ((len(content) + 1, json.loads(content)), (len(content), {})):
        monkeypatch.setattr(effective_policies, "_remembered", Recent(1))
        monkeypatch.setattr(effective_policies, "MOST_BYTES", most)
        assert described(estate) == wanted
    (error,) = estate.call("ListEffectivePolicyValidationErrors", PolicyType=TAG, AccountId=estate.world.account_id)[
        "EffectivePolicyValidationErrors"
    ]
    assert (error["ErrorCode"], error["ContributingPolicies"]) == ("ELEMENTS_TOO_MANY", [])
    tags = [{"Key": "Project", "Value": "any"}]
    with pytest.raises(ServiceError, match="The effective tag policy of the account is larger than it may be"):
        estate.world.call(estate.world.root, "CreateUser", UserName="alice", Tags=tags)
    estate.world.call(estate.world.root, "CreateUser", UserName="alice")


def test_what_is_remembered_of_effective_policies_is_bounded_by_their_length(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    enable(estate, TAG)
    policy, long = attached(estate, estate.root, tag_values(assign=["first"])), "x" * 200
    shortest = len(json.dumps(tag_values(assign=[f"0{long}", long])))
    monkeypatch.setattr(effective_policies._remembered, "_room", 1_000)
    for number in range(12):
        content = json.dumps(tag_values(assign=[f"{number}{long}", long]))
        estate.call("UpdatePolicy", PolicyId=policy, Content=content)
        assert described(estate)["tags"]["costcenter"]["tag_value"] == [f"{number}{long}", long]
    assert len(effective_policies._remembered) <= 2 * (1_000 // shortest + 1)
