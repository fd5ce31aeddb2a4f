"""The published ways to become an administrator: each is open exactly to those whom policies let, oneself included.

https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any

import pytest

from carnet.catalog.actions import AccessLevel, service
from carnet.services.registry import SERVICES
from tests.services.iam.documents import allow, text, trust
from tests.services.iam.expect import refused
from tests.services.world import Caller, World, open_world

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
HARMLESS = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
EVERYTHING = text(allow("*"))
Asked = tuple[str, Mapping[str, Any]]
"""An operation and its input. `$me` is the attacker's user, `$it` a name of the path's own, `$account` the account."""


@dataclass(frozen=True, kw_only=True)
class Escalation:
    """One way: what is asked, and the permissions that it needs, each on a resource."""

    name: str = ""
    operation: str
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    needs: tuple[tuple[str, str], ...]
    """(action, resource): the last part of an ARN of IAM, or `*`."""
    before: tuple[Asked, ...] = ()
    """What is there."""
    service: str = "iam"

    def __str__(self) -> str:
        return self.name or self.operation


USER: Asked = ("CreateUser", {"UserName": "$it"})
GROUP: Asked = ("CreateGroup", {"GroupName": "$it"})
PROFILE: Asked = ("CreateInstanceProfile", {"InstanceProfileName": "$it"})
POLICY: Asked = ("CreatePolicy", {"PolicyName": "$it", "PolicyDocument": text(allow("s3:*"))})
TRUSTING: Asked = ("CreateRole", {"RoleName": "$it", "AssumeRolePolicyDocument": trust("arn:aws:iam::$account:root")})
ARN = {"PolicyArn": "arn:aws:iam::$account:policy/$it"}
INLINE = {"PolicyName": "inline", "PolicyDocument": EVERYTHING}
DENYING = {"PolicyName": "inline"}
TAG = {"Tags": [{"Key": "team", "Value": "admins"}]}


def on(operation: str, resource: str, given: Mapping[str, Any], *before: Asked, name: str = "") -> Escalation:
    """One that needs the permission of its own name on one resource."""
    needs = ((f"iam:{operation}", resource),)
    return Escalation(name=name, operation=operation, given=given, needs=needs, before=before)


def on_me(operation: str, given: Mapping[str, Any], *before: Asked) -> Escalation:
    """One of the attacker on itself: nobody has a permission for being asked about."""
    return on(operation, "user/$me", {"UserName": "$me", **given}, *before, name=f"{operation} on oneself")


def guarded(kind: str, name: str) -> Asked:
    """A permissions boundary that is there to be taken away."""
    return f"Put{kind}PermissionsBoundary", {f"{kind}Name": name, "PermissionsBoundary": ADMIN}


def held(kind: str, name: str) -> tuple[Asked, Asked]:
    """An inline policy, and an attached one, that are there to be taken away."""
    named = {f"{kind}Name": name}
    inline = {"PolicyName": "inline", "PolicyDocument": text(allow("s3:*"))}
    return (f"Put{kind}Policy", {**named, **inline}), (f"Attach{kind}Policy", {**named, "PolicyArn": HARMLESS})


ESCALATIONS: Sequence[Escalation] = (
    # A managed policy says something else.
    on("CreatePolicyVersion", "policy/$it", {**ARN, "PolicyDocument": EVERYTHING, "SetAsDefault": True}, POLICY),
    on(
        "SetDefaultPolicyVersion",
        "policy/$it",
        {**ARN, "VersionId": "v2"},
        POLICY,
        ("CreatePolicyVersion", {**ARN, "PolicyDocument": EVERYTHING}),
    ),
    on(
        "DeletePolicyVersion",
        "policy/$it",
        {**ARN, "VersionId": "v2"},
        POLICY,
        ("CreatePolicyVersion", {**ARN, "PolicyDocument": EVERYTHING}),
    ),
    on("CreatePolicy", "policy/$it", POLICY[1]),
    on("DeletePolicy", "policy/$it", ARN, POLICY),
    # A principal has other policies.
    on_me("PutUserPolicy", INLINE),
    on_me("AttachUserPolicy", {"PolicyArn": ADMIN}),
    on_me("DeleteUserPolicy", DENYING, *held("User", "$me")),
    on_me("DetachUserPolicy", {"PolicyArn": HARMLESS}, *held("User", "$me")),
    on("PutUserPolicy", "user/$it", {"UserName": "$it", **INLINE}, USER),
    on("AttachUserPolicy", "user/$it", {"UserName": "$it", "PolicyArn": ADMIN}, USER),
    on("PutGroupPolicy", "group/$it", {"GroupName": "$it", **INLINE}, GROUP),
    on("AttachGroupPolicy", "group/$it", {"GroupName": "$it", "PolicyArn": ADMIN}, GROUP),
    on("DeleteGroupPolicy", "group/$it", {"GroupName": "$it", **DENYING}, GROUP, *held("Group", "$it")),
    on("DetachGroupPolicy", "group/$it", {"GroupName": "$it", "PolicyArn": HARMLESS}, GROUP, *held("Group", "$it")),
    on("PutRolePolicy", "role/$it", {"RoleName": "$it", **INLINE}, TRUSTING),
    on("AttachRolePolicy", "role/$it", {"RoleName": "$it", "PolicyArn": ADMIN}, TRUSTING),
    on("DeleteRolePolicy", "role/$it", {"RoleName": "$it", **DENYING}, TRUSTING, *held("Role", "$it")),
    on("DetachRolePolicy", "role/$it", {"RoleName": "$it", "PolicyArn": HARMLESS}, TRUSTING, *held("Role", "$it")),
    # A principal is in another group, or a group is another one.
    on("AddUserToGroup", "group/$it", {"GroupName": "$it", "UserName": "$me"}, GROUP),
    on(
        "RemoveUserFromGroup",
        "group/$it",
        {"GroupName": "$it", "UserName": "$me"},
        GROUP,
        ("AddUserToGroup", {"GroupName": "$it", "UserName": "$me"}),
    ),
    Escalation(
        operation="UpdateGroup",
        given={"GroupName": "$it", "NewGroupName": "new-$it"},
        needs=(("iam:UpdateGroup", "group/$it"), ("iam:UpdateGroup", "group/new-$it")),
        before=(GROUP,),
    ),
    Escalation(
        operation="UpdateUser",
        given={"UserName": "$it", "NewPath": "/admins/"},
        needs=(("iam:UpdateUser", "user/$it"), ("iam:UpdateUser", "user/admins/$it")),
        before=(USER,),
    ),
    # A boundary is gone, or another one.
    on_me("DeleteUserPermissionsBoundary", {}, guarded("User", "$me")),
    on_me("PutUserPermissionsBoundary", {"PermissionsBoundary": ADMIN}),
    on("DeleteRolePermissionsBoundary", "role/$it", {"RoleName": "$it"}, TRUSTING, guarded("Role", "$it")),
    on("PutRolePermissionsBoundary", "role/$it", {"RoleName": "$it", "PermissionsBoundary": ADMIN}, TRUSTING),
    # A credential of somebody else, or a further one of one's own.
    on("CreateAccessKey", "user/$it", {"UserName": "$it"}, USER),
    on("CreateAccessKey", "user/$me", {}, name="CreateAccessKey without a name"),
    on_me("CreateAccessKey", {}),
    on("CreateLoginProfile", "user/$it", {"UserName": "$it", "Password": "Correct-Horse-1-Battery"}, USER),
    on(
        "UpdateLoginProfile",
        "user/$it",
        {"UserName": "$it", "Password": "Correct-Horse-2-Battery"},
        USER,
        ("CreateLoginProfile", {"UserName": "$it", "Password": "Correct-Horse-1-Battery"}),
    ),
    on(
        "CreateServiceSpecificCredential",
        "user/$it",
        {"UserName": "$it", "ServiceName": "codecommit.amazonaws.com"},
        USER,
    ),
    on("CreateVirtualMFADevice", "mfa/$it", {"VirtualMFADeviceName": "$it"}),
    on("DeleteAccountPasswordPolicy", "*", {}, ("UpdateAccountPasswordPolicy", {"MinimumPasswordLength": 20})),
    on("UpdateAccountPasswordPolicy", "*", {"MinimumPasswordLength": 6}),
    # A role trusts somebody else, is passed on, or is assumed.
    on(
        "UpdateAssumeRolePolicy",
        "role/$it",
        {"RoleName": "$it", "PolicyDocument": trust("arn:aws:iam::$account:user/$me")},
        TRUSTING,
    ),
    Escalation(
        name="PassRole to an instance profile",
        operation="AddRoleToInstanceProfile",
        given={"InstanceProfileName": "$it", "RoleName": "$it"},
        needs=(("iam:AddRoleToInstanceProfile", "instance-profile/$it"), ("iam:PassRole", "role/$it")),
        before=(TRUSTING, PROFILE),
    ),
    Escalation(
        operation="AssumeRole",
        service="sts",
        given={"RoleArn": "arn:aws:iam::$account:role/$it", "RoleSessionName": "session"},
        needs=(("sts:AssumeRole", "role/$it"),),
        before=(TRUSTING,),
    ),
    on("CreateRole", "role/$it", TRUSTING[1]),
    on(
        "CreateServiceLinkedRole",
        "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        {"AWSServiceName": "autoscaling.amazonaws.com"},
    ),
    # Another identity provider is believed.
    on(
        "CreateOpenIDConnectProvider",
        "oidc-provider/$it.example.com",
        {"Url": "https://$it.example.com", "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": ["a" * 40]},
    ),
    # Tags decide.
    on("TagUser", "user/$me", {"UserName": "$me", **TAG}, name="TagUser on oneself"),
    on("UntagUser", "user/$me", {"UserName": "$me", "TagKeys": ["team"]}, ("TagUser", {"UserName": "$me", **TAG})),
    on("TagRole", "role/$it", {"RoleName": "$it", **TAG}, TRUSTING),
    Escalation(
        name="CreateUser with tags",
        operation="CreateUser",
        given={"UserName": "$it", **TAG},
        needs=(("iam:CreateUser", "user/$it"), ("iam:TagUser", "user/$it")),
    ),
)

WRITTEN = [each for each in ESCALATIONS if each.operation in SERVICES[each.service].operations]
"""Those whose operation there is."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("escalations")
    with open_world(path) as made:
        yield made


