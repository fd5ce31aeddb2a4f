from __future__ import annotations

import pytest

from carnet.directory.indexed import Indexed
from tests.services.organizations.estate import Estate
from tests.services.organizations.policies import (
    DENY,
    FULL_ACCESS,
    RCP,
    RCP_DENY,
    RCP_FULL_ACCESS,
    SCP,
    a_policy,
    attach,
    attached,
    detach,
    enable,
)
from tests.services.world import ServiceError


def targets(estate: Estate, policy: str) -> list[str]:
    """The ids of what a policy is attached to."""
    return [each["TargetId"] for each in estate.call("ListTargetsForPolicy", PolicyId=policy)["Targets"]]


def test_a_policy_is_attached_listed_and_detached(estate: Estate) -> None:
    unit = estate.unit("Sandbox")
    account = estate.account_of(estate.member(unit))
    policy = a_policy(estate, "guard")
    for target in (estate.root, unit, account):
        attach(estate, policy, target)
        assert attached(estate, target) == [FULL_ACCESS, policy]
    arn = f"arn:aws:organizations::{estate.world.account_id}:"
    assert estate.call("ListTargetsForPolicy", PolicyId=policy)["Targets"] == [
        {
            "TargetId": account,
            "Arn": f"{arn}account/{estate.organization}/{account}",
            "Name": "test",
            "Type": "ACCOUNT",
        },
        {
            "TargetId": unit,
            "Arn": f"{arn}ou/{estate.organization}/{unit}",
            "Name": "Sandbox",
            "Type": "ORGANIZATIONAL_UNIT",
        },
        {
            "TargetId": estate.root,
            "Arn": f"{arn}root/{estate.organization}/{estate.root}",
            "Name": "Root",
            "Type": "ROOT",
        },
    ]
    with pytest.raises(ServiceError, match="PolicyInUseException"):
        estate.call("DeletePolicy", PolicyId=policy)
    for target in (estate.root, unit, account):
        detach(estate, policy, target)
    assert targets(estate, policy) == []
    estate.call("DeletePolicy", PolicyId=policy)


def test_what_is_attached_is_not_attached_again(estate: Estate) -> None:
    policy = a_policy(estate, "guard")
    attach(estate, policy, estate.root)
    for twice in (policy, FULL_ACCESS):
        with pytest.raises(ServiceError, match="DuplicatePolicyAttachmentException: A policy with the specified"):
            attach(estate, twice, estate.root)


def test_what_is_not_attached_is_not_detached(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="PolicyNotAttachedException"):
        detach(estate, a_policy(estate, "guard"), estate.root)


def test_the_target_must_be_there(estate: Estate) -> None:
    policy = a_policy(estate, "guard")
    for missing in ("r-none", "ou-none-12345678", "000000000000"):
        for operation in ("AttachPolicy", "DetachPolicy"):
            with pytest.raises(ServiceError, match="TargetNotFoundException"):
                estate.call(operation, PolicyId=policy, TargetId=missing)
        with pytest.raises(ServiceError, match="TargetNotFoundException"):
            attached(estate, missing)


def test_only_policies_of_an_enabled_type_are_attached(estate: Estate) -> None:
    policy = a_policy(estate, "tags", "TAG_POLICY", '{"tags":{}}')
    with pytest.raises(ServiceError, match="PolicyTypeNotEnabledException"):
        attach(estate, policy, estate.root)
    enable(estate, "TAG_POLICY")
    attach(estate, policy, estate.root)
    assert attached(estate, estate.root, "TAG_POLICY") == [policy]
    assert attached(estate, estate.root) == [FULL_ACCESS]


def test_one_scp_stays_attached(estate: Estate) -> None:
    policy = a_policy(estate, "guard")
    with pytest.raises(ServiceError, match="ConstraintViolationException: You cannot remove the last") as refused:
        detach(estate, FULL_ACCESS, estate.root)
    assert refused.value.members == {"Reason": "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"}
    attach(estate, policy, estate.root)
    detach(estate, FULL_ACCESS, estate.root)
    assert attached(estate, estate.root) == [policy]
    assert targets(estate, FULL_ACCESS) == [estate.world.account_id]
    with pytest.raises(ServiceError, match="You cannot remove the last policy attached"):
        detach(estate, policy, estate.root)
    attach(estate, FULL_ACCESS, estate.root)
    detach(estate, policy, estate.root)
    assert attached(estate, estate.root) == [FULL_ACCESS]


