"""Console access control for the accounts of an organization, by resource control policies and from one place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.console.access_control import ELSEWHERE
from carnet.console.outcomes import INCORRECT
from carnet.entities.membership import Membership
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.services.accounts import NewAccounts, create_accounts
from tests.attacks.wire import audit
from tests.console.conftest import GOOD, Site
from tests.console.test_login_consent import signin

POLICY = "RESOURCE_CONTROL_POLICY"
THERE = "203.0.113.0/24"


class Member:
    """An account of the organization, with one user who has a password."""

    def __init__(self, site: Site, organizations: Any) -> None:
        here = site.server.installation
        (made,) = create_accounts(
            here.store,
            here.keyring,
            here.ids,
            NewAccounts(names=("m",), emails=("m@x.example",), partition="aws"),
            now=here.clock(),
        )
        (root,) = organizations.list_roots()["Roots"]
        self.site, self.account, self.root = site, made.account, root["Id"]
        self.organization: str = organizations.describe_organization()["Organization"]["Id"]
        with here.store.write() as unit:
            unit.add(Membership(account=made.account, organization=self.organization))
            unit.add(
                OrganizationAccount(
                    id=made.account,
                    organization=self.organization,
                    parent=self.root,
                    joined_method=JoinedMethod.CREATED,
                    joined=here.clock(),
                )
            )
        here.directory.catch_up()
        self.keys = made.access_key_id, made.secret_access_key
        iam = site.server.client("iam", *self.keys)
        iam.create_user(UserName="someone")
        iam.create_login_profile(UserName="someone", Password=GOOD)

    def attempt(self) -> tuple[int, str]:
        page = self.site.browser.sign_in(account=self.account, name="someone", password=GOOD)
        return page.status, str(page.told.get("message", page.told.get("next")))


@pytest.fixture(scope="module")
def organizations(site: Site) -> Any:
    made = site.server.client("organizations")
    made.create_organization(FeatureSet="ALL")
    (root,) = made.list_roots()["Roots"]
    made.enable_policy_type(RootId=root["Id"], PolicyType=POLICY)
    return made


@pytest.fixture(scope="module")
def member(site: Site, organizations: Any) -> Member:
    return Member(site, organizations)


def bound(organizations: Any, account: str, action: str, condition: dict[str, Any]) -> str:
    """The id of a new RCP that denies an action in an account."""
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition}
    made = organizations.create_policy(
        Name=f"deny-{action.replace(':', '-')}",
        Description="",
        Type=POLICY,
        Content=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=made, TargetId=account)
    return str(made)


@pytest.mark.parametrize(
    ("action", "key", "sentence"),
    [
        ("signin:Authenticate", "signin:PrincipalArn", INCORRECT),
        ("signin:AuthorizeOAuth2Access", "aws:PrincipalArn", ELSEWHERE),
        ("signin:CreateOAuth2Token", "aws:PrincipalArn", ELSEWHERE),
    ],
)
def test_a_resource_control_policy_keeps_a_network_out(
    site: Site, organizations: Any, member: Member, action: str, key: str, sentence: str
) -> None:
    excluded = f"arn:aws:iam::{member.account}:user/{{}}"
    own = signin(site)
    network = {"NotIpAddress": {"aws:SourceIp": THERE}}
    policies = [bound(organizations, member.account, action, network)]
    assert member.attempt() == (200, "done"), "console authorization is not enabled"
    own.put_console_authorization_configuration(targetId=member.organization)
    try:
        assert member.attempt() == (401, sentence)
        problem = audit(site.server)[-1]["errorMessage"]
        assert problem == "Authorization denied because of a resource control policy"
        organizations.detach_policy(PolicyId=policies[0], TargetId=member.account)
        organizations.delete_policy(PolicyId=policies.pop())
        for name, answer in (("someone", (200, "done")), ("else", (401, sentence))):
            condition = {**network, "ArnNotEquals": {key: excluded.format(name)}}
            policies.append(bound(organizations, member.account, action, condition))
            assert member.attempt() == answer
            organizations.detach_policy(PolicyId=policies[0], TargetId=member.account)
            organizations.delete_policy(PolicyId=policies.pop())
    finally:
        own.delete_console_authorization_configuration(targetId=member.organization)


def test_the_statements_of_a_member_hold_if_the_organization_says_so(site: Site, member: Member) -> None:
    own, of_member = signin(site), signin(site, *member.keys)
    made = of_member.put_resource_permission_statement(sourceIp=THERE)["statementId"]
    assert member.attempt() == (200, "done")
    told = own.put_console_authorization_configuration(targetId=member.organization)
    assert (told["scope"], told["targetId"]) == ("ORGANIZATION", member.organization)
    assert member.attempt() == (401, INCORRECT)
    of_member.delete_resource_permission_statement(statementId=made)
    assert member.attempt() == (200, "done")
    own.delete_console_authorization_configuration(targetId=member.organization)


def test_a_member_says_nothing_for_its_organization(site: Site, member: Member) -> None:
    of_member = signin(site, *member.keys)
    for ask in (
        of_member.put_console_authorization_configuration,
        of_member.get_console_authorization_configuration,
        of_member.delete_console_authorization_configuration,
    ):
        with pytest.raises(ClientError, match="AccessDeniedException"):
            ask(targetId=member.organization)
