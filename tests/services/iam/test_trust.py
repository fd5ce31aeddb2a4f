"""Trust policies: whom they name when they are saved, and how they read later."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from carnet.entities.role import Role
from carnet.services.iam import trust as trust_module
from tests.services.iam.documents import allow, trust
from tests.services.iam.expect import refused
from tests.services.world import ServiceError, World


def make_role(world: World, name: str, document: str) -> dict[str, Any]:
    role: dict[str, Any] = world.call(world.root, "CreateRole", RoleName=name, AssumeRolePolicyDocument=document)[
        "Role"
    ]
    return role


def shown(world: World, name: str) -> str:
    return unquote(world.call(world.root, "GetRole", RoleName=name)["Role"]["AssumeRolePolicyDocument"])


def bound(world: World, name: str) -> dict[str, str]:
    view = world.snapshot.account(world.account_id)
    assert view is not None
    role = view.of(Role).named(name)
    assert role is not None
    return dict(role.trusted_ids)


def test_principals_are_bound_to_their_ids(world: World) -> None:
    root = f"arn:aws:iam::{world.account_id}:root"
    user = world.call(world.root, "CreateUser", UserName="u", Path="/p/")["User"]
    inner = make_role(world, "inner", trust(root))
    session = f"arn:aws:sts::{world.account_id}:assumed-role/inner/mary"
    document = trust(user["Arn"], inner["Arn"], session, root)
    make_role(world, "outer", document)
    assert bound(world, "outer") == {
        user["Arn"]: user["UserId"],
        inner["Arn"]: inner["RoleId"],
        session: f"{inner['RoleId']}:mary",
    }
    assert shown(world, "outer") == document


def principals(world: World, name: str) -> Any:
    return json.loads(shown(world, name))["Statement"][0]["Principal"]


@pytest.mark.parametrize("account", ["its own", "another", "unknown"])
def test_an_account_shows_as_its_root(world: World, account: str) -> None:
    known = {"its own": world.account_id, "another": world.principal(world.account()).principal.account}
    number = known.get(account, "111122223333")
    make_role(world, "r", trust(number))
    assert principals(world, "r") == {"AWS": [f"arn:aws:iam::{number}:root"]}


def test_an_account_with_dashes_shows_as_its_root(world: World) -> None:
    make_role(world, "r", trust("1111-2222-3333"))
    assert principals(world, "r") == {"AWS": ["arn:aws:iam::111122223333:root"]}


def test_an_account_shows_its_own_partition(world: World) -> None:
    china = world.account("aws-cn")
    number = world.principal(china).principal.account
    document = trust(number)
    world.call(china, "CreateRole", RoleName="r", AssumeRolePolicyDocument=document)
    role = world.call(china, "GetRole", RoleName="r")["Role"]
    assert f'"arn:aws-cn:iam::{number}:root"' in unquote(role["AssumeRolePolicyDocument"])


def test_an_account_may_be_written_as_a_number(world: World) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": 111122223333}, "Action": "sts:AssumeRole"}
    make_role(world, "r", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert principals(world, "r") == {"AWS": "arn:aws:iam::111122223333:root"}


def test_who_is_in_an_account_named_by_its_id_may_assume_the_role(world: World) -> None:
    role = make_role(world, "r", trust(world.account_id))
    alice = world.user("alice", [allow("sts:AssumeRole")])
    world.call(alice, "AssumeRole", service="sts", RoleArn=role["Arn"], RoleSessionName="session")


def test_a_unique_id_stands_for_who_has_it(world: World) -> None:
    user = world.call(world.account(), "CreateUser", UserName="u", Path="/p/")["User"]
    inner = make_role(world, "inner", trust(world.account_id))
    make_role(world, "r", trust(user["UserId"], inner["RoleId"], f"{inner['RoleId']}:mary"))
    session = f"arn:aws:sts::{world.account_id}:assumed-role/inner/mary"
    assert principals(world, "r") == {"AWS": [user["Arn"], inner["Arn"], session]}
    assert set(bound(world, "r").values()) == {user["UserId"], inner["RoleId"], f"{inner['RoleId']}:mary"}


@pytest.mark.parametrize("written", ["AIDAAAAAAAAAAAAAAAAAA", "AROAAAAAAAAAAAAAAAAAA:mary", "USER:mary", "ACCESSKEY"])
def test_a_unique_id_of_nobody_is_refused(world: World, written: str) -> None:
    user = world.call(world.root, "CreateUser", UserName="u")["User"]
    key = world.call(world.root, "CreateAccessKey", UserName="u")["AccessKey"]
    wanted = written.replace("USER", user["UserId"]).replace("ACCESSKEY", key["AccessKeyId"])
    assert refused(world, world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(wanted)) == (
        "MalformedPolicyDocument",
        f'Invalid principal in policy: "AWS":"{wanted}"',
    )


def test_a_policy_that_shows_who_is_gone_cannot_be_saved_again(world: World) -> None:
    user = world.call(world.root, "CreateUser", UserName="u")["User"]
    make_role(world, "r", trust(user["Arn"], world.account_id))
    world.call(world.root, "DeleteUser", UserName="u")
    again = shown(world, "r")
    assert refused(world, world.root, "UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=again) == (
        "MalformedPolicyDocument",
        f'Invalid principal in policy: "AWS":"{user["UserId"]}"',
    )


def test_principals_of_other_accounts_are_bound(world: World) -> None:
    other = world.account()
    user = world.call(other, "CreateUser", UserName="u")["User"]
    make_role(world, "r", trust(user["Arn"]))
    assert bound(world, "r") == {user["Arn"]: user["UserId"]}


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::ACCOUNT:user/nobody",
        "arn:aws:iam::ACCOUNT:user/known",  # without its path
        "arn:aws:iam::ACCOUNT:user/p/KNOWN",
        "arn:aws:iam::ACCOUNT:role/p/known",
        "arn:aws-cn:iam::ACCOUNT:user/p/known",
        "arn:aws:sts::ACCOUNT:assumed-role/known/session",
        "arn:aws:iam::000000000000:user/p/known",
    ],
)
def test_a_principal_that_does_not_exist_is_refused(world: World, arn: str) -> None:
    world.call(world.root, "CreateUser", UserName="known", Path="/p/")
    wanted = arn.replace("ACCOUNT", world.account_id)
    assert refused(world, world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(wanted)) == (
        "MalformedPolicyDocument",
        f'Invalid principal in policy: "AWS":"{wanted}"',
    )


def test_a_principal_that_is_gone_shows_as_its_id(world: World) -> None:
    user = world.call(world.root, "CreateUser", UserName="u")["User"]
    root = f"arn:aws:iam::{world.account_id}:root"
    condition = {"ArnNotEquals": {"aws:PrincipalArn": user["Arn"]}}
    document = trust(user["Arn"], root, condition=condition)
    make_role(world, "r", document)
    world.call(world.root, "DeleteUser", UserName="u")
    statement = json.loads(shown(world, "r"))["Statement"][0]
    assert statement["Principal"] == {"AWS": [user["UserId"], root]}
    assert statement["Condition"] == condition
    world.call(world.root, "CreateUser", UserName="u")
    assert json.loads(shown(world, "r"))["Statement"][0]["Principal"] == {"AWS": [user["UserId"], root]}


def test_a_renamed_principal_shows_its_new_arn(world: World) -> None:
    user = world.call(world.root, "CreateUser", UserName="u")["User"]
    statement = {"Effect": "Allow", "Principal": {"AWS": user["Arn"]}, "Action": "sts:AssumeRole"}
    make_role(world, "r", json.dumps({"Version": "2012-10-17", "Statement": statement}))
    world.call(world.root, "UpdateUser", UserName="u", NewUserName="v")
    assert json.loads(shown(world, "r"))["Statement"]["Principal"] == {"AWS": f"arn:aws:iam::{world.account_id}:user/v"}


def test_a_session_of_a_role_that_is_gone_shows_the_roles_id(world: World) -> None:
    inner = make_role(world, "inner", trust(f"arn:aws:iam::{world.account_id}:root"))
    make_role(world, "outer", trust(f"arn:aws:sts::{world.account_id}:assumed-role/inner/mary"))
    world.call(world.root, "DeleteRole", RoleName="inner")
    assert json.loads(shown(world, "outer"))["Statement"][0]["Principal"] == {"AWS": [f"{inner['RoleId']}:mary"]}


def test_services_and_anyone_need_no_id(world: World) -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    make_role(world, "r", document)
    assert bound(world, "r") == {}
    assert shown(world, "r") == document


def test_the_size_of_a_trust_policy_is_limited(world: World) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "x" * 2048}}
    document = trust(f"arn:aws:iam::{world.account_id}:root", condition=condition)
    assert refused(world, world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=document) == (
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
    )


@pytest.mark.parametrize("session", ["", "x", "a b"])
def test_a_session_that_nobody_can_have_is_no_principal(world: World, session: str) -> None:
    """Its trust policy would show the role itself, and so be wider when it is written back."""
    make_role(world, "inner", trust(f"arn:aws:iam::{world.account_id}:root"))
    written = trust(f"arn:aws:sts::{world.account_id}:assumed-role/inner/{session}")
    with pytest.raises(ServiceError, match="Invalid principal in policy"):
        make_role(world, "outer", written)


def test_a_document_that_is_too_long_is_refused_before_it_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust_module, "document", lambda *_: pytest.fail("read"))
    monkeypatch.setattr(trust_module, "bound", lambda *_: pytest.fail("looked for"))
    with pytest.raises(ServiceError, match="Cannot exceed quota for ACLSizePerRole"):
        make_role(world, "long", trust(*["AIDAQNZGKIQY56JQ7WMLX"] * 1000))


def test_a_service_that_does_not_exist_is_no_principal(world: World) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com"]}, "Action": "sts:AssumeRole"}
    good = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    make_role(world, "r", good)
    bad = good.replace("ec2.amazonaws.com", "lambda.example.com")
    expected = ("MalformedPolicyDocument", 'Invalid principal in policy: "SERVICE":"lambda.example.com"')
    assert refused(world, world.root, "CreateRole", RoleName="s", AssumeRolePolicyDocument=bad) == expected
    assert refused(world, world.root, "UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=bad) == expected
