"""Policies that take long to read and compile: nobody waits on the event loop for decisions by them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from threading import current_thread
from typing import Any

import pytest

from carnet.identity.caller import Anonymous
from carnet.policy.at_once import AT_ONCE, spend
from carnet.server.long_policies import LongPolicies
from carnet.services.preparing import Pools
from tests.gateway.behind import KEY_ID, Behind
from tests.gateway.fake_aws import Told
from tests.gateway.store import BUCKET, Store, a_store
from tests.policy.long_policies import assert_nobody_waited, put_under_long_policies, watch_reading
from tests.server.in_process import InProcessServer


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("long")) as made:
        yield made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    return watch_reading(monkeypatch)


def put_alice_under_them(server: InProcessServer) -> None:
    put_under_long_policies(server.client("iam"), "alice")


def test_a_call_of_another_service(behind: Behind, read: Counter[str]) -> None:
    put_alice_under_them(behind.server)
    read.clear()
    behind.aws.answers["ListTables"] = Told(body={"TableNames": []})
    behind.client("dynamodb").list_tables()
    assert_nobody_waited(read)
    read.clear()
    behind.client("dynamodb").list_tables()
    assert not read, "what was read once is known"


def test_a_key_policy_that_is_put(behind: Behind, read: Counter[str]) -> None:
    """Whether it lets its caller put another one is decided before the store is changed, and again then."""
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": behind.key_arn()}})
    principal = {"AWS": f"arn:aws:iam::{behind.account}:root"}
    actions = ["kms:*", *(f"kms:NoSuchAction{at:04}" for at in range(800))]
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    assert AT_ONCE < len(document) < 32_768
    behind.server.client("kms").put_key_policy(KeyId=KEY_ID, Policy=document)
    assert_nobody_waited(read)


def test_a_request_for_an_object(store: Store, read: Counter[str]) -> None:
    store.renew()
    put_alice_under_them(store.server)
    read.clear()
    assert store.send("PUT", f"/{BUCKET}/k", b"hello").status == 200
    assert_nobody_waited(read)


def test_the_switches_of_an_account(store: Store, read: Counter[str]) -> None:
    put_alice_under_them(store.server)
    read.clear()
    path, headers = "/v20180820/configuration/publicAccessBlock", {"x-amz-account-id": store.account}
    assert store.send("GET", path, headers=headers).code == "NoSuchPublicAccessBlockConfiguration"
    assert_nobody_waited(read)


def test_who_is_gone_by_then_gets_nothing(behind: Behind) -> None:
    class Gone(Exception):
        pass

    class Execution:
        directory = behind.server.installation.execution.directory

        def present(self, *given: Any) -> None:
            raise Gone

    async def asked(effort: int) -> str:
        pools, given = Pools(), Execution()
        long: Any = LongPolicies

        def work() -> str:
            spend(effort)
            return current_thread().name

        try:
            return str(await long(given, pools).decided(work, Anonymous(), "192.0.2.1"))
        finally:
            pools.close()

    assert asyncio.run(asked(AT_ONCE)) == current_thread().name
    with pytest.raises(Gone):
        asyncio.run(asked(AT_ONCE + 1))
