"""Cases as plain data, turned into requests and policies."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.policy.case import Case, read_case
from carnet.policy.case_reader import CaseReader
from carnet.policy.decide import decide
from carnet.policy.decision import Layer, Verdict
from carnet.policy.json_text import JsonNumber
from carnet.policy.policies import ResourcePolicy
from carnet.policy.request import Principal, PrincipalKind

ACCOUNT, OTHER = "111122223333", "444455556666"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/division/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/nightly"
FULL_ACCESS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ANYONE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


def asked(**changed: Any) -> dict[str, Any]:
    """A request of alice for an object; None as a value leaves a member out."""
    members = {"principal": ALICE, "action": "s3:GetObject", "resource": "arn:aws:s3:::bucket/key"} | changed
    return {name: value for name, value in members.items() if value is not None}


def read(policies: Any = None, **request: Any) -> Case:
    return read_case({"request": asked(**request)} | ({} if policies is None else {"policies": policies}))


def principal(value: Any) -> Principal:
    return read(principal=value).request.principal


def complaint(data: Any) -> str:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the tests below compare the whole sentence
        read_case(data)
    return str(raised.value)


def test_a_case_without_policies_or_expectations() -> None:
    case = read()
    assert case.request.action == "s3:GetObject"
    assert case.request.resource == "arn:aws:s3:::bucket/key"
    assert case.policies.identity == ()
    assert case.policies.session is None
    assert case.policies.resource == ()
    assert (case.name, case.doc, case.verdict, case.layer) == ("", "", None, None)


def test_expectations() -> None:
    case = read_case({"name": "n", "doc": "d", "request": asked(), "expect": "explicitDeny", "layer": "session policy"})
    assert (case.name, case.doc, case.verdict, case.layer) == ("n", "d", Verdict.EXPLICIT_DENY, Layer.SESSION)


def test_one_case_or_a_list() -> None:
    one = {"request": asked()}
    assert len(CaseReader().read_all(one)) == 1
    assert [case.request.action for case in CaseReader().read_all([one, one])] == ["s3:GetObject"] * 2
    assert CaseReader().read_all(one) == CaseReader().read_all([one]) == (read_case(one),)


@pytest.mark.parametrize(
    ("text", "kind", "account", "id_"),
    [
        (ALICE, PrincipalKind.USER, ACCOUNT, ""),
        (f"arn:aws:iam::{ACCOUNT}:root", PrincipalKind.ROOT, ACCOUNT, ACCOUNT),
        (SESSION, PrincipalKind.ROLE_SESSION, ACCOUNT, ""),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/bob", PrincipalKind.FEDERATED_USER, ACCOUNT, f"{ACCOUNT}:bob"),
    ],
)
def test_principals_by_their_arn(text: str, kind: PrincipalKind, account: str, id_: str) -> None:
    found = principal(text)
    assert (found.kind, found.arn, found.account, found.id) == (kind, text, account, id_)


def test_a_session_belongs_to_its_role() -> None:
    assert principal(SESSION).role_arn == f"arn:aws:iam::{ACCOUNT}:role/reader"


def naming(*arns: str) -> dict[str, Any]:
    named = {"Effect": "Allow", "Principal": {"AWS": list(arns)}, "Action": "*", "Resource": "*"}
    return {"resource": {"Version": "2012-10-17", "Statement": named}}


@pytest.mark.parametrize("given", [SESSION, {"arn": SESSION}])
def test_a_session_matches_its_role_whatever_its_path(given: Any) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/team/b/reader"
    for one in (
        read(naming(role), principal=given),
        CaseReader().read({"request": asked(principal=given), "policies": naming(role)}),
    ):
        assert one.request.principal.role_arn == one.request.context.principal["aws:PrincipalArn"] == role
        assert decide(one.request, one.policies).allowed


def test_a_session_matches_the_role_that_a_condition_wants() -> None:
    condition = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    wanting = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    found = read({"identity": [{"Version": "2012-10-17", "Statement": wanting}]}, principal=SESSION)
    assert decide(found.request, found.policies).allowed


def test_a_session_is_of_no_other_role_and_a_given_role_stays() -> None:
    pathless = f"arn:aws:iam::{ACCOUNT}:role/reader"
    others = (ROLE.replace(ACCOUNT, OTHER), f"{ROLE}s", ROLE.replace(":aws:", ":aws-cn:"), ROLE.replace("role", "user"))
    assert read(naming(*others), principal=SESSION).request.principal.role_arn == pathless
    given = {"arn": SESSION, "roleArn": pathless}
    assert read(naming(ROLE), principal=given).request.principal.role_arn == pathless
    assert read(naming(ROLE), principal=pathless).request.principal.role_arn == pathless


def test_a_session_of_one_of_several_roles_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^case\.request\.principal is a session of one of several roles; roleArn must"
    ):
        read(naming(ROLE, f"arn:aws:iam::{ACCOUNT}:role/reader"), principal=SESSION)


def test_a_role_stands_for_a_session_that_no_policy_can_name() -> None:
    found = principal(ROLE)
    assert found.kind is PrincipalKind.ROLE_SESSION
    assert found.role_arn == ROLE
    assert found.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader"


def test_anonymous_and_services() -> None:
    assert principal("*") == Principal(kind=PrincipalKind.ANONYMOUS)
    assert principal("sns.amazonaws.com") == Principal(kind=PrincipalKind.SERVICE, provider="sns.amazonaws.com")


def test_an_object_says_what_the_arn_does_not() -> None:
    found = principal(
        {"arn": SESSION, "id": "AROAX:nightly", "roleArn": ROLE, "roleId": "AROAX", "serviceLinked": True}
    )
    assert (found.role_arn, found.role_id, found.id, found.service_linked) == (ROLE, "AROAX", "AROAX:nightly", True)
    assert found.arn == SESSION


def test_a_federated_user_and_the_user_who_asked_for_the_session() -> None:
    given = {"arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob", "userArn": ALICE, "userId": "AIDAX"}
    case = read(principal=given)
    assert (case.request.principal.user_arn, case.request.principal.user_id) == (ALICE, "AIDAX")
    assert case.request.context.principal["aws:PrincipalArn"] == given["arn"]


def test_an_object_without_an_arn_says_its_kind() -> None:
    found = principal({"kind": "web-identity", "provider": "accounts.google.com"})
    assert found == Principal(kind=PrincipalKind.WEB_IDENTITY, provider="accounts.google.com")


@pytest.mark.parametrize(
    "text",
    [
        "alice",
        "",
        f"arn:aws:iam::{ACCOUNT}:group/admins",
        "arn:aws:iam::1234:user/alice",
        f"arn:aws:iam::{ACCOUNT}:user/",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/reader",
        "sns.amazonaws.com.example.org",
    ],
)
def test_what_is_no_principal(text: str) -> None:
    assert complaint({"request": asked(principal=text)}).startswith("case.request.principal must be the ARN of a user")


def test_the_keys_of_a_user() -> None:
    context = read().request.context
    assert context.principal == {
        "aws:PrincipalArn": ALICE,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalType": "User",
        "aws:PrincipalIsAWSService": "false",
        "aws:username": "alice",
    }
    assert (context.request, context.resource) == ({}, {})


def test_the_keys_of_a_role_session_name_its_role() -> None:
    keys = read(principal={"arn": SESSION, "roleArn": ROLE, "id": "AROAX:nightly"}).request.context.principal
    assert keys["aws:PrincipalArn"] == ROLE
    assert keys["aws:PrincipalType"] == "AssumedRole"
    assert keys["aws:userid"] == "AROAX:nightly"
    assert "aws:username" not in keys


def test_the_keys_of_a_service() -> None:
    assert read(principal="sns.amazonaws.com").request.context.principal == {
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": "sns.amazonaws.com",
    }


def test_an_anonymous_caller_has_no_account_and_no_arn() -> None:
    assert read(principal="*").request.context.principal == {
        "aws:PrincipalType": "Anonymous",
        "aws:userid": "anonymous",
    }


def test_a_given_key_stands_in_place_of_the_derived_one_in_any_case() -> None:
    keys = read(context={"AWS:UserName": "mallory"}).request.context.principal
    assert keys["AWS:UserName"] == "mallory"
    assert "aws:username" not in keys


def test_null_takes_a_derived_key_away() -> None:
    keys = read(context={"aws:username": None}).request.context.principal
    assert not [key for key in keys if key.lower() == "aws:username"]


def test_keys_stand_where_they_are_read_from() -> None:
    given = {
        "aws:PrincipalTag/team": "red",
        "aws:MultiFactorAuthPresent": "true",
        "aws:ResourceTag/team": "red",
        "aws:SourceIp": "203.0.113.9",
        "s3:prefix": "home/",
    }
    context = read(context=given).request.context
    assert context.principal.keys() >= {"aws:PrincipalTag/team", "aws:MultiFactorAuthPresent"}
    assert context.resource == {"aws:ResourceTag/team": "red"}
    assert context.request == {"aws:SourceIp": "203.0.113.9", "s3:prefix": "home/"}


def test_values_of_keys() -> None:
    given = {"a:text": "x", "a:flag": True, "a:number": 10, "a:list": ["x", 1], "a:none": []}
    context = read(context=given).request.context
    assert context.request == {"a:text": "x", "a:flag": "true", "a:number": "10", "a:list": ("x", "1"), "a:none": ()}


def test_an_account_is_taken_as_it_is_written() -> None:
    assert read(resourceAccount=JsonNumber(OTHER)).request.resource_account == OTHER
    with pytest.raises(ValueError, match=r"resourceAccount must be the 12 digits of an account id; it is '4\.4e11'"):
        read(resourceAccount=JsonNumber("4.4e11"))


def test_the_owner_of_the_resource() -> None:
    queue = f"arn:aws:sqs:us-east-1:{OTHER}:orders"
    assert read(resource=queue).request.resource_account == OTHER
    assert read(resource=queue, resourceAccount=ACCOUNT).request.resource_account == ACCOUNT
    assert read().request.resource_account == ""
    assert read(resource="arn:aws:iam::aws:policy/X").request.resource_account == ""
    assert read(resource=queue).request.context.resource == {"aws:ResourceAccount": OTHER}


def test_policies_of_every_kind() -> None:
    policies = read(
        {
            "identity": [FULL_ACCESS, FULL_ACCESS],
            "boundary": FULL_ACCESS,
            "session": [],
            "resource": ANYONE,
            "endpoint": [ANYONE],
            "scp": [[FULL_ACCESS], [FULL_ACCESS, FULL_ACCESS]],
            "rcp": [[ANYONE], []],
        }
    ).policies
    assert [policy.source for policy in policies.identity] == ["identity[0]", "identity[1]"]
    assert policies.boundary is not None
    assert policies.boundary.source == "boundary"
    assert policies.session == ()
    assert [(one.layer, one.account) for one in policies.resource] == [(Layer.RESOURCE, "")]
    assert not policies.trust
    assert len(policies.endpoint) == 1
    assert [[policy.source for policy in level] for level in policies.scp] == [
        ["scp[0][0]"],
        ["scp[1][0]", "scp[1][1]"],
    ]
    assert [[policy.source for policy in level] for level in policies.rcp] == [["rcp[0][0]"], ["RCPFullAWSAccess"]]


def test_rcp_full_access_stands_at_every_level() -> None:
    """As AWS Organizations attaches it, so that no one can detach it."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:Delete*", "Resource": "*"}
    limit = {"Version": "2012-10-17", "Statement": deny}
    case = read({"identity": [FULL_ACCESS], "rcp": [[limit], [limit, ANYONE]]})
    sources = [[policy.source for policy in level] for level in case.policies.rcp]
    assert sources == [["RCPFullAWSAccess", "rcp[0][0]"], ["rcp[1][0]", "rcp[1][1]"]]
    assert decide(case.request, case.policies).allowed
    assert read({"rcp": []}).policies.rcp == ()
    assert read({"scp": [[]]}).policies.scp == ((),)


