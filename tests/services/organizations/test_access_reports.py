"""GenerateOrganizationsAccessReport: which services SCPs allow a part of an organization, and who last tried them."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.services.iam import organization_access
from tests.services.iam.documents import allow, deny
from tests.services.iam.expect import refused
from tests.services.organizations.estate import Estate
from tests.services.organizations.guardrails import SCP, Guardrails


@pytest.fixture
def guarded(estate: Estate) -> Guardrails:
    return Guardrails(estate=estate)


def report(estate: Estate, *path: str, policy: str | None = None, **given: Any) -> dict[str, Any]:
    asked = {"EntityPath": "/".join((estate.organization, *path))}
    if policy is not None:
        asked["OrganizationsPolicyId"] = policy
    job = estate.world.call(estate.world.root, "GenerateOrganizationsAccessReport", **asked)["JobId"]
    return estate.world.call(estate.world.root, "GetOrganizationsAccessReport", JobId=job, **given)


def details(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["ServiceNamespace"]: one for one in told["AccessDetails"]}


def test_a_report_tells_what_the_scps_of_every_level_allow_and_who_last_tried(guarded: Guardrails) -> None:
    estate, world = guarded.estate, guarded.estate.world
    unit = estate.unit("Workloads")
    member, beside = estate.member(unit), estate.member()
    guarded.attach(SCP, allow("iam:*", "s3:*", "sts:*"), unit)
    guarded.without_full_access(unit)
    guarded.attach(SCP, deny("s3:*"), estate.root)
    for root in (member, beside):
        world.call(world.user("alice", [allow("iam:*")], root=root), "ListUsers")
        world.clock.advance(60)
    told = report(estate, estate.root, unit)
    assert (told["JobStatus"], told["NumberOfServicesAccessible"], told["NumberOfServicesNotAccessed"]) == (
        "COMPLETED",
        2,
        1,
    )
    assert told["JobCompletionDate"] >= told["JobCreationDate"]
    found = details(told)
    assert set(found) == {"iam", "sts"}
    for order, expected in (("ASCENDING", ["sts", "iam"]), ("DESCENDING", ["iam", "sts"])):
        by_time = report(estate, estate.root, unit, SortKey=f"LAST_AUTHENTICATED_TIME_{order}")
        assert [one["ServiceNamespace"] for one in by_time["AccessDetails"]] == expected
    path = f"{estate.organization}/{estate.root}/{unit}/{estate.account_of(member)}"
    assert (found["iam"]["EntityPath"], found["iam"]["TotalAuthenticatedEntities"]) == (path, 1)
    assert found["iam"]["Region"] == "us-east-1"
    assert "EntityPath" not in found["sts"]
    of_account = details(report(estate, estate.root, unit, estate.account_of(member)))
    assert of_account["iam"] == found["iam"]
    of_all = details(report(estate, estate.root, MaxItems=1000))
    assert "s3" not in of_all
    own = f"{estate.organization}/{estate.root}/{world.account_id}"
    assert of_all["iam"]["EntityPath"] == own, "whoever asks for reports tries to access IAM"
    assert of_all["iam"]["TotalAuthenticatedEntities"] == 3


def test_a_report_of_a_policy_tells_what_that_allows(guarded: Guardrails) -> None:
    estate = guarded.estate
    arn = guarded.attach(SCP, allow("sqs:*", "sns:*"), estate.root)
    told = report(estate, estate.root, policy=arn.rpartition("/")[2], SortKey="SERVICE_NAMESPACE_DESCENDING")
    assert [one["ServiceNamespace"] for one in told["AccessDetails"]] == ["sqs", "sns"]
    assert len(report(estate, estate.root, policy="p-FullAWSAccess", MaxItems=3)["AccessDetails"]) == 3


@pytest.mark.parametrize(("most", "code"), [(4, None), (3, "InvalidInput")])
def test_a_report_looks_at_so_many_principals_and_no_more(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, most: int, code: str | None
) -> None:
    """The root user, two users and the service-linked role of Organizations."""
    world, path = estate.world, f"{estate.organization}/{estate.root}/{estate.world.account_id}"
    for name in ("alice", "bob"):
        world.user(name)
    monkeypatch.setattr(organization_access, "_MOST_PRINCIPALS", most)
    if code is None:
        world.call(world.root, "GenerateOrganizationsAccessReport", EntityPath=path)
    else:
        assert refused(world, world.root, "GenerateOrganizationsAccessReport", EntityPath=path)[0] == code


def test_the_management_account_is_bound_by_no_scp(guarded: Guardrails) -> None:
    estate = guarded.estate
    guarded.attach(SCP, deny("s3:*"), estate.root)
    assert "s3" in details(report(estate, estate.root, estate.world.account_id, MaxItems=1000))


def test_the_management_account_alone_may(estate: Estate) -> None:
    path = f"{estate.organization}/{estate.root}"
    for root in (estate.member(), estate.world.account()):
        assert refused(estate.world, root, "GenerateOrganizationsAccessReport", EntityPath=path)[0] == "AccessDenied"
        assert refused(estate.world, root, "GetOrganizationsAccessReport", JobId="0" * 36)[0] == "AccessDenied"


def test_what_is_not_there_is_not_reported(estate: Estate) -> None:
    world, path = estate.world, f"{estate.organization}/{estate.root}"
    generate = "GenerateOrganizationsAccessReport"
    assert refused(world, world.root, generate, EntityPath=f"{path}/ou-none-00000000")[0] == "InvalidInput"
    assert refused(world, world.root, generate, EntityPath="/".join(("o-another000", estate.root)))[0] == "InvalidInput"
    given = {"EntityPath": path, "OrganizationsPolicyId": "p-RCPFullAWSAccess"}
    assert refused(world, world.root, generate, **given)[0] == "InvalidInput"
    assert refused(world, world.root, "GetOrganizationsAccessReport", JobId="0" * 36)[0] == "NoSuchEntity"
    estate.call("DisablePolicyType", RootId=estate.root, PolicyType=SCP)
    assert refused(world, world.root, generate, EntityPath=path)[0] == "InvalidInput"
