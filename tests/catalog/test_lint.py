"""The linter with the catalogue's facts."""

from __future__ import annotations

import pytest

from carnet.catalog.policy_facts import CatalogFacts
from carnet.policy.lint import check_action, check_key

FACTS = CatalogFacts()


@pytest.mark.parametrize("key", ["aws:RequestTag/team", "s3:prefix", "saml:aud", "ec2:SourceInstanceArn"])
def test_a_key_that_aws_documents_is_known(key: str) -> None:
    assert not tuple(check_key(key, "", FACTS))


@pytest.mark.parametrize(
    ("word", "meant"),
    [("iam:PassRol", "iam:PassRole"), ("dynamodbb:GetItem", "dynamodb"), ("sts:AsumeRole*", "")],
)
def test_what_was_meant_by_an_action(word: str, meant: str) -> None:
    (finding,) = check_action(word, "", FACTS)
    assert finding.meant == meant


def test_what_was_meant_by_a_key() -> None:
    assert [one.meant for key in ("aws:PrincipleOrgID", "iam:PasedToService") for one in check_key(key, "", FACTS)] == [
        "aws:PrincipalOrgID",
        "iam:PassedToService",
    ]
