"""Account alias, password policy, account summary."""

from __future__ import annotations

from typing import Any

import pytest

from carnet import models
from tests.services.iam.documents import allow, managed, text
from tests.services.iam.expect import changes_nothing, refused
from tests.services.world import World


def test_a_new_alias_takes_the_place_of_the_old(world: World) -> None:
    assert world.call(world.root, "ListAccountAliases")["AccountAliases"] == []
    world.call(world.root, "CreateAccountAlias", AccountAlias="first")
    world.call(world.root, "CreateAccountAlias", AccountAlias="second")
    assert world.call(world.root, "ListAccountAliases")["AccountAliases"] == ["second"]
    world.call(world.account(), "CreateAccountAlias", AccountAlias="first")


def test_no_two_accounts_have_the_same_alias(world: World) -> None:
    world.call(world.root, "CreateAccountAlias", AccountAlias="carnet")
    expected = ("EntityAlreadyExists", "The account alias carnet already exists.")
    assert refused(world, world.account(), "CreateAccountAlias", AccountAlias="carnet") == expected
    assert refused(world, world.root, "CreateAccountAlias", AccountAlias="carnet") == expected


def test_an_alias_is_not_to_be_taken_for_an_account_id(world: World) -> None:
    assert refused(world, world.root, "CreateAccountAlias", AccountAlias="111122223333")[0] == "ValidationError"
    world.call(world.root, "CreateAccountAlias", AccountAlias="1111222233334")


def test_the_alias_is_deleted_by_its_name(world: World) -> None:
    world.call(world.root, "CreateAccountAlias", AccountAlias="carnet")
    assert refused(world, world.root, "DeleteAccountAlias", AccountAlias="other")[0] == "NoSuchEntity"
    world.call(world.root, "DeleteAccountAlias", AccountAlias="carnet")
    assert world.call(world.root, "ListAccountAliases")["AccountAliases"] == []


def test_without_a_password_policy_there_is_none_to_read_or_delete(world: World) -> None:
    assert refused(world, world.root, "GetAccountPasswordPolicy") == (
        "NoSuchEntity",
        f"The Password Policy with domain name {world.account_id} cannot be found.",
    )
    assert refused(world, world.root, "DeleteAccountPasswordPolicy") == (
        "NoSuchEntity",
        "The account policy with name PasswordPolicy cannot be found.",
    )


def test_what_is_not_given_goes_back_to_its_default(world: World) -> None:
    world.call(
        world.root,
        "UpdateAccountPasswordPolicy",
        MinimumPasswordLength=14,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        AllowUsersToChangePassword=True,
        MaxPasswordAge=90,
        PasswordReusePrevention=24,
        HardExpiry=True,
    )
    full = world.call(world.root, "GetAccountPasswordPolicy")["PasswordPolicy"]
    assert full == {
        "MinimumPasswordLength": 14,
        "RequireSymbols": True,
        "RequireNumbers": True,
        "RequireUppercaseCharacters": True,
        "RequireLowercaseCharacters": True,
        "AllowUsersToChangePassword": True,
        "ExpirePasswords": True,
        "MaxPasswordAge": 90,
        "PasswordReusePrevention": 24,
        "HardExpiry": True,
    }
    world.call(world.root, "UpdateAccountPasswordPolicy", RequireNumbers=True)
    assert world.call(world.root, "GetAccountPasswordPolicy")["PasswordPolicy"] == {
        "MinimumPasswordLength": 6,
        "RequireSymbols": False,
        "RequireNumbers": True,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": False,
        "HardExpiry": False,
    }
    changes_nothing(world, world.root, "UpdateAccountPasswordPolicy", RequireNumbers=True)
    world.call(world.root, "DeleteAccountPasswordPolicy")
    assert refused(world, world.root, "GetAccountPasswordPolicy")[0] == "NoSuchEntity"


def test_a_policy_of_defaults_is_a_policy(world: World) -> None:
    world.call(world.root, "UpdateAccountPasswordPolicy")
    assert world.call(world.root, "GetAccountPasswordPolicy")["PasswordPolicy"]["MinimumPasswordLength"] == 6


def test_the_summary_has_every_key_of_the_model(world: World) -> None:
    summary = world.call(world.root, "GetAccountSummary")["SummaryMap"]
    key_shape: Any = models.service("iam").model.shape_for("summaryKeyType")
    assert set(summary) == set(key_shape.enum)
    assert len(summary) == 34


@pytest.mark.parametrize(
    ("key", "quota"), [("UsersQuota", 5000), ("AccessKeysPerUserQuota", 2), ("PolicySizeQuota", 6144)]
)
def test_the_summary_tells_the_quotas(world: World, key: str, quota: int) -> None:
    assert world.call(world.root, "GetAccountSummary")["SummaryMap"][key] == quota


def test_the_summary_counts(world: World) -> None:
    for name in ("a", "b"):
        world.call(world.root, "CreateUser", UserName=name)
    world.call(world.root, "CreateGroup", GroupName="g")
    arn, summary = managed(world), world.call(world.root, "GetAccountSummary")["SummaryMap"]
    assert summary["PolicyVersionsInUse"] == 0, "what nobody has is not in use"
    world.call(world.root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=text(allow("iam:*")))
    world.call(world.root, "AttachUserPolicy", UserName="a", PolicyArn=arn)
    world.call(world.root, "AttachGroupPolicy", GroupName="g", PolicyArn=arn)
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    world.call(world.root, "PutUserPermissionsBoundary", UserName="b", PermissionsBoundary=boundary)
    summary = world.call(world.root, "GetAccountSummary")["SummaryMap"]
    counted = {key: summary[key] for key in ("Users", "Groups", "Roles", "Policies", "PolicyVersionsInUse")}
    assert counted == {"Users": 2, "Groups": 1, "Roles": 0, "Policies": 1, "PolicyVersionsInUse": 2}
    assert summary["AccountAccessKeysPresent"] == 1
