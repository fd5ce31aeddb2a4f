"""Every quota: refused at its edge with AWS's code and sentence, with AWS's default, or as the operator has set it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from carnet.entities.iam_settings import IamSettings
from carnet.services.account_quotas import DEFAULTS, MOST, read_quotas, set_quotas
from tests.services.iam.documents import allow, text, trust
from tests.services.iam.expect import refused
from tests.services.iam.made_certificates import made
from tests.services.iam.test_ssh_public_keys import ssh
from tests.services.world import ServiceError, World, open_world

AWS_DEFAULTS = {
    "users": 5000,
    "groups": 300,
    "roles": 1000,
    "policies": 1500,
    "instance_profiles": 1000,
    "server_certificates": 20,
    "saml_providers": 100,
    "private_keys_per_saml_provider": 2,
    "oidc_providers": 100,
    "client_ids_per_oidc_provider": 100,
    "access_keys_per_user": 2,
    "ssh_public_keys_per_user": 5,
    "service_specific_credentials_per_user": 2,
    "groups_per_user": 10,
    "mfa_devices_per_user": 8,
    "signing_certificates_per_user": 2,
    "versions_per_policy": 5,
    "policies_per_user": 10,
    "policies_per_group": 10,
    "policies_per_role": 20,
    "tags": 50,
    "managed_policy_size": 6144,
    "user_inline_size": 2048,
    "group_inline_size": 5120,
    "role_inline_size": 10240,
    "trust_policy_size": 2048,
    "session_policy_size": 2048,
    "session_policy_arns": 10,
}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

EXCEEDED = "Cannot exceed quota for"
NAMED = {"UserName": "u", "GroupName": "g", "RoleName": "r"}
Given = Callable[[World, int], dict[str, Any]]


def _trusting(world: World) -> str:
    return trust(f"arn:aws:iam::{world.account_id}:root")


def _policy(world: World, number: int) -> str:
    return f"arn:aws:iam::{world.account_id}:policy/p{number}"


def _certificate(world: World, number: int) -> dict[str, Any]:
    one = made("server")
    return {"ServerCertificateName": f"c{number}", "CertificateBody": one.pem, "PrivateKey": one.private()}


_VERSIONS_FULL = (
    "A managed policy can have up to 3 versions. Before you create a new version, you must delete an existing version."
)
COUNTED: list[tuple[str, str, Given, str]] = [
    ("users", "CreateUser", lambda w, n: {"UserName": f"u{n}"}, f"{EXCEEDED} UsersPerAccount: 3"),
    ("groups", "CreateGroup", lambda w, n: {"GroupName": f"x{n}"}, f"{EXCEEDED} GroupsPerAccount: 5"),
    (
        "roles",
        "CreateRole",
        lambda w, n: {"RoleName": f"r{n}", "AssumeRolePolicyDocument": _trusting(w)},
        f"{EXCEEDED} RolesPerAccount: 3",
    ),
    (
        "policies",
        "CreatePolicy",
        lambda w, n: {"PolicyName": f"q{n}", "PolicyDocument": text(allow("s3:*"))},
        f"{EXCEEDED} PoliciesPerAccount: 5",
    ),
    (
        "instance_profiles",
        "CreateInstanceProfile",
        lambda w, n: {"InstanceProfileName": f"i{n}"},
        f"{EXCEEDED} InstanceProfilesPerAccount: 2",
    ),
    ("server_certificates", "UploadServerCertificate", _certificate, f"{EXCEEDED} ServerCertificatesPerAccount: 2"),
    ("access_keys_per_user", "CreateAccessKey", lambda w, n: {"UserName": "u"}, f"{EXCEEDED} AccessKeysPerUser: 2"),
    ("access_keys_per_user", "CreateAccessKey", lambda w, n: {}, f"{EXCEEDED} AccessKeysPerUser: 3"),
    (
        "ssh_public_keys_per_user",
        "UploadSSHPublicKey",
        lambda w, n: {"UserName": "u", "SSHPublicKeyBody": ssh((2048, 3072, 2304)[n])},
        f"{EXCEEDED} SSHPublicKeysPerUser: 2",
    ),
    (
        "service_specific_credentials_per_user",
        "CreateServiceSpecificCredential",
        lambda w, n: {"UserName": "u", "ServiceName": "codecommit.amazonaws.com"},
        f"{EXCEEDED} ContextSpecificCredentialsPerUserPerContext: 2",
    ),
    (
        "signing_certificates_per_user",
        "UploadSigningCertificate",
        lambda w, n: {"UserName": "u", "CertificateBody": made("signing").pem},
        f"{EXCEEDED} CertificatesPerUser: 2",
    ),
    (
        "groups_per_user",
        "AddUserToGroup",
        lambda w, n: {"UserName": "u", "GroupName": ("g", "h", "i")[n]},
        f"{EXCEEDED} GroupsPerUser: 2",
    ),
    *(
        (
            f"policies_per_{kind.lower()}",
            f"Attach{kind}Policy",
            lambda w, n, kind=kind: {f"{kind}Name": NAMED[f"{kind}Name"], "PolicyArn": _policy(w, n)},
            f"{EXCEEDED} PoliciesPer{kind}: 2",
        )
        for kind in ("User", "Group", "Role")
    ),
    (
        "versions_per_policy",
        "CreatePolicyVersion",
        lambda w, n: {"PolicyArn": _policy(w, 0), "PolicyDocument": text(allow("s3:*"))},
        _VERSIONS_FULL,
    ),
    (
        "tags",
        "TagUser",
        lambda w, n: {"UserName": "u", "Tags": [{"Key": f"k{n}", "Value": ""}]},
        "The number of tags has reached the maximum limit.",
    ),
]
"""Quota, operation, the input of its nth call, and what the call after the last is told. The world has some of each."""


def _sized(action: str, characters: int) -> str:
    """A policy of so many characters that count, with white space between them that does not."""
    short = json.dumps(allow(action))
    counted = len("".join(short.split()))
    return json.dumps(allow(action + "x" * (characters - counted)), indent=4)


SIZED: list[tuple[str, str, Given, str]] = [
    (
        "managed_policy_size",
        "CreatePolicy",
        lambda w, n: {"PolicyName": f"s{n}", "PolicyDocument": _sized("s3:", n)},
        f"{EXCEEDED} PolicySize: 200",
    ),
    *(
        (
            f"{kind.lower()}_inline_size",
            f"Put{kind}Policy",
            lambda w, n, kind=kind: {
                f"{kind}Name": NAMED[f"{kind}Name"],
                "PolicyName": "inline",
                "PolicyDocument": _sized("s3:", n),
            },
            f"Maximum policy size of 200 bytes exceeded for {kind.lower()} {NAMED[f'{kind}Name']}",
        )
        for kind in ("User", "Group", "Role")
    ),
]


def _ids(table: list[tuple[str, str, Given, str]]) -> list[str]:
    return [f"{operation} {number}" for number, (_, operation, *_) in enumerate(table)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A user, three groups, a role and three policies."""
    with open_world(tmp_path_factory.mktemp("quotas")) as world:
        world.call(world.root, "CreateUser", UserName="u")
        for name in ("g", "h", "i"):
            world.call(world.root, "CreateGroup", GroupName=name)
        world.call(world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=_trusting(world))
        for number in range(3):
            world.call(world.root, "CreatePolicy", PolicyName=f"p{number}", PolicyDocument=text(allow("s3:*")))
        yield world


