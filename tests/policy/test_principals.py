"""Whom Principal and NotPrincipal name, and how closely.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from carnet.policy.decide import decide
from carnet.policy.document import Grammar
from carnet.policy.policies import Policies
from carnet.policy.principals import Named
from carnet.policy.request import Principal, PrincipalKind
from tests.policy.builders import (
    ACCOUNT,
    ALICE,
    ANONYMOUS,
    FEDERATED,
    OTHER,
    ROOT,
    SERVICE,
    SESSION,
    WEB_IDENTITY,
    allow,
    deny,
    policy,
    request,
    resource_policy,
)

ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
SAML = Principal(kind=PrincipalKind.SAML, provider=f"arn:aws:iam::{ACCOUNT}:saml-provider/idp")
EVERY_KIND = (ALICE, ANONYMOUS, FEDERATED, ROOT, SAML, SERVICE, SESSION, WEB_IDENTITY)


def named(principal: Principal, element: Any, ids: dict[str, str] | None = None) -> Named:
    parsed = policy(allow(Principal=element), grammar=Grammar.RESOURCE, principal_ids=ids).statements[0].principals
    assert parsed is not None
    return parsed.names(principal, bounded=False)


@pytest.mark.parametrize("principal", EVERY_KIND)
@pytest.mark.parametrize("element", ["*", {"AWS": "*"}])
def test_the_star_is_everyone(principal: Principal, element: Any) -> None:
    assert named(principal, element) is Named.DIRECTLY


@pytest.mark.parametrize("element", [ACCOUNT, ROOT_ARN])
def test_an_account_names_those_it_holds(element: str) -> None:
    for principal in (ALICE, FEDERATED, ROOT, SESSION):
        assert named(principal, {"AWS": element}) is Named.ACCOUNT
    for principal in (ANONYMOUS, SAML, SERVICE, WEB_IDENTITY, replace(ALICE, account=OTHER)):
        assert named(principal, {"AWS": element}) is Named.NOT


@pytest.mark.parametrize(
    ("principal", "element", "expected"),
    [
        (ALICE, {"AWS": ALICE.arn}, Named.DIRECTLY),
        (ALICE, {"AWS": ALICE.id}, Named.DIRECTLY),
        (ALICE, {"AWS": ALICE.arn.replace("alice", "Alice")}, Named.NOT),
        (ALICE, {"AWS": "arn:aws-cn:iam::111111111111:root"}, Named.NOT),
        (SESSION, {"AWS": SESSION.arn}, Named.DIRECTLY),
        (SESSION, {"AWS": SESSION.id}, Named.DIRECTLY),
        (SESSION, {"AWS": SESSION.role_arn}, Named.ROLE),
        (SESSION, {"AWS": SESSION.role_id}, Named.ROLE),
        (SESSION, {"AWS": [ACCOUNT, SESSION.role_arn]}, Named.ROLE),
        (SESSION, {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/other"}, Named.NOT),
        (FEDERATED, {"AWS": FEDERATED.arn}, Named.DIRECTLY),
        (FEDERATED, {"AWS": FEDERATED.user_arn}, Named.ROLE),
        (FEDERATED, {"AWS": FEDERATED.user_id}, Named.ROLE),
        (FEDERATED, {"AWS": ALICE.arn}, Named.NOT),
        (SERVICE, {"Service": "lambda.amazonaws.com"}, Named.DIRECTLY),
        (SERVICE, {"Service": "ec2.amazonaws.com"}, Named.NOT),
        (SERVICE, {"Federated": "lambda.amazonaws.com"}, Named.NOT),
        (WEB_IDENTITY, {"Federated": WEB_IDENTITY.provider}, Named.DIRECTLY),
        (WEB_IDENTITY, {"Service": WEB_IDENTITY.provider}, Named.NOT),
        (SAML, {"Federated": SAML.provider}, Named.DIRECTLY),
        (replace(ROOT, canonical_user="a" * 64), {"CanonicalUser": "a" * 64}, Named.ACCOUNT),
        (ALICE, {"AWS": "1111-1111-1111"}, Named.ACCOUNT),
        (ALICE, {"AWS": "2222-1111-1111"}, Named.NOT),
        (ROOT, {"CanonicalUser": "a" * 64}, Named.NOT),
        (ANONYMOUS, {"AWS": "arn:aws:iam::111111111111:user/alice"}, Named.NOT),
    ],
)
def test_one_name(principal: Principal, element: Any, expected: Named) -> None:
    assert named(principal, element) is expected


def test_a_bound_name_means_the_one_it_was_bound_to() -> None:
    assert named(ALICE, {"AWS": ALICE.arn}, {ALICE.arn: ALICE.id}) is Named.DIRECTLY
    assert named(ALICE, {"AWS": ALICE.arn}, {ALICE.arn: "AIDAGONE"}) is Named.NOT
    assert named(SESSION, {"AWS": SESSION.role_arn}, {SESSION.role_arn: SESSION.role_id}) is Named.ROLE
    assert named(SESSION, {"AWS": SESSION.role_arn}, {SESSION.role_arn: "AROAGONE"}) is Named.NOT
    user = FEDERATED.user_arn
    assert named(FEDERATED, {"AWS": user}, {user: FEDERATED.user_id}) is Named.ROLE
    assert named(FEDERATED, {"AWS": user}, {user: "AIDAGONE"}) is Named.NOT


def denied_by_not_principal(principal: Principal, *listed: str, boundary: bool = False) -> bool:
    policies = Policies(
        identity=(policy(allow()),),
        boundary=policy(allow()) if boundary else None,
        resource=resource_policy(allow(Principal="*"), deny(NotPrincipal={"AWS": list(listed)})),
    )
    return not decide(request(principal), policies).allowed


def test_not_principal_exempts_who_is_listed_by_every_name() -> None:
    assert not denied_by_not_principal(ALICE, ROOT_ARN, ALICE.arn)
    assert denied_by_not_principal(ALICE, ALICE.arn)
    assert denied_by_not_principal(ALICE, ROOT_ARN)
    assert not denied_by_not_principal(SESSION, ROOT_ARN, SESSION.role_arn, SESSION.arn)
    assert denied_by_not_principal(SESSION, ROOT_ARN, SESSION.role_arn)
    assert denied_by_not_principal(SESSION, ROOT_ARN, SESSION.arn)
    assert not denied_by_not_principal(ROOT, ROOT_ARN)
    assert denied_by_not_principal(ANONYMOUS, ROOT_ARN)
    assert denied_by_not_principal(SERVICE, ROOT_ARN)
    for principal in EVERY_KIND:
        assert not denied_by_not_principal(principal, "*")


def test_not_principal_never_exempts_who_has_a_boundary() -> None:
    assert denied_by_not_principal(ALICE, ROOT_ARN, ALICE.arn, boundary=True)
