"""Certificates and keys as boto3 uploads them, and what the audit log keeps of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.attacks.wire import audit
from tests.server.in_process import in_process_server
from tests.services.iam.made_certificates import made


def test_no_secret_of_what_users_hold_is_in_the_log(tmp_path: Path) -> None:
    with in_process_server(tmp_path) as server:
        iam = server.client("iam")
        iam.create_user(UserName="alice")
        one = made("web", last=datetime.now(UTC) + timedelta(days=1))
        given = {"ServerCertificateName": "web", "CertificateBody": one.pem, "PrivateKey": one.private()}
        iam.upload_server_certificate(**given)
        (listed,) = iam.list_server_certificates()["ServerCertificateMetadataList"]
        assert listed["Expiration"] == one.certificate.not_valid_after_utc
        with pytest.raises(ClientError, match="KeyPairMismatch"):
            iam.upload_server_certificate(**{**given, "PrivateKey": made("other").private()})
        made_for = iam.create_service_specific_credential(UserName="alice", ServiceName="bedrock.amazonaws.com")
        secret = made_for["ServiceSpecificCredential"]["ServiceCredentialSecret"]
        kept = json.dumps(audit(server))
        assert '"UploadServerCertificate"' in kept
        assert one.private().splitlines()[1] not in kept
        assert secret not in kept
