from __future__ import annotations

import pytest

from carnet.services.organizations.quotas import OrganizationsQuotas
from tests.services.organizations.estate import Estate, delegating
from tests.services.world import Caller, ServiceError

MOST = OrganizationsQuotas().resource_policy_size


@pytest.fixture
def member(estate: Estate) -> Caller:
    return estate.member()


def test_the_policy_is_put_described_replaced_and_deleted(estate: Estate, member: Caller) -> None:
    account = estate.account_of(member)
    content = delegating(f"arn:aws:iam::{account}:root", "organizations:ListAccounts")
    with pytest.raises(ServiceError, match="ResourcePolicyNotFoundException: No resource-based policy found"):
        estate.call("DescribeResourcePolicy")
    put = estate.call("PutResourcePolicy", Content=content)["ResourcePolicy"]
    summary = put["ResourcePolicySummary"]
    policy_arn = f"resourcepolicy/{estate.organization}/{summary['Id']}"
    assert put == {
        "ResourcePolicySummary": {
            "Id": summary["Id"],
            "Arn": f"arn:aws:organizations::{estate.world.account_id}:{policy_arn}",
        },
        "Content": content,
    }
    other = delegating(f"arn:aws:iam::{account}:root", "organizations:ListRoots")
    replaced = estate.call("PutResourcePolicy", Content=other)["ResourcePolicy"]
    assert replaced == {"ResourcePolicySummary": summary, "Content": other}
    assert estate.call("DescribeResourcePolicy")["ResourcePolicy"] == replaced
    estate.call("DeleteResourcePolicy")
    with pytest.raises(ServiceError, match="ResourcePolicyNotFoundException"):
        estate.call("DeleteResourcePolicy")


def test_a_member_may_what_the_policy_and_its_own_policies_allow(estate: Estate, member: Caller) -> None:
    account = estate.account_of(member)
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "organizations:*", "Resource": "*"}}
    allowed = estate.world.user("allowed", [allow], root=member)
    powerless = estate.world.user("powerless", root=member)
    with pytest.raises(ServiceError, match="You don't have permissions"):
        estate.call_as(allowed, "ListAccounts")
    estate.call("PutResourcePolicy", Content=delegating(account, "organizations:ListAccounts"))
    assert len(estate.call_as(allowed, "ListAccounts")["Accounts"]) == 2
    with pytest.raises(ServiceError, match="no identity-based policy allows the organizations:ListAccounts action"):
        estate.call_as(powerless, "ListAccounts")
    with pytest.raises(ServiceError, match="no resource-based policy allows the organizations:ListRoots action"):
        estate.call_as(allowed, "ListRoots")
    with pytest.raises(ServiceError, match="AccessDeniedException"):
        estate.call_as(estate.world.user("other", [allow], root=estate.member()), "ListAccounts")
    with pytest.raises(ServiceError, match="You don't have permissions"):
        estate.call_as(allowed, "DeleteResourcePolicy")


def test_a_member_may_change_what_it_is_delegated(estate: Estate, member: Caller) -> None:
    content = delegating(estate.account_of(member), "organizations:TagResource", Resource="*:root/*")
    estate.call("PutResourcePolicy", Content=content.replace("*:root/*", "arn:aws:organizations::*:root/*"))
    tags = [{"Key": "a", "Value": "b"}]
    estate.call_as(member, "TagResource", ResourceId=estate.root, Tags=tags)
    with pytest.raises(ServiceError, match="no resource-based policy allows"):
        estate.call_as(member, "TagResource", ResourceId=estate.unit("u"), Tags=tags)


@pytest.mark.parametrize(
    "action",
    [
        "organizations:*",
        "*",
        "organizations:CloseAccount",
        "organizations:Put*",
        "iam:ListUsers",
        "organizations:Nothing",
    ],
)
def test_actions_that_cannot_be_delegated(estate: Estate, member: Caller, action: str) -> None:
    with pytest.raises(ServiceError, match="is not a supported action for this") as caught:
        estate.call("PutResourcePolicy", Content=delegating(estate.account_of(member), action))
    assert f": {action} is not a supported action for this resource-based policy." in str(caught.value)


