"""MFA with boto3: what travels, what the logs keep, and that the store keeps no seed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer
from tests.services.iam.phones import Phone


def test_a_session_with_mfa_and_what_is_told_of_it(server: InProcessServer) -> None:
    iam, sts = server.client("iam"), server.client("sts")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="root-account-mfa-device")["VirtualMFADevice"]
    assert made["QRCodePNG"].startswith(b"\x89PNG\r\n")
    phone = Phone(clock=server.clock, serial=made["SerialNumber"], base32=made["Base32StringSeed"])
    iam.enable_mfa_device(UserName="root", SerialNumber=phone.serial, **phone.pair())
    used = [*phone.pair().values(), phone.code(1), phone.wrong()]
    with pytest.raises(ClientError, match="invalid MFA one time pass code"):
        sts.get_session_token(SerialNumber=phone.serial, TokenCode=used[3])
    given = sts.get_session_token(SerialNumber=phone.serial, TokenCode=used[2])["Credentials"]
    session = server.client("iam", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert session.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 1

    changes = [event for _, event in server.installation.store.audit_events()]
    events: list[Any] = audit(server)
    assert all(change in events for change in changes)
    assert len({event["eventID"] for event in events}) == len(events)
    assert not [secret for secret in (made["Base32StringSeed"].decode(), *used) if f'"{secret}"' in json.dumps(events)]
    checks = [event["responseElements"]["CheckMfa"] for event in events if event["eventName"] == "CheckMfa"]
    assert checks == ["Success", "Failure", "Success"]
    (called,) = [event for event in events if event["eventName"] == "GetAccountSummary"]
    assert called["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "true"
    stored = b"".join(path.read_bytes() for path in server.installation.settings.data_dir.glob("carnet.db*"))
    assert made["Base32StringSeed"] not in stored
    assert phone.seed not in stored


def test_a_wrong_pair_is_forbidden_in_the_words_of_iam(server: InProcessServer) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")["VirtualMFADevice"]
    codes = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}
    with pytest.raises(iam.exceptions.InvalidAuthenticationCodeException) as refused:
        iam.enable_mfa_device(UserName="alice", SerialNumber=made["SerialNumber"], **codes)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
