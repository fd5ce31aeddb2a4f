"""A server with a made-up upstream behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.gateway.fake_aws import FakeAws, fake_aws
from tests.server.in_process import InProcessServer, in_process_server

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET_DATA = "very-secret-data"


@dataclass(frozen=True)
class Behind:
    """A server with a made-up upstream behind it, and a user of it."""

    server: InProcessServer
    aws: FakeAws
    key: tuple[str, str]

    @property
    def account(self) -> str:
        return self.server.root.account

    def client(self, service: str, **more: Any) -> Any:
        return self.server.client(service, *self.key, **more)

    def allow(self, *statements: dict[str, Any]) -> None:
        """What the user may do from now on."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.server.client("iam").put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=policy)

    def renew(self) -> Behind:
        """With an upstream that has been asked nothing yet, and a user who may do everything."""
        self.aws.answers.clear()
        self.aws.requests.clear()
        self.allow(EVERYTHING)
        return self

    def key_arn(self, key_id: str = KEY_ID) -> str:
        return f"arn:aws:kms:us-east-1:{self.account}:key/{key_id}"

    def events(self) -> list[dict[str, Any]]:
        """The audit log, oldest first."""
        text = self.server.installation.settings.audit_file.read_text("utf-8")
        return [json.loads(line) for line in text.splitlines() if '"eventName"' in line]

    def last_event(self) -> dict[str, Any]:
        return self.events()[-1]


@contextmanager
def a_gateway(directory: Path) -> Iterator[Behind]:
    """With a user, alice, who may do nothing yet."""
    with fake_aws() as aws, in_process_server(directory, upstream=f"moto={aws.url}") as server:
        iam = server.client("iam")
        iam.create_user(UserName="alice")
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        yield Behind(server, aws, (key["AccessKeyId"], key["SecretAccessKey"]))


def refusal(call: Callable[..., Any], **given: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error: dict[str, Any] = dict(caught.value.response["Error"])
    more = caught.value.response["ResponseMetadata"]
    return error | {"status": more["HTTPStatusCode"], "mode": more["HTTPHeaders"].get("x-carnet-mode")}
