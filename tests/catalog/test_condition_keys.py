"""Condition keys by name: global ones, a service's own, and templates filled in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.catalog.actions import service, services
from carnet.catalog.condition_key import ConditionKey, KeyType, Namespace
from carnet.catalog.condition_keys import condition_key
from carnet.catalog.global_condition_keys import GLOBAL_CONDITION_KEYS
from carnet.entities.entity import name_key


def known(name: str) -> ConditionKey:
    key = condition_key(name)
    assert key is not None
    return key


@pytest.mark.parametrize(
    ("name", "kind", "namespace"),
    [
        ("aws:SourceIp", KeyType.IP_ADDRESS, Namespace.REQUEST),
        ("aws:PrincipalArn", KeyType.ARN, Namespace.PRINCIPAL),
        ("aws:MultiFactorAuthAge", KeyType.NUMERIC, Namespace.PRINCIPAL),
        ("aws:TokenIssueTime", KeyType.DATE, Namespace.PRINCIPAL),
        ("aws:SecureTransport", KeyType.BOOL, Namespace.REQUEST),
        ("aws:ResourceAccount", KeyType.STRING, Namespace.RESOURCE),
        ("ec2:RoleDelivery", KeyType.NUMERIC, Namespace.PRINCIPAL),
        ("iam:PassedToService", KeyType.STRING, None),
        ("saml:aud", KeyType.STRING, None),
        ("accounts.google.com:aud", KeyType.STRING, None),
    ],
)
def test_types(name: str, kind: KeyType, namespace: Namespace | None) -> None:
    key = known(name)
    assert (key.name, key.type, key.multivalued, key.namespace) == (name, kind, False, namespace)


@pytest.mark.parametrize("name", ["aws:TagKeys", "aws:PrincipalOrgPaths", "aws:CalledVia", "dynamodb:LeadingKeys"])
def test_multivalued_keys(name: str) -> None:
    assert known(name).multivalued


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("aws:PrincipalTag/Team", "aws:PrincipalTag/${TagKey}"),
        ("AWS:REQUESTTAG/a/b:c", "aws:RequestTag/${TagKey}"),
        ("s3:ExistingObjectTag/class", "s3:ExistingObjectTag/<key>"),
        ("events:Metadata/k/Matcher", "events:Metadata/${MetadataKey}/Matcher"),
        ("events:Metadata/k", "events:Metadata/${MetadataKey}"),
        (
            "codebuild:environment.environmentVariables/HOME.value",
            "codebuild:environment.environmentVariables/${name}.value",
        ),
        (
            "token.actions.githubusercontent.com/acme:ref",
            "token.actions.githubusercontent.com/${SubPath}:ref",
        ),
    ],
)
def test_a_filled_in_template(name: str, template: str) -> None:
    assert known(name).name == template


@pytest.mark.parametrize("name", ["", "aws:", "aws:Nothing", "aws:PrincipalTag/", "aws:PrincipalTag", "nothing:Key"])
def test_keys_of_nothing(name: str) -> None:
    assert condition_key(name) is None


def test_the_long_s_is_no_s() -> None:
    assert condition_key("aws:\u017fourceIp") is None
    assert condition_key("aws:Ta\u212aKeys") is None


def test_every_global_key_that_services_name_is_in_the_table_as_they_have_it() -> None:
    table = {key.name: (key.type, key.multivalued) for key in GLOBAL_CONDITION_KEYS}
    owners = filter(None, map(service, services()))
    listed = {(key.name, key.type, key.multivalued) for owner in owners for key in owner.condition_keys.values()}
    of_aws = {name: (kind, many) for name, kind, many in listed if name.startswith("aws:")}
    assert len(of_aws) >= 3
    assert of_aws.items() <= table.items()


def test_global_keys_have_a_namespace_and_one_spelling() -> None:
    assert all(key.namespace is not None for key in GLOBAL_CONDITION_KEYS)
    assert len({name_key(key.name) for key in GLOBAL_CONDITION_KEYS}) == len(GLOBAL_CONDITION_KEYS) >= 60


@given(st.lists(st.text(alphabet="ab./", min_size=1), min_size=2, max_size=4), st.text(alphabet="abc./", min_size=1))
def test_a_template_matches_what_it_is_filled_in_with(fixed: list[str], value: str) -> None:
    template = ConditionKey(name="${Value}".join(fixed), type=KeyType.STRING)
    assert template.is_filled_in_by(value.join(fixed))
    assert not template.is_filled_in_by("x" + value.join(fixed))


@given(st.text())
def test_no_text_raises(name: str) -> None:
    assert condition_key(name) is None or ":" in name
