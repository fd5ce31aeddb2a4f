"""Structures that IAM's operations answer have the members that the service's model knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from hypothesis import given as examples
from hypothesis import strategies as st

from carnet import models
from carnet.directory.snapshot import empty_snapshot
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy, PolicyVersion
from carnet.entities.password_policy import PasswordPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam import shapes
from carnet.store.last_used import RoleUse
from tests.directory.snapshots import snapshot_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ACCOUNT = "111122223333"
COMMON: dict[str, Any] = {"account": ACCOUNT, "path": "/p/", "name": "n", "created": NOW, "tags": {"k": "v"}}
POLICY = ManagedPolicy(
    id="ANPA",
    **COMMON,
    description="d",
    updated=NOW,
    versions=(PolicyVersion(number=1, document="{}", created=NOW), PolicyVersion(number=3, document="{}", created=NOW)),
    default_version=3,
    next_version=4,
)
ROLE = Role(id="AROA", **COMMON, trust="{}", description="d", boundary=POLICY.arn, attached=(POLICY.arn,))
USER = User(id="AIDA", **COMMON, boundary=POLICY.arn, attached=(POLICY.arn,))
PROFILE = InstanceProfile(id="AIPA", **COMMON, role="AROA")
VIEW = snapshot_of(Account(id=ACCOUNT, name="n", email="e", created=NOW), ROLE, USER).accounts[ACCOUNT]


def members(name: str) -> set[str]:
    shape: Any = models.service("iam").model.shape_for(name)
    return set(shape.members)


def test_no_structure_has_a_member_that_the_model_does_not_know() -> None:
    snapshot = empty_snapshot()
    key = AccessKey(id="AKIA", account=ACCOUNT, owner="AIDA", sealed_secret=b"", created=NOW)
    for name, structure in (
        ("User", shapes.user(USER)),
        ("Group", shapes.group(Group(id="AGPA", **COMMON))),
        ("Role", shapes.role(snapshot, ROLE) | shapes.role_last_used(RoleUse(NOW, "us-east-1"))),
        ("Policy", shapes.policy(VIEW, POLICY)),
        ("PolicyVersion", shapes.policy_version(POLICY, POLICY.versions[0])),
        ("InstanceProfile", shapes.instance_profile(snapshot, VIEW, PROFILE)),
        ("AttachedPolicy", shapes.attached_policy(POLICY.arn)),
        ("AccessKeyMetadata", shapes.access_key(key, USER)),
        ("PasswordPolicy", shapes.password_policy(PasswordPolicy(max_age_days=1, reuse_prevention=1))),
    ):
        assert structure.keys() <= members(name), name


def test_a_policy_counts_its_uses() -> None:
    policy = shapes.policy(VIEW, POLICY)
    assert (policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]) == (2, 2)
    assert policy["DefaultVersionId"] == "v3"
    assert policy["Description"] == "d"
    assert policy["Tags"] == [{"Key": "k", "Value": "v"}]
    assert members("Policy") - shapes.listed_policy(VIEW, POLICY).keys() == {"Description", "Tags"}


def test_lists_of_roles_leave_out_tags_and_boundary() -> None:
    full, listed = shapes.role(empty_snapshot(), ROLE), shapes.listed_role(empty_snapshot(), ROLE)
    assert full.keys() - listed.keys() == {"Tags", "PermissionsBoundary"}


def test_an_instance_profile_shows_the_role_inside() -> None:
    snapshot = empty_snapshot()
    full = shapes.instance_profile(snapshot, VIEW, PROFILE)
    assert full["Roles"] == [shapes.short_role(snapshot, ROLE)]
    assert full.keys() - shapes.listed_instance_profile(snapshot, VIEW, PROFILE).keys() == {"Tags"}
    empty = InstanceProfile(id="AIPA", **COMMON)
    assert shapes.instance_profile(snapshot, VIEW, empty)["Roles"] == []


def test_only_the_default_version_says_so() -> None:
    first, last = (shapes.listed_policy_version(POLICY, version) for version in POLICY.versions)
    assert (first["VersionId"], first["IsDefaultVersion"]) == ("v1", False)
    assert (last["VersionId"], last["IsDefaultVersion"]) == ("v3", True)


def test_a_role_that_was_never_used_says_so_with_an_empty_element() -> None:
    assert shapes.role_last_used(None) == {"RoleLastUsed": {}}


@examples(text=st.text())
def test_a_document_is_encoded_down_to_the_unreserved_characters(text: str) -> None:
    encoded = shapes.document(text)
    assert unquote(encoded) == text
    assert set(encoded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")


def test_documents_that_are_answered_take_bounded_room() -> None:
    long = [f"{number:04}" + " " * 100_000 for number in range(60)]
    for text in long:
        assert unquote(shapes.document(text)) == text
    assert shapes._encoded.get(long[-1]) is not None
    held = sum(shapes._encoded.get(text) is not None for text in long)
    assert held * len(shapes.document(long[-1])) < 2 * shapes._ENCODED_CHARACTERS + len(shapes.document(long[-1]))