def test_a_document_as_text() -> None:
    policies = read({"identity": [json.dumps(FULL_ACCESS, indent=2)]}).policies
    assert len(policies.identity[0].statements) == 1


@pytest.mark.parametrize("action", ["sts:AssumeRole", "STS:assumerolewithsaml", "sts:TagSession"])
def test_the_resource_policy_of_an_assumed_role_is_its_trust_policy(action: str) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    }
    case = read({"resource": trust}, action=action, resource=ROLE)
    assert case.policies.trust
    assert [one.layer for one in case.policies.resource] == [Layer.TRUST]
    assert case.policies.resource[0].policy is not None


def test_a_role_that_is_assumed_has_a_trust_policy_even_where_none_is_given() -> None:
    case = read({"identity": [FULL_ACCESS]}, action="sts:AssumeRole", resource=ROLE)
    assert case.policies.resource == (ResourcePolicy(policy=None, layer=Layer.TRUST),)
    assert decide(case.request, case.policies).layer is Layer.TRUST


def test_a_resource_may_have_several_policies() -> None:
    held = {"policy": json.dumps(ANYONE), "layer": "resource-based policy", "account": OTHER}
    policies = read({"resource": [ANYONE, held, {"policy": ANYONE}]}).policies
    told = [(one.policy.source, one.layer, one.account) for one in policies.resource if one.policy is not None]
    assert told == [
        ("resource[0]", Layer.RESOURCE, ""),
        ("resource[1]", Layer.RESOURCE, OTHER),
        ("resource[2]", Layer.RESOURCE, ""),
    ]
    assert read({"resource": []}).policies.resource == ()
    assert read({"resource": held}).policies.resource[0].account == OTHER


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"policy": ANYONE, "layer": "session policy"}, "resource.layer must be one of: resource-based policy, role"),
        ({"policy": ANYONE, "layer": "grant"}, "resource.layer must be one of: "),
        ({"policy": ANYONE, "account": "1"}, "resource.account must be the 12 digits of an account id; it is '1'"),
        (
            {"policy": ANYONE, "kind": "x"},
            "resource has the unknown member 'kind'; it may have: policy, layer, account",
        ),
        ([[ANYONE]], "resource[0] must be a policy document"),
        ({"policy": None}, "resource must be a policy document"),
        ({"policy": ANYONE, "layer": "role trust policy"}, "resource.Statement[0].Resource: A policy of"),
    ],
)
def test_a_wrong_policy_of_a_resource_is_named(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"case.policies.{sentence}")):
        read({"resource": given})


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([], "case must be an object"),
        ({}, "case.request is missing"),
        (
            {"request": asked(), "expects": "allowed"},
            (
                "case has the unknown member 'expects'; it may have: name, doc, request, policies, expect, layer; "
                "did you mean 'expect'?"
            ),
        ),
        ({"request": asked(action=None)}, "case.request.action is missing"),
        ({"request": asked(action="")}, "case.request.action must not be empty"),
        *(
            (
                {"request": asked(action=action)},
                f"case.request.action must be one action, such as s3:GetObject; it is {action!r}",
            )
            for action in (
                "GetObject",
                "*",
                "s3:*",
                "s3:Get?bject",
                "s3:",
                ":GetObject",
                "s3:Get:Object",
                "s3:Get Object",
            )
        ),
        *(
            (
                {"request": asked(resource=resource)},
                f"case.request.resource must be an ARN, or * for an action that has no resource; it is {resource!r}",
            )
            for resource in ("bucket/key", "arn:aws:s3:bucket", "arn:aws:s3:::", "ARN:aws:s3:::bucket", "**")
        ),
        *(
            (
                {"request": asked(resourceAccount=account)},
                f"case.request.resourceAccount must be the 12 digits of an account id; it is {account!r}",
            )
            for account in ("1111-2222-3333", "11112222333", "bucket-owner")
        ),
        (
            {"request": asked(principal={"arn": ALICE, "account": "1"})},
            "case.request.principal.account must be the 12 digits of an account id; it is '1'",
        ),
        ({"request": asked(resource=7)}, "case.request.resource must be text"),
        ({"request": asked(context=[])}, "case.request.context must be an object"),
        (
            {"request": asked(context={"a:B": "1", "A:b": "2"})},
            "case.request.context must name each condition key once, in any case; see 'A:b'",
        ),
        (
            {"request": asked(context={"a:b": 1.5})},
            "case.request.context.a:b must be text, a whole number, true or false, or a list of them",
        ),
        (
            {"request": asked(context={"a:b": ["x", {}]})},
            "case.request.context.a:b[1] must be text, a whole number, true or false, or a list of them",
        ),
        ({"request": asked(principal={})}, "case.request.principal needs an arn or a kind"),
        (
            {"request": asked(principal={"kind": "robot"})},
            (
                "case.request.principal.kind must be one of: anonymous, root, user, assumed-role, federated-user, "
                "web-identity, saml, service; did you mean 'root'?"
            ),
        ),
        (
            {"request": asked(principal={"arn": ALICE, "serviceLinked": "yes"})},
            "case.request.principal.serviceLinked must be true or false",
        ),
        ({"request": asked(), "policies": []}, "case.policies must be an object"),
        ({"request": asked(), "policies": {"identity": FULL_ACCESS}}, "case.policies.identity must be a list"),
        ({"request": asked(), "policies": {"scp": [FULL_ACCESS]}}, "case.policies.scp[0] must be a list"),
        (
            {"request": asked(), "policies": {"boundary": 7}},
            "case.policies.boundary must be a policy document: an object, or a string of JSON",
        ),
        ({"request": asked(), "expect": "denied"}, "case.expect must be one of: allowed, explicitDeny, implicitDeny"),
    ],
)
def test_complaints_name_the_member(data: Any, sentence: str) -> None:
    assert complaint(data) == sentence


