from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest

from carnet.services.organizations import account_creation
from carnet.services.organizations.service import organizations
from tests.services.iam.expect import set_quotas
from tests.services.organizations.estate import SERVICE, Estate
from tests.services.world import START, Caller, ServiceError, World

ASKED = {"AccountName": "Production", "Email": "production@example.com"}


def created(estate: Estate, **given: object) -> dict[str, Any]:
    """What became of a request to create an account."""
    request = estate.call("CreateAccount", **{**ASKED, **given})["CreateAccountStatus"]["Id"]
    status: dict[str, Any] = estate.call("DescribeCreateAccountStatus", CreateAccountRequestId=request)[
        "CreateAccountStatus"
    ]
    return status


def assumed(estate: Estate, account: str, role: str = "OrganizationAccountAccessRole") -> Caller:
    """A session of a role in an account, assumed by a user of the management account."""
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    admin = estate.world.user(f"admin-{account}", [{"Version": "2012-10-17", "Statement": allowed}])
    arn = f"arn:aws:iam::{account}:role/{role}"
    return estate.world.session(estate.world.call(admin, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="s"))


def test_an_account_is_created_in_the_background_for_whoever_asks(estate: Estate) -> None:
    status = estate.call("CreateAccount", **ASKED)["CreateAccountStatus"]
    assert re.fullmatch(r"car-[a-z0-9]{32}", status["Id"])
    assert status == {
        "Id": status["Id"],
        "AccountName": "Production",
        "State": "IN_PROGRESS",
        "RequestedTimestamp": START,
    }
    done = estate.call("DescribeCreateAccountStatus", CreateAccountRequestId=status["Id"])["CreateAccountStatus"]
    assert done == {**status, "State": "SUCCEEDED", "CompletedTimestamp": START, "AccountId": done["AccountId"]}
    account = estate.call("DescribeAccount", AccountId=done["AccountId"])["Account"]
    assert (account["Name"], account["Email"], account["Status"]) == ("Production", ASKED["Email"], "ACTIVE")
    assert account["JoinedMethod"] == "CREATED"
    assert account["Paths"] == [f"{estate.organization}/{estate.root}/{done['AccountId']}/"]


@pytest.mark.parametrize("name", ["OrganizationAccountAccessRole", "Admins"])
def test_the_management_account_administers_it_through_a_role(estate: Estate, name: str) -> None:
    given = {} if name == "OrganizationAccountAccessRole" else {"RoleName": name}
    account = created(estate, **given)["AccountId"]
    session = assumed(estate, account, name)
    role = estate.world.call(session, "GetRole", RoleName=name)["Role"]
    assert json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{estate.world.account_id}:root"},
            "Action": "sts:AssumeRole",
        }
    ]
    estate.world.call(session, "CreateUser", UserName="made-there")
    assert account in estate.world.snapshot.accounts


def test_nobody_else_assumes_the_role(estate: Estate) -> None:
    account = created(estate)["AccountId"]
    other = estate.member()
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    user = estate.world.user("other", [{"Version": "2012-10-17", "Statement": allowed}], root=other)
    with pytest.raises(ServiceError, match="is not authorized to perform: sts:AssumeRole"):
        estate.world.call(user, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="s")


def test_an_account_has_no_root_credentials_and_the_service_linked_role(estate: Estate) -> None:
    account = created(estate)["AccountId"]
    assert not estate.world.snapshot.accounts[account].keys_of(account)
    roles = estate.world.call(assumed(estate, account), "ListRoles")["Roles"]
    assert [role["RoleName"] for role in roles] == ["AWSServiceRoleForOrganizations", "OrganizationAccountAccessRole"]
    assert roles[0]["Path"] == "/aws-service-role/organizations.amazonaws.com/"


@pytest.mark.parametrize(
    ("email", "failure"),
    [
        ("production@example.com", None),
        ("TEST@example.com", "EMAIL_ALREADY_EXISTS"),
        ("a,b@example.com", "INVALID_EMAIL"),
    ],
)
def test_what_is_wrong_with_an_email_address_is_told_by_the_status(
    estate: Estate, email: str, failure: str | None
) -> None:
    before = len(estate.world.snapshot.accounts)
    status = created(estate, Email=email)
    assert status.get("FailureReason") == failure
    assert status["State"] == ("SUCCEEDED" if failure is None else "FAILED")
    assert len(estate.world.snapshot.accounts) == before + (failure is None)


def test_a_second_request_for_the_same_address_fails(estate: Estate) -> None:
    assert created(estate)["State"] == "SUCCEEDED"
    assert created(estate)["FailureReason"] == "EMAIL_ALREADY_EXISTS"


