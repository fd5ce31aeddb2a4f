"""A user under as many policies as AWS's quotas allow: who calls with another key does not wait for them to be read."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, current_thread
from typing import Any
from urllib.parse import urlencode

import pytest

from carnet.assembly.worker import make_frontend
from carnet.policy.at_once import AT_ONCE, spend
from carnet.server import app, long_policies
from carnet.server.long_policies import IN_ONE_TURN, LongPolicies
from carnet.server.outbox import Answer
from carnet.services.preparing import Pools
from carnet.services.turns import Whose
from tests.policy.long_policies import APART, long_document, watch_reading
from tests.services.iam.documents import allow
from tests.services.world import Caller, World, open_world
from tests.sigv4.signing import sign

POLICIES = 3
NAMES = iter(range(1_000))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def under_long_policies(world: World) -> Caller:
    """They are new: nobody has read them yet."""
    name = f"user-{next(NAMES)}"
    caller = world.user(name, [allow("iam:*")])
    for number in range(POLICIES):
        made = world.call(
            world.root, "CreatePolicy", PolicyName=f"{name}-{number}", PolicyDocument=long_document("iam:*")
        )
        world.call(world.root, "AttachUserPolicy", UserName=name, PolicyArn=made["Policy"]["Arn"])
    return caller


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    return watch_reading(monkeypatch)


Ask = Callable[..., "Answer | Coroutine[Any, Any, Answer]"]


@contextmanager
def asking(world: World) -> Iterator[Ask]:
    """What answers calls as the event loop has them: of IAM, unless they are of another service."""
    with ExitStack() as stack:
        asked = make_frontend(world.installation, stack)

        def ask(
            caller: Caller, operation: str, service: str = "iam", **given: str
        ) -> Answer | Coroutine[Any, Any, Answer]:
            body = urlencode({"Action": operation, "Version": "2010-05-08", **given}).encode()
            url = f"https://{service}.amazonaws.com/"
            return asked.answer(
                sign(url=url, body=body, service=service, at=world.clock(), key_id=caller.key_id, secret=caller.secret)
            )

        yield ask


async def answered(answer: Answer | Coroutine[Any, Any, Answer]) -> int:
    done = await answer if asyncio.iscoroutine(answer) else answer
    assert isinstance(done, Answer)
    return done.response.status


async def calls(world: World, operation: str, **given: str) -> None:
    caller = under_long_policies(world)
    with asking(world) as ask:
        assert await answered(ask(caller, operation, **given)) == 200
        again = ask(caller, "ListUsers")
        assert isinstance(again, Answer), "what was read once is known"


def test_a_call_reads_no_more_on_the_event_loop_than_may_be_at_once(world: World, read: Counter[str]) -> None:
    asyncio.run(calls(world, "ListUsers"))
    assert 0 < read[current_thread().name] <= AT_ONCE
    assert read.total() >= 2 * POLICIES * 4_000


def test_a_change_holds_the_others_up_no_longer_either(world: World, read: Counter[str]) -> None:
    asyncio.run(calls(world, "CreateGroup", GroupName=f"group-{next(NAMES)}"))
    assert read["writer"] <= AT_ONCE
    assert read[current_thread().name] <= AT_ONCE


def test_what_is_asked_of_a_service_that_is_not_offered(world: World, read: Counter[str]) -> None:
    async def called() -> None:
        caller = under_long_policies(world)
        with asking(world) as ask:
            assert await answered(ask(caller, "DescribeVpcs", service="ec2", Version="2016-11-15")) == 403

    asyncio.run(called())
    assert 0 < read[current_thread().name] <= AT_ONCE
    assert read.total() >= 2 * POLICIES * 4_000


def test_what_is_prepared_is_admitted_elsewhere(world: World, read: Counter[str]) -> None:
    world.call(world.root, "CreateUser", UserName="nobody")
    asyncio.run(calls(world, "CreateLoginProfile", UserName="nobody", Password="Secret-Word-7"))
    assert read[current_thread().name] <= AT_ONCE


def test_others_are_answered_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, caller = Event(), under_long_policies(world)

    def wait(thread: str) -> None:
        assert not thread.startswith(APART) or goes_on.wait(60)

    watch_reading(monkeypatch, wait)

    async def both() -> None:
        with asking(world) as ask:
            slow = asyncio.ensure_future(answered(ask(caller, "ListUsers")))
            await asyncio.sleep(0.01)
            assert await answered(ask(world.root, "ListUsers")) == 200
            assert not slow.done()
            goes_on.set()
            assert await slow == 200

    asyncio.run(both())


def test_who_is_deleted_meanwhile_is_not_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, caller = Event(), under_long_policies(world)

    def wait(thread: str) -> None:
        assert not thread.startswith(APART) or goes_on.wait(60)

    watch_reading(monkeypatch, wait)

    async def deleted() -> None:
        with asking(world) as ask:
            first = asyncio.ensure_future(answered(ask(caller, "ListUsers")))
            second = asyncio.ensure_future(answered(ask(caller, "ListUsers")))
            await asyncio.sleep(0.01)
            name = world.principal(caller).principal.arn.rpartition("/")[2]
            world.call(world.root, "DeleteAccessKey", UserName=name, AccessKeyId=caller.key_id)
            goes_on.set()
            assert await second == 403
            await first

    asyncio.run(deleted())


def test_nothing_is_left_to_another_thread_if_others_may_wait(
    world: World, read: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the other tests would see if nobody counted."""
    monkeypatch.setattr(app, "AT_ONCE", float("inf"))
    asyncio.run(calls(world, "ListUsers"))
    assert read[current_thread().name] > AT_ONCE


