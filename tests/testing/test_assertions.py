"""The assertions for those who test policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnet.policy import Layer, Principal, PrincipalKind, Verdict
from carnet.testing import UnknownAction, assert_allowed, assert_denied

ACCOUNT = "111122223333"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
CANONICAL_USER = "79a59d900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be8"
OBJECT = "arn:aws:s3:::bucket/key"


def document(effect: str = "Allow", action: str = "*", /, **elements: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": "*", **elements}
    return {"Version": "2012-10-17", "Statement": {name: each for name, each in statement.items() if each is not None}}


FULL, READS = document(), document("Allow", "s3:Get*")
NO_WRITES = document("Deny", "s3:Put*", Sid="NoWrites")
NO_S3 = document("Deny", "s3:*", Principal="*")
PUBLIC, PRIVATE = document(Principal="*"), document("Deny", Principal="*")


def allowed(action: str = "s3:GetObject", /, principal: Any = ALICE, resource: str = OBJECT, **given: Any) -> Any:
    return assert_allowed(principal=principal, action=action, resource=resource, **given)


def denied(action: str = "s3:PutObject", /, principal: Any = ALICE, resource: str = OBJECT, **given: Any) -> Any:
    return assert_denied(principal=principal, action=action, resource=resource, **given)


def test_what_holds_gives_the_decision() -> None:
    decision = allowed(identity=FULL)
    assert (decision.verdict, decision.layer) == (Verdict.ALLOWED, Layer.IDENTITY)
    assert denied(identity=FULL, boundary=READS).verdict is Verdict.IMPLICIT_DENY


def test_the_trace_is_the_message_of_a_failure() -> None:
    with pytest.raises(AssertionError) as failed:
        allowed("s3:PutObject", identity=[FULL], boundary=json.dumps(READS))
    assert str(failed.value).splitlines() == [
        "expected: allowed",
        "decided: implicitDeny by permissions boundary",
        f"  principal {ALICE}",
        "  action    s3:PutObject",
        f"  resource  {OBJECT}",
        "identity-based policy: allowed",
        "  Allow in identity[0] statement 0: applies",
        "permissions boundary: implicitDeny",
        "  Allow in boundary statement 0 at 1:40: does not match: Action",
    ]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"by": "identity-based policy"}, "denied by identity-based policy"),
        ({"by": Layer.SESSION}, "denied by session policy"),
        ({"explicit": False}, "implicitDeny"),
        ({"by": "permissions boundary", "explicit": False}, "implicitDeny by permissions boundary"),
        ({"by": "session policy", "explicit": True}, "explicitDeny by session policy"),
    ],
)
def test_a_denial_of_another_kind_fails(claims: dict[str, Any], expected: str) -> None:
    with pytest.raises(AssertionError) as failed:
        denied(identity=FULL, boundary=NO_WRITES, **claims)
    told, decided, *_ = str(failed.value).splitlines()
    assert (told, decided) == (f"expected: {expected}", "decided: explicitDeny by permissions boundary")


@pytest.mark.parametrize("by", [None, "permissions boundary", Layer.BOUNDARY])
@pytest.mark.parametrize("explicit", [None, True])
def test_a_denial_of_the_claimed_kind_passes(by: Any, explicit: bool | None) -> None:
    denied(identity=FULL, boundary=NO_WRITES, by=by, explicit=explicit)


@pytest.mark.parametrize("claims", [{}, {"by": "identity-based policy"}, {"explicit": False}, {"explicit": True}])
def test_what_is_allowed_is_not_denied(claims: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="decided: allowed by identity-based policy"):
        denied(identity=FULL, **claims)


def test_an_unknown_layer_is_no_failure_but_an_error() -> None:
    with pytest.raises(ValueError, match=r"^by must be one of: identity-based policy, "):
        denied(identity=FULL, boundary=READS, by="boundary")


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="identiy"):
        denied(identiy=FULL)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"principal": "alice"}, "question.request.principal must be the ARN"),
        ({"identity": [FULL, "{"]}, r"question.policies.identity\[1\]: "),
        ({"scp": [FULL, [{}]]}, r"question.policies.scp\[1\]\[0\]: "),
        ({"context": {"aws:SourceIp": 1.5}}, "question.request.context.aws:SourceIp must be text"),
    ],
)
def test_a_complaint_names_the_member_at_fault(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}"):
        denied(**given)


@pytest.mark.parametrize(
    ("layer", "given"),
    [
        (Layer.IDENTITY, {"identity": [FULL, NO_WRITES]}),
        (Layer.BOUNDARY, {"identity": FULL, "boundary": NO_WRITES}),
        (Layer.SESSION, {"identity": FULL, "session": NO_WRITES}),
        (Layer.SESSION, {"identity": FULL, "session": [FULL, NO_WRITES]}),
        (Layer.SESSION, {"identity": FULL, "session": []}),
        (Layer.RESOURCE, {"identity": FULL, "resource_policy": PRIVATE}),
        (Layer.ENDPOINT, {"identity": FULL, "endpoint": [PUBLIC, PRIVATE]}),
        (Layer.SCP, {"identity": FULL, "scp": NO_WRITES}),
        (Layer.SCP, {"identity": FULL, "scp": [FULL, NO_WRITES]}),
        (Layer.SCP, {"identity": FULL, "scp": [[FULL], [FULL, NO_WRITES]]}),
        (Layer.SCP, {"identity": FULL, "scp": [FULL, []]}),
        (Layer.RCP, {"identity": FULL, "rcp": [PUBLIC, [PUBLIC, NO_S3]]}),
    ],
)
def test_each_kind_of_policy_stands_in_its_layer(layer: Layer, given: dict[str, Any]) -> None:
    denied(by=layer, **given)


def test_a_level_that_allows_beside_a_policy_that_does_not() -> None:
    allowed(identity=FULL, scp=[[READS, FULL], FULL])
    denied(identity=FULL, scp=[[FULL], READS], by=Layer.SCP, explicit=False)


def test_a_document_in_a_file_has_lines(tmp_path: Path) -> None:
    file = tmp_path / "boundary.json"
    file.write_text(json.dumps(NO_WRITES, indent=2))
    assert denied(identity=FULL, boundary=file).statements[0].line == 3
    with pytest.raises(FileNotFoundError):
        denied(identity=tmp_path / "none.json")


def test_a_role_session_meets_the_trust_policy() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    trust = document("Allow", "sts:AssumeRole", Principal={"AWS": ALICE}, Resource=None)
    allowed("sts:AssumeRole", resource=role, resource_policy=trust)
    denied("sts:AssumeRole", f"{ALICE}2", resource=role, resource_policy=trust, by="role trust policy")


def test_context_and_the_keys_of_the_principal() -> None:
    team = document(Condition={"StringEquals": {"aws:username": "alice", "aws:PrincipalTag/team": ["a", "b"]}})
    allowed(identity=team, context={"aws:PrincipalTag/team": "b"})
    denied(identity=team, context={"aws:PrincipalTag/team": "b", "aws:username": None})
    denied(identity=team)


def test_the_account_of_a_resource_whose_arn_does_not_tell_it() -> None:
    allowed(identity=FULL)
    denied(identity=FULL, resource_account="444455556666", by=Layer.RESOURCE)


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        (Principal(kind=PrincipalKind.USER, arn=ALICE, account=ACCOUNT, id="AIDAEXAMPLE"), {"AWS": ALICE}),
        (Principal(kind=PrincipalKind.SERVICE, provider="logs.amazonaws.com"), {"Service": "logs.amazonaws.com"}),
        (Principal(kind=PrincipalKind.ANONYMOUS), "*"),
        ({"arn": ALICE, "id": "AIDAEXAMPLE"}, {"AWS": ALICE}),
        ("logs.amazonaws.com", {"Service": "logs.amazonaws.com"}),
    ],
)
def test_principals_in_every_form(principal: Any, named: Any) -> None:
    allowed(principal=principal, resource_policy=document(Principal=named))
    denied(principal=principal, resource_policy=document(Principal={"AWS": f"{ALICE}2"}))


def test_the_keys_of_a_principal_that_is_an_object() -> None:
    principal = Principal(kind=PrincipalKind.USER, arn=ALICE, account=ACCOUNT, id="AIDAEXAMPLE")
    allowed(principal=principal, identity=document(Condition={"StringEquals": {"aws:userid": "AIDAEXAMPLE"}}))


def test_the_canonical_user_that_only_an_object_can_tell() -> None:
    named = document(Principal={"CanonicalUser": CANONICAL_USER})
    across: dict[str, Any] = {"identity": FULL, "resource_policy": named, "resource_account": "444455556666"}
    user = Principal(kind=PrincipalKind.USER, arn=ALICE, account=ACCOUNT, canonical_user=CANONICAL_USER)
    allowed(principal=user, **across)
    denied(principal=ALICE, by=Layer.RESOURCE, **across)


@pytest.mark.parametrize(("asserted", "policy"), [(allowed, FULL), (denied, READS)], ids=["allowed", "denied"])
def test_an_action_that_its_service_does_not_have_is_warned_of(asserted: Any, policy: dict[str, Any]) -> None:
    meant = r"^The action s3:PutObjec does not exist. Did you mean s3:PutObject\?$"
    with pytest.warns(UnknownAction, match=meant) as told:
        asserted("s3:PutObjec", identity=policy)
    assert [each.filename for each in told] == [__file__]


@pytest.mark.parametrize("action", ["s3:putobject", "docs:Read", "sts:AssumeRole"])
def test_an_action_of_aws_or_of_ones_own_is_not_warned_of(action: str) -> None:
    """Warnings are errors here."""
    allowed(action, resource="*", identity=FULL)


def test_the_name_of_a_file_is_no_document() -> None:
    told = r"^'policies/reader.json' is no policy document; the file of that name is pathlib.Path\('policies/reader"
    for given in ({"identity": "policies/reader.json"}, {"scp": [["policies/reader.json"]]}):
        with pytest.raises(ValueError, match=told):
            denied(**given)