def test_a_complaint_about_a_list_names_the_case() -> None:
    with pytest.raises(ValueError, match=r"^case\[1\]\.request is missing$"):
        CaseReader().read_all([{"request": asked()}, {}])


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the file holds no case$"):
        CaseReader().read_all([])


def test_neither_a_case_nor_a_list() -> None:
    with pytest.raises(ValueError, match=r"^the file must be a list$"):
        CaseReader().read_all("text")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, ": The policy has no Statement."),
        ("{", ": The provided policy document does not meet the requirements"),
        ("[" * 100_000, ": The provided policy document does not meet the requirements"),
        ({"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}, ".Statement[0].Effect: The effect Maybe "),
    ],
)
def test_a_malformed_document_is_named(document: Any, told: str) -> None:
    complained = complaint({"request": asked(), "policies": {"scp": [[FULL_ACCESS], [document]]}})
    assert complained.startswith(f"case.policies.scp[1][0]{told}")


def test_a_document_that_json_cannot_write_is_named() -> None:
    document = {"Version": datetime(2012, 10, 17, tzinfo=UTC), "Statement": []}
    assert complaint({"request": asked(), "policies": {"boundary": document}}).startswith(
        "case.policies.boundary: a value must be text, a number, true, false or a list, not datetime.datetime(2012"
    )


