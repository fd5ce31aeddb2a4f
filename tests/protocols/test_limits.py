"""The limits that AWS documents: what is just within them is taken, what is just beyond is not.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carnet.models import COMMON_VOICE, operation
from carnet.protocols.errors import WireError
from carnet.protocols.validate import validate
from carnet.services.iam.voice import VOICE

ROLE = "arn:aws:iam::123456789012:role/r"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/p"
LENGTHS = [
    ("iam", "CreateUser", "UserName", 1, 64),
    ("iam", "GetUser", "UserName", 1, 128),
    ("iam", "CreateRole", "RoleName", 1, 64),
    ("iam", "CreateGroup", "GroupName", 1, 128),
    ("iam", "CreatePolicy", "PolicyName", 1, 128),
    ("iam", "PutUserPolicy", "PolicyName", 1, 128),
    ("iam", "CreateInstanceProfile", "InstanceProfileName", 1, 128),
    ("iam", "CreateUser", "Path", 1, 512),
    ("iam", "CreateAccountAlias", "AccountAlias", 3, 63),
    ("iam", "ListUsers", "Marker", 1, 320),
    ("iam", "CreatePolicy", "PolicyDocument", 1, 131_072),
    ("iam", "CreateRole", "AssumeRolePolicyDocument", 1, 131_072),
    ("sts", "AssumeRole", "RoleSessionName", 2, 64),
    ("sts", "AssumeRole", "ExternalId", 2, 1_224),
    ("sts", "AssumeRole", "SourceIdentity", 2, 256),
    ("sts", "GetFederationToken", "Name", 2, 32),
    ("sts", "AssumeRoleWithWebIdentity", "WebIdentityToken", 4, 20_000),
    ("sts", "AssumeRoleWithSAML", "SAMLAssertion", 4, 100_000),
    ("organizations", "CreateAccount", "Email", 6, 64),
    ("organizations", "CreatePolicy", "Name", 1, 128),
]
NUMBERS = [
    ("iam", "ListUsers", "MaxItems", 1, 1_000),
    ("iam", "CreateRole", "MaxSessionDuration", 3_600, 43_200),
    ("iam", "UpdateAccountPasswordPolicy", "MinimumPasswordLength", 6, 128),
    ("iam", "UpdateAccountPasswordPolicy", "MaxPasswordAge", 1, 1_095),
    ("iam", "UpdateAccountPasswordPolicy", "PasswordReusePrevention", 1, 24),
    ("sts", "AssumeRole", "DurationSeconds", 900, 43_200),
    ("sts", "GetSessionToken", "DurationSeconds", 900, 129_600),
    ("sts", "GetFederationToken", "DurationSeconds", 900, 129_600),
    ("sts", "AssumeRoot", "DurationSeconds", 0, 900),
]
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "CreateUser": {"UserName": "a"},
    "CreateRole": {"RoleName": "r", "AssumeRolePolicyDocument": "{}"},
    "CreatePolicy": {"PolicyName": "p", "PolicyDocument": "{}"},
    "PutUserPolicy": {"UserName": "a", "PolicyDocument": "{}"},
    "AssumeRole": {"RoleArn": ROLE, "RoleSessionName": "ab"},
    "GetFederationToken": {"Name": "ab"},
    "AssumeRoleWithWebIdentity": {"RoleArn": ROLE, "RoleSessionName": "ab"},
    "AssumeRoleWithSAML": {"RoleArn": ROLE, "PrincipalArn": PROVIDER},
    "AssumeRoot": {"TargetPrincipal": "123456789012", "TaskPolicyArn": {"arn": ROLE}},
    "CreateAccount": {"AccountName": "a"},
}
"""What an operation cannot do without."""
OF_A_POLICY = {"Name": "p", "Description": "", "Content": "{}", "Type": "SERVICE_CONTROL_POLICY"}


def told(of: str, name: str, member: str, value: Any) -> str:
    """What is said of a value; nothing if it is taken."""
    needed = OF_A_POLICY if (of, name) == ("organizations", "CreatePolicy") else NEEDED.get(name, {})
    try:
        validate(operation(of, name), {**needed, member: value}, VOICE if of == "iam" else COMMON_VOICE)
    except WireError as error:
        return error.message
    return ""


def text(member: str, length: int) -> str:
    if member == "Path" and length > 1:
        return "/" + "a" * (length - 2) + "/"
    if member == "Email":
        return "a@" + "b" * (length - 4) + ".c"
    return ("/" if member == "Path" else "a") * length


@pytest.mark.parametrize(("of", "name", "member", "low", "high"), LENGTHS)
def test_a_text_has_a_length(of: str, name: str, member: str, low: int, high: int) -> None:
    assert [told(of, name, member, text(member, length)) for length in (low, high)] == ["", ""]
    assert f"Member must have length greater than or equal to {low}" in told(of, name, member, text(member, low - 1))
    assert f"Member must have length less than or equal to {high}" in told(of, name, member, text(member, high + 1))


@pytest.mark.parametrize(("of", "name", "member", "low", "high"), NUMBERS)
def test_a_number_has_a_range(of: str, name: str, member: str, low: int, high: int) -> None:
    assert [told(of, name, member, number) for number in (low, high)] == ["", ""]
    assert f"Member must have value greater than or equal to {low}" in told(of, name, member, low - 1)
    assert f"Member must have value less than or equal to {high}" in told(of, name, member, high + 1)


@pytest.mark.parametrize("alias", ["-ab", "ab-", "a--b", "A-b", "a_b", "a b"])
def test_an_alias_is_of_lower_case_letters_digits_and_single_hyphens(alias: str) -> None:
    assert "at 'accountAlias' failed to satisfy constraint" in told("iam", "CreateAccountAlias", "AccountAlias", alias)
    assert not told("iam", "CreateAccountAlias", "AccountAlias", "a-b-1")


@pytest.mark.parametrize("sign", ["\U0001f600", "\u0100", "\x0b", "\x1f"])
def test_a_policy_has_no_other_characters_than_those_of_latin_1(sign: str) -> None:
    """So no emoji in a Sid, nor in a condition, unless JSON escapes it."""
    document = f'{{"Version":"2012-10-17","Statement":[{{"Sid":"{sign}"}}]}}'
    assert "at 'policyDocument' failed" in told("iam", "CreatePolicy", "PolicyDocument", document)
    assert not told("iam", "CreatePolicy", "PolicyDocument", document.replace(sign, "\t\r\n \u00ff"))
