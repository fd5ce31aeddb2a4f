"""The catalogue of actions: floors under its size, and facts that AWS documents."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.catalog.actions import AccessLevel, Action, Service, action, rcp_services, service, services

ACTION_NAME = re.compile(r"[a-z0-9-]+:[A-Za-z0-9-]+", re.ASCII)


@pytest.fixture(scope="module")
def everything() -> list[Service]:
    return [found(prefix) for prefix in services()]


@pytest.fixture(scope="module")
def all_actions(everything: list[Service]) -> list[Action]:
    return [listed for owner in everything for listed in owner.actions.values()]


def found(prefix: str) -> Service:
    owner = service(prefix)
    assert owner is not None
    return owner


def known(name: str) -> Action:
    listed = action(name)
    assert listed is not None
    return listed


def test_floors(all_actions: list[Action]) -> None:
    """A source that silently loses a part of its data falls through one of these."""
    assert len(services()) >= 450
    assert len(all_actions) >= 22_000
    assert sum(bool(listed.dependents) for listed in all_actions) > 1_500
    assert sum(listed.without_resource for listed in all_actions) > 5_000
    assert sum(bool(listed.condition_keys) for listed in all_actions) > 5_000
    assert sum(bool(kind.condition_keys) for listed in all_actions for kind in listed.resource_types) > 1_000


def test_floors_of_types_and_keys(everything: list[Service]) -> None:
    assert sum(len(owner.resource_types) for owner in everything) >= 2_300
    assert sum(len(owner.condition_keys) for owner in everything) >= 2_500
    assert 40 <= len(rcp_services()) < len(services())


def test_every_action_is_found_by_its_name(all_actions: list[Action]) -> None:
    for listed in all_actions:
        assert ACTION_NAME.fullmatch(str(listed))
        assert action(str(listed).upper()) == listed
        assert listed.access_levels


def test_dependents_are_actions(all_actions: list[Action]) -> None:
    named = {name for listed in all_actions for name in listed.dependents}
    assert {name for name in named if action(name) is None} == set()


def test_every_resource_type_has_an_arn_pattern(everything: list[Service]) -> None:
    patterns = [kind.arn for owner in everything for kind in owner.resource_types.values()]
    assert {pattern for pattern in patterns if pattern.count(":") < 5 or not pattern.startswith("arn:")} == set()


def test_rcps_cover_services_that_exist() -> None:
    assert rcp_services() >= {"s3", "sts", "kms", "sqs", "secretsmanager"}
    assert "iam" not in rcp_services()
    assert {prefix for prefix in rcp_services() if service(prefix) is None} == set()


def test_pass_role() -> None:
    pass_role = known("iam:PassRole")
    (role,) = pass_role.resource_types
    assert (role.type.name, role.required) == ("role", True)
    assert role.type.arn == "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"
    assert "iam:PassedToService" in pass_role.condition_keys


def test_get_object_needs_one_of_several_types() -> None:
    get_object = known("s3:GetObject")
    assert {kind.type.name: kind.required for kind in get_object.resource_types}["object"] is False
    assert get_object.access_levels == (AccessLevel.READ,)


def test_run_instances_has_keys_by_resource_type() -> None:
    types = {kind.type.name: kind for kind in known("ec2:RunInstances").resource_types}
    assert "ec2:InstanceType" in types["instance"].condition_keys
    assert "ec2:InstanceType" not in types["image"].condition_keys
    assert types["subnet"].required
    assert "iam:PassRole" in known("ec2:RunInstances").dependents


@pytest.mark.parametrize("name", ["sts:GetCallerIdentity", "s3:ListAllMyBuckets", "iam:GetAccountSummary"])
def test_actions_without_a_resource(name: str) -> None:
    assert known(name).without_resource


def test_a_name_is_answered_as_aws_spells_it() -> None:
    assert str(known("iam:listusers")) == "iam:ListUsers"
    assert AccessLevel.LIST in known("iam:ListUsers").access_levels


def test_compound_access_levels_are_taken_apart() -> None:
    assert set(known("iam:AttachUserPolicy").access_levels) == {AccessLevel.WRITE, AccessLevel.PERMISSIONS_MANAGEMENT}


def test_the_kelvin_sign_is_no_k() -> None:
    assert action("\u212ams:Decrypt") is None
    assert action("iam:Li\u017ftUsers") is None
    assert action("KMS:dECRYPT") == known("kms:Decrypt")


@pytest.mark.parametrize("name", ["", ":", "iam", "iam:", ":ListUsers", "iam:Nothing", "nothing:Get", "iam:List*"])
def test_names_of_nothing(name: str) -> None:
    assert action(name) is None


@given(st.text())
def test_no_text_raises(name: str) -> None:
    assert action(name) is None or ACTION_NAME.fullmatch(str(action(name)))
    assert service(name) is None or name.lower() in services()