class Attempt:
    """An attacker with a user of its own, at one of the ways."""

    def __init__(self, world: World, escalation: Escalation) -> None:
        self._world = world
        number = ESCALATIONS.index(escalation)
        self._names = {"me": f"attacker-{number}", "it": f"thing-{number}", "account": world.account_id}
        self._attacker: Caller = world.user(self._names["me"])
        self._escalation = escalation
        for operation, given in escalation.before:
            world.call(world.root, operation, **self._filled(given))
        self.grants = [self._statement(action, resource) for action, resource in escalation.needs]

    def allowed(self, *statements: Mapping[str, Any]) -> bool:
        """Whether the attacker can take the way with these statements alone; if not, nothing was changed."""
        named = {"UserName": self._names["me"], "PolicyName": "tried"}
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        if statements:
            self._world.call(self._world.root, "PutUserPolicy", **named, PolicyDocument=document)
        asked = self._escalation
        given = self._filled(asked.given)
        try:
            code, _ = refused(self._world, self._attacker, asked.operation, service=asked.service, **given)
        except pytest.fail.Exception:  # it was not refused
            return True
        assert code == "AccessDenied"
        return False

    def elsewhere(self) -> list[dict[str, Any]]:
        """The same grants on resources that are not these."""
        return [{**grant, "Resource": f"{grant['Resource']}x"} for grant in self.grants if grant["Resource"] != "*"]

    def _statement(self, action: str, resource: str) -> dict[str, Any]:
        arn = resource if resource == "*" else f"arn:aws:iam::$account:{resource}"
        return {"Effect": "Allow", "Action": action, "Resource": self._filled(arn)}

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return Template(value).substitute(self._names)
        if isinstance(value, Mapping):
            return {key: self._filled(each) for key, each in value.items()}
        return [self._filled(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("escalation", WRITTEN, ids=str)
def test_it_is_open_exactly_to_those_whom_policies_let(world: World, escalation: Escalation) -> None:
    attempt = Attempt(world, escalation)
    actions = sorted({action for action, _ in escalation.needs})
    assert not attempt.allowed()
    assert not attempt.allowed({"Effect": "Allow", "NotAction": actions, "Resource": "*"})
    for left_out in range(len(attempt.grants)):
        others = [grant for index, grant in enumerate(attempt.grants) if index != left_out]
        assert not others or not attempt.allowed(*others)
    if elsewhere := attempt.elsewhere():
        assert not attempt.allowed(*elsewhere)
    for grant in attempt.grants:
        assert not attempt.allowed({"Effect": "Allow", "Action": "*", "Resource": "*"}, {**grant, "Effect": "Deny"})
    assert attempt.allowed(*attempt.grants)


def test_whatever_manages_permissions_is_one() -> None:
    """What AWS calls permissions management is in the table, and so are the ways that it calls otherwise."""
    iam = service("iam")
    assert iam is not None
    managing = {
        action.name for action in iam.actions.values() if AccessLevel.PERMISSIONS_MANAGEMENT in action.access_levels
    }
    assert managing <= {escalation.operation for escalation in ESCALATIONS}


def test_what_is_not_tried_is_not_written() -> None:
    for escalation in ESCALATIONS:
        assert escalation in WRITTEN or escalation.operation in SERVICES[escalation.service].not_written
