"""Access keys of users and root: made, listed, switched off, deleted, last used."""

from __future__ import annotations

import pytest

from carnet.base.ids import account_of_key
from carnet.entities.access_key import AccessKey
from carnet.identity.credentials import secret_context
from carnet.store.last_used import KeyUse
from tests.services.iam.documents import allow
from tests.services.iam.expect import changes_nothing, refused
from tests.services.world import START, Caller, ServiceError, World


def key_of(world: World, name: str) -> str:
    (key,) = world.call(world.root, "ListAccessKeys", UserName=name)["AccessKeyMetadata"]
    key_id: str = key["AccessKeyId"]
    return key_id


def test_a_new_key_works_and_its_secret_is_shown_once(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="Alice")
    key = world.call(world.root, "CreateAccessKey", UserName="alice")["AccessKey"]
    assert key["AccessKeyId"].startswith("AKIA")
    assert len(key["AccessKeyId"]) == 20
    assert account_of_key(key["AccessKeyId"]) == world.account_id
    assert len(key["SecretAccessKey"]) == 40
    shown = {
        "UserName": "Alice",
        "AccessKeyId": key["AccessKeyId"],
        "Status": "Active",
        "CreateDate": START,
    }
    assert key == shown | {"SecretAccessKey": key["SecretAccessKey"]}
    assert world.call(world.root, "ListAccessKeys", UserName="alice")["AccessKeyMetadata"] == [shown]
    alice = Caller(key["AccessKeyId"], key["SecretAccessKey"])
    assert world.call(alice, "GetCallerIdentity", service="sts")["Arn"].endswith(":user/Alice")


def test_the_stored_secret_opens_in_its_own_row_only(world: World) -> None:
    alice = world.user("alice")
    view = world.snapshot.account(world.account_id)
    assert view is not None
    stored = view.of(AccessKey).by_id[alice.key_id]
    assert alice.secret.encode() not in stored.sealed_secret
    context = secret_context(alice.key_id, world.account_id, stored.owner)
    assert world.installation.keyring.open(stored.sealed_secret, context=context) == alice.secret.encode()


def test_two_keys_each(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="a")
    for _ in range(2):
        world.call(world.root, "CreateAccessKey", UserName="a")
    assert refused(world, world.root, "CreateAccessKey", UserName="a") == (
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )
    world.call(world.root, "CreateAccessKey")
    assert refused(world, world.root, "CreateAccessKey")[0] == "LimitExceeded"


