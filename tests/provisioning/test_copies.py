"""An account is exported, imported elsewhere, and imported again without a change; what cannot be taken is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from carnet.cli.case_file import read_case_file
from carnet.entities.user import User
from carnet.provisioning import application
from carnet.provisioning.account_export import exported_account, left_behind
from carnet.provisioning.copies import copied
from carnet.provisioning.document import Home, moved, read_copy
from carnet.provisioning.plan import Plan, Verdict, make_plan
from carnet.store import statements, unit_of_work
from carnet.store.store import Store
from tests.profiles import fewer
from tests.provisioning.planning import ALLOW, DENY, applying, operator, trust_of
from tests.saml.idp import metadata
from tests.services.world import World, open_world

METADATA = metadata()
ELSEWHERE = "444455556666"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
UNKNOWN = "arn:aws:iam::aws:policy/MadeTomorrow"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("copies")) as made:
        yield made


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_PAUSE_SECONDS", 0)


def plan_of(world: World, data: object, account: str | None = None) -> Plan:
    home = Home(partition_of=lambda account: "aws", account=None, copied=True)
    document = copied(read_copy(data, home, account), world.snapshot)
    return make_plan(document, world.snapshot, operator(world), world.installation.store.types)


def imported(world: World, data: object, account: str | None = None) -> Plan:
    plan = plan_of(world, data, account)
    applying(world).apply(plan)
    return plan


def exported(world: World, account: str) -> dict[str, Any]:
    return exported_account(operator(world), world.snapshot, account)


def an_account(account: str) -> dict[str, Any]:
    """As `aws iam get-account-authorization-details` prints it, with ids of its own."""
    arn = f"arn:aws:iam::{account}:"
    version = {"CreateDate": "2020-01-01T00:00:00Z"}
    return {
        "AccountId": account,
        "UserDetailList": [
            {
                "UserName": "alice",
                "Path": "/",
                "UserId": f"AIDAEXAMPLEALICE000{account[-2:]}",
                "Arn": f"{arn}user/alice",
                "GroupList": ["admins"],
                "AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY}],
                "Tags": [{"Key": "team", "Value": "payments"}],
            }
        ],
        "GroupDetailList": [
            {
                "GroupName": "admins",
                "Path": "/",
                "GroupId": f"AGPAEXAMPLEADMINS00{account[-2:]}",
                "GroupPolicyList": [{"PolicyName": "inline", "PolicyDocument": ALLOW}],
                "AttachedManagedPolicies": [],
            }
        ],
        "RoleDetailList": [
            {
                "RoleName": "deployer",
                "Path": "/ci/",
                "RoleId": f"AROAEXAMPLEDEPLOYER{account[-2:]}",
                "AssumeRolePolicyDocument": trust_of(f"{arn}user/alice", f"{arn}root"),
                "AttachedManagedPolicies": [{"PolicyName": "own", "PolicyArn": f"{arn}policy/own"}],
                "RolePolicyList": [],
                "InstanceProfileList": [
                    {
                        "InstanceProfileName": "deployer",
                        "Path": "/",
                        "InstanceProfileId": f"AIPAEXAMPLEPROFILE0{account[-2:]}",
                        "Roles": [],
                    }
                ],
            }
        ],
        "Policies": [
            {
                "PolicyName": "own",
                "PolicyId": f"ANPAEXAMPLEPOLICY00{account[-2:]}",
                "Path": "/",
                "Arn": f"{arn}policy/own",
                "DefaultVersionId": "v2",
                "PolicyVersionList": [
                    {"VersionId": "v3", "IsDefaultVersion": False, "Document": {**DENY, "Id": "3"}, **version},
                    {"VersionId": "v2", "IsDefaultVersion": True, "Document": ALLOW, **version},
                    {"VersionId": "v1", "IsDefaultVersion": False, "Document": {**DENY, "Id": "1"}, **version},
                ],
            }
        ],
    }


def test_a_copy_keeps_ids_and_versions_and_is_made_once(world: World) -> None:
    account = "111122220001"
    assert {item.verdict for item in imported(world, an_account(account)).items} == {Verdict.CREATE}
    assert {item.verdict for item in plan_of(world, an_account(account)).items} == {Verdict.UNCHANGED}
    told = exported(world, account)
    assert told["UserDetailList"][0]["UserId"] == "AIDAEXAMPLEALICE00001"
    assert told["GroupDetailList"][0]["GroupId"] == "AGPAEXAMPLEADMINS0001"
    role = told["RoleDetailList"][0]
    assert role["RoleId"] == "AROAEXAMPLEDEPLOYER01"
    assert role["InstanceProfileList"][0]["InstanceProfileId"] == "AIPAEXAMPLEPROFILE001"
    policy = next(each for each in told["Policies"] if each["PolicyName"] == "own")
    assert policy["PolicyId"] == "ANPAEXAMPLEPOLICY0001"
    versions = [(each["Document"].get("Id"), each["IsDefaultVersion"]) for each in policy["PolicyVersionList"]]
    assert versions == [("3", False), (None, True), ("1", False)]


def test_an_id_in_use_is_drawn_anew_and_the_account_is_another_one_throughout(world: World) -> None:
    source, there = "111122220002", "111122220003"
    imported(world, an_account(source))
    imported(world, an_account(source), there)
    told = exported(world, there)
    assert told["UserDetailList"][0]["UserId"] != exported(world, source)["UserDetailList"][0]["UserId"]
    assert source not in json.dumps(told)
    trust = told["RoleDetailList"][0]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
    assert trust == [f"arn:aws:iam::{there}:user/alice", f"arn:aws:iam::{there}:root"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("111122223333", "444455556666"),
        ("arn:aws:s3:::111122223333", "arn:aws:s3:::111122223333"),
        ("arn:aws:iam::111122223333:role/x", "arn:aws:iam::444455556666:role/x"),
        ('{"AWS":"111122223333"}', '{"AWS":"444455556666"}'),
        (
            "%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot",
            "%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A444455556666%3Aroot",
        ),
        ("a111122223333", "a111122223333"),
    ],
)
def test_an_account_id_is_replaced_alone_and_in_arns(before: str, after: str) -> None:
    assert moved([{"x": before}], "111122223333", ELSEWHERE) == [{"x": after}]


def test_what_cannot_be_taken_is_named_and_the_rest_is_made(world: World) -> None:
    account = "111122220004"
    data = an_account(account)
    data["UserDetailList"][0]["AttachedManagedPolicies"].append({"PolicyName": "x", "PolicyArn": UNKNOWN})
    gone, outside = "AIDAGONEGONEGONEGONE1", "arn:aws:iam::999988887777:role/vendor"
    data["RoleDetailList"][0]["AssumeRolePolicyDocument"] = trust_of(gone, outside, f"arn:aws:iam::{account}:root")
    data["GroupDetailList"].append(
        {"GroupName": "broken", "GroupPolicyList": [{"PolicyName": "p", "PolicyDocument": "{"}]}
    )
    data["RoleDetailList"].append(
        {"RoleName": "linked", "Path": "/aws-service-role/x.amazonaws.com/", "AssumeRolePolicyDocument": ALLOW}
    )
    data["RoleDetailList"].append({"RoleName": "closed", "AssumeRolePolicyDocument": trust_of(outside)})
    plan = imported(world, data)
    assert [item.wanted.name for item in plan.impossible] == ["broken"]
    assert [said for said in plan.left_out if not said.startswith(("role linked", "the file says"))] == [
        f"user alice of account {account}: not attached, since Carnet does not know it: {UNKNOWN}",
        f"role deployer of account {account}: does not trust {gone}, who is not here",
        f"role deployer of account {account}: does not trust {outside}, who is not here",
        f"role closed of account {account}: does not trust {outside}, who is not here",
    ]
    told = exported(world, account)
    assert [each["RoleName"] for each in told["RoleDetailList"]] == ["closed", "deployer"]
    closed, deployer = (each["AssumeRolePolicyDocument"]["Statement"] for each in told["RoleDetailList"])
    assert deployer[0]["Principal"]["AWS"] == [f"arn:aws:iam::{account}:root"]
    assert [statement["Effect"] for statement in closed] == ["Deny"]
    again = plan_of(world, data)
    assert {item.verdict for item in again.items} == {Verdict.UNCHANGED, Verdict.CANNOT}


def test_an_unknown_boundary_is_never_left_out(world: World) -> None:
    data = an_account("111122220005")
    data["UserDetailList"][0]["PermissionsBoundary"] = {"PermissionsBoundaryArn": UNKNOWN}
    assert "alice" in [item.wanted.name for item in plan_of(world, data).impossible]


def test_a_trust_policy_with_a_principal_that_has_gone_is_read_back_unchanged(world: World) -> None:
    account = "111122220006"
    imported(world, an_account(account))
    data = exported(world, account)
    view = world.snapshot.accounts[account]
    with world.installation.store.write() as unit:
        for user in view.of(User):
            unit.remove(user)
    world.installation.directory.catch_up()
    told = exported(world, account)
    assert told["RoleDetailList"] != data["RoleDetailList"]
    assert {item.verdict for item in plan_of(world, as_read(told)).items} == {Verdict.UNCHANGED}


NAMES = st.lists(st.text("abcXYZ019+=,.@_-", min_size=1, max_size=12), unique_by=str.lower, max_size=3)
TAGS = st.dictionaries(
    st.text("abcd:/ é", min_size=1, max_size=8).filter(str.strip), st.text("xyz é=@", max_size=8), max_size=2
)
DOCUMENTS = st.sampled_from([ALLOW, DENY, {**ALLOW, "Id": "é %7B"}])


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Any]:
    groups, users, roles, policies = draw(NAMES), draw(NAMES), draw(NAMES), draw(NAMES)

    def tags() -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in draw(TAGS).items()]

    def inline() -> list[dict[str, Any]]:
        return [{"PolicyName": name, "PolicyDocument": draw(DOCUMENTS)} for name in draw(NAMES)]

    def attached() -> list[dict[str, str]]:
        own = [f"arn:aws:iam::{ELSEWHERE}:policy/{name}" for name in policies]
        return [{"PolicyArn": arn} for arn in draw(st.lists(st.sampled_from([READ_ONLY, *own]), unique=True))]

    return {
        "AccountId": ELSEWHERE,
        "Policies": [{"PolicyName": name, "PolicyDocument": draw(DOCUMENTS), "Tags": tags()} for name in policies],
        "GroupDetailList": [
            {"GroupName": name, "GroupPolicyList": inline(), "AttachedManagedPolicies": attached()} for name in groups
        ],
        "UserDetailList": [
            {
                "UserName": name,
                "Tags": tags(),
                "GroupList": draw(st.lists(st.sampled_from(groups), unique=True)) if groups else [],
                "UserPolicyList": inline(),
                "AttachedManagedPolicies": attached(),
            }
            for name in users
        ],
        "RoleDetailList": [
            {
                "RoleName": name,
                "Tags": tags(),
                "Description": draw(st.text("abc é", max_size=5)),
                "MaxSessionDuration": draw(st.sampled_from(["3600", "7200"])),
                **draw(st.sampled_from([{}, {"MaxSigninSessionDuration": "5400"}])),
                "AssumeRolePolicyDocument": trust_of(f"arn:aws:iam::{ELSEWHERE}:root"),
                "RolePolicyList": inline(),
                "AttachedManagedPolicies": attached(),
            }
            for name in roles
        ],
    }


@settings(
    max_examples=fewer(4),
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=accounts())
def test_what_export_writes_import_reads_without_a_change(world: World, data: Any) -> None:
    number = len(world.snapshot.accounts)
    one, other = f"11{number:010}", f"22{number:010}"
    assert imported(world, data, one).impossible == ()
    told = as_read(exported(world, one))
    assert {item.verdict for item in plan_of(world, told).items} == {Verdict.UNCHANGED}
    assert imported(world, told, other).impossible == ()
    assert undrawn(exported(world, other)) == undrawn(moved(exported(world, one), one, other))


def as_read(told: object) -> Any:
    """As the command reads what it has printed."""
    return read_case_file(json.dumps(told).encode(), "account.json")


def undrawn(value: Any) -> Any:
    """Without what is drawn anew for another copy, and without moments."""
    if isinstance(value, dict):
        return {name: undrawn(below) for name, below in value.items() if not name.endswith(("Date", "Id"))}
    return [undrawn(each) for each in value] if isinstance(value, list) else value


def test_no_chunk_of_a_large_account_holds_the_store_for_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in statements, of which SQLite and PostgreSQL do a hundred well within 200 ms."""
    trust = trust_of("arn:aws:iam::111122220007:root")
    roles = [{"RoleName": f"r{number}", "AssumeRolePolicyDocument": trust} for number in range(350)]
    counts: list[int] = []
    group, execute = Store.group, statements.execute

    def chunk(self: Store) -> Any:
        counts.append(0)
        return group(self)

    def counted(*given: Any) -> Any:
        counts[-1] += 1
        return execute(*given)

    monkeypatch.setattr(Store, "group", chunk)
    monkeypatch.setattr(unit_of_work, "execute", counted)
    imported(world, {"AccountId": "111122220007", "RoleDetailList": roles})
    assert sum(counts) == 351
    assert max(counts) <= 100


