"""What AWS refuses to save beyond the grammar of a statement: each rule on both sides, and stored all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.base.faults import Malformed
from carnet.policy.document import Grammar, parse, understand
from carnet.policy.shared_issuers import TENANT_KEYS
from carnet.policy.validation import check_partition
from tests.policy.builders import allow, deny, document

IDENTITY = (Grammar.IDENTITY, Grammar.MANAGED, Grammar.BOUNDARY, Grammar.SESSION)
LEGACY = "The policy failed legacy parsing"
FEDERATED = "Federated principals must be valid domain names or SAML metadata ARNs"
FULL = document(allow())
PROVIDERS = "arn:aws:iam::111122223333:"


def refusal(text: str, grammar: Grammar = Grammar.MANAGED) -> str:
    """AWS's sentence. What is stored is understood all the same."""
    with pytest.raises(Malformed) as refused:
        parse(text, grammar)
    assert not any(statement.problem for statement in understand(text, grammar).statements)
    return refused.value.message


def taken(text: str, grammar: Grammar) -> bool:
    return bool(parse(text, grammar).statements)


def trust(**elements: Any) -> str:
    return document(allow(**{"Action": "sts:AssumeRoleWithWebIdentity", "Resource": None, **elements}))


# The text


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\r\n  "])
def test_no_document_begins_with_a_blank(blank: str) -> None:
    for grammar in IDENTITY:
        assert refusal(blank + FULL, grammar) == LEGACY
        assert taken(FULL + blank, grammar)
    trusting = trust(Principal={"AWS": "*"})
    assert refusal(blank + trusting, Grammar.TRUST) == "JSON strings must not have leading spaces"
    assert taken(trusting + blank, Grammar.TRUST)
    assert taken(blank + document(allow(Principal="*")), Grammar.RESOURCE), "other services read JSON as it is"


def test_one_statement_does_not_stand_before_the_version() -> None:
    for grammar in IDENTITY:
        assert refusal(json.dumps({"Statement": allow(), "Version": "2012-10-17"}), grammar) == LEGACY
    assert taken(json.dumps({"Version": "2012-10-17", "Statement": allow()}), Grammar.MANAGED)
    assert taken(json.dumps({"Statement": [allow()], "Version": "2012-10-17"}), Grammar.MANAGED)
    assert taken(json.dumps({"Statement": allow()}), Grammar.IDENTITY)


# Resources


