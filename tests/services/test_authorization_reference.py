"""What each operation asks of policies, held against AWS's Service Authorization Reference.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Any

import pytest

from carnet.access.authorize import Check
from carnet.catalog.actions import Action, ActionResource, action, service
from carnet.identity.authenticate import Authenticate
from carnet.identity.caller import FEDERATED_AUTHENTICATOR, Federated, VouchedSession
from carnet.policy.policies import Policies
from carnet.policy.request import Context, Principal, PrincipalKind
from carnet.services.operation import Call, FederatedCall, Operation, anybody
from carnet.services.registry import SERVICES
from tests.services.inputs import TAGS, WRITTEN, SharedWorlds, given
from tests.services.world import Caller, World

LISTS_BELOW_A_PATH = frozenset(
    ("iam:ListGroups", "iam:ListInstanceProfiles", "iam:ListRoles", "iam:ListServerCertificates", "iam:ListUsers")
)
"""Without resource types in the reference, but AWS matches and shows the path: `arn:aws:iam::111122223333:user/`."""

OF_THE_CALLER = frozenset(("sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"))
"""Without resource types in the reference, but AWS matches and shows the caller: `arn:aws:sts::111122223333:self`."""

CREATIONS = frozenset(
    (
        "CreateApplication",
        "CreateDelegationRequest",
        "CreateInstance",
        "CreateInstanceProfile",
        "CreateOpenIDConnectProvider",
        "CreatePermissionSet",
        "CreatePolicy",
        "CreateRole",
        "CreateSAMLProvider",
        "CreateServiceLinkedRole",
        "CreateTrustedTokenIssuer",
        "CreateUser",
        "CreateVirtualMFADevice",
        "GetServiceLinkedRoleDeletionStatus",
        "InviteAccountToOrganization",
        "InviteOrganizationToTransferResponsibility",
        "UploadServerCertificate",
    )
)
"""What they act on is not there yet, or no longer, and so has no tags: no aws:ResourceTag, whatever type it is of.

The implied check on its tags (iam:TagUser, ...) sees the requested tags as the resource's.
"""

NOT_BROUGHT = {
    "iam:RoleTemplateARN": "Only AcquireRole has it.",
    "iam:AssociatedResourceArn": "A role is passed to an instance profile, which runs nothing yet.",
    "iam:FIDO-": "Security keys are registered in the console: tests/console/test_security_keys.py.",
    "iam:RegisterSecurityKey": "As iam:FIDO-.",
    "saml:": "What an assertion says is of the principal: tests/services/sts/test_assume_role_with_saml.py.",
    "sts:RoleAuthorizedByIdp": "AWS does not document what it says.",
}
"""Keys, or what they begin with, that the reference lists and no operation brings; and why."""

OWN = ("account:", "aws:", "ec2:", "iam:", "saml:", "sso:", "sts:")
"""What keys begin with that services bring. What an identity provider says is of the caller, not of the request."""
FEDERATED_USER = "arn:aws:sts::"
"""What the ARN of a federated user begins with, whom the reference does not list for sts:TagSession."""

WITH_THE_KEYS_OF_ASSUME_ROLE = frozenset(("sts:SetSourceIdentity", "sts:TagSession"))
"""One statement of a trust policy allows them together with sts:AssumeRole, under one condition such as ExternalId."""

WITHOUT_OPERATION = {
    "iam:DeleteCloudFrontPublicKey": "Of CloudFront's key pairs, which only the console manages.",
    "iam:GetCloudFrontPublicKey": "Of CloudFront's key pairs, which only the console manages.",
    "iam:ListCloudFrontPublicKeys": "Of CloudFront's key pairs, which only the console manages.",
    "iam:UpdateCloudFrontPublicKey": "Of CloudFront's key pairs, which only the console manages.",
    "iam:UploadCloudFrontPublicKey": "Of CloudFront's key pairs, which only the console manages.",
    "iam:GetAccountEmailAddress": "The console alone shows root's email address.",
    "iam:UpdateAccountEmailAddress": "The console alone changes root's email address.",
    "iam:GetAccountName": "The console's; the operations of `account` have their own action.",
    "iam:UpdateAccountName": "The console's; the operations of `account` have their own action.",
    "iam:ListSTSRegionalEndpointsStatus": "Every Region's endpoint of STS is this server.",
    "iam:SetSTSRegionalEndpointStatus": "Every Region's endpoint of STS is this server.",
    "iam:PassRole": "Asked for by operations that pass a role on.",
    "sts:TagSession": "Asked for by operations that make a session with tags.",
    "sts:SetSourceIdentity": "Asked for by operations that make a session with a source identity.",
    "sts:SetContext": "Asked for by AssumeRole with a trusted context.",
    "sts:GetServiceBearerToken": "Of services that give out bearer tokens, such as CodeArtifact.",
    "sts:TagGetWebIdentityToken": "Asked for by GetWebIdentityToken with tags.",
}
"""Actions of IAM and STS that no operation has the name of; and why."""


OF_MEMBERS_ALONE = frozenset(("account:GetPrimaryEmail",))
"""Actions on accounts in an organization alone; here there is none. tests/services/account/test_members.py has one."""

OF_OTHER_ACTIONS = frozenset(("iam:AcquireRole",))
"""Operations that have no permission of their own: they need those for what they do, as their own tests show."""

NEWER = frozenset(
    (
        *("iam:UpdateDelegationRequest", "iam:UpdateOpenIDConnectProvider", "sts:GetScopedCredentials"),
        *(f"signin:{name}" for name in ("BatchRevokeSessions", "CreateBearerToken", "GetSession", "ListSessions")),
    )
)
"""Operations that the reference does not list yet: they need the permission of their name, for `*`."""

NEWER_KEYS = frozenset(
    (
        *("sts:IdentityTokenScope", "sts:SubjectMode", "iam:EnableIdentityPropagation"),
        *("iam:EnableIdentityCenterAssociation", "iam:RequestIdentityProviderIssuers"),
        *("iam:ResourceIdentityProviderIssuers", "iam:RequestIdentityCenterInstanceArn"),
        "iam:ResourceIdentityCenterInstanceArn",
    )
)
"""Keys that the reference does not list yet: AWS's model says what they hold."""

