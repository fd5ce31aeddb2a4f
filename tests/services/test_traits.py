"""What a service says of itself, once, and where it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.loaders import Loader

from carnet import models
from carnet.base.faults import FAULTS, TooMany
from carnet.catalog.actions import service as actions_of
from carnet.services.execution import Done, Failed, Outcome
from carnet.services.operation import Answer, Call
from carnet.services.paging import NEXT_TOKENS, page
from carnet.services.registry import SERVICES
from carnet.services.service import Service
from carnet.services.target import resource_tag_keys
from tests.services.world import World

CODES = dict.fromkeys(FAULTS, "ValidationException")
PREFIXES = {
    "signin": "signin",
    "accessanalyzer": "access-analyzer",
    "account": "account",
    "cloudtrail": "cloudtrail",
    "ec2": "ec2",
    "iam": "iam",
    "identitystore": "identitystore",
    "organizations": "organizations",
    "resourcegroupstaggingapi": "tag",
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
    assert (SERVICES.get(name) or Service(name, fault_codes=CODES)).action_prefix == prefix
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RootQuotas:
    """The quotas of the made-up organizations."""

    roots: int = 3


def organizations(quotas: RootQuotas) -> Service:
    """A service with quotas of its own, and pages as Organizations has them: two items unless the caller says."""
    made = Service("organizations", fault_codes=CODES, quotas=quotas, paging=replace(NEXT_TOKENS, default=2))

    @made.read("ListRoots", on=whole_account)
    def list_roots(call: Call, given: Mapping[str, Any]) -> Answer:
        held: RootQuotas = call.quotas
        roots = [f"r-{number}" for number in range(held.roots)]
        return page(call.paging, "ListRoots", roots, given, key=str).answer("Roots", lambda root: {"Id": root})

    @made.read("ListAccounts", on=whole_account)
    def list_accounts(call: Call, given: Mapping[str, Any]) -> Answer:
        held: RootQuotas = call.quotas
        raise TooMany(str(held.roots))

    return made


def carried_out(world: World, service: Service, operation: str, **given: Any) -> Outcome:
    asked = service.operations[operation]
    return world.installation.execution.read(asked, world.parsed(asked, world.principal(world.root), given))


def answer(world: World, service: Service, operation: str, **given: Any) -> dict[str, Any]:
    outcome = carried_out(world, service, operation, **given)
    assert isinstance(outcome, Done)
    return dict(outcome.answer)


def refusal(world: World, service: Service, operation: str, **given: Any) -> str:
    outcome = carried_out(world, service, operation, **given)
    assert isinstance(outcome, Failed)
    return str(outcome.problem)


@pytest.mark.parametrize("roots", [3, 4])
def test_bodies_read_the_quotas_of_their_own_service(world: World, roots: int) -> None:
    assert refusal(world, organizations(RootQuotas(roots=roots)), "ListAccounts") == str(roots)
    summary = answer(world, SERVICES["iam"], "GetAccountSummary")["SummaryMap"]
    assert (summary["UsersQuota"], summary["RolesQuota"]) == (5000, 1000)


def test_bodies_page_in_the_style_of_their_own_service(world: World) -> None:
    service = organizations(RootQuotas())
    first = answer(world, service, "ListRoots")
    assert first == {"Roots": [{"Id": "r-0"}, {"Id": "r-1"}], "NextToken": first["NextToken"]}
    assert answer(world, service, "ListRoots", NextToken=first["NextToken"]) == {"Roots": [{"Id": "r-2"}]}
    assert len(answer(world, service, "ListRoots", MaxResults=3)["Roots"]) == 3
    assert refusal(world, service, "ListRoots", NextToken="of nobody") == "Invalid token."


def test_iam_pages_with_markers(world: World) -> None:
    for name in ("a", "b"):
        world.user(name)
    first = answer(world, SERVICES["iam"], "ListUsers", MaxItems=1)
    assert first.keys() == {"Users", "Marker", "IsTruncated"}


@pytest.mark.parametrize("name", ["iam", "sts"])
def test_the_paging_of_a_service_is_what_clients_page_by(name: str) -> None:
    style = SERVICES[name].paging
    pagers = Loader().load_service_model(name, "paginators-1")["pagination"].values()
    members = {(pager["input_token"], pager["limit_key"], pager["output_token"]) for pager in pagers}
    assert members <= {(style.start, style.limit, style.next)}
    assert {pager["more_results"] for pager in pagers} <= {style.truncated}