def limit(world: World, **numbers: int | None) -> None:
    """Set quotas of the world's account, as its operator does."""
    installation = world.installation
    set_quotas(installation.operator_call(), account=world.account_id, changes=numbers)
    installation.directory.catch_up()


def test_the_defaults_are_those_of_aws() -> None:
    assert {name: DEFAULTS[name] for name in AWS_DEFAULTS} == AWS_DEFAULTS


@pytest.mark.parametrize(("quota", "operation", "given", "told"), COUNTED, ids=_ids(COUNTED))
def test_one_too_many_is_refused(shared: World, quota: str, operation: str, given: Given, told: str) -> None:
    limit(shared, **{quota: None})
    most = int(digits) if (digits := told.rpartition(": ")[2]).isdigit() else 3 if "versions" in told else 2
    limit(shared, **{quota: most})
    for number in range(10):
        try:
            shared.call(shared.root, operation, **given(shared, number))
        except ServiceError:
            break
    asked = given(shared, number)
    assert refused(shared, shared.root, operation, **asked) == ("LimitExceeded", told)
    limit(shared, **{quota: most + 1})
    shared.call(shared.root, operation, **asked)
    limit(shared, **{quota: None})


@pytest.mark.parametrize(("quota", "operation", "given", "told"), SIZED, ids=_ids(SIZED))
def test_one_character_too_many_is_refused(shared: World, quota: str, operation: str, given: Given, told: str) -> None:
    limit(shared, **{quota: 200})
    shared.call(shared.root, operation, **given(shared, 200))
    assert refused(shared, shared.root, operation, **given(shared, 201)) == ("LimitExceeded", told)
    limit(shared, **{quota: None})


def test_a_trust_policy_has_a_size(shared: World) -> None:
    document = _trusting(shared)
    counted = len("".join(document.split()))
    limit(shared, trust_policy_size=counted)
    shared.call(shared.root, "UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=document)
    limit(shared, trust_policy_size=counted - 1)
    asked = {"RoleName": "r", "PolicyDocument": document}
    expected = ("LimitExceeded", f"{EXCEEDED} ACLSizePerRole: {counted - 1}")
    assert refused(shared, shared.root, "UpdateAssumeRolePolicy", **asked) == expected
    limit(shared, trust_policy_size=None)


def test_the_quotas_of_an_account_are_its_own_and_in_its_summary(shared: World) -> None:
    other = shared.account()
    limit(shared, groups=7)
    summaries = [shared.call(root, "GetAccountSummary")["SummaryMap"]["GroupsQuota"] for root in (shared.root, other)]
    assert summaries == [7, 300]
    limit(shared, groups=None)
    (settings,) = shared.snapshot.accounts[shared.account_id].of(IamSettings)
    assert settings.quotas == {}


def test_an_installation_has_quotas_for_all_and_an_account_comes_first(tmp_path: Path) -> None:
    with open_world(tmp_path, quotas="users=1, groups=4") as world:
        world.call(world.root, "CreateUser", UserName="a")
        assert refused(world, world.root, "CreateUser", UserName="b")[1] == f"{EXCEEDED} UsersPerAccount: 1"
        limit(world, users=2)
        world.call(world.root, "CreateUser", UserName="b")
        assert refused(world, world.root, "CreateUser", UserName="c")[1] == f"{EXCEEDED} UsersPerAccount: 2"
        assert world.call(world.root, "GetAccountSummary")["SummaryMap"]["GroupsQuota"] == 4


def test_quotas_are_written_by_name() -> None:
    assert read_quotas("users=0, roles=1000000,") == {"users": 0, "roles": MOST}
    assert read_quotas("") == {}


@pytest.mark.parametrize("written", ["user=1", "users", "users=", "users=-1", "users=1e3", "users=1000001", "users=²"])
def test_what_is_no_quota_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"quota"):
        read_quotas(written)
