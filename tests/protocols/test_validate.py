from __future__ import annotations

import re
from typing import Any

import pytest

from carnet.models import COMMON_VOICE, SERVICES, Voice, operation, service
from carnet.protocols.errors import WireError, write_error
from carnet.protocols.validate import MOST_FINDINGS, validate
from carnet.services.iam.voice import VOICE, own_sentence
from tests.counting import counted
from tests.wire.samples import Samples

VOICES = {"iam": VOICE, "sso-oidc": Voice(code="InvalidRequestException")}
ROLE = "arn:aws:iam::123456789012:role/r"


def sentence(of: str, name: str, params: dict[str, Any]) -> str:
    with pytest.raises(WireError) as caught:
        validate(operation(of, name), params, VOICES.get(of, COMMON_VOICE))
    return caught.value.message


def one(fault: str) -> str:
    return f"1 validation error detected: {fault}"


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        ({}, "Value null at 'userName' failed to satisfy constraint: Member must not be null"),
        (
            {"UserName": "a" * 65},
            "Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64",
        ),
        (
            {"UserName": ""},
            "Value at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            {"UserName": "a", "Tags": [{"Key": "*", "Value": "v"}]},
            (
                "Value at 'tags.1.member.key' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+"
            ),
        ),
        (
            {"UserName": "a", "Tags": [{"Key": "k", "Value": "v"}, {"Key": "k" * 129, "Value": ""}]},
            (
                "Value at 'tags.2.member.key' failed to satisfy constraint: "
                "Member must have length less than or equal to 128"
            ),
        ),
        (
            {"UserName": "a", "Tags": [{"Key": "k"}]},
            "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
        ),
        (
            {"UserName": "a", "Tags": [{"Key": "k", "Value": "v"}] * 51},
            "Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50",
        ),
    ],
)
def test_iam_does_not_repeat_the_value(params: dict[str, Any], fault: str) -> None:
    assert sentence("iam", "CreateUser", params) == one(fault)


NAME = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
PATH = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
PREFIX = "It must begin with the / character and contain only alphanumeric characters and/or / characters."


@pytest.mark.parametrize(
    ("name", "params", "told"),
    [
        ("CreateUser", {"UserName": "a b"}, f"The specified value for userName is invalid. {NAME}"),
        (
            "UpdateUser",
            {"UserName": "a", "NewUserName": "b/"},
            f"The specified value for newUserName is invalid. {NAME}",
        ),
        ("GetRole", {"RoleName": "path/role"}, f"The specified value for roleName is invalid. {NAME}"),
        ("GetGroup", {"GroupName": "a*"}, f"The specified value for groupName is invalid. {NAME}"),
        (
            "DeleteGroupPolicy",
            {"GroupName": "a", "PolicyName": "arn:aws:iam::aws:policy/A"},
            f"The specified value for policyName is invalid. {NAME}",
        ),
        (
            "GetInstanceProfile",
            {"InstanceProfileName": "a:b"},
            f"The specified value for instanceProfileName is invalid. {NAME}",
        ),
        ("CreateUser", {"UserName": "a", "Path": "a"}, f"The specified value for path is invalid. {PATH}"),
        ("UpdateGroup", {"GroupName": "a", "NewPath": "/a"}, f"The specified value for newPath is invalid. {PATH}"),
        (
            "CreatePolicy",
            {"PolicyName": "a", "PolicyDocument": "{}", "Path": "/a b/"},
            f"The specified value for path is invalid. {PATH}",
        ),
        ("ListUsers", {"PathPrefix": "a"}, f"The specified value for pathPrefix is invalid. {PREFIX}"),
        ("ListPolicies", {"PathPrefix": "/foo"}, f"The specified value for pathPrefix is invalid. {PREFIX}"),
    ],
)
def test_iam_has_its_own_sentences_for_names_and_paths(name: str, params: dict[str, Any], told: str) -> None:
    assert sentence("iam", name, params) == told


def test_of_names_and_paths_the_first_fault_is_told() -> None:
    given = {"UserName": "a b", "Path": "a"}
    assert sentence("iam", "CreateUser", given) == f"The specified value for path is invalid. {PATH}"


