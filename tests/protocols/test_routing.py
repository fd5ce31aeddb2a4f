from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.http import HttpRequest
from carnet.models import operation
from carnet.protocols.errors import WireError, write_error
from carnet.protocols.parse import parse
from carnet.protocols.routing import route
from carnet.protocols.unoffered import NotOffered
from tests.wire.client import authorization, http_request

IAM = "Version=2010-05-08"
STS = "Version=2011-06-15"
TARGET = {"X-Amz-Target": "AWSOrganizationsV20161128.ListRoots"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
JSON = {"Content-Type": "application/x-amz-json-1.1"}


def form(
    body: str, *, scope: str | None = "iam", query: str = "", path: str = "/", method: str = "POST"
) -> HttpRequest:
    return http_request(body=body.encode(), headers=FORM, scope=scope, query=query, path=path, method=method)


def refused(request: HttpRequest) -> WireError:
    with pytest.raises(WireError) as caught:
        route(request)
    return caught.value


def test_the_scope_names_the_service() -> None:
    routed = route(form(f"Action=GetUser&{IAM}&UserName=alice"))
    assert routed.operation is operation("iam", "GetUser")
    assert routed.fields["UserName"] == "alice"


def test_sso_is_signed_for_by_sso_admin_and_awsssoportal_by_the_portal() -> None:
    admin = http_request(headers={"X-Amz-Target": "SWBExternalService.ListInstances"}, body=b"{}", scope="sso")
    assert route(admin).operation is operation("sso-admin", "ListInstances")
    portal = http_request(method="GET", path="/assignment/accounts", scope="awsssoportal")
    assert route(portal).operation is operation("sso", "ListAccounts")


def test_parameters_of_url_and_form_are_read_together() -> None:
    routed = route(form("UserName=alice", query=f"Action=GetUser&{IAM}"))
    assert routed.operation.name == "GetUser"
    assert routed.fields["UserName"] == "alice"


@pytest.mark.parametrize(
    ("action", "version"), [("AssumeRoleWithSAML", STS), ("AssumeRoleWithWebIdentity", STS), ("GetUser", IAM)]
)
def test_an_unsigned_query_request_is_told_by_its_version(action: str, version: str) -> None:
    assert route(form(f"Action={action}&{version}", scope=None)).operation.name == action


def test_an_unsigned_json_request_is_told_by_its_target() -> None:
    routed = route(http_request(headers={**TARGET, **JSON}, body=b"{}"))
    assert routed.operation is operation("organizations", "ListRoots")


@pytest.mark.parametrize(
    "media_type", ["Application/X-WWW-Form-URLEncoded", "application/x-www-form-urlencoded ; Charset=UTF-8"]
)
def test_a_media_type_is_told_without_regard_to_case(media_type: str) -> None:
    asked = http_request(headers={"Content-Type": media_type}, body=b"Action=GetCallerIdentity&Version=2011-06-15")
    assert route(asked).operation is operation("sts", "GetCallerIdentity")


@pytest.mark.parametrize(
    ("method", "path", "query", "service", "name"),
    [
        ("POST", "/token", "", "sso-oidc", "CreateToken"),
        ("POST", "/token", "aws_iam=t", "sso-oidc", "CreateTokenWithIAM"),
        ("GET", "/federation/credentials", "role_name=a&account_id=1", "sso", "GetRoleCredentials"),
        ("GET", "/analyzer", "", "accessanalyzer", "ListAnalyzers"),
        ("GET", "/analyzer/a%2Fb", "", "accessanalyzer", "GetAnalyzer"),
        ("POST", "/analyzer/findings/statistics", "", "accessanalyzer", "GetFindingsStatistics"),
    ],
)
def test_a_rest_request_is_told_by_method_path_and_literal_query(
    method: str, path: str, query: str, service: str, name: str
) -> None:
    assert route(http_request(method=method, path=path, query=query)).operation is operation(service, name)


def test_an_unsigned_request_is_told_by_an_aws_host_last() -> None:
    request = HttpRequest(
        method="POST",
        path="/",
        query="",
        headers=(("host", "STS-fips.us-east-1.amazonaws.com"),),
        body=b"Action=GetCallerIdentity",
        peer="127.0.0.1",
        secure=False,
    )
    assert refused(request).code == "InvalidAction"
    assert "NO_VERSION_SPECIFIED" in refused(request).message


def test_an_encoded_slash_stays_inside_its_label() -> None:
    routed = route(
        http_request(method="GET", path="/tags/arn%3Aaws%3Ax%3A%3A1%3Aanalyzer%2Fa", scope="access-analyzer")
    )
    assert routed.labels == {"resourceArn": "arn:aws:x::1:analyzer/a"}


@pytest.mark.parametrize(
    "path", ["//analyzer", "/analyzer/", "/%61nalyzer", "/x/../analyzer", "/analyzer//archive-rule", "", "/ANALYZER"]
)
def test_a_path_is_matched_as_it_is_written(path: str) -> None:
    error = refused(http_request(method="GET", path=path, scope="access-analyzer"))
    assert error.code == "UnknownOperationException"


def test_an_action_in_url_and_body_is_refused() -> None:
    error = refused(form(f"Action=DeleteUser&{IAM}", query="Action=GetUser"))
    assert error.code == "MalformedInput"
    assert "Action" in error.message


@pytest.mark.parametrize(
    "body",
    [
        f"Action=GetUser&Action=DeleteUser&{IAM}",
        f"Action=GetUser&Action=GetUser&{IAM}",
        f"Action=GetUser&%41ction=DeleteUser&{IAM}",
        f"Action=GetUser&{IAM}&UserName=a&UserName=b",
        f"Action=GetUser&{IAM}&UserName=a&User%4eame=b",
    ],
)
def test_a_parameter_given_twice_is_refused(body: str) -> None:
    assert refused(form(body)).code == "MalformedInput"


def test_two_targets_are_refused() -> None:
    headers = (
        ("X-Amz-Target", TARGET["X-Amz-Target"]),
        ("X-Amz-Target", "AWSOrganizationsV20161128.LeaveOrganization"),
    )
    assert refused(http_request(headers=headers, body=b"{}", scope="organizations")).code == "MalformedInput"


def test_a_target_of_another_service_than_the_scope_s_is_refused() -> None:
    error = refused(http_request(headers=TARGET, body=b"{}", scope="identitystore"))
    assert error.code == "UnknownOperationException"


@pytest.mark.parametrize(("scope", "path"), [("iam", "/"), ("access-analyzer", "/analyzer")])
def test_a_target_on_a_service_without_targets_is_refused(scope: str, path: str) -> None:
    body = f"Action=GetUser&{IAM}".encode()
    error = refused(http_request(headers={**TARGET, **FORM}, body=body, scope=scope, path=path, method="POST"))
    assert error.code == "MalformedInput"


def test_credentials_for_two_services_are_refused() -> None:
    credential = authorization("sts").partition("Credential=")[2].partition(",")[0]
    error = refused(form(f"Action=GetUser&{IAM}", query=f"X-Amz-Credential={credential}"))
    assert error.code == "IncompleteSignature"


def test_a_scope_for_another_service_than_the_host_s_is_refused() -> None:
    request = HttpRequest(
        method="POST",
        path="/",
        query="",
        headers=(("host", "sts.amazonaws.com"), ("authorization", authorization("iam"))),
        body=f"Action=GetUser&{IAM}".encode(),
        peer="127.0.0.1",
        secure=False,
    )
    error = refused(request)
    assert (error.code, error.message) == (
        "SignatureDoesNotMatch",
        "Credential should be scoped to correct service: 'sts'.",
    )


@pytest.mark.parametrize(
    ("body", "scope", "which"),
    [
        ("Action=ListQueues&Version=2012-11-05", "nothing", "a valid service."),
        (f"Action=GetUser&{IAM}", "sqs", "correct service: 'iam'."),
        (f"Action=GetUser&{IAM}", "wJalrXUtnFEMI", "correct service: 'iam'."),
    ],
)
def test_a_signature_for_a_service_that_is_not_here_is_no_signature(body: str, scope: str, which: str) -> None:
    error = refused(form(body, scope=scope))
    assert (error.code, error.message) == ("SignatureDoesNotMatch", f"Credential should be scoped to {which}")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("", "MissingAction", "The request is missing an action or a required parameter."),
        (f"Action=&{IAM}", "MissingAction", "The request is missing an action or a required parameter."),
        (f"Action=Nope&{IAM}", "InvalidAction", "Could not find operation Nope for version 2010-05-08"),
        (f"Action=getuser&{IAM}", "InvalidAction", "Could not find operation getuser for version 2010-05-08"),
        (f"Action=GetUser&{STS}", "InvalidAction", "Could not find operation GetUser for version 2011-06-15"),
        ("Action=GetUser", "InvalidAction", "Could not find operation GetUser for version NO_VERSION_SPECIFIED"),
    ],
)
def test_an_action_that_is_not_there(body: str, code: str, message: str) -> None:
    error = refused(form(body))
    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/"), ("DELETE", "/"), ("OPTIONS", "/"), ("POST", "/iam")])
