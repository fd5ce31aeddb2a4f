"""Account properties, and the version of session tokens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.iam.documents import allow
from tests.services.iam.expect import changes_nothing, refused
from tests.services.wire import fits_the_model
from tests.services.world import World

ENABLED = "RoleManager/Enabled"


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
