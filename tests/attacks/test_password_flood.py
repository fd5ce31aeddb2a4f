"""A flood of passwords: few are hashed at once, some wait, the rest are told to come back; signed calls go on.

So do the sign-ins of another account.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from carnet.console import first_step
from carnet.directory.snapshot import Snapshot
from carnet.identity.sign_in import Claim, SignIns
from carnet.services.iam.new_passwords import HASHING
from carnet.services.preparing import Pool
from carnet.services.turns import Turns
from tests.attacks.wire import Answer, Connection, Holder, root_of, signed
from tests.console.browsing import Browser
from tests.server.in_process import InProcessServer
from tests.waiting import PATIENCE_SECONDS

ALLOW = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ChangePassword","Resource":"*"}}'
WRONG = {"OldPassword": "Wrong-Word-1!", "NewPassword": "Other-Word-2?"}
BEYOND, WAITING = 3, 4


class Held:
    """Passwords that are looked at until the test lets go, and how many at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.most = self._now = 0
        self._lock = threading.Lock()

    def is_right(self, *_: object, **__: object) -> bool:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        assert self.go.wait(PATIENCE_SECONDS)
        with self._lock:
            self._now -= 1
        return False


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    made = Held()
    monkeypatch.setattr(SignIns, "is_right", made.is_right)
    yield made
    made.go.set()


def test_half_of_the_processors_are_left_to_signed_calls() -> None:
    assert 1 <= HASHING.size <= max(1, (os.cpu_count() or 1) // 2)


def test_a_flood_waits_in_bounds_while_signed_calls_are_answered(
    server: InProcessServer,
    new_user: Callable[..., tuple[str, Holder]],
    held: Held,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take = Turns.take
    monkeypatch.setattr(Turns, "take", lambda turns, whose, _: take(turns, whose, PATIENCE_SECONDS))
    name, holder = new_user(ALLOW)
    server.client("iam").create_login_profile(UserName=name, Password="Right-Word-1!")
    wrong = signed(server, holder, "ChangePassword", **WRONG)
    flood = HASHING.size + HASHING.waiting + BEYOND
    early: list[Answer] = []
    refused = threading.Event()

    def send() -> Answer:
        with Connection(server) as connection:
            answer = connection.send(wrong)
        early.append(answer)
        if len(early) >= BEYOND:
            refused.set()
        return answer

    with ThreadPoolExecutor(flood) as threads:
        sent = [threads.submit(send) for _ in range(flood)]
        assert refused.wait(PATIENCE_SECONDS)
        with Connection(server) as connection:
            who = signed(server, root_of(server), "GetCallerIdentity", service="sts")
            assert [connection.send(who).status for _ in range(20)] == [200] * 20
        assert [answer.status for answer in early] == [503] * BEYOND
        held.go.set()
        answers = Counter(each.result().status for each in sent)
    assert answers == {403: flood - BEYOND, 503: BEYOND}, "the wrong ones, and those that found no place"
    assert held.most == HASHING.size


def test_a_flood_on_the_sign_in_of_an_account_keeps_nobody_of_another_one_out(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is counted are the passwords that are looked at before the one of the other account."""
    monkeypatch.setattr(first_step, "HASHING", Pool(name="patient", size=1, waiting=WAITING, seconds=PATIENCE_SECONDS))
    looked_at: SimpleQueue[str] = SimpleQueue()
    refused: SimpleQueue[str] = SimpleQueue()
    one_more = threading.Semaphore(0)

    def check(self: SignIns, snapshot: Snapshot, claim: Claim, now: object) -> None:
        looked_at.put(claim.account)
        assert one_more.acquire(timeout=PATIENCE_SECONDS)

    monkeypatch.setattr(SignIns, "check", check)

    def sign_in(account: str) -> int:
        status = Browser(server).sign_in(account=account, name="alice", password="Wrong-Word-1!").status
        if status == 503:
            refused.put(account)
        return status

    flood = 1 + WAITING + BEYOND
    with ThreadPoolExecutor(flood + 1) as threads:
        sent = [threads.submit(sign_in, "flooded") for _ in range(flood)]
        assert [refused.get(timeout=PATIENCE_SECONDS) for _ in range(BEYOND)] == ["flooded"] * BEYOND
        other = threads.submit(sign_in, "another")
        assert refused.get(timeout=PATIENCE_SECONDS) == "flooded", "who comes from another account finds a place"
        order = []
        for _ in range(3):
            order.append(looked_at.get(timeout=PATIENCE_SECONDS))
            one_more.release()
        assert "another" in order
        assert other.result() == 401
        one_more.release(flood)
        assert {each.result() for each in sent} == {401, 503}