def test_faults_that_all_services_share_come_before_names_and_paths() -> None:
    told = sentence("iam", "CreateUser", {"UserName": "a b", "Path": "", "Tags": [{"Key": "k"}]})
    assert told == (
        "2 validation errors detected: "
        "Value at 'path' failed to satisfy constraint: Member must have length greater than or equal to 1; "
        "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"
    )


def test_iam_tells_faults_in_the_order_of_a_hash_map() -> None:
    """As recorded from AWS, whose order is neither the model's nor the alphabet's."""
    lengths = {"MinimumPasswordLength": 129, "MaxPasswordAge": 1096, "PasswordReusePrevention": 25}
    told = sentence("iam", "UpdateAccountPasswordPolicy", lengths)
    assert re.findall(r"at '(\w+)'", told) == ["minimumPasswordLength", "passwordReusePrevention", "maxPasswordAge"]
    provider = {"Url": "u" * 256, "ClientIDList": [""], "ThumbprintList": ["t"]}
    told = sentence("iam", "CreateOpenIDConnectProvider", provider)
    assert re.findall(r"at '(\w+)'", told) == ["clientIDList", "thumbprintList", "url"]


def test_of_tag_keys_iam_says_too_that_they_are_not_null() -> None:
    told = sentence("iam", "UntagRole", {"RoleName": "r", "TagKeys": ["%"]})
    assert told.endswith(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]")


def test_the_patterns_of_names_and_paths_are_those_of_the_model() -> None:
    """Else the model has changed, and the sentences have lost what they are for."""
    for member in (
        ("CreateUser", "UserName"),
        ("CreateUser", "Path"),
        ("ListUsers", "PathPrefix"),
        ("CreatePolicy", "Path"),
    ):
        shape = operation("iam", member[0]).input
        assert shape is not None
        assert own_sentence(member[1], shape.members[member[1]].metadata["pattern"])


def test_iam_does_not_repeat_the_enum() -> None:
    given = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "active"}
    assert sentence("iam", "UpdateAccessKey", given) == one(
        "Value at 'status' failed to satisfy constraint: Member must satisfy enum value set"
    )


def test_sts_repeats_the_value() -> None:
    assert sentence("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "Session1:2"}) == one(
        "Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
    )
    assert sentence("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ab", "DurationSeconds": 899}) == one(
        "Value '899' at 'durationSeconds' failed to satisfy constraint: "
        "Member must have value greater than or equal to 900"
    )


def test_a_fault_of_a_scalar_in_a_list_is_told_of_the_list() -> None:
    given = {"RoleArn": ROLE, "RoleSessionName": "ab", "TransitiveTagKeys": ["a", ""]}
    assert sentence("sts", "AssumeRole", given) == one(
        "Value '[a, ]' at 'transitiveTagKeys' failed to satisfy constraint: Member must satisfy constraint: "
        "[Member must have length less than or equal to 128, Member must have length greater than or equal to 1, "
        r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+]"
    )


def test_items_that_are_null_meet_no_demand() -> None:
    """As recorded of IAM; STS repeats values, as Java prints them."""
    assert sentence("iam", "GetContextKeysForCustomPolicy", {"PolicyInputList": [None, "{}"]}) == one(
        "Value at 'policyInputList' failed to satisfy constraint: Member must satisfy constraint: "
        "[Member must have length less than or equal to 131072, Member must have length greater than or equal to 1, "
        r"Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+]"
    )
    told = sentence("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ab", "TransitiveTagKeys": ["a", None]})
    assert "Value '[a, null]' at 'transitiveTagKeys' failed" in told


def test_json_services_repeat_the_value_and_the_enum() -> None:
    told = sentence("organizations", "CreateOrganization", {"FeatureSet": "SOME"})
    assert told == one(
        "Value 'SOME' at 'featureSet' failed to satisfy constraint: "
        "Member must satisfy enum value set: [ALL, CONSOLIDATED_BILLING]"
    )


def test_a_sensitive_value_is_never_repeated() -> None:
    told = sentence("organizations", "CreateAccount", {"Email": "secret", "AccountName": "a"})
    assert "at 'email' failed" in told
    assert "secret" not in told


def test_every_fault_is_told() -> None:
    told = sentence("sts", "AssumeRole", {"RoleArn": "x", "RoleSessionName": " "})
    assert told.startswith("3 validation errors detected: Value 'x' at 'roleArn'")
    assert told.count("; Value ' ' at 'roleSessionName'") == 2