@pytest.mark.parametrize(
    ("policy_type", "content", "most"),
    [
        pytest.param(SCP, DENY, 9, id="besides FullAWSAccess"),
        pytest.param(RCP, RCP_DENY, 4, id="besides RCPFullAWSAccess"),
        pytest.param("TAG_POLICY", '{"tags":{}}', 10, id="TAG_POLICY"),
        pytest.param("AISERVICES_OPT_OUT_POLICY", '{"services":{}}', 5, id="AISERVICES_OPT_OUT_POLICY"),
        pytest.param("CHATBOT_POLICY", '{"chatbot":{}}', 5, id="CHATBOT_POLICY"),
    ],
)
def test_so_many_policies_of_a_type_are_attached(estate: Estate, policy_type: str, content: str, most: int) -> None:
    if policy_type != SCP:
        enable(estate, policy_type)
    for number in range(most):
        attach(estate, a_policy(estate, f"policy {number}", policy_type, content), estate.root)
    more = a_policy(estate, "one more", policy_type, content)
    with pytest.raises(ServiceError, match="You have attached the maximum number of policies") as refused:
        attach(estate, more, estate.root)
    assert refused.value.members == {"Reason": "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"}
    attach(estate, more, estate.world.account_id)


def test_rcp_full_access_is_attached_to_everything_for_as_long_as_rcps_are_enabled(estate: Estate) -> None:
    unit = estate.unit("Sandbox")
    assert targets(estate, RCP_FULL_ACCESS) == attached(estate, unit, RCP) == []
    enable(estate, RCP)
    assert targets(estate, RCP_FULL_ACCESS) == [estate.world.account_id, unit, estate.root]
    assert attached(estate, unit, RCP) == [RCP_FULL_ACCESS]
    with pytest.raises(ServiceError, match="InvalidInputException: You can't detach") as refused:
        detach(estate, RCP_FULL_ACCESS, unit)
    assert refused.value.members == {"Reason": "NON_DETACHABLE_POLICY"}
    with pytest.raises(ServiceError, match="DuplicatePolicyAttachmentException"):
        attach(estate, RCP_FULL_ACCESS, unit)


def test_scps_begin_anew_when_they_are_enabled_again(estate: Estate) -> None:
    policy = a_policy(estate, "guard")
    attach(estate, policy, estate.root)
    detach(estate, FULL_ACCESS, estate.root)
    estate.call("DisablePolicyType", RootId=estate.root, PolicyType=SCP)
    assert attached(estate, estate.root) == targets(estate, FULL_ACCESS) == targets(estate, policy) == []
    enable(estate, SCP)
    assert attached(estate, estate.root) == [FULL_ACCESS]


@pytest.mark.parametrize("forgotten", ["policy", "target"])
def test_attaching_needs_the_permission_for_the_policy_and_for_the_target(estate: Estate, forgotten: str) -> None:
    policy = a_policy(estate, "guard")
    resources = {"policy": "policy/*", "target": "root/*"}
    statement = {
        "Effect": "Allow",
        "Action": ["organizations:AttachPolicy", "organizations:DetachPolicy"],
        "Resource": [f"arn:aws:organizations::*:{arn}" for name, arn in resources.items() if name != forgotten],
    }
    attacher = estate.world.user("attacher", [{"Version": "2012-10-17", "Statement": statement}])
    for operation in ("AttachPolicy", "DetachPolicy"):
        with pytest.raises(ServiceError, match=f"is not authorized to perform: organizations:{operation}"):
            estate.call_as(attacher, operation, PolicyId=policy, TargetId=estate.root)


def test_the_targets_of_full_access_are_listed_page_by_page(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    units = sorted(estate.unit(f"unit {number}") for number in range(5))
    everything = [estate.world.account_id, *units, estate.root]
    listed: list[str] = []
    token: dict[str, str] = {}
    for _ in everything:
        answer = estate.call("ListTargetsForPolicy", PolicyId=FULL_ACCESS, MaxResults=1, **token)
        listed += [each["TargetId"] for each in answer["Targets"]]
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
        # What is attached to what is found once: no later page walks over the tree.
        monkeypatch.setattr(Indexed, "sorted", None)
    assert listed == everything
    assert not token