def test_without_a_name_callers_manage_their_own_keys(world: World) -> None:
    own = ["iam:CreateAccessKey", "iam:ListAccessKeys", "iam:UpdateAccessKey", "iam:DeleteAccessKey"]
    alice = world.user("alice", [allow(*own, resource="arn:aws:iam::*:user/${aws:username}")])
    made = world.call(alice, "CreateAccessKey")["AccessKey"]
    assert made["UserName"] == "alice"
    world.call(alice, "UpdateAccessKey", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    world.call(alice, "DeleteAccessKey", AccessKeyId=made["AccessKeyId"])
    assert [key["AccessKeyId"] for key in world.call(alice, "ListAccessKeys")["AccessKeyMetadata"]] == [alice.key_id]
    assert refused(world, alice, "ListAccessKeys", UserName="bob")[0] == "AccessDenied"


def test_root_has_keys_of_its_own_without_a_user_name(world: World) -> None:
    made = world.call(world.root, "CreateAccessKey")["AccessKey"]
    assert "UserName" not in made
    listed = world.call(world.root, "ListAccessKeys")["AccessKeyMetadata"]
    assert {key["AccessKeyId"] for key in listed} == {world.root.key_id, made["AccessKeyId"]}
    assert all("UserName" not in key for key in listed)
    second = Caller(made["AccessKeyId"], made["SecretAccessKey"])
    world.call(second, "DeleteAccessKey", AccessKeyId=world.root.key_id)
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        world.call(world.root, "ListUsers")


def test_an_inactive_key_is_refused_until_it_is_active_again(world: World) -> None:
    alice = world.user("alice", [allow("iam:GetUser")])
    world.call(world.root, "UpdateAccessKey", UserName="alice", AccessKeyId=alice.key_id, Status="Inactive")
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        world.call(alice, "GetUser")
    (shown,) = world.call(world.root, "ListAccessKeys", UserName="alice")["AccessKeyMetadata"]
    assert shown["Status"] == "Inactive"
    world.call(world.root, "UpdateAccessKey", UserName="alice", AccessKeyId=alice.key_id, Status="Active")
    assert world.call(alice, "GetUser")


def test_setting_the_status_that_a_key_has_writes_nothing(world: World) -> None:
    alice = world.user("alice")
    changes_nothing(world, world.root, "UpdateAccessKey", UserName="alice", AccessKeyId=alice.key_id, Status="Active")


def test_a_key_cannot_be_made_to_expire(world: World) -> None:
    alice = world.user("alice")
    asked = {"UserName": "alice", "AccessKeyId": alice.key_id, "Status": "Expired"}
    expected = ("InvalidInput", "Operation does not support status Expired")
    assert refused(world, world.root, "UpdateAccessKey", **asked) == expected


@pytest.mark.parametrize("whose", ["bob", None])
def test_a_key_is_changed_under_its_own_holder_only(world: World, whose: str | None) -> None:
    alice = world.user("alice")
    world.user("bob")
    given = {"AccessKeyId": alice.key_id} | ({"UserName": whose} if whose else {})
    expected = ("NoSuchEntity", f"The Access Key with id {alice.key_id} cannot be found.")
    assert refused(world, world.root, "DeleteAccessKey", **given) == expected
    assert refused(world, world.root, "UpdateAccessKey", **given, Status="Inactive") == expected


def test_a_deleted_key_is_gone(world: World) -> None:
    alice = world.user("alice")
    world.call(world.root, "DeleteAccessKey", UserName="alice", AccessKeyId=alice.key_id)
    assert world.call(world.root, "ListAccessKeys", UserName="alice")["AccessKeyMetadata"] == []
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        world.call(alice, "GetUser")


def test_keys_are_listed_one_page_at_a_time(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="a")
    made = {world.call(world.root, "CreateAccessKey", UserName="a")["AccessKey"]["AccessKeyId"] for _ in range(2)}
    first = world.call(world.root, "ListAccessKeys", UserName="a", MaxItems=1)
    rest = world.call(world.root, "ListAccessKeys", UserName="a", Marker=first["Marker"])
    assert {key["AccessKeyId"] for key in first["AccessKeyMetadata"] + rest["AccessKeyMetadata"]} == made


def test_when_a_key_was_last_used(world: World) -> None:
    world.user("alice")
    key_id = key_of(world, "alice")
    assert world.call(world.root, "GetAccessKeyLastUsed", AccessKeyId=key_id) == {
        "UserName": "alice",
        "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"},
    }
    world.installation.last_used.note_key(key_id, KeyUse(START, "sts", "eu-west-1"))
    assert world.call(world.root, "GetAccessKeyLastUsed", AccessKeyId=key_id)["AccessKeyLastUsed"] == {
        "LastUsedDate": START,
        "ServiceName": "sts",
        "Region": "eu-west-1",
    }
    assert "UserName" not in world.call(world.root, "GetAccessKeyLastUsed", AccessKeyId=world.root.key_id)


def test_the_use_of_a_key_is_told_by_permission_on_its_holder(world: World) -> None:
    alice = world.user("alice", [allow("iam:GetAccessKeyLastUsed", resource="arn:aws:iam::*:user/alice")])
    bob = world.user("bob")
    assert world.call(alice, "GetAccessKeyLastUsed", AccessKeyId=alice.key_id)
    assert refused(world, alice, "GetAccessKeyLastUsed", AccessKeyId=bob.key_id)[0] == "AccessDenied"
    assert refused(world, alice, "GetAccessKeyLastUsed", AccessKeyId=world.root.key_id)[0] == "AccessDenied"


def test_a_key_of_another_account_looks_like_one_that_does_not_exist(world: World) -> None:
    other = world.account()
    for key_id in (other.key_id, "AKIAIOSFODNN7EXAMPLE"):
        code, message = refused(world, world.root, "GetAccessKeyLastUsed", AccessKeyId=key_id)
        assert code == "AccessDenied"
        denied = "is not authorized to perform iam:GetAccessKeyLastUsed on resource:"
        assert message == f"User: arn:aws:iam::{world.account_id}:root {denied} access key {key_id}"