def with_providers(world: World) -> str:
    """A new account with an alias, a password policy, identity providers, and things that no file holds."""
    root = world.account()
    account = world.principal(root).principal.account

    def call(operation: str, **given: Any) -> Any:
        return world.call(root, operation, **given)

    tags = [{"Key": "team", "Value": "red"}]
    call("CreateAccountAlias", AccountAlias=f"shop-{account}")
    call("UpdateAccountPasswordPolicy", MinimumPasswordLength=20, MaxPasswordAge=90)
    propagation = {
        "ContextProvider": {"SubjectSourceKey": "sub", "KeyDefinitionList": [{"SourceKey": "mail"}]},
        "IdentityCenterInstanceArn": world.call(root, "CreateInstance", service="sso-admin", Name="i")["InstanceArn"],
    }
    client_ids = ["b", "a"]
    call(
        "CreateOpenIDConnectProvider",
        Url="https://issuer.example.com/x",
        ClientIDList=client_ids,
        Tags=tags,
        **propagation,
    )
    call("CreateSAMLProvider", Name="corp", SAMLMetadataDocument=METADATA, Tags=tags, **propagation)
    call("CreateUser", UserName="alice")
    call("CreateAccessKey", UserName="alice")
    return account


def test_the_password_policy_and_the_providers_come_with_the_account(world: World) -> None:
    account = with_providers(world)
    told = exported(world, account)
    assert told["PasswordPolicy"]["MaxPasswordAge"] == 90
    assert [each["Url"] for each in told["OpenIDConnectProviderList"]] == ["issuer.example.com/x"]
    assert [each["Name"] for each in told["SAMLProviderList"]] == ["corp"]
    plan = plan_of(world, as_read(told))
    assert {item.verdict for item in plan.items} == {Verdict.UNCHANGED}
    assert not any("says nothing of" in remark for remark in plan.remarks())
    told["Alias"] = "another-shop"
    imported(world, as_read(told), "202020202020")
    again = exported(world, "202020202020")
    assert again["PasswordPolicy"] == told["PasswordPolicy"]
    for name in ("OpenIDConnectProviderList", "SAMLProviderList"):
        assert [without_dates(each) for each in again[name]] == [without_dates(each) for each in told[name]]