@pytest.mark.parametrize("action", ["organizations:ListAcc*", "organizations:Describe*", "organizations:List*"])
def test_a_pattern_of_actions_that_can_be_delegated(estate: Estate, member: Caller, action: str) -> None:
    estate.call("PutResourcePolicy", Content=delegating(estate.account_of(member), action))


def test_principals_outside_the_organization_are_refused(estate: Estate) -> None:
    stranger = estate.account_of(estate.world.account())
    for principal in (stranger, f"arn:aws:iam::{stranger}:root"):
        with pytest.raises(ServiceError, match="InvalidInputException: You specified a principal that is invalid"):
            estate.call("PutResourcePolicy", Content=delegating(principal, "organizations:ListRoots"))


@pytest.mark.parametrize("principal", [{"Federated": "cognito-identity.amazonaws.com"}, {"CanonicalUser": "0" * 64}])
def test_principals_of_other_kinds_are_refused(estate: Estate, principal: object) -> None:
    content = delegating("x", "organizations:DescribePolicy", Principal=principal)
    with pytest.raises(ServiceError, match="InvalidInputException: You specified a principal that is invalid"):
        estate.call("PutResourcePolicy", Content=content)


@pytest.mark.parametrize("principal", [{"Service": "kms.amazonaws.com"}, "*", {"AWS": "*"}])
def test_services_and_everybody_may_be_named(estate: Estate, principal: object) -> None:
    content = delegating("x", "organizations:DescribePolicy", Principal=principal)
    assert estate.call("PutResourcePolicy", Content=content)["ResourcePolicy"]["Content"] == content


def test_a_document_is_kept_with_its_version_and_with_accounts_as_the_arns_of_their_roots(
    estate: Estate, member: Caller
) -> None:
    account = estate.account_of(member)
    versionless = delegating(account, "organizations:DescribePolicy").replace('"Version":"2012-10-17",', " ")
    kept = delegating(f"arn:aws:iam::{account}:root", "organizations:DescribePolicy").replace("2012", "2008")
    assert estate.call("PutResourcePolicy", Content=versionless)["ResourcePolicy"]["Content"] == kept
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "organizations:*", "Resource": "*"}}
    allowed = estate.world.user("allowed", [allow], root=member)
    with pytest.raises(ServiceError, match="PolicyNotFoundException"):
        estate.call_as(allowed, "DescribePolicy", PolicyId="p-12345678")


def negated(content: str, element: str) -> str:
    return content.replace(f'"{element}"', f'"Not{element}"')


def test_what_is_no_policy_is_refused(estate: Estate, member: Caller) -> None:
    account = estate.account_of(member)
    content = delegating(account, "organizations:DescribePolicy")
    for wrong in (
        "{}",
        delegating("444455556666", "organizations:DescribePolicy"),
        delegating("arn:aws:iam::444455556666:root", "organizations:DescribePolicy"),
        delegating(f"arn:aws:iam::{account}:role/nobody", "organizations:DescribePolicy"),
        delegating("x", "organizations:DescribePolicy", Principal={"Service": "nobody.amazonaws.com"}),
        *(negated(content, element) for element in ("Action", "Resource", "Principal")),
    ):
        with pytest.raises(ServiceError, match="InvalidInputException: This resource-based policy contains invalid"):
            estate.call("PutResourcePolicy", Content=wrong)


def test_tags_are_for_a_new_policy(estate: Estate, member: Caller) -> None:
    content = delegating(estate.account_of(member), "organizations:ListRoots")
    tags = [{"Key": "a", "Value": "b"}]
    put = estate.call("PutResourcePolicy", Content=content, Tags=tags)["ResourcePolicy"]["ResourcePolicySummary"]
    assert estate.call("ListTagsForResource", ResourceId=put["Id"])["Tags"] == tags
    with pytest.raises(ServiceError, match="ConstraintViolationException: Adding tags on updating an existing"):
        estate.call("PutResourcePolicy", Content=content, Tags=tags)
    assert estate.call("PutResourcePolicy", Content=content, Tags=[])["ResourcePolicy"]["ResourcePolicySummary"] == put