CALLED = {
    f"signin:{name}OAuth2TokenWithIAM": f"signin:{name}OAuth2Token" for name in ("Create", "Introspect", "Revoke")
}
"""Permissions that are called otherwise than their operations."""

ASKED = [
    operation
    for operation in WRITTEN
    if operation.on is not anybody and operation.action not in OF_OTHER_ACTIONS | NEWER
]


@pytest.fixture(params=ASKED, ids=lambda operation: f"{operation.service}:{operation.name}")
def operation(request: pytest.FixtureRequest) -> Operation:
    asked: Operation = request.param
    return asked


@pytest.fixture
def checks(shared_worlds: SharedWorlds, operation: Operation) -> list[Check]:
    """Everything that the operation asks of policies, when a user calls it."""
    world = shared_worlds.of(operation)
    asked = given(world, operation)
    caller = world.principal(_asking(world))
    members: dict[str, Any] = {
        "snapshot": world.snapshot,
        "context": Context(),
        "policies": Policies(),
        "now": world.clock(),
        "parts": world.installation.execution.parts,
        "own_quotas": operation.quotas,
        "paging": operation.paging,
    }
    call: Call | FederatedCall
    if operation.authenticate is Authenticate.FEDERATED:
        call = FederatedCall(caller=_vouched_for(world.account_id), **members)
    else:
        call = Call(caller=caller, view=world.snapshot.accounts[world.account_id], **members)
    return list(operation.checks(call, asked, operation.on(call, asked)))


@lru_cache(maxsize=8)
def _asking(world: World) -> Caller:
    """A user with a tag."""
    user = world.user("asking")
    world.call(world.root, "TagUser", UserName="asking", Tags=TAGS)
    return user


def _vouched_for(account: str) -> Federated:
    """A caller for whom some identity provider vouches, and who is to have a session with everything."""
    return Federated(
        FEDERATED_AUTHENTICATOR,
        principal=Principal(kind=PrincipalKind.SAML),
        account=account,
        keys={},
        remembered={},
        user_name="ann",
        audience="",
        session=VouchedSession(
            name="session", tags={"team": "red"}, transitive_tag_keys=("team",), source_identity="alice"
        ),
        trusted=lambda snapshot: True,
    )


