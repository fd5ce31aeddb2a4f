from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from carnet.models import BEARER, NO_AUTH, SERVICES, SIGV4, Protocol, Service, operation, service


def test_each_service_speaks_its_protocol_and_is_signed_for_under_its_name() -> None:
    assert {name: (service(name).protocol, service(name).signing_name) for name in SERVICES} == {
        "accessanalyzer": (Protocol.REST_JSON, "access-analyzer"),
        "account": (Protocol.REST_JSON, "account"),
        "cloudtrail": (Protocol.JSON, "cloudtrail"),
        "ec2": (Protocol.EC2, "ec2"),
        "iam": (Protocol.QUERY, "iam"),
        "identitystore": (Protocol.JSON, "identitystore"),
        "organizations": (Protocol.JSON, "organizations"),
        "resourcegroupstaggingapi": (Protocol.JSON, "tagging"),
        "signin": (Protocol.REST_JSON, "signin"),
        "sso": (Protocol.REST_JSON, "awsssoportal"),
        "sso-admin": (Protocol.JSON, "sso"),
        "sso-oidc": (Protocol.REST_JSON, "sso-oauth"),
        "sts": (Protocol.QUERY, "sts"),
    }


def test_a_service_is_loaded_once() -> None:
    assert service("iam") is service("iam")
    assert operation("iam", "GetUser") is service("iam").operations["GetUser"]


@pytest.mark.parametrize("name", ["s3", "", "../iam", "IAM"])
def test_another_service_is_unknown(name: str) -> None:
    with pytest.raises(LookupError):
        service(name)


def test_another_operation_is_unknown() -> None:
    with pytest.raises(LookupError, match="iam has no operation getuser"):
        operation("iam", "getuser")


@pytest.mark.parametrize(
    ("of", "code", "status"),
    [
        ("iam", "ReportInProgress", 404),
        ("iam", "ReportNotPresent", 410),
        ("iam", "ReportExpired", 410),
        ("iam", "NotSupportedService", 404),
        ("iam", "PolicyEvaluation", 500),
        ("iam", "InvalidAuthenticationCode", 403),
        ("iam", "DeleteConflict", 409),
        ("iam", "NoSuchEntity", 404),
        ("iam", "MalformedPolicyDocument", 400),
        ("sts", "PackedPolicyTooLarge", 400),
        ("sts", "IDPRejectedClaim", 403),
        ("sts", "ExpiredTokenException", 400),
        ("sts", "SessionDurationEscalationException", 403),
        ("organizations", "AccessDeniedException", 400),
        ("organizations", "ServiceException", 500),
        ("accessanalyzer", "AccessDeniedException", 403),
        ("sso-oidc", "AuthorizationPendingException", 400),
    ],
)
def test_errors_are_known_by_the_code_of_the_wire(of: str, code: str, status: int) -> None:
    assert service(of).errors[code].status == status


def test_an_operation_lists_the_errors_that_it_can_answer() -> None:
    assert set(operation("iam", "GetUser").errors) == {"NoSuchEntity", "ServiceFailure"}


def test_only_the_operations_asked_before_there_are_credentials_are_unsigned() -> None:
    unsigned = {
        (name, one.name) for name in SERVICES for one in service(name).operations.values() if SIGV4 not in one.auth
    }
    assert unsigned == {
        ("signin", "CreateOAuth2Token"),
        ("signin", "CreateOAuth2TokenWithTokenExchange"),
        ("sso", "GetRoleCredentials"),
        ("sso", "ListAccountRoles"),
        ("sso", "ListAccounts"),
        ("sso", "Logout"),
        ("sso-oidc", "CreateToken"),
        ("sso-oidc", "RegisterClient"),
        ("sso-oidc", "StartDeviceAuthorization"),
        ("sts", "AssumeRoleWithSAML"),
        ("sts", "AssumeRoleWithWebIdentity"),
    }


def test_the_operations_of_the_portal_take_a_token() -> None:
    assert {one.auth for one in service("sso").operations.values()} == {frozenset((BEARER,))}
    assert operation("sso-oidc", "CreateToken").auth == {NO_AUTH}


def test_a_model_says_which_proofs_it_takes() -> None:
    kinds = {"auth": [SIGV4, BEARER]}
    description = {
        "metadata": {"apiVersion": "1", "endpointPrefix": "e", "protocol": "json", "serviceId": "S"},
        "operations": {"A": {"name": "A", **kinds}, "B": {"name": "B"}, "C": {"name": "C", "auth": [BEARER]}},
        "shapes": {},
    }
    made = Service.of("made-up", description)
    assert {name: one.auth for name, one in made.operations.items()} == {
        "A": {SIGV4, BEARER},
        "B": {SIGV4},
        "C": {BEARER},
    }


def test_a_model_in_the_home_directory_is_not_read(tmp_path: Path) -> None:
    model = tmp_path / ".aws" / "models" / "sts" / "2999-01-01"
    model.mkdir(parents=True)
    (model / "service-2.json").write_text(json.dumps({"metadata": {}, "operations": {}, "shapes": {}}))
    program = "from carnet.models import service; print(service('sts').api_version)"
    environment = {**os.environ, "HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "2011-06-15"
