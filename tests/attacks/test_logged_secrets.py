"""No secret that a caller gives to an operation is in a log, whether or not the operation expects one there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from carnet import models
from carnet.audit.redaction import HIDDEN, SECRET_MEMBERS, bounded, without_secrets
from tests.attacks.wire import audit, call, root_of, send, signed
from tests.server.in_process import InProcessServer

SECRETS = [f"canary{number:02}" + "Kq7Zm3Xw9RtYb2Nv5Lc8Hs4Jd6Pf" + "AB"[number % 2] * 6 for number in range(40)]
SERIAL = "arn:aws:iam::123456789012:mfa/x"
ROLE, PROVIDER = "arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:saml-provider/x"
PLACES = [
    ("sts", "GetSessionToken", {"SerialNumber": SERIAL}, ("TokenCode",)),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "abc", "SerialNumber": SERIAL}, ("TokenCode",)),
    ("sts", "AssumeRoleWithWebIdentity", {"RoleArn": ROLE, "RoleSessionName": "abc"}, ("WebIdentityToken",)),
    ("sts", "AssumeRoleWithSAML", {"RoleArn": ROLE, "PrincipalArn": PROVIDER}, ("SAMLAssertion",)),
    ("sts", "GetAccessKeyInfo", {}, ("AccessKeyId",)),
    ("iam", "ChangePassword", {}, ("OldPassword", "NewPassword")),
    ("iam", "CreateLoginProfile", {"UserName": "x"}, ("Password",)),
    ("iam", "UpdateLoginProfile", {"UserName": "x"}, ("Password",)),
    (
        "iam",
        "EnableMFADevice",
        {"UserName": "x", "SerialNumber": SERIAL},
        ("AuthenticationCode1", "AuthenticationCode2"),
    ),
    ("iam", "UploadServerCertificate", {"ServerCertificateName": "x", "CertificateBody": "x"}, ("PrivateKey",)),
    ("iam", "UpdateAccessKey", {"Status": "Active"}, ("AccessKeyId",)),
    ("iam", "DeleteAccessKey", {}, ("AccessKeyId",)),
    ("iam", "GetAccessKeyLastUsed", {}, ("AccessKeyId",)),
]


def logged(server: InProcessServer) -> str:
    return "\n".join(path.read_text() for path in server.installation.settings.audit_file.parent.glob("*.jsonl"))


@pytest.mark.parametrize(("service", "operation", "given", "secret"), PLACES, ids=[place[1] for place in PLACES])
def test_no_log_has_a_secret_that_an_operation_was_given(
    server: InProcessServer, service: str, operation: str, given: dict[str, str], secret: tuple[str, ...]
) -> None:
    for number, canary in enumerate(SECRETS):
        value = canary if number % 4 else canary + "!\u00e9 "  # what breaks the constraints of the model, too
        answer = call(server, root_of(server), operation, service=service, **given, **dict.fromkeys(secret, value))
        assert answer.status < 500
    assert [canary for canary in SECRETS if canary in logged(server)] == []


def sensitive_members() -> Iterator[tuple[str, str, str]]:
    for service in ("iam", "sts"):
        for name in models.service(service).operations:
            shape = models.operation(service, name).input
            for member, each in getattr(shape, "members", {}).items():
                if member in SECRET_MEMBERS or each.metadata.get("sensitive"):
                    yield service, name, member


def test_no_message_repeats_what_a_model_calls_sensitive() -> None:
    found = list(sensitive_members())
    assert len(found) > 10
    for service, name, member in found:
        message = without_secrets(models.operation(service, name), {member: SECRETS[0]}, f"It is {SECRETS[0]}.")
        assert message == f"It is {HIDDEN}."


def test_an_event_has_a_bound(server: InProcessServer) -> None:
    before = server.installation.settings.audit_file.stat().st_size
    raw = signed(server, root_of(server), "GetCallerIdentity", service="sts")
    long = "u" * 60_000
    assert send(server, raw.replace(b"\r\n\r\n", f"\r\nuser-agent: {long}\r\n\r\n".encode(), 1)).status == 200
    assert server.installation.settings.audit_file.stat().st_size - before < 8_000
    assert long not in logged(server)
    assert f"{'u' * 2049}" not in logged(server)


def test_parameters_beyond_cloudtrail_s_limit_are_left_out(server: InProcessServer) -> None:
    call(server, root_of(server), "CreateUser", UserName="x" * 110_000)
    assert audit(server)[-1]["requestParameters"]["omitted"] is True
    assert audit(server)[-1]["requestParameters"]["reason"] == "requestParameters too large"
    assert len(json.dumps(audit(server)[-1])) < 8_000


@pytest.mark.parametrize(("size", "kept"), [(100 * 1024 - 8, True), (100 * 1024 - 7, False)])
def test_the_limit_of_a_part(size: int, kept: bool) -> None:
    part = {"a": "x" * size}
    assert (bounded(part, "requestParameters") == part) is kept
    assert bounded({}, "requestParameters") is None
