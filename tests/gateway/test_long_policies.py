"""Policies that take long to read and compile: nobody waits on the event loop for decisions by them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from threading import current_thread
from typing import Any

import pytest

from carnet.access import documents
from carnet.identity.caller import Anonymous
from carnet.policy import compile as engine
from carnet.policy.at_once import AT_ONCE, spend
from carnet.policy.document import Policy, understand
from carnet.policy.engine.policy import CompiledPolicy
from carnet.server.long_policies import LongPolicies
from carnet.services.preparing import Pools
from tests.gateway.behind import Behind
from tests.gateway.fake_aws import Told
from tests.gateway.store import BUCKET, Store, a_store
from tests.server.in_process import InProcessServer

APART = "policies"
NAMES = iter(range(1_000))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("long")) as made:
        yield made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Characters that were read and compiled: on the thread for it, or anywhere else."""
    counted = Counter[str]()

    def count(text: str) -> None:
        counted[APART if current_thread().name.startswith(APART) else "elsewhere"] += len(text)

    def reading(text: str, *given: Any, **named: Any) -> Policy:
        count(text)
        return understand(text, *given, **named)

    class Compiling(CompiledPolicy):
        def __init__(self, policy: Policy, *given: Any) -> None:
            count(policy.text)
            super().__init__(policy, *given)

    monkeypatch.setattr(documents, "understand", reading)
    monkeypatch.setattr(engine, "CompiledPolicy", Compiling)
    return counted


def under_long_policies(server: InProcessServer) -> None:
    """Put alice under two that nobody has read yet."""
    iam = server.client("iam")
    for _ in range(2):
        name = f"long-{next(NAMES)}"
        resources = [f"arn:aws:s3:::*{name}*{at}*" for at in range(190)]
        statements = [
            {"Effect": "Deny", "Action": "*", "Resource": resources},
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
        assert 5_000 < len(document) <= 6_144
        arn = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
        iam.attach_user_policy(UserName="alice", PolicyArn=arn)


def held(read: Counter[str]) -> None:
    assert 0 < read["elsewhere"] <= AT_ONCE
    assert read[APART] > 0


def test_a_call_of_another_service(behind: Behind, read: Counter[str]) -> None:
    under_long_policies(behind.server)
    read.clear()
    behind.aws.answers["ListTables"] = Told(body={"TableNames": []})
    behind.client("dynamodb").list_tables()
    held(read)
    read.clear()
    behind.client("dynamodb").list_tables()
    assert not read, "what was read once is known"


def test_a_request_for_an_object(store: Store, read: Counter[str]) -> None:
    store.renew()
    under_long_policies(store.server)
    read.clear()
    assert store.send("PUT", f"/{BUCKET}/k", b"hello").status == 200
    held(read)


def test_the_switches_of_an_account(store: Store, read: Counter[str]) -> None:
    under_long_policies(store.server)
    read.clear()
    path, headers = "/v20180820/configuration/publicAccessBlock", {"x-amz-account-id": store.account}
    assert store.send("GET", path, headers=headers).code == "NoSuchPublicAccessBlockConfiguration"
    held(read)


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
