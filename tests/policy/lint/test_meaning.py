"""What is right to the grammar and cannot work, by what AWS has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from carnet.policy.grammar import Grammar
from carnet.policy.lint import Finding, IssueCode, KeyFacts, check_action, check_key, lint

_ACTIONS = {"s3": ("GetObject", "PutObject"), "iam": ("GetUser",)}
_KEYS = {
    "aws:PrincipalArn": ("ARN", False),
    "aws:SourceIp": ("IPAddress", False),
    "aws:SecureTransport": ("Bool", False),
    "aws:CurrentTime": ("Date", False),
    "aws:EpochTime": ("Date", False),
    "aws:TagKeys": ("String", True),
    "s3:max-keys": ("Numeric", False),
    "s3:prefix": ("String", False),
}


class Facts:
    """A world of two services."""

    def services(self) -> Collection[str]:
        return tuple(_ACTIONS)

    def actions(self, service: str) -> Mapping[str, str]:
        return {name.lower(): name for name in _ACTIONS.get(service, ())}

    def key(self, name: str) -> KeyFacts | None:
        found = next((known for key, known in _KEYS.items() if key.lower() == name.lower()), None)
        return KeyFacts(type=found[0], multivalued=found[1]) if found is not None else None

    def keys(self, prefix: str) -> Sequence[str]:
        return [key for key in _KEYS if key.startswith(f"{prefix}:")]


FACTS = Facts()


def said(findings: tuple[Finding, ...]) -> list[tuple[IssueCode, str]]:
    return [(finding.code, finding.meant) for finding in findings]


@pytest.mark.parametrize("action", ["*", "*:*", "s3:*", "S3:getobject", "s3:Get*", "s3:?utObject", "i*:Get*"])
def test_an_action_that_exists(action: str) -> None:
    assert not tuple(check_action(action, "", FACTS))


@pytest.mark.parametrize(
    ("action", "code", "meant"),
    [
        ("s3:GetObjct", IssueCode.INVALID_ACTION, "s3:GetObject"),
        ("s3:Nothing", IssueCode.INVALID_ACTION, ""),
        ("s3:Fetch*", IssueCode.INVALID_ACTION, ""),
        ("q*:Get*", IssueCode.INVALID_ACTION, ""),
        ("iamm:GetUser", IssueCode.INVALID_SERVICE_IN_ACTION, "iam"),
        ("iamm:*", IssueCode.INVALID_SERVICE_IN_ACTION, "iam"),
        ("s3:" + "GetObject" * 100_000, IssueCode.INVALID_ACTION, ""),
    ],
)
def test_an_action_that_does_not_exist(action: str, code: IssueCode, meant: str) -> None:
    assert said(tuple(check_action(action, "", FACTS))) == [(code, meant)]


@pytest.mark.parametrize("key", ["aws:sourceip", "token.actions.example.com:sub", "oidc.example.com/id/1:aud"])
def test_a_key_that_exists_or_that_only_its_provider_knows(key: str) -> None:
    assert not tuple(check_key(key, "", FACTS))


@pytest.mark.parametrize(
    ("key", "code", "meant"),
    [
        ("aws:SourceIpp", IssueCode.INVALID_GLOBAL_CONDITION_KEY, "aws:SourceIp"),
        ("s3:prefx", IssueCode.INVALID_SERVICE_CONDITION_KEY, "s3:prefix"),
        ("awss:SourceIp", IssueCode.INVALID_SERVICE_CONDITION_KEY, "aws:SourceIp"),
        ("s3:nothing-like-it", IssueCode.INVALID_SERVICE_CONDITION_KEY, ""),
        ("SourceIp", IssueCode.INVALID_CONDITION_KEY_FORMAT, ""),
        ("aws:", IssueCode.INVALID_CONDITION_KEY_FORMAT, ""),
    ],
)
def test_a_key_that_does_not_exist(key: str, code: IssueCode, meant: str) -> None:
    assert said(tuple(check_key(key, "", FACTS))) == [(code, meant)]


def linted(operator: str, key: str) -> list[IssueCode]:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {operator: {key: "1"}}}
    findings = lint({"Statement": [statement]}, Grammar.IDENTITY, FACTS)
    assert all(finding.path == f".Statement[0].Condition.{operator}.{key}" for finding in findings)
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("operator", "key"),
    [
        ("ArnLike", "aws:PrincipalArn"),
        ("StringNotLikeIfExists", "aws:PrincipalArn"),
        ("NotIpAddress", "aws:SourceIp"),
        ("Bool", "aws:SecureTransport"),
        ("Null", "aws:SecureTransport"),
        ("DateLessThan", "aws:CurrentTime"),
        ("NumericLessThan", "aws:EpochTime"),
        ("NumericLessThanEquals", "s3:max-keys"),
        ("ForAnyValue:StringEquals", "aws:TagKeys"),
        ("ForAllValues:StringLikeIfExists", "aws:TagKeys"),
        ("ForAnyValue:StringEquals", "s3:prefix"),
        ("Null", "aws:TagKeys"),
        ("NumericEquals", "token.example.com:level"),
    ],
)
def test_an_operator_that_fits_its_key(operator: str, key: str) -> None:
    assert linted(operator, key) == []


@pytest.mark.parametrize(
    ("operator", "key", "code"),
    [
        ("StringEquals", "aws:SourceIp", IssueCode.TYPE_MISMATCH),
        ("StringLike", "s3:max-keys", IssueCode.TYPE_MISMATCH),
        ("NumericLessThan", "aws:CurrentTime", IssueCode.TYPE_MISMATCH),
        ("StringEquals", "aws:SecureTransport", IssueCode.TYPE_MISMATCH),
        ("StringEquals", "aws:TagKeys", IssueCode.MISSING_QUALIFIER),
        ("ForAllValues:StringLike", "s3:prefix", IssueCode.FOR_ALL_VALUES_WITH_SINGLE_VALUED_KEY),
        ("StringEquals", "s3:prefx", IssueCode.INVALID_SERVICE_CONDITION_KEY),
    ],
)
def test_an_operator_that_does_not(operator: str, key: str, code: IssueCode) -> None:
    assert linted(operator, key) == [code]


def test_a_document_with_a_fault_of_its_structure_is_told_of_that_alone() -> None:
    statement = {"Effect": "Deny", "Action": "s3:Nothing", "Resource": "*", "Sids": ""}
    (finding,) = lint({"Statement": statement}, Grammar.IDENTITY, FACTS)
    assert (finding.path, finding.meant, finding.at_name) == (".Statement.Sids", "Sid", True)


def test_the_place_of_an_action_is_that_of_the_list_or_of_the_item() -> None:
    one = {"Effect": "Deny", "NotAction": "s3:Nothing", "Resource": "*"}
    two = {**one, "NotAction": ["s3:GetObject", "s3:Nothing"]}
    found = lint({"Statement": [one, two]}, Grammar.IDENTITY, FACTS)
    assert [finding.path for finding in found] == [".Statement[0].NotAction", ".Statement[1].NotAction[1]"]


_WITH_VARIABLES = {
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": ["arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}/*"],
    "Condition": {"StringLike": {"s3:prefix": "${aws:username}/*"}},
}


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}])
def test_a_variable_in_a_policy_of_the_older_version_stands_for_itself(version: dict[str, str]) -> None:
    found = lint({**version, "Statement": [_WITH_VARIABLES]}, Grammar.IDENTITY, FACTS)
    assert [(each.code, each.path) for each in found] == [
        (IssueCode.VARIABLE_UNSUPPORTED_IN_VERSION, ".Statement[0].Resource[1]"),
        (IssueCode.VARIABLE_UNSUPPORTED_IN_VERSION, ".Statement[0].Condition.StringLike.s3:prefix"),
    ]
    assert found[0].message == '${aws:username} is a variable only in a policy with "Version": "2012-10-17".'


def test_a_variable_in_a_policy_of_the_newer_version_is_one() -> None:
    document = {"Version": "2012-10-17", "Statement": [_WITH_VARIABLES]}
    assert not lint(document, Grammar.IDENTITY, FACTS)


def test_no_variable_is_no_fault_of_the_older_version() -> None:
    plain = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/$*{}"}
    assert not lint({"Statement": plain}, Grammar.IDENTITY, FACTS)