def test_descriptions_of_policies_are_copied(world: World) -> None:
    """What GetAccountAuthorizationDetails leaves out of a policy, as AWS does, a copy holds."""
    root = world.account()
    account = world.principal(root).principal.account
    for name, described in (("told", {"Description": "For the shop"}), ("plain", {})):
        world.call(root, "CreatePolicy", PolicyName=name, PolicyDocument=json.dumps(ALLOW), **described)
    copies = {each["PolicyName"]: each for each in exported(world, account)["Policies"]}
    assert copies["told"]["Description"] == "For the shop"
    assert "Description" not in copies["plain"]
    imported(world, as_read({**exported(world, account), "Alias": None}), "212121212121")
    again = {each["PolicyName"]: each.get("Description") for each in exported(world, "212121212121")["Policies"]}
    assert again == {"told": "For the shop", "plain": None}


def without_dates(thing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name != "CreateDate"}


def test_a_copy_has_no_password_policy_if_the_account_has_none(world: World) -> None:
    account = with_providers(world)
    imported(world, {"AccountId": account, "PasswordPolicy": None})
    assert exported(world, account)["PasswordPolicy"] is None


def test_what_no_file_holds_is_counted(world: World) -> None:
    account = with_providers(world)
    assert left_behind(world.snapshot, account) == {"access key": 2, "instance of Identity Center": 1}