@pytest.mark.parametrize("grammar", IDENTITY)
@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:ec2:${AWS::Region}:111122223333:instance/*",
        "arn:aws:ec2:us-east-1:${AWS::AccountId}:instance/*",
        "arn:aws:ec2:<REGION>:111122223333:instance/*",
        "arn:aws:ec2:us-east-1:<ACCOUNT_ID>:instance/*",
        "arn:aws:iam::${aws:PrincipalAccount}:user/x",
        "arn:aws:ec2:us east 1:111122223333:instance/*",
        "arn:aws:ec2:us-east-1: 111122223333:instance/*",
        "arn:aws:ec2:us-west--2:111122223333:instance/*",
        "arn:aws:ec2:us-west-:111122223333:instance/*",
        "arn:aws:ec2:${AWS::Region}*:111122223333:instance/*",
    ],
)
def test_a_region_and_an_account_are_not_any_text(grammar: Grammar, resource: str) -> None:
    assert refusal(document(allow(Resource=resource)), grammar) == LEGACY
    assert refusal(document(allow(Resource=None, NotResource=resource)), grammar) == LEGACY


@pytest.mark.parametrize("grammar", IDENTITY)
@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:ec2:us-west-2:111122223333:instance/*",
        "arn:aws:ec2:us-gov-west-1:*:instance/*",
        "arn:aws:ec2:*:${AWS::AccountId}:instance/*",
        "arn:aws:ec2:us-*:<ACCOUNT_ID>:instance/*",
        "arn:aws:ec2:us-*-?:11112222????:instance/*",
        "arn:aws:ec2:moon:1:instance/*",
        "arn:aws:ec2:us-east-1:111122223333:instance/<any> ${aws:username}",
        "arn:aws:s3:::a b<c>",
    ],
)
def test_the_resource_and_what_a_star_crosses_are_any_text(grammar: Grammar, resource: str) -> None:
    assert taken(document(allow(Resource=resource)), grammar)


def test_a_bucket_is_no_region() -> None:
    sentence = "Resource arn:aws:s3:my-bucket:*:* can not contain region information."
    assert refusal(document(allow(Resource="arn:aws:s3:my-bucket"))) == sentence
    assert taken(document(allow(Resource="arn:aws:s3:::my-bucket")), Grammar.MANAGED)


@pytest.mark.parametrize("resource", ["bucket", "urn:aws:s3:::bucket", "ARN:aws:s3:::bucket", ":aws:s3:::bucket"])
def test_a_resource_begins_as_an_arn(resource: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse(document(allow(Resource=resource)), Grammar.MANAGED)
    assert refused.value.message == f'Resource {resource} must be in ARN format or "*".'


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        ("arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b"),
        ("arn:aws-cn:logs:*:*:log-group:a:b", "arn:aws-cn:logs:*:*:log-group:a:b"),
    ],
)
def test_a_resource_is_of_the_accounts_partition(resource: str, shown: str) -> None:
    with pytest.raises(
        Malformed, match=f'^Partition "aws-cn" is not valid for resource "{shown}".$'.replace("*", "[*]")
    ):
        check_partition(("*", resource), "aws")
    check_partition(("*", resource, resource.replace("aws-cn", "*"), resource.replace("aws-cn", "aws*")), "aws-cn")


# Trust policies


@pytest.mark.parametrize("operator", ["IpAddress", "NotIpAddressIfExists", "ForAnyValue:IpAddress"])
@pytest.mark.parametrize(
    ("network", "saved"),
    [
        ("2001:db8::/64", True),
        ("2001:db8::4/127", True),
        ("2001:db8::1", True),
        ("2001:db8::1/128", True),
        ("::/0", True),
        ("::ffff:c000:200/120", True),
        ("192.0.2.5/24", True),
        ("2001:db8::5/64", False),
        ("2001:db8::5/127", False),
        ("2001:db8::1/0", False),
        ("::ffff:192.0.2.1", False),
        ("::ffff:192.0.2.0/120", False),
        ("2001:db8::192.0.2.0/120", False),
    ],
)
def test_an_ipv6_range_has_no_bits_beyond_its_prefix_and_no_dots(operator: str, network: str, saved: bool) -> None:
    text = document(allow(Condition={operator: {"aws:SourceIp": ["10.0.0.0/8", network]}}))
    if saved:
        parse(text, Grammar.IDENTITY)
    else:
        assert refusal(text) == LEGACY


def test_an_unknown_operator_of_a_trust_policy_is_named() -> None:
    text = trust(Principal={"AWS": "*"}, Condition={"stringEquals": {"aws:username": "x"}})
    with pytest.raises(Malformed, match=r"^Invalid Condition type : stringEquals$"):
        parse(text, Grammar.TRUST)
    assert taken(text.replace("stringEquals", "StringEquals"), Grammar.TRUST)


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "example",
        "example.com/path",
        "arn:aws:iam::aws:saml-provider/x",
        "arn:aws:iam::1111:saml-provider/x",
        "arn:nowhere:iam::111122223333:saml-provider/x",
        PROVIDERS + "role/x",
        PROVIDERS + "saml-provider",
    ],
)
def test_an_identity_provider_has_a_domain_or_an_arn(name: str) -> None:
    assert refusal(trust(Principal={"Federated": name}), Grammar.TRUST) == FEDERATED


@pytest.mark.parametrize("name", ["https://example.com", "*", "a b"])
def test_what_can_be_no_identity_provider(name: str) -> None:
    with pytest.raises(Malformed, match=f"^{FEDERATED}$"):
        parse(trust(Principal={"Federated": name}), Grammar.TRUST)


@pytest.mark.parametrize(
    "name",
    [
        "accounts.google.com",
        "graph.facebook.com",
        "www.amazon.com",
        PROVIDERS + "saml-provider/Example.Org_SSO",
        PROVIDERS + "oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
        "arn:aws-us-gov:iam::111122223333:saml-provider/x",
    ],
)
def test_identity_providers_are_taken(name: str) -> None:
    assert taken(trust(Principal={"Federated": name}), Grammar.TRUST)


@pytest.mark.parametrize("issuer", TENANT_KEYS)
def test_a_shared_provider_needs_a_condition_on_its_customer(issuer: str) -> None:
    principal, key = {"Federated": f"{PROVIDERS}oidc-provider/{issuer}"}, TENANT_KEYS[issuer]
    sentence = f"A condition that limits {key} must be present for the shared provider {issuer}"
    bad: list[dict[str, Any]] = [
        {},
        {"StringEquals": {"another:key": "x"}},
        {"StringLike": {key: "*"}},
        {"StringLike": {key: ["mine:*", "?*"]}},
        {"StringLike": {key: []}},
        {"StringNotEquals": {key: "theirs"}},
        {"StringEqualsIfExists": {key: "mine"}},
        {"ForAllValues:StringEquals": {key: "mine"}},
        {"Null": {key: "false"}},
    ]
    for condition in bad:
        assert refusal(trust(Principal=principal, Condition=condition), Grammar.TRUST) == sentence
    good: list[dict[str, Any]] = [
        {"StringEquals": {key: "mine"}},
        {"StringLike": {key.upper(): ["mine:*", "my-other:*"]}},
        {"ForAnyValue:StringLike": {key: "mine:*"}, "StringEquals": {"another:key": "x"}},
    ]
    for condition in good:
        assert taken(trust(Principal=principal, Condition=condition), Grammar.TRUST)


def test_a_deny_of_a_shared_provider_needs_none() -> None:
    principal = {"Federated": f"{PROVIDERS}oidc-provider/gitlab.com"}
    denying = deny(Action="sts:AssumeRoleWithWebIdentity", Resource=None, Principal=principal)
    assert taken(document(denying), Grammar.TRUST)
    own = {"Federated": f"{PROVIDERS}oidc-provider/gitlab.example.com"}
    assert taken(trust(Principal=own), Grammar.TRUST), "an issuer that nobody shares"
