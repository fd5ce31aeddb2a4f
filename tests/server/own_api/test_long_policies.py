"""Policies that take long to read and compile: nobody waits for them when Carnet's own API is asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from carnet.policy.at_once import AT_ONCE
from tests.attacks.wire import Holder, audit
from tests.policy.long_policies import APART, assert_nobody_waited, put_under_long_policies, watch_reading
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.own_api.calling import Told, signed_call

STATUS, EVENTS, SESSIONS = (f"/_carnet/v1/{path}" for path in ("status", "events", "workload-sessions"))
ECS = "ecs-tasks.amazonaws.com"
NAMES = iter(range(1_000))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def holder(server: InProcessServer) -> Holder:
    return user(server)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    return watch_reading(monkeypatch)


def user(server: InProcessServer) -> Holder:
    """One under policies that nobody has read yet."""
    iam, name = server.client("iam"), f"user-{next(NAMES)}"
    iam.create_user(UserName=name)
    put_under_long_policies(iam, name)
    return Holder.of(iam.create_access_key(UserName=name)["AccessKey"])


@pytest.mark.parametrize("path", [STATUS, EVENTS])
def test_who_asks_is_admitted_elsewhere(server: InProcessServer, holder: Holder, read: Counter[str], path: str) -> None:
    assert signed_call(server, holder, path).status == 200
    assert_nobody_waited(read)
    read.clear()
    assert signed_call(server, holder, path).status == 200
    assert not read, "what was read once is known"


def passed(server: InProcessServer, holder: Holder) -> Told:
    given = {"role": "task", "service": ECS, "sessionName": "task-1"}
    return signed_call(server, holder, SESSIONS, method="POST", given=given)


def test_what_a_body_decides_counts_too(
    server: InProcessServer, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trust policy of a role; and each decision is told once, whether or not it was begun twice."""
    padding = [f"arn:aws:ecs:*:*:task/{at:04}*" for at in range(45)]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ECS},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnNotLikeIfExists": {"aws:SourceArn": padding}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    assert AT_ONCE / 8 < len(document) <= 2_048
    server.client("iam").create_role(RoleName="task", AssumeRolePolicyDocument=document)
    assert signed_call(server, holder, STATUS).status == 200
    monkeypatch.setattr("carnet.policy.at_once.AT_ONCE", len(document))
    monkeypatch.setattr("carnet.server.long_policies.IN_ONE_TURN", len(document))
    read = watch_reading(monkeypatch)
    assert passed(server, holder).status == 201
    assert any(thread.startswith(APART) for thread in read)
    told = audit(server)[-1]["additionalEventData"]["decisions"]
    assert [decision["action"] for decision in told] == ["iam:PassRole", "sts:AssumeRole"]


def test_who_is_gone_by_then_gets_nothing(
    server: InProcessServer, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam, gone = server.client("iam"), list[str]()

    def delete(thread: str) -> None:
        if thread.startswith(APART) and not gone:
            gone.append(holder.key_id)
            name = iam.get_access_key_last_used(AccessKeyId=holder.key_id)["UserName"]
            iam.delete_access_key(UserName=name, AccessKeyId=holder.key_id)

    watch_reading(monkeypatch, delete)
    told = signed_call(server, holder, STATUS)
    assert gone
    assert (told.status, told.code) == (403, "InvalidClientTokenId")
