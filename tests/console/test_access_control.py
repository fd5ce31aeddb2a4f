"""Console access control: policies for AWS Sign-In say from where principals of an account sign in, and who."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.console.access_control import ELSEWHERE
from carnet.console.outcomes import INCORRECT
from carnet.entities.browser_session import BrowserSession
from carnet.entities.console_authorization import ConsoleAuthorization
from carnet.entities.permission_statement import PermissionStatement
from carnet.policy.decision import Decision, Verdict
from carnet.services.signin.resource_policy import MOST_STATEMENTS
from tests.attacks.wire import audit
from tests.console.conftest import GOOD, Site
from tests.console.test_federation import assumed, login, role, token_of
from tests.console.test_login_consent import Program, refused, signin
from tests.services.iam.documents import allow

HERE, THERE = "127.0.0.0/8", "203.0.113.0/24"
BY_RESOURCE = "Authorization denied because of a resource-based policy"
VPC = {"sourceVpc": "vpc-0abc123def4567890", "requestedRegion": "eu-west-1"}


@pytest.fixture
def policy(site: Site) -> Iterator[Any]:
    """AWS Sign-In, asked by the root user of an account in which console authorization is enabled."""
    made = signin(site)
    made.put_console_authorization_configuration()
    yield made
    with site.server.installation.store.write() as unit:
        view = site.server.installation.directory.snapshot.accounts[site.account]
        for kind in (PermissionStatement, ConsoleAuthorization):
            for one in view.of(kind):
                unit.remove(one)
    site.server.installation.directory.catch_up()


def attempt(site: Site, user: str, password: str = GOOD) -> tuple[int, str]:
    page = site.browser.sign_in(account=site.account, name=user, password=password)
    return page.status, str(page.told.get("message", page.told.get("next")))


def last_problem(site: Site) -> str | None:
    event = audit(site.server)[-1]
    assert event["eventName"] == "ConsoleLogin"
    problem: str | None = event.get("errorMessage")
    return problem


def arn(site: Site, name: str) -> str:
    return f"arn:aws:iam::{site.account}:{name}"


def test_nobody_signs_in_from_another_network(site: Site, policy: Any) -> None:
    user = site.user()
    assert attempt(site, user) == (200, "done"), "nothing is said of any network"
    first = policy.put_resource_permission_statement(sourceIp=THERE)["statementId"]
    assert attempt(site, user) == (401, INCORRECT)
    assert last_problem(site) == BY_RESOURCE
    policy.put_resource_permission_statement(sourceIp=HERE)
    assert attempt(site, user) == (200, "done"), "one of the networks is enough"
    policy.delete_resource_permission_statement(statementId=first)
    assert attempt(site, user) == (200, "done")


def test_statements_count_for_nothing_until_console_authorization_is_enabled(site: Site, policy: Any) -> None:
    user = site.user()
    policy.put_resource_permission_statement(sourceIp=THERE)
    assert policy.delete_console_authorization_configuration()["consoleAuthorizationEnabled"] is False
    assert attempt(site, user) == (200, "done")
    policy.put_console_authorization_configuration()
    assert attempt(site, user)[0] == 401


def test_an_excluded_principal_signs_in_from_everywhere(site: Site, policy: Any) -> None:
    user, other = site.user(), site.user()
    policy.put_resource_permission_statement(sourceIp=THERE, excludedPrincipal=arn(site, f"user/{user}"))
    policy.put_resource_permission_statement(sourceIp="198.51.100.7")
    assert attempt(site, user) == (200, "done")
    assert attempt(site, other) == (401, INCORRECT)
    assert attempt(site, user, "wrong") == (401, INCORRECT)


def test_who_is_nobody_is_answered_alike(site: Site, policy: Any) -> None:
    policy.put_resource_permission_statement(sourceIp=THERE)
    assert attempt(site, "nobody") == (401, INCORRECT)
    event = audit(site.server)[-1]
    assert (event["errorMessage"], event["userIdentity"]["userName"]) == (BY_RESOURCE, "HIDDEN_DUE_TO_SECURITY_REASONS")
    assert attempt(site, site.user(), "wrong") == (401, INCORRECT)
    assert last_problem(site) == BY_RESOURCE


def test_the_root_user_is_no_exception(site: Site, policy: Any) -> None:
    given = {"kind": "root", "name": "nobody@example.com", "account": site.account, "password": "x"}
    policy.put_resource_permission_statement(sourceIp=THERE)
    assert site.browser.sign_in(**given).told["message"] == INCORRECT


def test_a_vpc_lets_nobody_in_but_who_is_excluded(site: Site, policy: Any) -> None:
    """No request comes through an endpoint of a VPC here."""
    user = site.user()
    policy.put_resource_permission_statement(**VPC, excludedPrincipal=arn(site, f"user/{user}"))
    assert attempt(site, user) == (200, "done")
    assert attempt(site, site.user()) == (401, INCORRECT)
    policy.put_resource_permission_statement(sourceIp=HERE)
    assert attempt(site, site.user()) == (200, "done")


def test_a_session_ends_where_nobody_may_sign_in(site: Site, policy: Any) -> None:
    """A cookie is worth nothing in another network; the policy moves here, instead of the browser."""
    browser = site.browser
    site.sign_in(browser, site.user())
    assert browser.is_signed_in()
    there = policy.put_resource_permission_statement(sourceIp=THERE)["statementId"]
    assert not browser.is_signed_in()
    policy.delete_resource_permission_statement(statementId=there)
    assert browser.is_signed_in(), "it is the same session"


def test_once_it_is_known_who_it_is_policies_of_the_principal_count(site: Site, policy: Any) -> None:
    user = site.user()
    denied = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "signin:*", "Resource": "*"}}
    site.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(denied))
    before = len(list(site.server.installation.directory.snapshot.accounts[site.account].of(BrowserSession)))
    assert attempt(site, user) == (401, ELSEWHERE)
    assert last_problem(site) == "Authorization denied because of an identity-based policy"
    after = len(list(site.server.installation.directory.snapshot.accounts[site.account].of(BrowserSession)))
    assert before == after
    policy.delete_console_authorization_configuration()
    assert attempt(site, user) == (200, "done")


def test_a_code_that_was_given_where_nobody_may_sign_in_is_used(site: Site, policy: Any) -> None:
    user = site.user()
    _, seed = site.app(user)
    site.later()
    denied = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "signin:*", "Resource": "*"}}
    site.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(denied))
    code = site.code(seed)
    flow = site.sign_in(site.browser, user)["flow"]
    assert site.browser.step("code", flow=flow, code=code).told["message"] == ELSEWHERE
    site.iam.delete_user_policy(UserName=user, PolicyName="p")
    assert site.browser.step("code", flow=flow, code=code).told["message"] == INCORRECT


def test_console_urls_are_held_to_it(site: Site, policy: Any) -> None:
    name = role(site)
    token = token_of(site, assumed(site, name))
    policy.put_resource_permission_statement(sourceIp=THERE)
    page = login(site.browser, token)
    assert (page.status, page.header("set-cookie")) == (403, None)
    assert "sign in from a different network" in page.text
    assert last_problem(site) == BY_RESOURCE
    policy.put_resource_permission_statement(sourceIp="198.51.100.7", excludedPrincipal=arn(site, f"role/{name}"))
    browser = site.browser
    assert login(browser, token).status == 200, "the token was not spent, and the role is excluded"
    assert browser.is_signed_in()


def test_aws_login_is_held_to_it(site: Site, policy: Any) -> None:
    program = Program(site)
    told = program.begun()
    there = policy.put_resource_permission_statement(sourceIp=THERE)["statementId"]
    refused(program.refresh(told["refreshToken"]), "INSUFFICIENT_PERMISSIONS")
    policy.delete_resource_permission_statement(statementId=there)
    assert program.refresh(told["refreshToken"])[0] == 200


def test_keys_are_not_held_to_it(site: Site, policy: Any) -> None:
    """So that who has locked the account unlocks it by the API."""
    policy.put_resource_permission_statement(sourceIp=THERE)
    assert site.iam.list_users()["Users"]


def test_policies_that_are_not_decided_let_nobody_in(site: Site, policy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    user, engine = site.user(), site.server.installation.execution.parts.engine
    unweighed = Decision(verdict=Verdict.IMPLICIT_DENY, layer=None, problem="too much")
    monkeypatch.setattr(type(engine), "decide", lambda *_: unweighed)
    assert attempt(site, user) == (401, INCORRECT)


def test_what_the_statements_say_is_one_policy(site: Site, policy: Any) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        policy.get_resource_policy()
    user = arn(site, "user/alice")
    policy.put_resource_permission_statement(sourceIp=HERE, excludedPrincipal=user)
    site.later(1)
    policy.put_resource_permission_statement(sourceIp="198.51.100.7")
    found = policy.get_resource_policy()["signinResourceBasedPolicy"]
    before, after = found["statement"]
    own = {"aws:ResourceAccount": [site.account]}
    assert (found["version"], before["action"]) == ("2012-10-17", ["signin:Authenticate"])
    assert before["condition"] == {
        "StringEquals": own,
        "ArnNotEquals": {"signin:PrincipalArn": [user]},
        "NotIpAddress": {"aws:SourceIp": [HERE, "198.51.100.7"]},
    }
    assert after == before | {
        "action": ["signin:CreateOAuth2Token", "signin:AuthorizeOAuth2Access"],
        "condition": before["condition"] | {"ArnNotEquals": {"aws:PrincipalArn": [user]}},
    }
    assert (before["effect"], before["principal"], before["resource"]) == ("Deny", {"AWS": "*"}, "*")


def test_a_vpc_is_pinned_to_its_region_and_addresses(site: Site, policy: Any) -> None:
    policy.put_resource_permission_statement(**VPC, signinSourceVpce="vpce-0123456789", vpcSourceIp="10.0.0.0/16")
    policy.put_resource_permission_statement(sourceIp=HERE)
    vpc = {"aws:SourceVpc": [VPC["sourceVpc"]]}
    own = {"aws:ResourceAccount": [site.account]}
    found = policy.get_resource_policy()["signinResourceBasedPolicy"]["statement"]
    assert [each["condition"] for each in found[:4]] == [
        {"NotIpAddressIfExists": {"aws:SourceIp": [HERE]}, "StringNotEquals": vpc, "StringEquals": own},
        {"StringEquals": vpc | own, "StringNotEquals": {"aws:SourceVpce": ["vpce-0123456789"]}},
        {"StringEquals": vpc | own, "StringNotEqualsIfExists": {"aws:RequestedRegion": ["eu-west-1"]}},
        {"StringEquals": vpc | own, "NotIpAddressIfExists": {"aws:VpcSourceIp": ["10.0.0.0/16"]}},
    ]
    assert len(found) == 8


def test_statements_are_listed_in_pages(site: Site, policy: Any) -> None:
    made = []
    for number in range(3):
        site.later(1)
        made.append(policy.put_resource_permission_statement(sourceIp=f"198.51.100.{number}")["statementId"])
    pages = policy.get_paginator("list_resource_permission_statements").paginate(PaginationConfig={"PageSize": 2})
    found = [each for page in pages for each in page["permissionStatements"]]
    assert [each["sid"] for each in found] == made
    assert found[0]["condition"] == {"NotIpAddress": {"aws:SourceIp": ["198.51.100.0"]}}


def test_one_statement_is_put_twice(site: Site, policy: Any) -> None:
    given = {"sourceIp": HERE, "clientToken": "one"}
    first = policy.put_resource_permission_statement(**given)
    assert policy.put_resource_permission_statement(**given)["statementId"] == first["statementId"]
    with pytest.raises(ClientError, match=r"ConflictException.*clientToken"):
        policy.put_resource_permission_statement(sourceIp=THERE, clientToken="one")
    policy.put_resource_permission_statement(**VPC)
    with pytest.raises(ClientError, match=r"ConflictException.*vpc-0abc"):
        policy.put_resource_permission_statement(**VPC, vpcSourceIp="10.0.0.0/8")


def test_there_are_only_so_many(site: Site, policy: Any) -> None:
    for number in range(MOST_STATEMENTS):
        policy.put_resource_permission_statement(sourceIp=f"198.51.100.{number}")
    policy.put_resource_permission_statement(sourceIp="198.51.100.0")
    with pytest.raises(ClientError, match="ServiceQuotaExceededException"):
        policy.put_resource_permission_statement(sourceIp="198.51.100.200")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"excludedPrincipal": "arn:aws:iam::111122223333:root"},
        {"sourceIp": "203.0.113.0/33"},
        {"sourceIp": "here"},
        {"sourceIp": "10.0.0.0/255.0.0.0"},
        {"sourceVpc": VPC["sourceVpc"]},
        {"sourceVpc": "vpc-1", "requestedRegion": "eu-west-1"},
        {"sourceIp": HERE, "requestedRegion": "eu-west-1"},
        {"sourceIp": HERE, "vpcSourceIp": "10.0.0.0/8"},
        {**VPC, "vpcSourceIp": "ten"},
        {"sourceIp": HERE, "excludedPrincipal": "arn:aws:s3:::bucket-of-mine"},
    ],
)
def test_a_statement_that_says_no_network_is_refused(site: Site, policy: Any, given: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        policy.put_resource_permission_statement(**given)
    assert policy.list_resource_permission_statements()["permissionStatements"] == []


def test_console_authorization_is_of_the_own_account(site: Site, policy: Any) -> None:
    told = policy.get_console_authorization_configuration(targetId=site.account)
    assert (told["targetId"], told["scope"], told["consoleAuthorizationEnabled"]) == (site.account, "ACCOUNT", True)
    assert policy.put_console_authorization_configuration()["consoleAuthorizationEnabled"] is True
    assert policy.delete_console_authorization_configuration()["targetId"] == site.account
    assert policy.get_console_authorization_configuration()["consoleAuthorizationEnabled"] is False
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        policy.delete_console_authorization_configuration()
    for other in ("999999999999", "o-a1b2c3d4e5", "r-a1b2c3d4e5"):
        with pytest.raises(ClientError, match="AccessDeniedException"):
            policy.put_console_authorization_configuration(targetId=other)


def test_who_is_not_allowed_changes_nothing(site: Site, policy: Any) -> None:
    user = site.user()
    keys = site.iam.create_access_key(UserName=user)["AccessKey"]
    own = signin(site, keys["AccessKeyId"], keys["SecretAccessKey"])
    with pytest.raises(ClientError, match="AccessDenied"):
        own.put_resource_permission_statement(sourceIp=THERE)
    with pytest.raises(ClientError, match="AccessDenied"):
        own.delete_console_authorization_configuration()
    site.iam.put_user_policy(
        UserName=user, PolicyName="p", PolicyDocument=json.dumps(allow("signin:PutResourcePermissionStatement"))
    )
    assert own.put_resource_permission_statement(sourceIp=THERE)["statementId"]


def test_no_access_token_is_made_from_another_network(site: Site, policy: Any) -> None:
    policy.put_resource_permission_statement(sourceIp=THERE)
    asked = {"grantType": "client_credentials", "resource": "aws-mcp.amazonaws.com"}
    with pytest.raises(ClientError, match=r"AccessDenied.*explicit deny in a resource-based policy"):
        policy.create_oauth2_token_with_iam(**asked)
    policy.put_resource_permission_statement(sourceIp=HERE)
    assert policy.create_oauth2_token_with_iam(**asked)["accessToken"]