def test_an_operation_asks_as_the_reference_says(operation: Operation, checks: list[Check]) -> None:
    assert checks[0].action == CALLED.get(operation.action, operation.action)
    for check in checks:
        listed = action(check.action)
        if check.action == "sts:TagSession" and check.resource.startswith(FEDERATED_USER):
            continue
        assert listed is not None
        assert str(listed) == check.action
        resource = _resource(listed, check)
        brought = {*check.keys, *check.resource_keys}
        of_new = check.action.partition(":")[2] in CREATIONS and resource_of_creation(check)
        wanted = set(_listed_keys(listed, resource, of_new=of_new))
        assert not [key for key in wanted if not _excused(key) and not any(_fills(key, name) for name in brought)]
        if check.action not in WITH_THE_KEYS_OF_ASSUME_ROLE:
            assert not [name for name in brought - NEWER_KEYS if not any(_fills(key, name) for key in wanted)]


def resource_of_creation(check: Check) -> bool:
    """Whether a check of a creation is on what is made, and not on the instance that it is made in."""
    return ":instance/" not in check.resource or check.resource.endswith("/*")


def test_every_exception_is_needed() -> None:
    assert not [name for name in OF_OTHER_ACTIONS | NEWER if action(name) is not None]
    listed = [action(operation.action) for operation in WRITTEN]
    passing = action("iam:PassRole")
    keys = {key for each in (*listed, passing) if each is not None for key in each.condition_keys}
    assert not [start for start in NOT_BROUGHT if not any(key.startswith(start) for key in keys)]
    unlisted = map(action, LISTS_BELOW_A_PATH | OF_THE_CALLER)
    assert all(each is not None and each.without_resource for each in unlisted)


def _resource(listed: Action, check: Check) -> ActionResource | None:
    """The resource type whose ARN pattern the target fits; None for an action without one."""
    if check.action in LISTS_BELOW_A_PATH:
        assert check.resource.startswith("arn:aws:iam::")
        return None
    if check.action in OF_THE_CALLER:
        assert check.resource == f"arn:aws:sts::{check.resource_account}:self"
        return None
    if check.action in OF_MEMBERS_ALONE:
        assert check.resource == f"arn:aws:account::{check.resource_account}:account"
        return None
    if listed.without_resource:
        assert check.resource == "*"
        return None
    fitting = [each for each in listed.resource_types if _pattern(each.type.arn).fullmatch(check.resource)]
    assert len(fitting) == 1, check.resource
    return fitting[0]


def _pattern(arn: str) -> re.Pattern[str]:
    """An ARN pattern of the reference, its `${...}` standing for anything."""
    return re.compile(".+".join(map(re.escape, re.split(r"\$\{\w+\}", arn))))


def _listed_keys(listed: Action, resource: ActionResource | None, *, of_new: bool) -> Iterable[str]:
    of_type = () if resource is None else (*resource.condition_keys, *resource.type.condition_keys)
    of_what_exists = [key for key in of_type if not (of_new and _is_of_resource(key))]
    return chain(listed.condition_keys, of_what_exists)


def _is_of_resource(key: str) -> bool:
    """Whether the resource alone brings the key, which one that is not there yet cannot."""
    return "ResourceTag/" in key or key == "iam:DelegationRequestOwner"


def _excused(key: str) -> bool:
    return key.startswith(tuple(NOT_BROUGHT)) or not key.startswith(OWN)


def _fills(key: str, name: str) -> bool:
    """Whether the reference's key is that name, or a template of it: aws:RequestTag/${TagKey}."""
    return name == key or (key.endswith("${TagKey}") and name.startswith(key.removesuffix("${TagKey}")))


@pytest.mark.parametrize("prefix", ["iam", "sts"])
def test_every_action_is_that_of_an_operation_or_known_to_be_none(prefix: str) -> None:
    listed = service(prefix)
    assert listed is not None
    of_model = {operation.action for operation in WRITTEN} | {
        f"{prefix}:{name}" for name in SERVICES[prefix].not_written
    }
    without = {str(each) for each in listed.actions.values()} - of_model
    assert without == {each for each in WITHOUT_OPERATION if each.startswith(f"{prefix}:")}