def test_what_aws_answers_says_nothing_of_some_things(world: World) -> None:
    (remark,) = (each for each in plan_of(world, an_account("303030303030")).remarks() if "says nothing" in each)
    assert "Alias, PasswordPolicy, OpenIDConnectProviderList, SAMLProviderList" in remark


def test_the_instance_of_another_place_is_left_out_and_said(world: World) -> None:
    known = {"SAMLKeyHashes": [{"IssuerURL": "urn:idp", "KeyHashes": ["0a"]}], "SAMLProviderUUID": "A" * 22}
    associated = {"IdentityCenterInstanceArn": "arn:aws:sso:::instance/ssoins-1", "IdentityStoreArn": "arn"}
    given = {"ContextProvider": {"SubjectSourceKey": "sub"}, **associated}
    data = {
        "AccountId": "404040404041",
        "SAMLProviderList": [{"Name": "corp", "SAMLMetadataDocument": METADATA, **known, **given}],
        "OpenIDConnectProviderList": [{"Url": "issuer.example.com", **given}],
    }
    plan = plan_of(world, data)
    assert not plan.impossible
    for named in ("SAML provider corp", "OpenID Connect provider issuer.example.com"):
        told = f"{named} of account 404040404041: its instance of IAM Identity Center"
        assert any(each.startswith(told) for each in plan.remarks())


def test_how_assertions_are_encrypted_is_left_out_and_said(world: World) -> None:
    keys = [{"KeyId": "k", "Timestamp": "2026-01-01T00:00:00Z"}]
    provider = {"Name": "corp", "SAMLMetadataDocument": METADATA, "AssertionEncryptionMode": "Required"}
    data = {"AccountId": "404040404040", "SAMLProviderList": [{**provider, "PrivateKeyList": keys}]}
    plan = plan_of(world, data)
    assert any(
        each.startswith("SAML provider corp of account 404040404040: its private keys") for each in plan.remarks()
    )
    assert not plan.impossible
