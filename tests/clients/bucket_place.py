"""Two accounts and nobody in particular, before buckets of the first one in SeaweedFS behind the gateway."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from carnet.base.canonical_users import canonical_user_id
from tests.clients.running import RunningServer, running_server
from tests.clients.test_gateway_s3 import seaweedfs
from tests.waiting import eventually

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Place:
    """A bucket, which is new, and who asks for it."""

    owner: Any
    """A client with the root key of the account that owns the bucket."""
    other: Any
    """One of another account's root."""
    nobody: Any
    """One that signs nothing."""
    account: str
    other_account: str
    bucket: str

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.bucket}"

    @property
    def objects(self) -> str:
        return f"{self.arn}/*"

    @property
    def owner_id(self) -> str:
        """Of the canonical user."""
        return canonical_user_id(self.account)

    @property
    def other_id(self) -> str:
        return canonical_user_id(self.other_account)

    def another(self) -> Place:
        """The same callers before one more bucket."""
        return made(self.owner, self.other, self.nobody, self.account, self.other_account)

    def put(self, *keys: str, **more: Any) -> None:
        """Objects of the bucket's owner, each with its key as its content."""
        for key in keys:
            self.owner.put_object(Bucket=self.bucket, Key=key, Body=key.encode(), **more)

    def tag(self, **values: str) -> None:
        """Objects with the tag `security`, by their keys; none if the value is empty."""
        for key, value in values.items():
            tags = [{"Key": "security", "Value": value}] if value else [{"Key": "class", "Value": "open"}]
            self.put(key)
            self.owner.put_object_tagging(Bucket=self.bucket, Key=key, Tagging={"TagSet": tags})

    def policy(self, *statements: dict[str, Any]) -> None:
        """The bucket's policy from now on."""
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.owner.put_bucket_policy(Bucket=self.bucket, Policy=document)

    def block(self, *switches: str) -> None:
        """The switches that block public access, of which these are on."""
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        told = {name: name in switches for name in names}
        self.owner.put_public_access_block(Bucket=self.bucket, PublicAccessBlockConfiguration=told)


def made(owner: Any, other: Any, nobody: Any, account: str, other_account: str) -> Place:
    """With a bucket that nobody has had."""
    bucket = f"place-{next(_NUMBERS)}"
    owner.create_bucket(Bucket=bucket)
    return Place(owner, other, nobody, account, other_account, bucket)


def allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    """A statement for everybody."""
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource} | more


def deny(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def refused(call: Any, **given: Any) -> tuple[int, str]:
    """The status and the code of the error that a call gets."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    told: Any = caught.value.response
    return told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"]


DENIED = (403, "AccessDenied")


@contextmanager
def before_seaweedfs(directory: Path, *options: str) -> Iterator[Place]:
    """The callers, and a first bucket, of a server of its own."""
    with seaweedfs(directory) as (upstream, own), pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        with running_server(directory / "data", "--upstream", upstream, *options) as server:
            made_other = json.loads(server.carnet("account", "create", "--output", "json"))
            owner, other = _client(server), _client(server, made_other)
            _known(other)
            nobody = _client(server, config=Config(signature_version=UNSIGNED))
            yield made(owner, other, nobody, server.account_id, made_other["AccountId"])


def _client(server: RunningServer, key: dict[str, str] | None = None, config: Config | None = None) -> Any:
    make: Any = boto3.client
    environment = server.environment
    return make(
        "s3",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"] if key else environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=key["SecretAccessKey"] if key else environment["AWS_SECRET_ACCESS_KEY"],
        config=config,
    )


def _known(client: Any) -> None:
    """Wait until the server knows an account that another process has made."""

    def is_known() -> bool:
        try:
            client.list_buckets()
        except ClientError:
            return False
        return True

    eventually(is_known, pause=0.1)
