"""The service-linked roles that are known, and how they are found in the packages."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from carnet.catalog.managed_policies import managed_policy
from carnet.catalog.service_linked_roles import DATA, ROLES_MEMBER, linked_role
from carnet.catalog.service_principals import is_service_principal
from tools.build_catalog import LINKED_ROLES_TABLE, linked_roles, linked_roles_table

REAL = """
    autoscaling AWSServiceRoleForAutoScaling
    ecs AWSServiceRoleForECS
    elasticloadbalancing AWSServiceRoleForElasticLoadBalancing
    rds AWSServiceRoleForRDS
    es AWSServiceRoleForAmazonElasticsearchService
    opensearchservice AWSServiceRoleForAmazonOpenSearchService
    spot AWSServiceRoleForEC2Spot
    eks AWSServiceRoleForAmazonEKS
    eks-nodegroup AWSServiceRoleForAmazonEKSNodegroup
    elasticache AWSServiceRoleForElastiCache
    organizations AWSServiceRoleForOrganizations
    guardduty AWSServiceRoleForAmazonGuardDuty
    managedupdates.elasticbeanstalk AWSServiceRoleForElasticBeanstalkManagedUpdates
    dynamodb.application-autoscaling AWSServiceRoleForApplicationAutoScaling_DynamoDBTable
"""


@pytest.mark.parametrize("line", REAL.strip().splitlines())
def test_names_are_those_that_aws_gives(line: str) -> None:
    service, name = line.split()
    found = linked_role(f"{service}.amazonaws.com")
    assert found is not None
    assert found.name == name
    assert len(found.policies) == 1


def test_a_service_without_a_role_and_another_spelling_are_not_known() -> None:
    assert linked_role("redshift-data.amazonaws.com") is None
    assert linked_role("ECS.amazonaws.com") is None
    assert linked_role("ecs") is None


def test_every_role_is_of_a_service_has_policies_that_exist_and_a_name_that_roles_may_have() -> None:
    rows: list[list[Any]] = json.loads(DATA.archive.read(ROLES_MEMBER))
    assert len({name for _, name, _, _ in rows}) == len(rows)
    for service, name, policies, _ in rows:
        assert is_service_principal(f"{service}.amazonaws.com")
        assert len(name) <= 64
        for policy in policies:
            found = managed_policy(f"arn:aws:iam::aws:policy/aws-service-role/{policy}")
            assert found is not None, policy
            assert not found.attachable


def test_of_every_role_but_one_the_policy_is_known() -> None:
    rows: list[list[Any]] = json.loads(DATA.archive.read(ROLES_MEMBER))
    assert [service for service, _, policies, _ in rows if not policies] == ["s3.data-source.lustre.fsx"]


def test_the_list_that_is_written_by_hand_is_in_the_data() -> None:
    rows = {row[0]: row for row in json.loads(DATA.archive.read(ROLES_MEMBER))}
    for line in Path("tools/service_linked_roles.txt").read_text().splitlines():
        service, *facts = line.partition("#")[0].split() or [""]
        if facts:
            assert rows[service] == [service, facts[0], facts[1:2], "suffix" in facts[2:]]


def test_a_suffix_is_part_of_the_name() -> None:
    role = linked_role("autoscaling.amazonaws.com")
    assert role is not None
    assert role.takes_suffix
    assert (role.named(None), role.named("b")) == (role.name, f"{role.name}_b")


def built(resources: list[str], table: dict[str, Any], documented: str) -> Any:
    policies = json.dumps([f"arn:aws:iam::*:role/aws-service-role/{resource}" for resource in resources])
    return json.loads(linked_roles(policies, table, documented))


def test_a_whole_name_in_a_policy_counts_more_than_its_beginning() -> None:
    ways = ["a.amazonaws.com/AWSServiceRoleForA", "a.amazonaws.com/AWSServiceRole*"]
    for resources in (ways, ways[::-1]):
        assert built(resources, {}, "") == [["a", "AWSServiceRoleForA", [], False]]
    assert built(["b.amazonaws.com/AWSServiceRoleForB_*"], {}, "") == [["b", "AWSServiceRoleForB", [], True]]


def test_the_table_and_then_the_documentation_correct_what_policies_name() -> None:
    table = {
        f"{service}.amazonaws.com": {
            "role_name": "Tabled" + service,
            "attached_policies": ["x/P"],
            "suffix_allowed": True,
        }
        for service in "ab"
    }
    named = [f"{service}.amazonaws.com/AWSServiceRoleForNamed{service}" for service in "ac"]
    documented = "# from the documentation\nb Documented - suffix\nd Known Policy\nc\n"
    assert built(named, table, documented) == [
        ["a", "Tableda", ["P"], True],
        ["b", "Documented", [], True],
        ["d", "Known", ["Policy"], False],
    ]


def test_two_roles_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="several services have a role called Same"):
        built([], {}, "a Same\nb Same\n")


def test_the_table_is_read_without_running_the_module() -> None:
    archive = ZipFile(io.BytesIO(), "w")
    archive.writestr(LINKED_ROLES_TABLE, 'ROLES = {"a.amazonaws.com": {}}\nraise SystemExit\n')
    assert linked_roles_table(archive) == {"a.amazonaws.com": {}}
    other = ZipFile(io.BytesIO(), "w")
    other.writestr(LINKED_ROLES_TABLE, "import os\n")
    with pytest.raises(ValueError, match="not where it was"):
        linked_roles_table(other)
