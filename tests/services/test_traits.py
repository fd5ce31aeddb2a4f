"""What a service says of itself, once, and where it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carnet import models
from carnet.base.faults import FAULTS
from carnet.catalog.actions import service as actions_of
from carnet.services.operation import Answer, Call, Service
from carnet.services.registry import SERVICES
from carnet.services.target import resource_tag_keys
from tests.services.world import World

CODES = dict.fromkeys(FAULTS, "ValidationException")
PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "iam": "iam",
    "identitystore": "identitystore",
    "organizations": "organizations",
    "sso-admin": "sso",
    "sso-oidc": "sso-oauth",
    "sts": "sts",
}
"""What stands before the colon of each service's actions. The portal's (`sso`) take a token, and no policy decides."""


def whole_account(call: Call, given: Any) -> Any:
    return SERVICES["iam"].operations["ListUsers"].on(call, {})


def listing(call: Call, given: Mapping[str, Any]) -> Answer:
    return {}


@pytest.mark.parametrize(("name", "prefix"), PREFIXES.items())
def test_actions_have_the_prefix_that_the_catalogue_knows(name: str, prefix: str) -> None:
    assert Service(name, fault_codes=CODES).action_prefix == prefix
    assert {*PREFIXES, "sso"} == set(models.SERVICES)
    known = actions_of(prefix)
    assert known is not None or prefix == "sso-oauth"


def test_an_operation_needs_the_action_of_its_service_s_prefix() -> None:
    admin = Service("sso-admin", fault_codes=CODES)
    admin.read("ListInstances", on=whole_account)(listing)
    analyzer = Service("accessanalyzer", fault_codes=CODES, action_prefix="other", event_source="other.example.com")
    analyzer.read("ListAnalyzers", on=whole_account)(listing)
    assert admin.operations["ListInstances"].action == "sso:ListInstances"
    assert analyzer.operations["ListAnalyzers"].action == "other:ListAnalyzers"
    assert (admin.event_source, analyzer.event_source) == ("sso.amazonaws.com", "other.example.com")


def test_the_action_is_what_is_decided(world: World) -> None:
    admin = Service("sso-admin", fault_codes=CODES)
    admin.read("ListInstances", on=whole_account)(listing)
    operation = admin.operations["ListInstances"]
    outcome = world.installation.execution.read(
        operation, world.parsed(operation, world.principal(world.user("stranger")), {})
    )
    assert "is not authorized to perform: sso:ListInstances on resource" in str(getattr(outcome, "problem", None))


@pytest.mark.parametrize(
    ("resource", "prefixes"),
    [
        ("arn:aws:iam::111122223333:role/r", ["aws:ResourceTag", "iam:ResourceTag"]),
        ("arn:aws:iam::111122223333:user/path/u", ["aws:ResourceTag", "iam:ResourceTag"]),
        ("arn:aws:iam::111122223333:policy/p", ["aws:ResourceTag"]),
        ("arn:aws:sts::111122223333:role/r", ["aws:ResourceTag"]),
        ("*", ["aws:ResourceTag"]),
    ],
)
def test_tags_appear_under_the_keys_of_the_resource_s_service(resource: str, prefixes: list[str]) -> None:
    assert resource_tag_keys(resource, {"team": "red"}) == {f"{prefix}/team": "red" for prefix in prefixes}
