"""Account properties, and the version of session tokens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.iam.documents import allow, deny
from tests.services.iam.expect import changes_nothing, refused
from tests.services.wire import fits_the_model
from tests.services.world import World

ENABLED = "RoleManager/Enabled"
LINKED_ROLE = "AWSServiceRoleForIAMRoleManager"
DENIED = "AccessDenied"


def properties(world: World) -> dict[str, str]:
    answer = world.call(world.root, "GetAccountProperties")
    assert fits_the_model("GetAccountProperties", answer)
    found: dict[str, str] = answer["Properties"]
    return found


def test_what_was_never_set_has_a_value(world: World) -> None:
    assert properties(world) == {ENABLED: "false"}
    world.call(world.root, "PutAccountProperties", Properties={ENABLED: "true"})
    assert properties(world) == {ENABLED: "true"}
    changes_nothing(world, world.root, "PutAccountProperties", Properties={ENABLED: "true"})
    world.call(world.root, "PutAccountProperties", Properties={ENABLED: "false"})
    assert properties(world) == {ENABLED: "false"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"RoleManager": "true"}, "Property key must be in format Namespace/PropertyName: RoleManager"),
        ({"RoleManager/": "true"}, "RoleManager namespace requires Enabled property"),
        ({"RoleManager/Enabled/x": "true"}, "RoleManager namespace requires Enabled property"),
        ({ENABLED: "true", "Other/Enabled": "true"}, "All properties must belong to the same namespace"),
        ({"Other/Enabled": "true"}, "Unsupported namespace: Other"),
        ({ENABLED: "TRUE"}, "Enabled must be 'true' or 'false'"),
        ({ENABLED: "1"}, "Enabled must be 'true' or 'false'"),
    ],
)
def test_what_is_no_property_is_refused(world: World, given: dict[str, str], told: str) -> None:
    assert refused(world, world.root, "PutAccountProperties", Properties=given) == ("InvalidInput", told)


def test_a_call_needs_properties(world: World) -> None:
    assert refused(world, world.root, "PutAccountProperties", Properties={})[0] == "ValidationError"


def test_other_properties_of_the_namespace_are_passed_over(world: World) -> None:
    world.call(world.root, "PutAccountProperties", Properties={ENABLED: "true", "RoleManager/Other": "x"})
    assert properties(world) == {ENABLED: "true"}


def test_a_policy_names_the_namespaces(world: World) -> None:
    condition = {"ForAllValues:StringEquals": {"iam:AccountPropertyNamespaces": "RoleManager"}}
    actions = ("iam:GetAccountProperties", "iam:PutAccountProperties")
    alice = world.user("alice", [allow(*actions, condition=condition)])
    world.call(alice, "PutAccountProperties", Properties={ENABLED: "false"})
    assert world.call(alice, "GetAccountProperties")["Properties"] == {ENABLED: "false"}
    other: dict[str, Any] = {"Properties": {"Other/Enabled": "true"}}
    assert refused(world, alice, "PutAccountProperties", **other)[0] == "AccessDenied"


def test_role_manager_gets_its_service_linked_role(world: World) -> None:
    arn = f"arn:aws:iam::{world.account_id}:role/aws-service-role/role-manager.iam.amazonaws.com/{LINKED_ROLE}"
    alice = world.user("alice", [allow("iam:PutAccountProperties"), deny("iam:CreateServiceLinkedRole")])
    code, sentence = refused(world, alice, "PutAccountProperties", Properties={ENABLED: "true"})
    assert (code, f"iam:CreateServiceLinkedRole on resource: {arn} with an explicit deny" in sentence) == (DENIED, True)
    assert refused(world, alice, "PutAccountProperties", Properties={ENABLED: "1"})[0] == "InvalidInput"
    assert refused(world, world.root, "GetRole", RoleName=LINKED_ROLE)[0] == "NoSuchEntity"
    world.call(alice, "PutAccountProperties", Properties={ENABLED: "false"})
    world.call(world.root, "PutAccountProperties", Properties={ENABLED: "true"})
    role = world.call(world.root, "GetRole", RoleName=LINKED_ROLE)["Role"]
    assert role["Arn"] == arn
    (policy,) = world.call(world.root, "ListAttachedRolePolicies", RoleName=LINKED_ROLE)["AttachedPolicies"]
    assert policy["PolicyName"] == "AWSIAMRoleManagerServiceRolePolicy"
    world.call(alice, "PutAccountProperties", Properties={ENABLED: "false"})
    world.call(alice, "PutAccountProperties", Properties={ENABLED: "true"})  # the role is there
    assert world.call(world.root, "GetRole", RoleName=LINKED_ROLE)["Role"]["RoleId"] == role["RoleId"]


def test_a_condition_on_the_service_counts(world: World) -> None:
    condition = {"StringEquals": {"iam:AWSServiceName": "role-manager.iam.amazonaws.com"}}
    policies = [allow("iam:PutAccountProperties"), allow("iam:CreateServiceLinkedRole", condition=condition)]
    world.call(world.user("alice", policies), "PutAccountProperties", Properties={ENABLED: "true"})
    assert properties(world) == {ENABLED: "true"}


def test_the_summary_tells_the_version_of_session_tokens(world: World) -> None:
    def version() -> int:
        told: int = world.call(world.root, "GetAccountSummary")["SummaryMap"]["GlobalEndpointTokenVersion"]
        return told

    assert version() == 1

    world.call(world.root, "SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion="v2Token")
    assert version() == 2
    changes_nothing(world, world.root, "SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion="v2Token")
    world.call(world.root, "SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion="v1Token")
    assert version() == 1