def test_a_query_service_is_at_one_place(method: str, path: str) -> None:
    assert refused(form(f"Action=GetUser&{IAM}", method=method, path=path)).code == "InvalidAction"


def test_a_get_with_a_body_is_refused() -> None:
    assert refused(form("UserName=a", method="GET", query=f"Action=GetUser&{IAM}")).code == "MalformedInput"


def test_a_body_of_another_type_than_a_form_is_refused() -> None:
    body = f"Action=GetUser&{IAM}".encode()
    assert refused(http_request(headers=JSON, body=body, scope="iam")).code == "MalformedInput"


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("GET", "/", "AWSOrganizationsV20161128.ListRoots"),
        ("POST", "/x", "AWSOrganizationsV20161128.ListRoots"),
        ("POST", "/", "AWSOrganizationsV20161128.listRoots"),
        ("POST", "/", "AWSOrganizationsV20161128.ListRoots.x"),
        ("POST", "/", "ListRoots"),
        ("POST", "/", ""),
    ],
)
def test_a_json_operation_that_is_not_there(method: str, path: str, target: str) -> None:
    headers = {"X-Amz-Target": target}
    error = refused(http_request(method=method, path=path, headers=headers, body=b"{}", scope="organizations"))
    assert error.code == "UnknownOperationException"


