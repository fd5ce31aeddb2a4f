"""AWS-managed policies: all of them are there, and each is what AWS documents."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.catalog.managed_policies import DATA, DOCUMENTS_MEMBER, managed_policies, managed_policy
from carnet.entities.entity import name_key
from carnet.entities.managed_policy import ManagedPolicy

POLICY_ID = re.compile(r"ANPA[A-Z2-7]{17}", re.ASCII)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def known(arn: str) -> ManagedPolicy:
    policy = managed_policy(arn)
    assert policy is not None
    return policy


def test_floor_and_order() -> None:
    names = [name_key(policy.name) for policy in managed_policies()]
    assert len(names) >= 1_500
    assert names == sorted(set(names))


def test_every_document_is_a_policy() -> None:
    for policy in managed_policies():
        document = json.loads(policy.document)
        assert document["Version"] == "2012-10-17"
        statements = document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            assert statement["Effect"] in ("Allow", "Deny")
            assert {"Action", "NotAction"} & statement.keys()
            assert {"Resource", "NotResource"} & statement.keys()


def test_every_policy_is_found_by_its_arn() -> None:
    assert all(managed_policy(policy.arn) == policy for policy in managed_policies())


def test_reading_one_policy_unpacks_little() -> None:
    groups = [name for name in DATA.archive.members if name.startswith(DOCUMENTS_MEMBER)]
    sizes = [len(DATA.archive.read(name)) for name in groups]
    largest_document = max(len(policy.document) for policy in managed_policies())
    assert max(sizes) < largest_document + 50_000
    assert sum(sizes) > 20 * max(sizes)


def test_ids_are_wellformed_and_distinct() -> None:
    ids = {policy.id for policy in managed_policies()}
    assert len(ids) == len(managed_policies())
    assert all(POLICY_ID.fullmatch(policy_id) for policy_id in ids)


def test_an_id_never_changes() -> None:
    """Stores and clients keep it: another derivation would look to them like another policy."""
    assert known(ADMINISTRATOR).id == "ANPA6DVNKPZIRO3KD5TLF"


def test_administrator_access() -> None:
    policy = known(ADMINISTRATOR)
    assert (policy.account, policy.path, policy.name, policy.arn) == ("aws", "/", "AdministratorAccess", ADMINISTRATOR)
    assert policy.created == datetime(2015, 2, 6, 18, 39, 46, tzinfo=UTC)
    assert json.loads(policy.document)["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert (policy.default_version, [version.name for version in policy.versions]) == (1, ["v1"])


def test_versions_bear_their_true_number() -> None:
    policy = known("arn:aws:iam::aws:policy/PowerUserAccess")
    assert policy.default_version == policy.versions[-1].number > 1
    assert policy.next_version == policy.default_version + 1
    assert policy.versions[-1].created == policy.updated > policy.created


@pytest.mark.parametrize(
    ("resource", "attachable"),
    [
        ("policy/aws-service-role/AWSSupportServiceRolePolicy", False),
        ("policy/service-role/AWSLambdaBasicExecutionRole", True),
        ("policy/job-function/ViewOnlyAccess", True),
    ],
)
def test_policies_of_service_linked_roles_are_kept_for_them(resource: str, attachable: bool) -> None:
    assert known(f"arn:aws:iam::aws:{resource}").attachable is attachable


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_another_partition_has_its_own_arns(partition: str) -> None:
    policy = known(f"arn:{partition}:iam::aws:policy/AWSLambda_FullAccess")
    assert policy.arn.startswith(f"arn:{partition}:")
    assert '"arn:aws:' not in policy.document
    assert f'"arn:{partition}:' in policy.document
    assert policy.id == known("arn:aws:iam::aws:policy/AWSLambda_FullAccess").id


def test_the_list_of_another_partition() -> None:
    listed = managed_policies("aws-cn")
    assert [policy.name for policy in listed] == [policy.name for policy in managed_policies()]
    assert {policy.partition for policy in listed} == {"aws-cn"}


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "AdministratorAccess",
        "arn:aws:iam::aws:policy/Nothing",
        "arn:aws:iam::aws:policy/administratoraccess",
        "arn:aws:iam::aws:policy/service-role/AdministratorAccess",
        "arn:aws:iam::123456789012:policy/AdministratorAccess",
        "arn:aws:iam:us-east-1:aws:policy/AdministratorAccess",
        "arn:aws:sts::aws:policy/AdministratorAccess",
        "arn:other:iam::aws:policy/AdministratorAccess",
    ],
)
def test_arns_of_nothing(arn: str) -> None:
    assert managed_policy(arn) is None


@given(st.text())
def test_no_text_raises(name: str) -> None:
    assert managed_policy(name) is None
    assert managed_policy(f"arn:aws:iam::aws:policy/{name}") in (None, *managed_policies())