def test_requests_are_listed_by_state(estate: Estate) -> None:
    made, failed = created(estate), created(estate, Email="test@example.com")
    assert estate.call("ListCreateAccountStatus", States=["SUCCEEDED"])["CreateAccountStatuses"] == [made]
    assert estate.call("ListCreateAccountStatus", States=["FAILED"])["CreateAccountStatuses"] == [failed]
    assert estate.call("ListCreateAccountStatus", States=["IN_PROGRESS"])["CreateAccountStatuses"] == []
    first = estate.call("ListCreateAccountStatus", MaxResults=1)
    rest = estate.call("ListCreateAccountStatus", MaxResults=1, NextToken=first["NextToken"])
    both = first["CreateAccountStatuses"] + rest["CreateAccountStatuses"]
    assert both == sorted([made, failed], key=lambda status: str(status["Id"]))


def test_the_oldest_requests_are_forgotten(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_creation, "_STATUSES_KEPT", 2)
    ids = []
    for number in range(3):
        ids.append(created(estate, Email=f"a{number}@example.com")["Id"])
        estate.world.clock.advance(1)
    kept = estate.call("ListCreateAccountStatus")["CreateAccountStatuses"]
    assert {status["Id"] for status in kept} == set(ids[1:])
    with pytest.raises(ServiceError, match="CreateAccountStatusNotFoundException"):
        estate.call("DescribeCreateAccountStatus", CreateAccountRequestId=ids[0])


def test_an_organization_has_so_many_accounts(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CreateAccount", organizations, organization_accounts=2)
    created(estate)
    with pytest.raises(ServiceError, match="ConstraintViolationException: You have exceeded the allowed number"):
        estate.call("CreateAccount", AccountName="more", Email="more@example.com")
    assert len(estate.call("ListAccounts")["Accounts"]) == 2


def test_a_role_that_is_there_already_is_not_asked_for(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="InvalidInputException: You specified a role name that is reserved"):
        estate.call("CreateAccount", **ASKED, RoleName="awsserviceroleforORGANIZATIONS")
    assert len(estate.call("ListAccounts")["Accounts"]) == 1


def test_tags_are_of_the_new_account_and_need_a_permission(estate: Estate) -> None:
    tags = [{"Key": "team", "Value": "red"}]
    account = created(estate, Tags=tags)["AccountId"]
    view = estate.world.snapshot.organizations[estate.organization]
    node = view.node(account)
    assert node is not None
    assert node.tags == {"team": "red"}
    create = {"Effect": "Allow", "Action": "organizations:CreateAccount", "Resource": "*"}
    tag = {
        "Effect": "Allow",
        "Action": "organizations:TagResource",
        "Resource": f"arn:aws:organizations::{estate.world.account_id}:account/{estate.organization}/*",
        "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}},
    }
    creator = estate.world.user("creator", [{"Version": "2012-10-17", "Statement": create}])
    tagger = estate.world.user("tagger", [{"Version": "2012-10-17", "Statement": [create, tag]}])
    with pytest.raises(ServiceError, match="is not authorized to perform: organizations:TagResource"):
        estate.call_as(creator, "CreateAccount", AccountName="a", Email="a@example.com", Tags=tags)
    estate.call_as(creator, "CreateAccount", AccountName="b", Email="b@example.com")
    estate.call_as(tagger, "CreateAccount", AccountName="c", Email="c@example.com", Tags=tags)


def test_an_account_for_govcloud_needs_a_link_that_no_account_has(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="ConstraintViolationException: The management account has no associated"):
        estate.call("CreateGovCloudAccount", **ASKED)


def test_members_create_nothing(estate: Estate) -> None:
    member = estate.member()
    for operation in ("CreateAccount", "CreateGovCloudAccount"):
        with pytest.raises(ServiceError, match="AccessDeniedException: You don't have permissions"):
            estate.call_as(member, operation, **ASKED)


def test_an_organization_needs_the_permission_to_make_its_service_linked_role(world: World) -> None:
    create = {"Effect": "Allow", "Action": "organizations:CreateOrganization", "Resource": "*"}
    link = {
        "Effect": "Allow",
        "Action": "iam:CreateServiceLinkedRole",
        "Resource": "*",
        "Condition": {"StringEquals": {"iam:AWSServiceName": "organizations.amazonaws.com"}},
    }
    founder = world.user("founder", [{"Version": "2012-10-17", "Statement": create}])
    with pytest.raises(ServiceError, match="is not authorized to perform: iam:CreateServiceLinkedRole"):
        world.call(founder, "CreateOrganization", service=SERVICE)
    linker = world.user("linker", [{"Version": "2012-10-17", "Statement": [create, link]}])
    world.call(linker, "CreateOrganization", service=SERVICE)
    world.call(world.root, "GetRole", RoleName="AWSServiceRoleForOrganizations")
    world.call(world.root, "DeleteOrganization", service=SERVICE)
    world.call(founder, "CreateOrganization", service=SERVICE)  # the role is there by now