class Reading:
    """Work of several accounts, each of which reads so many policies that are long; what was read is remembered."""

    def __init__(self, *, remembers: bool = True) -> None:
        self.read: list[str] = []
        self.begun = 0
        self.has_begun = Event()
        self._remembers = remembers

    def work(self, account: str, policies: int) -> Callable[[], str]:
        known: set[int] = set()

        def read() -> str:
            self.begun += 1
            self.has_begun.set()
            for number in range(policies):
                if number not in known:
                    spend(AT_ONCE)
                    self.read.append(account)
                    if self._remembers:
                        known.add(number)
            return account

        return read


def test_ten_accounts_with_all_that_quotas_allow_keep_another_waiting_for_a_turn_of_each(world: World) -> None:
    reading, policies = Reading(), 10 * IN_ONE_TURN // AT_ONCE

    async def play() -> list[str]:
        pools, done = Pools(), list[str]()
        long = LongPolicies(world.installation.execution, pools)

        async def ask(account: str, count: int) -> None:
            done.append(await long.apart(reading.work(account, count), Whose(account, account)))

        hostile = [asyncio.create_task(ask(f"hostile {number}", policies)) for number in range(10)]
        await asyncio.to_thread(reading.has_begun.wait, 60)
        reading.read.clear()
        await ask("victim", 2)
        assert done == ["victim"]
        await asyncio.gather(*hostile)
        pools.close()
        return done

    assert len(asyncio.run(play())) == 11
    before = reading.read.index("victim")
    assert before <= 11 * IN_ONE_TURN // AT_ONCE, "one that is under way, and a turn of each of ten"


def test_what_no_memory_holds_is_read_to_its_end_all_the_same(world: World) -> None:
    reading = Reading(remembers=False)

    async def ask() -> str:
        pools = Pools()
        long = LongPolicies(world.installation.execution, pools)
        done = await long.apart(reading.work("one", 1 + IN_ONE_TURN // AT_ONCE), Whose("one", "one"))
        pools.close()
        return done

    assert asyncio.run(ask()) == "one"
    assert reading.begun == 65


def test_a_call_under_more_policies_than_a_turn_reads_is_answered(
    world: World, read: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, turn = list[str](), LongPolicies._turn

    async def counted(long: LongPolicies, work: Callable[[], object], asked_by: Whose) -> object:
        turns.append(asked_by.account)
        return await turn(long, work, asked_by)

    monkeypatch.setattr(LongPolicies, "_turn", counted)
    monkeypatch.setattr(long_policies, "IN_ONE_TURN", AT_ONCE)
    for operation, given in (("GetUser", {}), ("CreateGroup", {"GroupName": "made-in-turns"})):
        asyncio.run(calls(world, operation, **given))
        assert len(turns) > 1, "each reads one policy"
        turns.clear()
    assert read
