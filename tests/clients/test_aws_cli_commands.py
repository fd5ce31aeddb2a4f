"""The commands that the AWS CLI has for IAM and STS: those that read understand what they are answered."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from carnet.services.registry import SERVICES
from tests.clients.running import AWS_V2
from tests.server.in_process import in_process_server
from tests.services.iam.documents import allow, text
from tests.services.iam.modelled import asked
from tests.services.world import World

pytestmark = pytest.mark.skipif(
    not AWS_V2.exists(), reason=f"{AWS_V2} is not there: version 2 of the AWS CLI is for Linux on x86-64"
)
MODELS = AWS_V2.parent / "awscli/botocore/data"
READING = ("Decode", "Generate", "Get", "List", "Simulate")
GIVEN: Mapping[str, Any] = {
    "EncodedMessage": "message",
    "Encoding": "SSH",
    "PolicyInputList": [text(allow("s3:*"))],
    "SSHPublicKeyId": "APKA" + "A" * 16,
}
"""What the commands are given of what is not there by itself."""
REFUSED: Mapping[str, str] = {
    "DecodeAuthorizationMessage": "InvalidAuthorizationMessageException",
    "GenerateOrganizationsAccessReport": "AccessDenied",
    "GetAccountPasswordPolicy": "NoSuchEntity",
    "GetDelegatedAccessToken": "ValidationError",
    "GetGroupPolicy": "NoSuchEntity",
    "GetLoginProfile": "NoSuchEntity",
    "GetMFADevice": "ValidationError",
    "GetOrganizationsAccessReport": "AccessDenied",
    "GetOutboundWebIdentityFederationInfo": "FeatureDisabled",
    "GetRolePolicy": "NoSuchEntity",
    "GetSSHPublicKey": "NoSuchEntity",
    "GetServiceLastAccessedDetails": "NoSuchEntity",
    "GetServiceLastAccessedDetailsWithEntities": "NoSuchEntity",
    "GetServiceLinkedRoleDeletionStatus": "NoSuchEntity",
    "GetUserPolicy": "NoSuchEntity",
    "GetWebIdentityToken": "OutboundWebIdentityFederationDisabledException",
    "ListOrganizationsFeatures": "OrganizationNotFoundException",
}
"""The commands that read what is not there, and the error that they tell of."""
_ERROR = re.compile(r"An error occurred \((\w+)\) when calling the (\w+) operation")


def test_the_cli_has_no_command_that_is_not_carried_out() -> None:
    assert not [
        name for service in ("iam", "sts") for name in _commands(service) if name not in SERVICES[service].operations
    ]


def test_commands_that_read_understand_what_they_are_answered(tmp_path: Path) -> None:
    with in_process_server(tmp_path / "server", password_hash_kib=8) as server:
        world = World(server.installation, server.clock)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_ACCESS_KEY_ID": world.root.key_id,
            "AWS_SECRET_ACCESS_KEY": world.root.secret,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
        }
        names = {name: service for service in ("iam", "sts") for name in _commands(service) if name.startswith(READING)}
        inputs = {name: asked(world, name, GIVEN, service=service) for name, service in names.items()}
        with ThreadPoolExecutor(2) as pool:
            ran = pool.map(lambda name: _told(tmp_path, environment, names[name], name, inputs[name]), names)
            told = dict(zip(names, ran, strict=True))
    assert {name: code for name, code in told.items() if code} == REFUSED


def _commands(service: str) -> list[str]:
    """The operations that the CLI knows of a service, as its own model names them."""
    (model,) = (MODELS / service).glob("*/service-2.json")
    return list(json.loads(model.read_text(encoding="utf-8"))["operations"])


def _told(directory: Path, environment: Mapping[str, str], service: str, name: str, given: Mapping[str, Any]) -> str:
    """The code of the error that a command tells of, or empty; all that it says if that is neither that nor JSON.

    Its input is a file: the options of a command are made from the same model.
    """
    file = directory / f"{name}.json"
    file.write_text(json.dumps(given))
    line = [str(AWS_V2), service, xform_name(name, "-"), "--cli-input-json", f"file://{file}", "--output", "json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=dict(environment), timeout=600)
    if done.returncode == 0:
        return "" if isinstance(json.loads(done.stdout), dict) else done.stdout
    found = _ERROR.search(done.stderr)
    return found[1] if found is not None and found[2] == name else done.stderr