def test_a_version_that_yaml_took_for_a_date_is_a_version() -> None:
    boundary = read({"boundary": FULL_ACCESS | {"Version": date(2012, 10, 17)}}).policies.boundary
    assert boundary is not None
    assert boundary.version == "2012-10-17"


def test_a_fraction_that_may_have_lost_digits_is_refused() -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:b": 1.10}}}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    assert complaint({"request": asked(), "policies": {"boundary": document}}) == (
        "case.policies.boundary: a fraction must be given as text, since 1.1 need not be what was written"
    )


def test_a_number_that_keeps_its_text_is_taken_as_written() -> None:
    number = JsonNumber("1.10")
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:b": number}}}
    case = read({"identity": [{"Version": "2012-10-17", "Statement": [statement]}]}, context={"a:b": number})
    assert case.request.context.request == {"a:b": "1.10"}
    assert decide(case.request, case.policies).allowed


def test_a_document_that_holds_itself_is_told() -> None:
    document: dict[str, Any] = {"Version": "2012-10-17"}
    document["Statement"] = document
    assert complaint({"request": asked(), "policies": {"boundary": document}}) == (
        "case.policies.boundary is nested too deeply"
    )


def test_an_operator_that_yaml_took_for_none_is_told() -> None:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {None: {"aws:TokenIssueTime": "true"}}}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    assert complaint({"request": asked(), "policies": {"identity": [document]}}) == (
        "case.policies.identity[0]: a member's name must be text, not None (YAML takes an unquoted Null for none)"
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=5,
)
REQUEST_MEMBERS = ("principal", "action", "resource", "resourceAccount", "context")
POLICY_MEMBERS = ("identity", "boundary", "session", "resource", "endpoint", "scp", "rcp")


@given(
    case=st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "doc", "expect", "layer", "more"), ANYTHING)),
    request=st.fixed_dictionaries({}, optional=dict.fromkeys(REQUEST_MEMBERS, ANYTHING)),
    policies=st.fixed_dictionaries({}, optional=dict.fromkeys(POLICY_MEMBERS, ANYTHING)),
)
def test_whatever_the_data_the_answer_is_a_case_or_a_value_error(
    case: dict[str, Any], request: dict[str, Any], policies: dict[str, Any]
) -> None:
    complaints: list[str] = []
    try:
        read_case(case | {"request": asked() | request, "policies": policies})
    except ValueError as fault:
        complaints.append(str(fault))
    assert all(each.startswith("case") for each in complaints)
