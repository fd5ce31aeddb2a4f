"""What parses, what does not, and with which of AWS's sentences."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.faults import Malformed
from carnet.catalog.managed_policies import managed_policies
from carnet.policy.document import Grammar, parse
from carnet.policy.principals import PrincipalType
from carnet.policy.sentences import ORGANIZATIONS, SYNTAX_ERRORS
from tests.policy.builders import allow, deny, document

IAM = (Grammar.IDENTITY, Grammar.MANAGED, Grammar.BOUNDARY, Grammar.SESSION)
IAM_PATHS = (
    'IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, '
    "instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, "
    "access-report/."
)
ALPHA_NUMERIC = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
)
ANYONE = {"Principal": "*"}
ASSUME: dict[str, Any] = {"Action": "sts:AssumeRole", "Resource": None, "Principal": {"AWS": "*"}}
VENDORLESS = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
LEGACY = "The policy failed legacy parsing"
ONLY_ASSUME_ROLE = "AssumeRole policy may only specify STS AssumeRole actions."
VENDOR_WILDCARDS = "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards."


BAD_VALUES = [
    ("DateLessThan", "x", LEGACY),
    ("DateGreaterThan", "2026/01/01", LEGACY),
    ("DateGreaterThan", str(2**63), LEGACY),
    *(("NumericLessThan", value, LEGACY) for value in ("abc", " 10", "0x10")),
    *(
        ("IpAddress", value, LEGACY)
        for value in ("203.0.113.999/24", "example.com", "1.2.3", "10.0.0.0/33", "1.1.1.1 ")
    ),
    *(("ArnLike", value, LEGACY) for value in ("nope", "arn:aws:s3:b", "${aws:PrincipalArn}", "a*:aws:s3:::b", "")),
    *(("BinaryEquals", value, SYNTAX_ERRORS) for value in ("!!!", "abc", "YWJj==", "YWK=", " YWJj")),
    ("NullIfExists", "true", SYNTAX_ERRORS),
    ("ForAllValues:NullIfExists", "true", SYNTAX_ERRORS),
]
"""Operator, value and the sentence for it."""


def refusal(text: str, grammar: Grammar = Grammar.MANAGED) -> str:
    with pytest.raises(Malformed) as refused:
        parse(text, grammar)
    return refused.value.message


@pytest.mark.parametrize("grammar", IAM)
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ({"Effect": "Allow", "Resource": "*"}, "Policy statement must contain actions."),
        ({"Effect": "Allow"}, "Policy statement must contain actions."),
        (allow(Action=[]), "Policy statement must contain actions."),
        (allow(Resource=None), "Policy statement must contain resources."),
        (allow(Resource=[]), "Policy statement must contain resources."),
        (allow(Resource="adf"), 'Resource adf must be in ARN format or "*".'),
        (allow(Resource=""), 'Resource  must be in ARN format or "*".'),
        (allow(Resource="a:b"), 'Partition "b" is not valid for resource "arn:b:*:*:*:*".'),
        (allow(Resource="a:b:c"), 'Partition "b" is not valid for resource "arn:b:c:*:*:*".'),
        (allow(Resource="a:b:c:d:e:f:g:h"), 'Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".'),
        (allow(Resource="aws:s3:::b"), 'Partition "s3" is not valid for resource "arn:s3:::b:*".'),
        (allow(Action="list", Resource=None), "Policy statement must contain resources."),
        ({"Effect": "Allow", "Resource": "arn:aws:s3::b"}, LEGACY),
        ({"Effect": "Allow", "Condition": {"DateGreaterThan": {"a": "x"}}}, LEGACY),
        (allow(Resource="arn:error:s3:::b", Condition={"DateGreaterThan": {"a": "x"}}), LEGACY),
        (
            allow(Resource=["arn:error:s3:::b", "arn:error:s3::b"]),
            'Partition "error" is not valid for resource "arn:error:s3:::b".',
        ),
        (allow(Action="s:3:List", Resource="adf"), 'Resource adf must be in ARN format or "*".'),
        (allow(Resource="arn:aws::b"), LEGACY),
        (allow(Resource="arn:aws::::b"), LEGACY),
        (allow(Resource="arn:aws"), "Resource vendor must be fully qualified and cannot contain regexes."),
        (allow(Resource="arn:aws:s*:::b"), "Resource vendor must be fully qualified and cannot contain regexes."),
        (allow(Resource="arn:aws:s3::b"), "The policy failed legacy parsing"),
        (
            allow(Resource="arn:aws:iam:x::user/a"),
            "IAM resource arn:aws:iam:x::user/a cannot contain region information.",
        ),
        (allow(Resource="arn:aws:iam:::bucket"), IAM_PATHS),
        (allow(Action="ListUsers"), VENDORLESS),
        (allow(NotAction=""), VENDORLESS),
        (allow(Action="s3:List:Bucket"), "Actions/Condition can contain only one colon."),
        (allow(Action="a a:ListBucket"), "Vendor a a is not valid"),
        (allow(Action="*:GetObject"), VENDOR_WILDCARDS),
        (allow(Action="s3*:GetObject"), VENDOR_WILDCARDS),
        (allow(NotAction=["*", "s3?:Get"]), VENDOR_WILDCARDS),
        (
            allow(Resource="arn:aws:s3:us-east-1::b"),
            "Resource arn:aws:s3:us-east-1::b can not contain region information.",
        ),
        (
            allow(Resource="arn:aws:s3:us-east-1:1:accesspoints"),
            "Resource arn:aws:s3:us-east-1:1:accesspoints can not contain region information.",
        ),
        (allow(NotResource="arn:aws:s3::1:b/*"), "Resource arn:aws:s3::1:b/* cannot contain an account id."),
        (
            allow(Resource="arn:aws:route53::1:hostedzone/z"),
            "Resource arn:aws:route53::1:hostedzone/z cannot contain an account id.",
        ),
        (allow(Principal="*"), "Policy document should not specify a principal."),
        (allow(NotPrincipal="*"), "Policy document should not specify a principal."),
        (
            allow(Sid="no spaces"),
            ALPHA_NUMERIC,
        ),
        (allow(Effect="allow"), "The policy failed legacy parsing"),
        (allow(Effect="Maybe"), SYNTAX_ERRORS),
        ({"Action": "*", "Resource": "*"}, SYNTAX_ERRORS),
        (allow(effect="Allow"), SYNTAX_ERRORS),
        (allow(NotAction="s3:*", Action="s3:*"), SYNTAX_ERRORS),
        (allow(NotResource=[], Resource="*"), SYNTAX_ERRORS),
        (allow(Action={}), SYNTAX_ERRORS),
        (allow(Action=[[]]), SYNTAX_ERRORS),
        (allow(Action=5), SYNTAX_ERRORS),
        (allow(Resource=[None]), SYNTAX_ERRORS),
        (allow(Sid=5), SYNTAX_ERRORS),
        (allow(Condition=[]), SYNTAX_ERRORS),
        (allow(Condition={"StringEquals": "x"}), SYNTAX_ERRORS),
        (allow(Condition={"StringEquals": {"a:b": None} | {"a:c": [None]}}), SYNTAX_ERRORS),
        (allow(Condition={"StringEquals": {"a:b": {}}}), SYNTAX_ERRORS),
        (allow(Condition={"StringEqual": {"a:b": "x"}}), SYNTAX_ERRORS),
        *((allow(Condition={operator: {"a:b": value}}), sentence) for operator, value, sentence in BAD_VALUES),
        ("statement", SYNTAX_ERRORS),
    ],
)
def test_a_bad_statement_is_refused_with_aws_sentence(grammar: Grammar, statement: Any, sentence: str) -> None:
    assert refusal(document(statement), grammar) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("This is no json", SYNTAX_ERRORS),
        ("", SYNTAX_ERRORS),
        ('{"Version":"2012-10-17"', SYNTAX_ERRORS),
        ("[" * 100_000, SYNTAX_ERRORS),
        ('{"Id":"\u65e5"}', SYNTAX_ERRORS),
        ('{"Id":"\\ud800"}', SYNTAX_ERRORS),
        ("[]", SYNTAX_ERRORS),
        ("5", SYNTAX_ERRORS),
        ("null", SYNTAX_ERRORS),
        ('{"Version":"2012-10-17"}', SYNTAX_ERRORS),
        ('{"Version":"2012-10-17","Statement":[]}', SYNTAX_ERRORS),
        ('{"Version":"2013-10-17","Statement":{}}', SYNTAX_ERRORS),
        ('{"Version":2012,"Statement":{}}', SYNTAX_ERRORS),
        (document(allow())[:-1] + ',"Extra":1}', SYNTAX_ERRORS),
        (document(allow())[:-1] + ',"Id":[]}', SYNTAX_ERRORS),
        (document(allow())[:-1] + ',"Version":"2012-10-17"}', SYNTAX_ERRORS),
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}',
            SYNTAX_ERRORS,
        ),
        (document(allow()) + " " * 300_000, SYNTAX_ERRORS),
        (document(allow(Sid="a"), deny(Sid="a")), "Statement IDs (SID) in a single policy must be unique."),
        (document(allow(), version="2008-10-17"), "Policy document must be version 2012-10-17 or greater."),
        (document(allow(), version=None), "Policy document must be version 2012-10-17 or greater."),
        (document(allow(Effect="allow"), version=None), "Policy document must be version 2012-10-17 or greater."),
        (document(allow(Sid="a", Effect="allow"), deny(Sid="a")), LEGACY),
        (
            document(allow(Sid="a"), {"Sid": "a", "Effect": "Deny"}),
            "Statement IDs (SID) in a single policy must be unique.",
        ),
    ],
)
def test_a_bad_document_is_refused_with_aws_sentence(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


@pytest.mark.parametrize("grammar", Grammar)
def test_only_policies_of_identities_are_syntax_errors_if_they_are_no_json(grammar: Grammar) -> None:
    otherwise = {Grammar.SCP: ORGANIZATIONS, Grammar.RCP: ORGANIZATIONS}
    of_identities = (Grammar.IDENTITY, Grammar.MANAGED, Grammar.BOUNDARY)
    sentence = SYNTAX_ERRORS if grammar in of_identities else "This policy contains invalid Json"
    assert refusal("This is no json", grammar) == otherwise.get(grammar, sentence)


@pytest.mark.parametrize("grammar", IAM)
@pytest.mark.parametrize(
    "statement",
    [
        allow(Action="*"),
        allow(Action=["s3:*", "ec2:Describe?nstances", "*", "*:*", "aaa-b.c:X"]),
        allow(NotAction="s3:ListBucket", NotResource="*"),
        allow(Resource=["arn:aws:s3:::b", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:*"]),
        allow(Resource=["arn:aws:s3:eu-west-1:1:accesspoint/a", "arn:aws:iam::*:root"]),
        allow(Resource=["arn:aws:s3:*:*:job/*", "arn:aws:s3::1:accesspoint/a", "arn:aws:s3::*:b*", "arn:aws:s3:x:1:*"]),
        allow(Resource="arn:aws-cn:s3:::b"),
        allow(Resource="arn:*:s3:::b"),
        allow(Sid=""),
        allow(Condition={}),
        allow(Condition={"DateGreaterThan": {}}),
        allow(Condition={"StringEquals": {"a": []}}),
        allow(Condition={"NumericLessThan": {"a:b": 5}, "Bool": {"a:b": True}}),
        allow(Condition={"ArnLike": {"a:b": ["*", "arn:*:s3:::b", "arn:aws:*:*:*:*", "arn:aws:s3:::${aws:username}"]}}),
        allow(Condition={"NumericLessThan": {"a:b": ["10", "10.5", "-1", "1e3"]}}),
        allow(Condition={"BinaryEquals": {"a:b": ["YWJj", "YWJjZA==", ""]}}),
        deny(Condition={"ForAllValues:Null": {"a:b": "true"}, "ForAnyValue:Null": {"a:b": False}}),
        deny(Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]}}),
    ],
)
def test_what_aws_takes_is_taken(grammar: Grammar, statement: Any) -> None:
    parsed = parse(document(statement), grammar, source="x")
    assert [one.ref.policy for one in parsed.statements] == ["x"]


INCOMPLETE = ["arn:aws:sqs", "arn:aws:sqs:eu-west-1", "arn:aws:sqs:eu-west-1:1", "arn:aws:s3", "arn:aws:iam"]


@pytest.mark.parametrize("resource", INCOMPLETE)
def test_an_incomplete_arn_is_completed_in_an_identity_based_policy_only(resource: str) -> None:
    for grammar in (Grammar.IDENTITY, Grammar.MANAGED, Grammar.BOUNDARY):
        parsed = parse(document(allow(Resource=resource)), grammar).statements[0].resources
        assert parsed is not None
        assert len(parsed.patterns[0].segments) == 6
    assert refusal(document(allow(Resource=resource)), Grammar.SESSION) == LEGACY
    assert refusal(document(allow(Resource=resource, **ANYONE)), Grammar.RESOURCE) == LEGACY


def test_an_incomplete_arn_is_checked_as_it_is_completed() -> None:
    sentence = "Resource arn:aws:s3:my-bucket:*:* can not contain region information."
    assert refusal(document(allow(Resource="arn:aws:s3:my-bucket"))) == sentence
    assert refusal(document(allow(Resource="arn:aws:s3::my-bucket"))) == LEGACY


def test_a_single_statement_and_single_values_may_stand_alone() -> None:
    text = '{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b"}}'
    policy = parse(text, Grammar.IDENTITY)
    assert policy.version == "2008-10-17"
    assert [pattern.text for pattern in policy.statements[0].actions.patterns] == ["s3:GetObject"]


def test_a_statement_knows_its_line_and_column() -> None:
    text = '{"Version":"2012-10-17","Statement":[\n  {"Effect":"Allow","Action":"*","Resource":"*"},\r\n{"Sid":"b",'
    text += '"Effect":"Deny","Action":"*","Resource":"*"}]}'
    refs = [statement.ref for statement in parse(text, Grammar.IDENTITY, source="p").statements]
    assert [(ref.index, ref.sid, ref.line, ref.column) for ref in refs] == [(0, "", 2, 3), (1, "b", 3, 1)]


def test_size_counts_everything_but_white_space() -> None:
    compact = document(allow()).replace(" ", "")
    spread = json.dumps(json.loads(compact), indent=4)
    assert parse(spread, Grammar.IDENTITY).size == len(compact)


def test_the_digest_tells_documents_and_their_bindings_apart() -> None:
    text = document(allow(Principal={"AWS": "arn:aws:iam::111111111111:user/a"}))
    bound = {"arn:aws:iam::111111111111:user/a": "AIDA" + "A" * 17}
    plain = parse(text, Grammar.RESOURCE)
    assert plain.digest == parse(text, Grammar.RESOURCE, source="other").digest
    assert plain.digest != parse(text, Grammar.RESOURCE, principal_ids=bound).digest
    assert plain.digest != parse(text + " ", Grammar.RESOURCE).digest


def test_a_policy_cannot_be_changed_and_is_only_itself() -> None:
    one, other = parse(document(allow()), Grammar.IDENTITY), parse(document(allow()), Grammar.IDENTITY)
    assert one != other
    assert len({one, other}) == 2
    with pytest.raises(AttributeError, match="immutable"):
        one.text = ""  # type: ignore[misc]


def test_the_principals_of_aws_are_listed_once() -> None:
    alice, root = "arn:aws:iam::111111111111:user/alice", "arn:aws:iam::111111111111:root"
    text = document(
        allow(Principal={"AWS": [alice, "222222222222", root], "Service": "s3.amazonaws.com"}),
        deny(NotPrincipal={"AWS": [alice]}),
    )
    assert parse(text, Grammar.RESOURCE).principals(PrincipalType.AWS) == (alice, "222222222222", root)


# Role trust policies

TRUST_ACTIONS = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithWebIdentity",
    "sts:AssumeRoleWithSAML",
    "sts:TagSession",
    "sts:SetSourceIdentity",
    "sts:SetContext",
]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (allow(Action="sts:AssumeRole", Resource=None), "Missing required field Principal"),
        (allow(Action="sts:AssumeRole", Resource=None, Principal={}), "Missing required field Principal"),
        (allow(Action="sts:AssumeRole", **ANYONE), "Has prohibited field Resource"),
        (allow(Action="sts:AssumeRole", NotResource="*", **ANYONE), "Has prohibited field NotResource"),
        *(
            (allow(**ASSUME | {"Action": ["sts:AssumeRole", action]}), ONLY_ASSUME_ROLE)
            for action in (
                "*",
                "s3:GetObject",
                "sts:*",
                "sts:Assume*",
                "sts:assumerole",
                "sts:AssumeRoot",
                "sts:GetCallerIdentity",
                "sts:GetSessionToken",
            )
        ),
        (allow(**ASSUME | {"Action": "*:AssumeRole"}), VENDOR_WILDCARDS),
        (allow(**ASSUME | ANYONE), 'AssumeRolepolicy contained an invalid principal: "STAR":"*".'),
        (
            allow(**ASSUME | {"Principal": {"Federated": ["x.org", "cognito-identity.amazonaws.com"]}}),
            "A condition block must be present for the Cognito provider",
        ),
        (
            deny(Action="sts:AssumeRole", Resource=None, NotPrincipal={"AWS": "*"}),
            "Has prohibited field NotPrincipal",
        ),
        (
            allow(Action="sts:AssumeRole", Resource=None, Principal={"AWS": "arn:aws:iam::1:group/g"}),
            'Invalid principal in policy: "AWS":"arn:aws:iam::1:group/g"',
        ),
        (
            allow(Action="sts:AssumeRole", Resource=None, Principal={"AWS": "arn:aws:iam::1:user/*"}),
            'Invalid principal in policy: "AWS":"arn:aws:iam::1:user/*"',
        ),
        (
            allow(Action="sts:AssumeRole", Resource=None, Principal={"Service": "*"}),
            'Invalid principal in policy: "SERVICE":"*"',
        ),
        (allow(Action="sts:AssumeRole", Resource=None, Principal={"Aws": "*"}), SYNTAX_ERRORS),
    ],
)
def test_a_bad_trust_policy_is_refused_with_aws_sentence(statement: Any, sentence: str) -> None:
    assert refusal(document(statement), Grammar.TRUST) == sentence


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "*"},
        {"AWS": ["111111111111", "1111-2222-3333"]},
        {"AWS": ["arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:role/a/b"]},
        {"AWS": "AROA" + "A" * 17},
        {"AWS": "arn:aws:sts::111111111111:assumed-role/a/b"},
        {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]},
        {"Federated": "arn:aws:iam::111111111111:saml-provider/x"},
        {"Federated": "accounts.google.com"},
    ],
)
def test_a_good_trust_policy_is_taken(principal: Any) -> None:
    statement = allow(Action=TRUST_ACTIONS, Resource=None, Principal=principal)
    assert parse(document(statement, version="2008-10-17"), Grammar.TRUST).statements


def test_a_trust_in_cognito_has_a_condition() -> None:
    element: dict[str, Any] = {"Principal": {"Federated": "cognito-identity.amazonaws.com"}}
    audience = {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:12345678-abcd-abcd-abcd-123456"}}
    statement = allow(**ASSUME | element, Condition=audience)
    assert parse(document(statement), Grammar.TRUST).statements
    assert "Cognito" in refusal(document(allow(**ASSUME | element, Condition={})), Grammar.TRUST)


# Resource-based policies


def test_a_resource_policy_may_leave_its_resource_to_the_service() -> None:
    assert parse(document(allow(Resource=None, **ANYONE)), Grammar.RESOURCE).statements[0].resources is None
    assert (
        refusal(document(allow(Resource=[], **ANYONE)), Grammar.RESOURCE) == "Policy statement must contain resources."
    )
    assert refusal(document(allow()), Grammar.RESOURCE) == "Missing required field Principal"


def test_a_resource_policy_may_have_any_sid() -> None:
    assert parse(document(allow(Sid="Enable IAM User Permissions", **ANYONE)), Grammar.RESOURCE).statements


def test_a_resource_policy_says_what_iam_itself_refuses() -> None:
    loose = allow(Action="*:Get*", Resource=["arn:aws:s3:us-east-1:1:b", "arn:aws:s*:::b"], **ANYONE)
    assert parse(document(loose), Grammar.RESOURCE).statements


def test_not_principal_is_for_denies() -> None:
    element = {"NotPrincipal": {"AWS": "111111111111"}}
    assert parse(document(deny(**element)), Grammar.RESOURCE).statements
    assert "NotPrincipal" in refusal(document(allow(**element)), Grammar.RESOURCE)


# Service and resource control policies


@pytest.mark.parametrize(
    "statement",
    [
        allow(Action=["*:Get*", "s3:*Object"]),
        allow(Action="s3:*", Resource="arn:aws:s3:::a", Condition={"StringEquals": {"a:b": "c"}}),
        allow(NotAction="iam:*", NotResource="arn:aws:s3:::a"),
        deny(Resource=["arn:*:iam::*:role/AWSControlTowerExecution", "arn:aws:*:*:*:x"]),
        deny(Sid="any Sid"),
    ],
)
def test_an_scp_speaks_the_whole_language(statement: Any) -> None:
    assert parse(document(statement), Grammar.SCP).statements


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        document(allow(**ANYONE)),
        document(allow(), version="2008-10-17"),
        document(allow(Action="")),
        document(allow(Resource="x")),
        document(deny(Condition={"StringEqual": {"a:b": "x"}})),
        document(deny(Condition={"IpAddress": {"aws:SourceIp": "x"}})),
    ],
)
def test_a_bad_scp_gets_the_sentence_of_organizations(text: str) -> None:
    assert refusal(text, Grammar.SCP) == ORGANIZATIONS


def test_an_rcp_denies_everyone_named_actions() -> None:
    assert parse(document(deny(Action="s3:*", **ANYONE)), Grammar.RCP).statements
    assert parse(document(allow(**ANYONE)), Grammar.RCP).statements, "RCPFullAWSAccess"
    for bad in (
        deny(Action="s3:*"),
        deny(Action="*", **ANYONE),
        deny(NotAction="s3:*", **ANYONE),
        deny(Action="s3:*", NotPrincipal="*"),
        deny(Action="s3:*", Principal={"AWS": "111111111111"}),
        allow(Action="s3:*", **ANYONE),
        allow(Condition={"Bool": {"a:b": "true"}}, **ANYONE),
    ):
        assert refusal(document(bad), Grammar.RCP) == ORGANIZATIONS


# AWS-managed policies


def test_every_aws_managed_policy_is_understood() -> None:
    policies = managed_policies()
    assert len(policies) > 1_500
    for policy in policies:
        assert parse(policy.document, Grammar.IDENTITY, source=policy.arn).statements


# Anything at all


def whole(text: str) -> None:
    for grammar in Grammar:
        try:
            parse(text, grammar)
        except Malformed:
            continue


NAMES = st.sampled_from(
    [
        "Version",
        "Id",
        "Statement",
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "AWS",
        "Service",
        "Federated",
        "StringLike",
        "IpAddress",
        "DateEquals",
        "Null",
        "x",
    ]
)
WORDS = st.sampled_from(
    [
        "2012-10-17",
        "2008-10-17",
        "Allow",
        "Deny",
        "*",
        "s3:*",
        "arn:aws:s3:::x",
        "arn:aws:iam::1:root",
        ":",
        "arn:${",
        "${a}",
        "sts:AssumeRole",
        "10.0.0.0/8",
        "true",
        "111111111111",
        "a:aws:",
        "ARN:aws:s3:::x",
        "K",
    ]
)
VALUES = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_no_json_value_raises_anything_but_malformed(value: Any) -> None:
    whole(json.dumps(value))


@given(VALUES, VALUES, VALUES, VALUES, VALUES)
def test_no_statement_raises_anything_but_malformed(
    action: Any, resource: Any, principal: Any, condition: Any, version: Any
) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    whole(json.dumps({"Version": version, "Statement": statement | {"Condition": condition}}))
    whole(json.dumps({"Version": "2012-10-17", "Statement": statement | {"Principal": principal}}))
    whole(json.dumps({"Version": "2012-10-17", "Statement": {**allow(), "Condition": {"StringLike": condition}}}))


@given(st.text())
def test_no_text_raises_anything_but_malformed(text: str) -> None:
    whole(text)
