"""Account assignments, and the roles that come of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from carnet.entities.membership import KEPT_CLOSED, Membership
from carnet.entities.saml_provider import SamlProvider
from carnet.services.closed_accounts import remove_closed_accounts
from tests.services.sso_admin.center import ADMINISTRATOR, INLINE, READ_ONLY, Center
from tests.services.world import Caller, ServiceError

ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DELEGATED = "sso.amazonaws.com"


def _account(center: Center) -> str:
    """A new member of the organization."""
    return center.estate.account_of(center.estate.member())


def test_an_assignment_makes_a_role(center: Center) -> None:
    account, user = _account(center), center.user("role-of")
    arn = center.permission_set("Making", READ_ONLY, Description="reads", SessionDuration="PT2H")
    center.call("PutInlinePolicyToPermissionSet", PermissionSetArn=arn, InlinePolicy=INLINE)
    boundary = {"ManagedPolicyArn": ADMINISTRATOR}
    center.call("PutPermissionsBoundaryToPermissionSet", PermissionSetArn=arn, PermissionsBoundary=boundary)
    assert center.assign(arn, account, user)["Status"] == "SUCCEEDED"
    role = center.role(account)
    assert role.name.startswith("AWSReservedSSO_Making_")
    assert len(role.name.removeprefix("AWSReservedSSO_Making_")) == 16
    assert role.path == "/aws-reserved/sso.amazonaws.com/"
    assert (role.max_session_seconds, role.description, role.tags) == (43_200, "reads", {})
    assert (role.attached, role.inline, role.boundary) == (
        (READ_ONLY,),
        {"AwsSSOInlinePolicy": INLINE},
        ADMINISTRATOR,
    )
    (provider,) = center.world.snapshot.accounts[account].of(SamlProvider)
    assert provider.name.startswith("AWSSSO_")
    assert provider.name.endswith("_DO_NOT_DELETE")
    (statement,) = json.loads(role.trust)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Federated": provider.arn},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    }


def test_the_path_names_another_region(world: Any) -> None:
    from tests.services.sso_admin.center import a_center

    center = a_center(world, region="eu-west-1")
    account = _account(center)
    center.assign(center.permission_set(), account, center.user())
    assert center.role(account).path == "/aws-reserved/sso.amazonaws.com/eu-west-1/"


def test_the_last_removal_takes_the_role_away_and_a_new_one_has_another_name(center: Center) -> None:
    account, one, other = _account(center), center.user("last-one"), center.user("last-other")
    arn, second = center.permission_set("Last"), center.permission_set("Second")
    for user in (one, other):
        center.assign(arn, account, user)
    center.assign(second, account, one)
    before = next(role for role in center.roles(account) if "_Last_" in role.name)
    assert center.unassign(arn, account, one)["Status"] == "SUCCEEDED"
    assert before in center.roles(account)
    center.unassign(arn, account, other)
    assert before not in center.roles(account)
    assert len(center.world.snapshot.accounts[account].of(SamlProvider)) == 1
    center.unassign(second, account, one)
    assert center.roles(account) == []
    assert len(center.world.snapshot.accounts[account].of(SamlProvider)) == 0
    center.assign(arn, account, one)
    assert center.role(account).name != before.name


def test_an_equal_assignment_is_no_error(center: Center) -> None:
    account, user, arn = _account(center), center.user("equal"), center.permission_set("Equal")
    assert [center.assign(arn, account, user)["Status"] for _ in range(2)] == ["SUCCEEDED", "SUCCEEDED"]
    listed = center.call("ListAccountAssignments", AccountId=account, PermissionSetArn=arn)["AccountAssignments"]
    told = {"AccountId": account, "PermissionSetArn": arn, "PrincipalType": "USER", "PrincipalId": user}
    assert listed == [told]


def test_what_is_assigned_to_nobody_fails_and_leaves_nothing(center: Center) -> None:
    account, arn = _account(center), center.permission_set("Nobody")
    nobody, group = f"{center.instance.identity_store[2:]}-00000000-0000-4000-8000-000000000000", center.group()
    told = center.assign(arn, account, nobody, "GROUP")
    assert told["Status"] == "FAILED"
    assert told["FailureReason"] == (
        f"Received a 404 status error: the GROUP assignee {nobody} was not found in directory "
        f"{center.instance.identity_store}"
    )
    assert center.assign(arn, account, group, "USER")["Status"] == "FAILED"
    assert center.roles(account) == []


def test_a_removal_of_what_is_not_there_fails(center: Center) -> None:
    account, user, arn = _account(center), center.user("gone"), center.permission_set("Gone")
    told = center.unassign(arn, account, user)
    assert (told["Status"], told["FailureReason"]) == (
        "FAILED",
        f"Received a 404 status error: Permission set provision not found in AWS account {account}.",
    )
    center.assign(arn, account, user)
    told = center.unassign(arn, account, center.user("gone-other"))
    assert told["FailureReason"] == "Received a 404 status error: Assignment not found."
    assert len(center.roles(account)) == 1


@pytest.mark.parametrize("kind", ["USER", "GROUP"])
def test_an_assignment_of_nobody_any_more_is_listed_and_removed(center: Center, kind: str) -> None:
    """As at AWS, who deletes a person does not delete what was assigned to it; nobody gets in by it."""
    account, arn = _account(center), center.permission_set(f"Orphan{kind}")
    principal = center.user(f"orphan-{kind}") if kind == "USER" else center.group(name=f"orphan-{kind}")
    center.assign(arn, account, principal, kind)
    store, operation = {"IdentityStoreId": center.instance.identity_store}, f"Delete{kind.capitalize()}"
    named = {f"{kind.capitalize()}Id": principal}
    center.world.call(center.world.root, operation, service="identitystore", **store, **named)
    listed = center.call("ListAccountAssignments", AccountId=account, PermissionSetArn=arn)["AccountAssignments"]
    assert [each["PrincipalId"] for each in listed] == [principal]
    assert center.assign(arn, account, principal, kind)["Status"] == "FAILED"
    again = center.user(f"orphan-{kind}") if kind == "USER" else center.group(name=f"orphan-{kind}")
    assert again != principal
    assert len(center.roles(account)) == 1
    assert center.unassign(arn, account, principal, kind)["Status"] == "SUCCEEDED"
    assert center.roles(account) == []


def test_assignments_in_an_account_that_is_gone_are_listed_and_removed(own_center: Center) -> None:
    """The permission set is held until then, and goes afterwards."""
    center, member = own_center, own_center.estate.member()
    account, arn, user = center.estate.account_of(member), center.permission_set("Gone"), center.user("of-gone")
    center.assign(arn, account, user)
    center.estate.call("CloseAccount", AccountId=account)
    store = center.world.installation.store
    center.save(
        Membership(account=account, organization=center.estate.organization, closed=store.clock() - KEPT_CLOSED)
    )
    lease = store.leases.take("closed-accounts", "me")
    assert lease is not None
    list(remove_closed_accounts(store, lease, clock=center.world.clock))
    center.world.installation.directory.catch_up()
    assert account not in center.world.snapshot.accounts
    listed = center.call("ListAccountAssignments", AccountId=account, PermissionSetArn=arn)["AccountAssignments"]
    assert [each["PrincipalId"] for each in listed] == [user]
    with pytest.raises(ServiceError, match="ConflictException"):
        center.call("DeletePermissionSet", PermissionSetArn=arn)
    assert center.unassign(arn, account, user)["Status"] == "SUCCEEDED"
    assert center.call("ListAccountAssignments", AccountId=account, PermissionSetArn=arn)["AccountAssignments"] == []
    center.call("DeletePermissionSet", PermissionSetArn=arn)


def test_accounts_of_other_organizations_are_not_found(center: Center) -> None:
    arn, user = center.permission_set("Outside"), center.user("outside")
    outside = center.estate.account_of(center.world.account())
    for account in (outside, "999999999999"):
        with pytest.raises(ServiceError, match=f"ResourceNotFoundException: Could not find account {account}"):
            center.assign(arn, account, user)


def test_in_a_closed_account_nothing_is_assigned(center: Center) -> None:
    arn, user, account = center.permission_set("Closed"), center.user("closed"), _account(center)
    center.estate.call("CloseAccount", AccountId=account)
    with pytest.raises(ServiceError, match=f"ResourceNotFoundException: Could not find account {account}"):
        center.assign(arn, account, user)
    assert center.roles(account) == []


def test_an_assignment_needs_the_permission_on_the_set_the_instance_and_the_account(center: Center) -> None:
    arn, user, account = center.permission_set("Three"), center.user("three"), _account(center)
    other = _account(center)
    needed = [arn, center.instance.arn, f"arn:aws:sso:::account/{account}"]
    reading = {"Effect": "Allow", "Action": "sso:Describe*", "Resource": "*"}

    def caller(name: str, resources: list[str]) -> Caller:
        actions = ["sso:CreateAccountAssignment", "sso:DeleteAccountAssignment", "sso:ListAccountAssignments"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
        return center.world.user(name, [{"Version": "2012-10-17", "Statement": [statement, reading]}])

    whole = caller("all-three", needed)
    for number, left_out in enumerate(needed):
        half = caller(f"two-of-three-{number}", [each for each in needed if each != left_out])
        for change in (center.assign, center.unassign):
            with pytest.raises(ServiceError, match=f"AccessDeniedException.*{left_out}"):
                change(arn, account, user, caller=half)
        with pytest.raises(ServiceError, match=f"AccessDeniedException.*{left_out}"):
            center.call_as(half, "ListAccountAssignments", PermissionSetArn=arn, AccountId=account)
    with pytest.raises(ServiceError, match=f"AccessDeniedException.*account/{other}"):
        center.assign(arn, other, user, caller=whole)
    assert center.assign(arn, account, user, caller=whole)["Status"] == "SUCCEEDED"
    assert center.unassign(arn, account, user, caller=whole)["Status"] == "SUCCEEDED"


def test_a_boundary_has_to_be_in_the_account(center: Center) -> None:
    """A role without the boundary that is wanted would have more permissions than were given."""
    account, user, arn = _account(center), center.user("bounded"), center.permission_set("Bounded", READ_ONLY)
    boundary = {"CustomerManagedPolicyReference": {"Name": "bound", "Path": "/"}}
    center.call("PutPermissionsBoundaryToPermissionSet", PermissionSetArn=arn, PermissionsBoundary=boundary)
    told = center.assign(arn, account, user)
    policy = f"arn:aws:iam::{account}:policy/bound"
    assert (told["Status"], told["FailureReason"]) == (
        "FAILED",
        f"Received a 404 status error: Not supported policy {policy}.",
    )
    assert center.roles(account) == []


def test_a_customer_policy_has_to_be_in_the_account(center: Center) -> None:
    member = center.estate.member()
    account, user, arn = center.estate.account_of(member), center.user("customer"), center.permission_set("Customer")
    reference = {"Name": "own", "Path": "/team/"}
    center.call(
        "AttachCustomerManagedPolicyReferenceToPermissionSet",
        PermissionSetArn=arn,
        CustomerManagedPolicyReference=reference,
    )
    own = f"arn:aws:iam::{account}:policy/team/own"
    told = center.assign(arn, account, user)
    assert told["FailureReason"] == f"Received a 404 status error: Not supported policy {own}."
    center.world.call(member, "CreatePolicy", PolicyName="own", Path="/", PolicyDocument=INLINE)
    assert center.assign(arn, account, user)["Status"] == "FAILED"  # its path is another
    center.world.call(member, "DeletePolicy", PolicyArn=own.replace("/team", ""))
    center.world.call(member, "CreatePolicy", PolicyName="own", Path="/team/", PolicyDocument=INLINE)
    assert center.assign(arn, account, user)["Status"] == "SUCCEEDED"
    assert center.role(account).attached == (own,)


def test_a_change_is_in_force_when_it_is_provisioned(center: Center) -> None:
    account, user, arn = _account(center), center.user("change"), center.permission_set("Change", READ_ONLY)
    center.assign(arn, account, user)
    before = center.role(account)
    center.call("AttachManagedPolicyToPermissionSet", PermissionSetArn=arn, ManagedPolicyArn=ADMINISTRATOR)
    assert center.role(account) == before
    latest, outdated = "LATEST_PERMISSION_SET_PROVISIONED", "LATEST_PERMISSION_SET_NOT_PROVISIONED"

    def accounts(status: str) -> list[str]:
        given = {"PermissionSetArn": arn, "ProvisioningStatus": status}
        of_account = {"AccountId": account, "ProvisioningStatus": status}
        sets = center.call("ListPermissionSetsProvisionedToAccount", **of_account)["PermissionSets"]
        found: list[str] = center.call("ListAccountsForProvisionedPermissionSet", **given)["AccountIds"]
        assert (account in found) == (arn in sets)
        return found

    assert (accounts(latest), accounts(outdated)) == ([], [account])
    given = {"PermissionSetArn": arn, "TargetType": "ALL_PROVISIONED_ACCOUNTS"}
    begun = center.call("ProvisionPermissionSet", **given)["PermissionSetProvisioningStatus"]
    asked = {"ProvisionPermissionSetRequestId": begun["RequestId"]}
    told = center.call("DescribePermissionSetProvisioningStatus", **asked)["PermissionSetProvisioningStatus"]
    assert (begun["Status"], told["Status"]) == ("IN_PROGRESS", "SUCCEEDED")
    assert (accounts(latest), accounts(outdated)) == ([account], [])
    assert center.role(account) == replace(before, attached=(READ_ONLY, ADMINISTRATOR))
    # What is taken back is as it was provisioned.
    center.call("DetachManagedPolicyFromPermissionSet", PermissionSetArn=arn, ManagedPolicyArn=ADMINISTRATOR)
    center.call("AttachManagedPolicyToPermissionSet", PermissionSetArn=arn, ManagedPolicyArn=ADMINISTRATOR)
    assert accounts(latest) == [account]


def test_a_permission_set_is_provisioned_without_an_assignment(center: Center) -> None:
    account, arn = _account(center), center.permission_set("Without")
    given = {"PermissionSetArn": arn, "TargetType": "AWS_ACCOUNT"}
    with pytest.raises(ServiceError, match="ValidationException: TargetId is required"):
        center.call("ProvisionPermissionSet", **given)
    center.call("ProvisionPermissionSet", TargetId=account, **given)
    assert len(center.roles(account)) == 1
    with pytest.raises(ServiceError, match="ConflictException: PermissionSet has ApplicationProfile associated"):
        center.call("DeletePermissionSet", PermissionSetArn=arn)
    with pytest.raises(ServiceError, match="ValidationException: TargetId cannot"):
        center.call(
            "ProvisionPermissionSet", PermissionSetArn=arn, TargetId=account, TargetType="ALL_PROVISIONED_ACCOUNTS"
        )


def test_a_permission_set_in_use_is_not_deleted(center: Center) -> None:
    account, user, arn = _account(center), center.user("in-use"), center.permission_set("InUse")
    center.assign(arn, account, user)
    with pytest.raises(ServiceError, match="ConflictException: PermissionSet has ApplicationProfile associated"):
        center.call("DeletePermissionSet", PermissionSetArn=arn)
    center.unassign(arn, account, user)
    center.call("DeletePermissionSet", PermissionSetArn=arn)


def test_an_account_has_fifty_permission_sets_at_most(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    from carnet.services.sso_admin.service import sso_admin

    quotas = replace(sso_admin.quotas, permission_sets_per_account=1)  # type: ignore[type-var]
    account, user = _account(center), center.user("fifty")
    for name in ("CreateAccountAssignment",):
        operation = sso_admin.operations[name]
        monkeypatch.setitem(sso_admin.operations, name, replace(operation, quotas=quotas))
    one, other = center.permission_set("Fifty"), center.permission_set("FiftyOne")
    center.assign(one, account, user)
    center.assign(one, account, center.user("fifty-other"))
    with pytest.raises(ServiceError, match="ServiceQuotaExceededException"):
        center.assign(other, account, user)


def test_a_person_has_what_its_groups_have(center: Center) -> None:
    account, user = _account(center), center.user("grouped")
    group = center.group(user, name="grouped")
    direct, through = center.permission_set("Direct"), center.permission_set("Through")
    center.assign(direct, account, user)
    center.assign(through, account, group, "GROUP")

    def told(principal: str, kind: str, **given: object) -> set[tuple[str, str]]:
        asked = {"PrincipalId": principal, "PrincipalType": kind, **given}
        answer = center.call("ListAccountAssignmentsForPrincipal", **asked)["AccountAssignments"]
        return {(each["PermissionSetArn"], each["PrincipalId"]) for each in answer}

    assert told(user, "USER") == {(direct, user), (through, group)}
    assert told(group, "GROUP") == {(through, group)}
    assert told(user, "USER", Filter={"AccountId": "999999999999"}) == set()
    assert told(user, "GROUP") == set()


def test_requests_are_listed_by_status_and_forgotten(own_center: Center) -> None:
    center = own_center
    account, user, arn = _account(center), center.user(), center.permission_set()
    center.assign(arn, account, user)
    center.assign(arn, account, user.replace("-", "-0", 1)[:47])
    told: dict[str, Any] = {}
    for status in ("SUCCEEDED", "FAILED"):
        answer = center.call("ListAccountAssignmentCreationStatus", Filter={"Status": status})
        (told,) = answer["AccountAssignmentsCreationStatus"]
        assert told["Status"] == status
    assert center.call("ListAccountAssignmentDeletionStatus")["AccountAssignmentsDeletionStatus"] == []
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("DescribeAccountAssignmentDeletionStatus", AccountAssignmentDeletionRequestId=told["RequestId"])
    asked = {"AccountAssignmentCreationRequestId": told["RequestId"]}
    center.world.clock.advance(30 * 86_400 - 1)
    assert center.call("DescribeAccountAssignmentCreationStatus", **asked)
    assert len(center.call("ListAccountAssignmentCreationStatus")["AccountAssignmentsCreationStatus"]) == 2
    center.world.clock.advance(1)
    assert center.call("ListAccountAssignmentCreationStatus")["AccountAssignmentsCreationStatus"] == []
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("DescribeAccountAssignmentCreationStatus", **asked)


class TestManagementAccount:
    """In the management account AWS acts with the rights of who asks (attack 23), and a delegate has no say (22)."""

    @staticmethod
    def _caller(center: Center, name: str, *statements: dict[str, Any]) -> Caller:
        allowed = {"Effect": "Allow", "Action": "sso:*", "Resource": "*"}
        return center.world.user(name, [{"Version": "2012-10-17", "Statement": [allowed, *statements]}])

    def test_who_has_no_rights_of_iam_assigns_nothing_there(self, center: Center) -> None:
        user, arn = center.user("escalating"), center.permission_set("Escalation", ADMINISTRATOR)
        management = center.world.account_id
        stranger = self._caller(center, "no-iam")
        # The provider stays once it has been made for an assignment.
        with pytest.raises(ServiceError, match=r"AccessDenied.*iam:Create(SAMLProvider|Role)"):
            center.assign(arn, management, user, caller=stranger)
        assert center.assign(arn, _account(center), user, caller=stranger)["Status"] == "SUCCEEDED"
        reserved = f"arn:aws:iam::{management}:role/aws-reserved/sso.amazonaws.com/*"
        making = {"Effect": "Allow", "Action": ["iam:CreateSAMLProvider", "iam:CreateRole"], "Resource": "*"}
        attaching = {
            "Effect": "Allow",
            "Action": "iam:AttachRolePolicy",
            "Resource": reserved,
            "Condition": {"ArnEquals": {"iam:PolicyARN": READ_ONLY}},
        }
        limited = self._caller(center, "limited", making, attaching)
        with pytest.raises(ServiceError, match=r"AccessDenied.*iam:AttachRolePolicy"):
            center.assign(arn, management, user, caller=limited)
        assert center.roles(management) == []
        reading = center.permission_set("ReadingThere", READ_ONLY)
        assert center.assign(reading, management, user, caller=limited)["Status"] == "SUCCEEDED"
        with pytest.raises(ServiceError, match=r"AccessDenied.*iam:DetachRolePolicy"):
            center.unassign(reading, management, user, caller=limited)
        # What has become more is not provisioned with less.
        attached = {"PermissionSetArn": reading, "ManagedPolicyArn": ADMINISTRATOR}
        center.call_as(limited, "AttachManagedPolicyToPermissionSet", **attached)
        for target in (
            {"TargetId": management, "TargetType": "AWS_ACCOUNT"},
            {"TargetType": "ALL_PROVISIONED_ACCOUNTS"},
        ):
            with pytest.raises(ServiceError, match=r"AccessDenied.*iam:UpdateRole"):
                center.call_as(limited, "ProvisionPermissionSet", PermissionSetArn=reading, **target)
        assert center.role(management).attached == (READ_ONLY,)
        center.unassign(reading, management, user)
        assert center.roles(management) == []

    @pytest.mark.parametrize(
        ("before", "after", "needed", "beside"),
        [
            ((), ("inline",), "PutRolePolicy", ["UpdateRole"]),
            (("inline",), (), "DeleteRolePolicy", ["UpdateRole"]),
            (("inline",), ("other",), "PutRolePolicy", ["UpdateRole"]),
            (("inline",), ("inline", "boundary"), "PutRolePermissionsBoundary", ["UpdateRole"]),
            (("boundary",), (), "DeleteRolePermissionsBoundary", ["UpdateRole"]),
            (("managed",), (), "DetachRolePolicy", ["UpdateRole"]),
            ((), ("managed",), "AttachRolePolicy", ["UpdateRole"]),
            (None, ("inline",), "PutRolePolicy", ["CreateRole", "CreateSAMLProvider"]),
            (None, ("boundary",), "CreateRole", ["CreateSAMLProvider"]),
            (("inline",), None, "DeleteRolePolicy", ["DeleteRole"]),
            ((), None, "DeleteRole", []),
        ],
    )
    def test_each_change_of_its_role_needs_the_permission_for_it_and_no_other(
        self,
        center: Center,
        before: tuple[str, ...] | None,
        after: tuple[str, ...] | None,
        needed: str,
        beside: list[str],
    ) -> None:
        """Of a role that is not there yet, or goes, `before` or `after` is None."""
        name = f"{before}{after}".translate(str.maketrans("()", "..", ", '"))
        management, user = center.world.account_id, center.user(f"u{name}")

        def who_may(actions: list[str], but: str) -> Caller:
            allowed = {"Effect": "Allow", "Action": [f"iam:{each}" for each in actions], "Resource": "*"}
            denied = {"Effect": "Deny", "Action": f"iam:{but}", "Resource": "*"}
            return self._caller(center, f"{but}{name}", allowed, denied)

        arn = center.permission_set(name[:32])
        self._set(center, arn, before or ())
        if before is not None:
            assert center.assign(arn, management, user)["Status"] == "SUCCEEDED"
        there = center.roles(management)
        self._set(center, arn, before or () if after is None else after)
        change = center.unassign if after is None else center.assign
        with pytest.raises(ServiceError, match=rf"AccessDenied.*iam:{needed}\b"):
            change(arn, management, user, caller=who_may(["*"], but=needed))
        assert center.roles(management) == there
        exactly = who_may([needed, *beside], but="ListUsers")
        assert change(arn, management, user, caller=exactly)["Status"] == "SUCCEEDED"
        assert center.roles(management) != there
        if after is not None:
            center.unassign(arn, management, user)

    def test_roles_in_other_accounts_change_without_rights_of_iam(self, center: Center) -> None:
        user, arn, other = center.user("elsewhere"), center.permission_set("Elsewhere"), _account(center)
        for account in (center.world.account_id, other):
            center.assign(arn, account, user)
        stranger = self._caller(center, "no-iam-elsewhere")
        assert center.unassign(arn, other, user, caller=stranger)["Status"] == "SUCCEEDED"
        center.unassign(arn, center.world.account_id, user)
        center.assign(arn, other, user)
        given = {"PermissionSetArn": arn, "TargetType": "ALL_PROVISIONED_ACCOUNTS"}
        assert center.call_as(stranger, "ProvisionPermissionSet", **given)

    @staticmethod
    def _set(center: Center, arn: str, wanted: tuple[str, ...]) -> None:
        """Give a permission set these things, and no other ones."""
        there = {"PermissionSetArn": arn}
        told = center.call("GetInlinePolicyForPermissionSet", **there)["InlinePolicy"]
        if {"inline", "other"} & set(wanted):
            text = INLINE if "inline" in wanted else INLINE.replace("s3", "sqs")
            center.call("PutInlinePolicyToPermissionSet", InlinePolicy=text, **there)
        elif told:
            center.call("DeleteInlinePolicyFromPermissionSet", **there)
        center.call(
            "PutPermissionsBoundaryToPermissionSet", PermissionsBoundary={"ManagedPolicyArn": READ_ONLY}, **there
        )
        if "boundary" not in wanted:
            center.call("DeletePermissionsBoundaryFromPermissionSet", **there)
        managed = {"ManagedPolicyArn": READ_ONLY, **there}
        listed = center.call("ListManagedPoliciesInPermissionSet", **there)["AttachedManagedPolicies"]
        if "managed" in wanted and not listed:
            center.call("AttachManagedPolicyToPermissionSet", **managed)
        if "managed" not in wanted and listed:
            center.call("DetachManagedPolicyFromPermissionSet", **managed)

    def test_a_delegated_administrator_has_no_say_over_it(self, center: Center) -> None:
        delegate, user = center.estate.member(), center.user("delegate")
        center.estate.call(
            "RegisterDelegatedAdministrator",
            AccountId=center.estate.account_of(delegate),
            ServicePrincipal=DELEGATED,
        )
        arn, other, management = center.permission_set("There"), _account(center), center.world.account_id
        assert center.assign(arn, other, user, caller=delegate)["Status"] == "SUCCEEDED"
        with pytest.raises(ServiceError, match="AccessDeniedException: A delegated administrator cannot"):
            center.assign(arn, management, user, caller=delegate)
        center.call_as(delegate, "UpdatePermissionSet", PermissionSetArn=arn)
        center.assign(arn, management, user)
        for operation, given in (
            ("UpdatePermissionSet", {}),
            ("AttachManagedPolicyToPermissionSet", {"ManagedPolicyArn": READ_ONLY}),
            ("PutInlinePolicyToPermissionSet", {"InlinePolicy": INLINE}),
            ("ProvisionPermissionSet", {"TargetType": "ALL_PROVISIONED_ACCOUNTS"}),
        ):
            with pytest.raises(ServiceError, match="AccessDeniedException: A delegated administrator cannot"):
                center.call_as(delegate, operation, PermissionSetArn=arn, **given)
        with pytest.raises(ServiceError, match="AccessDeniedException: A delegated administrator cannot"):
            center.unassign(arn, management, user, caller=delegate)
        assert center.unassign(arn, other, user, caller=delegate)["Status"] == "SUCCEEDED"
        center.unassign(arn, management, user)

    def test_a_member_administers_nothing(self, center: Center) -> None:
        member, user, arn = center.estate.member(), center.user("member"), center.permission_set("Member")
        with pytest.raises(ServiceError, match="AccessDeniedException: The account of the caller does not administer"):
            center.assign(arn, center.estate.account_of(member), user, caller=member)