@pytest.mark.parametrize(
    ("of", "name", "given"),
    [
        ("sts", "AssumeRole", {"Tags": [{}] * 50_000}),
        ("sso-admin", "CreateApplication", {"Tags": [{"Key": "", "Value": ""}] * 50_000}),
        ("identitystore", "CreateUser", {"Extensions": {str(number): {} for number in range(50_000)}}),
        ("resourcegroupstaggingapi", "GetResources", {"TagFilters": [{"Key": "", "Values": [""]}] * 50_000}),
    ],
)
def test_an_input_full_of_faults_costs_and_tells_a_bounded_part_of_them(
    of: str, name: str, given: dict[str, Any]
) -> None:
    """A body of a megabyte has a fault for each three bytes: to look for all kept the loop busy for seconds."""
    (member, value) = next(iter(given.items()))
    few = dict(list(value.items())[:2_000]) if isinstance(value, dict) else value[:2_000]
    with counted() as calls:
        told = sentence(of, name, {member: few})
        before = calls()
        assert len(sentence(of, name, given)) < 1.1 * len(told)
        assert calls() - before < 1.1 * before
    assert int(told.partition(" ")[0]) <= MOST_FINDINGS + 50


def test_a_union_has_one_member() -> None:
    base = {"IdentityStoreId": "d-1234567890", "GroupId": "a" * 8 + "-aaaa-aaaa-aaaa-" + "a" * 12}
    told = sentence("identitystore", "CreateGroupMembership", {**base, "MemberId": {}})
    assert told == one("Value '{}' at 'memberId' failed to satisfy constraint: Member must have exactly one member set")


@pytest.mark.parametrize("name", ["a\n", "а", "ａ", "١", "\N{KELVIN SIGN}", "a\x00"])
def test_a_name_is_ascii_and_nothing_follows_it(name: str) -> None:
    told = sentence("iam", "CreateUser", {"UserName": name})
    assert told == f"The specified value for userName is invalid. {NAME}"


@pytest.mark.parametrize(
    ("of", "code"),
    [
        ("iam", "<Code>ValidationError</Code>"),
        ("organizations", '"__type":"ValidationException"'),
        ("accessanalyzer", "('x-amzn-ErrorType', 'ValidationException')"),
        ("sso-oidc", "('x-amzn-ErrorType', 'InvalidRequestException')"),
    ],
)
def test_the_code_is_the_service_s_own(of: str, code: str) -> None:
    broken = next(one for one in service(of).operations.values() if one.input and one.input.required_members)
    with pytest.raises(WireError) as caught:
        validate(broken, {}, VOICES.get(of, COMMON_VOICE))
    response = write_error(caught.value.where, caught.value.code, caught.value.message, "id")
    assert response.status == 400
    assert code in response.body.decode() + repr(response.headers)


@pytest.mark.parametrize("name", SERVICES)
def test_any_typed_input_is_accepted_or_refused_by_a_wire_error(name: str) -> None:
    refusals = 0
    for one_operation in service(name).operations.values():
        for seed in range(4):
            given = Samples(seed, forms=False).structure(one_operation.input) if one_operation.input else {}
            try:
                validate(one_operation, given, VOICES.get(name, COMMON_VOICE))
            except WireError as error:
                refusals += "detected: Value" in error.message or "The specified value for" in error.message
    assert refusals or name in ("ec2", "sso-oidc")  # whose models demand nothing but presence


def test_what_keeps_the_constraints_passes() -> None:
    validate(operation("iam", "CreateUser"), {"UserName": "Alice+b=c,d.e@f-g_1", "Path": "/a/b/"})
    validate(operation("iam", "TagUser"), {"UserName": "a", "Tags": [{"Key": "Kostenträger 1", "Value": ""}]})
    validate(operation("sts", "GetCallerIdentity"), {})


@pytest.mark.parametrize("document", ["ada@example.com", 7, True, ["a"], {"a": {}}])
def test_a_document_is_of_any_kind(document: Any) -> None:
    unique = {"AttributePath": "emails.value", "AttributeValue": document}
    given = {"IdentityStoreId": "d-1234567890", "AlternateIdentifier": {"UniqueAttribute": unique}}
    validate(operation("identitystore", "GetUserId"), given)
