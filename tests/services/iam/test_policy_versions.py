"""CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion, DeletePolicyVersion."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from tests.services.iam.documents import allow, managed, text
from tests.services.iam.expect import changes_nothing, refused
from tests.services.wire import fits_the_model
from tests.services.world import START, World

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
def arn(world: World) -> str:
    return managed(world)


def add(world: World, arn: str, action: str = "s3:*", **given: Any) -> dict[str, Any]:
    version: dict[str, Any] = world.call(
        world.root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=text(allow(action)), **given
    )["PolicyVersion"]
    return version


def listed(world: World, arn: str, **given: Any) -> list[str]:
    answer = world.call(world.root, "ListPolicyVersions", PolicyArn=arn, **given)
    return [version["VersionId"] + "*" * version["IsDefaultVersion"] for version in answer["Versions"]]


def test_a_new_version_waits_unless_it_is_set_as_default(world: World, arn: str) -> None:
    world.clock.advance(60)
    assert add(world, arn) == {"VersionId": "v2", "IsDefaultVersion": False, "CreateDate": world.clock()}
    assert listed(world, arn) == ["v2", "v1*"]
    assert add(world, arn, SetAsDefault=True)["IsDefaultVersion"] is True
    assert listed(world, arn) == ["v3*", "v2", "v1"]
    policy = world.call(world.root, "GetPolicy", PolicyArn=arn)["Policy"]
    assert (policy["DefaultVersionId"], policy["CreateDate"], policy["UpdateDate"]) == ("v3", START, world.clock())


def test_the_default_version_is_the_one_in_force(world: World, arn: str) -> None:
    alice = world.user("alice")
    world.call(world.root, "AttachUserPolicy", UserName="alice", PolicyArn=arn)
    add(world, arn, "iam:ListUsers")
    assert refused(world, alice, "ListUsers")[0] == "AccessDenied"
    world.call(world.root, "SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v2")
    assert world.call(alice, "ListUsers")
    world.call(world.root, "SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v1")
    assert refused(world, alice, "ListUsers")[0] == "AccessDenied"


def test_setting_the_default_again_writes_nothing(world: World, arn: str) -> None:
    changes_nothing(world, world.root, "SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v1")


def test_a_version_is_read_with_its_document(world: World, arn: str) -> None:
    add(world, arn, "iam:ListUsers")
    answer = world.call(world.root, "GetPolicyVersion", PolicyArn=arn, VersionId="v2")
    assert unquote(answer["PolicyVersion"]["Document"]) == text(allow("iam:ListUsers"))
    assert answer["PolicyVersion"]["IsDefaultVersion"] is False
    assert fits_the_model("GetPolicyVersion", answer)


def test_aws_own_documents_can_be_read(world: World) -> None:
    default = world.call(world.root, "GetPolicy", PolicyArn=READ_ONLY)["Policy"]["DefaultVersionId"]
    assert listed(world, READ_ONLY) == [f"{default}*"]
    version = world.call(world.root, "GetPolicyVersion", PolicyArn=READ_ONLY, VersionId=default)["PolicyVersion"]
    assert "iam:List*" in unquote(version["Document"])


def test_there_are_five_at_most_and_their_numbers_never_come_back(world: World, arn: str) -> None:
    for _ in range(4):
        add(world, arn)
    given = {"PolicyArn": arn, "PolicyDocument": text(allow("s3:*"))}
    code, message = refused(world, world.root, "CreatePolicyVersion", **given)
    assert code == "LimitExceeded"
    assert message.startswith("A managed policy can have up to 5 versions.")
    world.call(world.root, "DeletePolicyVersion", PolicyArn=arn, VersionId="v5")
    assert add(world, arn)["VersionId"] == "v6"
    assert listed(world, arn) == ["v6", "v4", "v3", "v2", "v1*"]


def test_the_list_is_paged(world: World, arn: str) -> None:
    for _ in range(4):
        add(world, arn)
    first = world.call(world.root, "ListPolicyVersions", PolicyArn=arn, MaxItems=3)
    assert [version["VersionId"] for version in first["Versions"]] == ["v5", "v4", "v3"]
    assert fits_the_model("ListPolicyVersions", first)
    assert listed(world, arn, Marker=first["Marker"]) == ["v2", "v1*"]


def test_the_default_version_cannot_be_deleted(world: World, arn: str) -> None:
    assert refused(world, world.root, "DeletePolicyVersion", PolicyArn=arn, VersionId="v1") == (
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
    )


@pytest.mark.parametrize("operation", ["GetPolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"])
@pytest.mark.parametrize("version", ["v2", "v01", "v1.a", "1"])
def test_a_version_that_is_not_there(world: World, arn: str, operation: str, version: str) -> None:
    code, message = refused(world, world.root, operation, PolicyArn=arn, VersionId=version)
    assert code == "NoSuchEntity"
    assert version in message


@pytest.mark.parametrize("operation", ["GetPolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"])
def test_of_a_policy_that_is_not_there_the_version_is_missed(world: World, operation: str) -> None:
    none = f"arn:aws:iam::{world.account_id}:policy/none"
    assert refused(world, world.root, operation, PolicyArn=none, VersionId="v1") == (
        "NoSuchEntity",
        f"Policy {none} version v1 does not exist or is not attachable.",
    )


def test_malformed_and_long_documents_are_refused(world: World, arn: str) -> None:
    code, _ = refused(world, world.root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument="{}")
    assert code == "MalformedPolicyDocument"
    long = text(allow("s3:" + "x" * 6144))
    assert refused(world, world.root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=long) == (
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    )


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("CreatePolicyVersion", {"PolicyDocument": text(allow("*")), "SetAsDefault": True}),
        ("SetDefaultPolicyVersion", {"VersionId": "v1"}),
        ("DeletePolicyVersion", {"VersionId": "v1"}),
    ],
)
def test_aws_own_policies_cannot_be_changed(world: World, operation: str, given: dict[str, Any]) -> None:
    assert refused(world, world.root, operation, PolicyArn=READ_ONLY, **given)[0] == "AccessDenied"
