"""What is read of a document, and how is told what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.policy.case_members import Misread
from carnet.policy.json_text import JsonNumber
from carnet.provisioning import document as reading
from carnet.provisioning.document import Home, read_document
from carnet.provisioning.wanted import Document, WantedAccount, WantedPolicy, WantedRole, WantedUser
from tests.provisioning.planning import ALLOW, trust_of

ACCOUNT = "111122223333"
USER = {"UserName": "alice"}


def read(data: object, account: str | None = ACCOUNT) -> Document:
    return read_document(data, Home(partition_of=lambda account: "aws", account=account))


def refused(data: object, account: str | None = ACCOUNT) -> str:
    with pytest.raises(Misread) as caught:
        read(data, account)
    return str(caught.value)


def first(kind: type[Any], data: object) -> Any:
    return next(entry for entry in read(data).entries if isinstance(entry, kind))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"Accouts": []}, "has the unknown member 'Accouts'"),
        ({"Accounts": [], "UserDetailList": []}, "has the unknown member 'UserDetailList'"),
        ({"UserDetailLst": []}, "did you mean 'UserDetailList'?"),
        ({"Accounts": [{"AccountId": ACCOUNT, "Nam": "x"}]}, ".Accounts[0] has the unknown member 'Nam'"),
        ({"UserDetailList": [{**USER, "Password": "x"}]}, ".UserDetailList[0] has the unknown member 'Password'"),
        ({"UserDetailList": [{**USER, "Tags": [{"key": "a"}]}]}, ".UserDetailList[0].Tags[0] has the unknown member"),
        ({"RoleDetailList": [{"RoleName": "r"}]}, ".RoleDetailList[0].AssumeRolePolicyDocument is missing"),
        ({"Policies": [{"PolicyName": "p"}]}, ".Policies[0] has neither a PolicyDocument nor a default version"),
        ({"Policies": [{"PolicyName": "p", "PolicyDocument": []}]}, ".Policies[0].PolicyDocument must be a policy"),
        ({"UserDetailList": {}}, ".UserDetailList must be a list"),
        ({"UserDetailList": ["alice"]}, ".UserDetailList[0] must be an object"),
        ({"UserDetailList": [{"UserName": ["a"]}]}, ".UserDetailList[0].UserName must be text"),
        ({"UserDetailList": [{**USER, "GroupList": [None]}]}, ".UserDetailList[0].GroupList[0] must be text"),
        ([], "must be an object"),
    ],
)
def test_what_is_not_known_is_refused_with_its_path(data: object, told: str) -> None:
    assert told in refused(data)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"Name": ""}, "The name of an account has 1 to 50"),
        ({"Name": "x" * 51}, "The name of an account has 1 to 50"),
        ({"Email": "nobody"}, "The email address of an account"),
        ({"AccountId": "1234"}, "must be the 12 digits of an account id"),
        ({"IsTruncated": True}, "one page of several"),
    ],
)
def test_what_no_account_can_be_is_refused(members: dict[str, Any], told: str) -> None:
    assert told in refused(members)


def test_a_thing_is_named_once_without_regard_to_case() -> None:
    twice = {"UserDetailList": [USER, {"UserName": "ALICE"}]}
    assert ".UserDetailList[1] is ALICE, as is .UserDetailList[0]" in refused(twice)
    assert ".Accounts[1]" in refused({"Accounts": [{"AccountId": ACCOUNT}, {"AccountId": ACCOUNT}]})
    tags = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    assert "is a a second time" in refused({"UserDetailList": [{**USER, "Tags": tags}]})
    inline = [{"PolicyName": "p", "PolicyDocument": ALLOW}] * 2
    assert "is p a second time" in refused({"UserDetailList": [{**USER, "UserPolicyList": inline}]})
    inline[1] = {"PolicyName": "P", "PolicyDocument": ALLOW}
    assert "is P a second time" in refused({"UserDetailList": [{**USER, "UserPolicyList": inline}]})


def test_an_arn_that_says_otherwise_is_refused() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/people/alice"
    assert "and of what the other members say it is" in refused({"UserDetailList": [{**USER, "Arn": arn}]})
    assert first(WantedUser, {"UserDetailList": [{**USER, "Path": "/people/", "Arn": arn}]}).path == "/people/"


def test_whose_account_it_is() -> None:
    assert first(WantedAccount, {"AccountId": JsonNumber("444455556666")}).account == "444455556666"
    arn = "arn:aws:iam::444455556666:user/alice"
    assert read({"UserDetailList": [{**USER, "Arn": arn}]}, None).entries[1].account == "444455556666"
    assert first(WantedAccount, {"UserDetailList": [USER]}).account == ACCOUNT
    assert "AccountId is missing" in refused({"UserDetailList": [USER]}, None)
    assert ".Accounts[0].AccountId is missing" in refused({"Accounts": [{"UserDetailList": [USER]}]}, None)
    others = [{**USER, "Arn": arn}, {"UserName": "bob", "Arn": "arn:aws:iam::777788889999:user/bob"}]
    assert "names several accounts in its ARNs: 444455556666, 777788889999" in refused({"UserDetailList": others})


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ({"AccessKeyId": "AKIA", "SecretAccessKey": "a-secret-of-mine"}, "cannot be 'AKIA'"),
        (
            {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "a secret of mine"},
            "is none: A secret access key",
        ),
        ({"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x" * 15}, "is none: A secret access key"),
        ({"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}, "SecretAccessKey is missing"),
        (
            {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x" * 16, "Status": "active"},
            "must be one of: Active, Inactive",
        ),
    ],
)
def test_what_is_no_key_is_refused_and_no_secret_repeated(key: dict[str, str], told: str) -> None:
    for data in ({"RootAccessKeys": [key]}, {"UserDetailList": [{**USER, "AccessKeys": [key]}]}):
        said = refused(data)
        assert told in said
        assert "secret of mine" not in said


def test_a_document_may_be_an_object_or_text_or_escaped_as_by_the_api() -> None:
    as_text = '{"Version":"2012-10-17","Statement":[]}'
    escaped = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"
    for given in (as_text, escaped):
        policy = first(WantedPolicy, {"Policies": [{"PolicyName": "p", "PolicyDocument": given}]})
        assert policy.document == as_text
    number = {"Statement": {"Condition": {"NumericLessThan": {"s3:max-keys": JsonNumber("1.50")}}}}
    policy = first(WantedPolicy, {"Policies": [{"PolicyName": "p", "PolicyDocument": number}]})
    assert '"s3:max-keys": 1.50}' in policy.document


def test_of_the_versions_the_one_in_force_counts() -> None:
    versions = [
        {"Document": {"a": "new"}, "VersionId": "v2", "IsDefaultVersion": False},
        {"Document": {"a": "old"}, "VersionId": "v1", "IsDefaultVersion": True},
    ]
    data = {"Policies": [{"PolicyName": "p", "PolicyVersionList": versions}]}
    assert first(WantedPolicy, data).document == '{"a": "old"}'


def test_roles_of_services_and_policies_of_aws_are_not_made() -> None:
    linked = {"RoleName": "AWSServiceRoleForSupport", "Path": "/aws-service-role/support.amazonaws.com/"}
    read_ = read({"RoleDetailList": [linked], "Policies": [{"Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]})
    assert [type(entry) for entry in read_.entries] == [WantedAccount]
    assert read_.left_out == (
        f"role AWSServiceRoleForSupport of account {ACCOUNT}: AWS's services make their roles themselves",
    )


def test_what_identity_center_makes_is_not_made() -> None:
    role = {"RoleName": "AWSReservedSSO_Reader_0123456789abcdef", "Path": "/aws-reserved/sso.amazonaws.com/"}
    provider = {"Name": "AWSSSO_0123456789abcdef_DO_NOT_DELETE", "SAMLMetadataDocument": "<EntityDescriptor/>"}
    read_ = read({"RoleDetailList": [role], "SAMLProviderList": [provider]})
    assert [type(entry) for entry in read_.entries] == [WantedAccount]
    assert sorted(read_.left_out) == [
        f"SAML provider {provider['Name']} of account {ACCOUNT}: AWS's services make their providers themselves",
        f"role {role['RoleName']} of account {ACCOUNT}: AWS's services make their roles themselves",
    ]


@pytest.mark.parametrize("duration", ["x", "-1", "1.5", "9" * 10])
def test_a_duration_is_a_whole_number(duration: str) -> None:
    role = {"RoleName": "r", "AssumeRolePolicyDocument": trust_of(ACCOUNT)}
    given = {"RoleDetailList": [{**role, "MaxSessionDuration": JsonNumber(duration)}]}
    assert "MaxSessionDuration must be a whole number" in refused(given)
    assert (
        first(WantedRole, {"RoleDetailList": [{**role, "MaxSessionDuration": JsonNumber("7200")}]}).max_session_seconds
        == 7200
    )


def test_how_much_is_read_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_VALUES", 100)
    reading.check_size(["x"] * 99)
    with pytest.raises(Misread, match="more than 100 values"):
        reading.check_size(["x"] * 100)


def test_how_deep_is_read_has_a_limit() -> None:
    def nested(depth: int) -> object:
        return [nested(depth - 1)] if depth else "x"

    reading.check_size(nested(reading.MOST_DEPTH))
    with pytest.raises(Misread, match="nested too deeply"):
        reading.check_size(nested(reading.MOST_DEPTH + 1))


def test_what_repeats_itself_without_end_is_refused() -> None:
    laughs: list[Any] = ["lol"] * 10
    for _ in range(8):
        laughs = [laughs] * 10
    assert "more than" in refused({"UserDetailList": laughs})
    endless: dict[str, Any] = {}
    endless["UserDetailList"] = [endless]
    assert "nested too deeply" in refused(endless)