@pytest.mark.parametrize("headers", [{}, FORM, JSON, {"Content-Type": "application/json"}])
def test_a_request_that_names_no_service_lacks_a_token(headers: dict[str, str]) -> None:
    assert refused(http_request(headers=headers, method="GET")).code == "MissingAuthenticationToken"


@pytest.mark.parametrize("algorithm", ["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"])
def test_a_credential_without_a_region_names_its_service(algorithm: str) -> None:
    """Signature Version 4A has none. Who verifies says that it is not taken; nobody says that there is no signature."""
    credential = "AKIA/20240102/events/aws4_request"
    signed = {"authorization": f"{algorithm} Credential={credential}, SignedHeaders=host, Signature=0"}
    asked = http_request(headers=signed | JSON | {"x-amz-target": "AWSEvents.PutEvents"})
    with pytest.raises(NotOffered) as caught:
        route(asked)
    assert caught.value.asked.signing_name == "events"
    mine = quote(credential.replace("events", "iam"), safe="")
    presigned = http_request(method="GET", query=f"Action=ListUsers&{IAM}&X-Amz-Credential={mine}")
    assert route(presigned).operation.service.name == "iam"


@pytest.mark.parametrize("credential", ["", "AKIA", "AKIA/20240102/us-east-1/iam", "////", "a/b/c/d/e", "/" * 99])
def test_a_credential_that_cannot_be_read_names_no_service(credential: str) -> None:
    headers = {"authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"}
    assert refused(http_request(headers=headers)).code == "MissingAuthenticationToken"


SCOPES = st.sampled_from(
    ["iam", "sts", "organizations", "sso", "awsssoportal", "sso-oauth", "access-analyzer", "s3", None]
)
PATHS = st.one_of(st.text(max_size=20), st.sampled_from(["/", "/analyzer/%zz", "/tags/%ff", "/token", "/finding/x"]))
QUERIES = st.one_of(
    st.text(max_size=40), st.sampled_from(["%", "a=%ff", "Action=GetUser", IAM, STS, "&&&", "=", "a=1&a=2"])
)
FRAGMENTS = (
    b"Action=GetUser",
    b"&",
    IAM.encode(),
    b"Tags.member.1.Key=a",
    b"Tags=",
    b"Tags.member=1",
    b"%zz",
    b'{"a":',
    b"[",
)
BODIES = st.one_of(
    st.binary(max_size=60), st.lists(st.sampled_from(FRAGMENTS), max_size=8).map(lambda parts: b"".join(parts))
)


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "\x00"]),
    PATHS,
    QUERIES,
    BODIES,
    SCOPES,
    st.lists(
        st.tuples(st.sampled_from(["x-amz-target", "content-type", "authorization", "host"]), st.text(max_size=30))
    ),
)
def test_no_request_raises_anything_but_a_wire_error(
    method: str, path: str, query: str, body: bytes, scope: str | None, headers: list[tuple[str, str]]
) -> None:
    request = http_request(method=method, path=path, query=query, headers=tuple(headers), body=body, scope=scope)
    try:
        parse(route(request), request)
    except WireError as error:
        told = write_error(error.where, error.code, error.message, "id")
        assert 400 <= told.status < 600
