"""Permission sets and their policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.services.sso_admin.quotas import SsoQuotas
from tests.services.organizations.policies import a_policy, attach, enable
from tests.services.sso_admin.center import ADMINISTRATOR, INLINE, READ_ONLY, Center
from tests.services.world import ServiceError

MOST = SsoQuotas().policies_per_permission_set


def test_a_permission_set_is_made_told_of_updated_and_deleted(center: Center) -> None:
    made = center.call(
        "CreatePermissionSet",
        Name="Told",
        Description="first",
        SessionDuration="PT4H",
        RelayState="https://example.com",
        Tags=[{"Key": "team", "Value": "red"}],
    )["PermissionSet"]
    arn = made["PermissionSetArn"]
    assert arn.startswith(f"arn:aws:sso:::permissionSet/{center.instance.id}/ps-")
    assert len(arn.rpartition("/ps-")[2]) == 16
    assert center.call("DescribePermissionSet", PermissionSetArn=arn)["PermissionSet"] == made
    assert made | {"CreatedDate": None} == {
        "Name": "Told",
        "PermissionSetArn": arn,
        "Description": "first",
        "CreatedDate": None,
        "SessionDuration": "PT4H",
        "RelayState": "https://example.com",
    }
    center.call("UpdatePermissionSet", PermissionSetArn=arn, Description="second")
    told = center.call("DescribePermissionSet", PermissionSetArn=arn)["PermissionSet"]
    assert (told["Description"], told["SessionDuration"], "RelayState" in told) == ("second", "PT1H", False)
    assert arn in center.call("ListPermissionSets")["PermissionSets"]
    center.call("DeletePermissionSet", PermissionSetArn=arn)
    assert arn not in center.call("ListPermissionSets")["PermissionSets"]
    with pytest.raises(ServiceError, match=r"ResourceNotFoundException: Could not find PermissionSet with id ps-"):
        center.call("DescribePermissionSet", PermissionSetArn=arn)


def test_a_name_is_taken_once(center: Center) -> None:
    center.permission_set("Taken")
    with pytest.raises(ServiceError, match=r"ConflictException: PermissionSet with name Taken already exists\."):
        center.permission_set("Taken")


@pytest.mark.parametrize("duration", ["PT1H", "PT12H", "PT60M", "PT3600S", "PT1H30M"])
def test_durations_from_one_hour_to_twelve(center: Center, duration: str) -> None:
    arn = center.permission_set(f"d-{duration}", SessionDuration=duration)
    assert center.call("DescribePermissionSet", PermissionSetArn=arn)["PermissionSet"]["SessionDuration"] == duration


@pytest.mark.parametrize("duration", ["PT59M", "PT12H1S", "P1D", "P1M", "-PT1H", "PT1.5H", "PT" + "9" * 60 + "H", "P"])
def test_other_durations_are_refused(center: Center, duration: str) -> None:
    with pytest.raises(ServiceError, match="ValidationException: SessionDuration"):
        center.permission_set("never", SessionDuration=duration)


def test_aws_managed_policies_are_attached_listed_and_detached(center: Center) -> None:
    arn = center.permission_set("Managed", READ_ONLY, ADMINISTRATOR)
    listed = center.call("ListManagedPoliciesInPermissionSet", PermissionSetArn=arn)["AttachedManagedPolicies"]
    assert listed == [
        {"Name": "AdministratorAccess", "Arn": ADMINISTRATOR},
        {"Name": "ReadOnlyAccess", "Arn": READ_ONLY},
    ]
    one = {"PermissionSetArn": arn, "ManagedPolicyArn": READ_ONLY}
    with pytest.raises(ServiceError, match="ConflictException: Permission set with id ps-"):
        center.call("AttachManagedPolicyToPermissionSet", **one)
    center.call("DetachManagedPolicyFromPermissionSet", **one)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("DetachManagedPolicyFromPermissionSet", **one)
    with pytest.raises(ServiceError, match=r"ResourceNotFoundException: Policy does not exist or is not attachable\."):
        center.call(
            "AttachManagedPolicyToPermissionSet",
            PermissionSetArn=arn,
            ManagedPolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy",
        )


@pytest.mark.parametrize(
    "policy",
    ["arn:aws:iam::aws:policy/aws-service-role/AWSSSOServiceRolePolicy", READ_ONLY.replace("aws", "aws-cn", 1)],
)
def test_policies_of_aws_that_no_role_may_have(center: Center, policy: str) -> None:
    """Those of service-linked roles, and those of another partition; neither as a boundary."""
    arn = center.permission_set(f"Not{len(policy)}")
    for operation, given in (
        ("AttachManagedPolicyToPermissionSet", {"ManagedPolicyArn": policy}),
        ("PutPermissionsBoundaryToPermissionSet", {"PermissionsBoundary": {"ManagedPolicyArn": policy}}),
    ):
        with pytest.raises(ServiceError, match="ResourceNotFoundException: Policy does not exist or is not attachable"):
            center.call(operation, PermissionSetArn=arn, **given)


def test_a_permission_set_is_named_with_its_instance(center: Center) -> None:
    arn = center.permission_set("Named")
    other = arn.replace(center.instance.id, "ssoins-0123456789abcdef")
    for operation in ("DescribePermissionSet", "DeletePermissionSet"):
        with pytest.raises(ServiceError, match="ResourceNotFoundException: Could not find PermissionSet"):
            center.call(operation, PermissionSetArn=other)
    center.call("DeletePermissionSet", PermissionSetArn=arn)


def test_customer_managed_policies_are_named_by_path_and_name(center: Center) -> None:
    arn = center.permission_set("Customer")
    for reference in ({"Name": "one"}, {"Name": "one", "Path": "/team/"}):
        given = {"PermissionSetArn": arn, "CustomerManagedPolicyReference": reference}
        center.call("AttachCustomerManagedPolicyReferenceToPermissionSet", **given)
        with pytest.raises(ServiceError, match="ConflictException"):
            center.call("AttachCustomerManagedPolicyReferenceToPermissionSet", **given)
    operation = "ListCustomerManagedPolicyReferencesInPermissionSet"
    listed = center.call(operation, PermissionSetArn=arn)["CustomerManagedPolicyReferences"]
    assert listed == [{"Name": "one", "Path": "/"}, {"Name": "one", "Path": "/team/"}]
    gone: dict[str, Any] = {"PermissionSetArn": arn, "CustomerManagedPolicyReference": {"Name": "one"}}
    center.call("DetachCustomerManagedPolicyReferenceFromPermissionSet", **gone)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("DetachCustomerManagedPolicyReferenceFromPermissionSet", **gone)
    first = center.call(operation, PermissionSetArn=arn, MaxResults=1)["CustomerManagedPolicyReferences"]
    assert first == listed[1:]


def test_a_permission_set_has_twenty_policies_at_most(center: Center) -> None:
    arn = center.permission_set("Full", READ_ONLY)
    attach = "AttachCustomerManagedPolicyReferenceToPermissionSet"
    for number in range(MOST - 1):
        center.call(attach, PermissionSetArn=arn, CustomerManagedPolicyReference={"Name": f"p{number}"})
    with pytest.raises(ServiceError, match="ServiceQuotaExceededException"):
        center.call(attach, PermissionSetArn=arn, CustomerManagedPolicyReference={"Name": "more"})
    with pytest.raises(ServiceError, match="ServiceQuotaExceededException"):
        center.call("AttachManagedPolicyToPermissionSet", PermissionSetArn=arn, ManagedPolicyArn=ADMINISTRATOR)


def test_the_inline_policy(center: Center) -> None:
    arn = center.permission_set("Inline")
    assert center.call("GetInlinePolicyForPermissionSet", PermissionSetArn=arn) == {"InlinePolicy": ""}
    center.call("PutInlinePolicyToPermissionSet", PermissionSetArn=arn, InlinePolicy=INLINE)
    assert center.call("GetInlinePolicyForPermissionSet", PermissionSetArn=arn) == {"InlinePolicy": INLINE}
    center.call("DeleteInlinePolicyFromPermissionSet", PermissionSetArn=arn)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("DeleteInlinePolicyFromPermissionSet", PermissionSetArn=arn)


def _of_length(length: int) -> str:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/"}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement}, separators=(",", ":"))
    return text.replace("b/", "b/" + "k" * (length - len(text)))


def test_the_inline_policy_is_checked_and_measured(center: Center) -> None:
    arn = center.permission_set("Measured")
    most = SsoQuotas().permission_set_inline_size
    center.call("PutInlinePolicyToPermissionSet", PermissionSetArn=arn, InlinePolicy=_of_length(most))
    too_long = f"is {most + 1} bytes which has exceeded the maximum limit of {most} bytes"
    with pytest.raises(ServiceError, match=f"ValidationException.*InlinePolicy Document {too_long}"):
        center.call("PutInlinePolicyToPermissionSet", PermissionSetArn=arn, InlinePolicy=_of_length(most + 1))
    for text in ("{", '{"Version": "2012-10-17", "Statement": {"Effect": "Maybe"}}'):
        with pytest.raises(ServiceError, match="ValidationException"):
            center.call("PutInlinePolicyToPermissionSet", PermissionSetArn=arn, InlinePolicy=text)


@pytest.mark.parametrize(
    "boundary",
    [{"ManagedPolicyArn": READ_ONLY}, {"CustomerManagedPolicyReference": {"Name": "bound", "Path": "/"}}],
    ids=["aws", "customer"],
)
def test_the_permissions_boundary(center: Center, boundary: dict[str, Any]) -> None:
    arn = center.permission_set(f"Bound{len(boundary)}{next(iter(boundary))[:4]}")
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("GetPermissionsBoundaryForPermissionSet", PermissionSetArn=arn)
    center.call("PutPermissionsBoundaryToPermissionSet", PermissionSetArn=arn, PermissionsBoundary=boundary)
    told = center.call("GetPermissionsBoundaryForPermissionSet", PermissionSetArn=arn)
    assert told == {"PermissionsBoundary": boundary}
    center.call("DeletePermissionsBoundaryFromPermissionSet", PermissionSetArn=arn)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("DeletePermissionsBoundaryFromPermissionSet", PermissionSetArn=arn)


def test_a_boundary_is_one_policy_that_exists(center: Center) -> None:
    arn = center.permission_set("NoBoundary")
    both = {"ManagedPolicyArn": READ_ONLY, "CustomerManagedPolicyReference": {"Name": "bound"}}
    for boundary in (both, {}):
        with pytest.raises(ServiceError, match="ValidationException"):
            center.call("PutPermissionsBoundaryToPermissionSet", PermissionSetArn=arn, PermissionsBoundary=boundary)
    nowhere = {"ManagedPolicyArn": "arn:aws:iam::aws:policy/NoSuchPolicy"}
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("PutPermissionsBoundaryToPermissionSet", PermissionSetArn=arn, PermissionsBoundary=nowhere)


def test_who_may_act_on_the_set_needs_the_permission_on_the_instance_too(center: Center) -> None:
    arn = center.permission_set("Both")
    statement = {"Effect": "Allow", "Action": "sso:DescribePermissionSet", "Resource": [arn]}
    caller = center.world.user("half", [{"Version": "2012-10-17", "Statement": statement}])
    with pytest.raises(ServiceError, match=f"AccessDeniedException.*{center.instance.arn}"):
        center.call_as(caller, "DescribePermissionSet", PermissionSetArn=arn)
    statement["Resource"] = [arn, center.instance.arn]
    caller = center.world.user("whole", [{"Version": "2012-10-17", "Statement": statement}])
    assert center.call_as(caller, "DescribePermissionSet", PermissionSetArn=arn)["PermissionSet"]["Name"] == "Both"


def test_another_account_reaches_no_instance(center: Center) -> None:
    member, outsider = center.estate.member(), center.world.account()
    for caller in (member, outsider):
        with pytest.raises(ServiceError, match="AccessDeniedException: The account of the caller does not administer"):
            center.call_as(caller, "ListPermissionSets")
    with pytest.raises(ServiceError, match="AccessDeniedException: The account of the caller does not administer"):
        center.call("ListPermissionSets", InstanceArn="arn:aws:sso:::instance/ssoins-0123456789abcdef")


def test_what_is_of_identity_center_is_tagged_as_the_tag_policy_has_it(own_center: Center) -> None:
    estate = own_center.estate
    enable(estate, "TAG_POLICY")
    rule = {"tag_value": {"@@assign": ["red"]}, "enforced_for": {"@@assign": ["sso:permissionSet"]}}
    policy = a_policy(estate, "teams", "TAG_POLICY", json.dumps({"tags": {"team": rule}}))
    attach(estate, policy, estate.root)
    blue, red = ([{"Key": "team", "Value": value}] for value in ("blue", "red"))
    with pytest.raises(ServiceError, match="does not allow the specified value") as refused:
        own_center.permission_set("Blue", Tags=blue)
    assert refused.value.code == "ValidationException"
    made = own_center.permission_set("Red", Tags=red)
    with pytest.raises(ServiceError, match="does not allow the specified value"):
        own_center.call("TagResource", ResourceArn=made, Tags=blue)
    own_center.call("TagResource", ResourceArn=own_center.application("wiki"), Tags=blue)


def test_the_tag_policy_of_the_account_that_has_a_permission_set_binds_whoever_tags_it(own_center: Center) -> None:
    estate, world = own_center.estate, own_center.world
    delegate = estate.member()
    account = estate.account_of(delegate)
    estate.call("RegisterDelegatedAdministrator", AccountId=account, ServicePrincipal="sso.amazonaws.com")
    enable(estate, "TAG_POLICY")
    for value, target in (("red", world.account_id), ("blue", account)):
        rule = {"tag_value": {"@@assign": [value]}, "enforced_for": {"@@assign": ["sso:permissionSet"]}}
        attach(estate, a_policy(estate, value, "TAG_POLICY", json.dumps({"tags": {"team": rule}})), target)
    made = own_center.permission_set("Tagged")
    blue, red = ([{"Key": "team", "Value": value}] for value in ("blue", "red"))
    for caller in (delegate, world.root):
        with pytest.raises(ServiceError, match="does not allow the specified value"):
            own_center.call_as(caller, "TagResource", ResourceArn=made, Tags=blue)
        own_center.call_as(caller, "TagResource", ResourceArn=made, Tags=red)
