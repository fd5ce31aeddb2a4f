"""The answer to a change names its revision, and who carries that to another node is answered by it or told to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.assembly.worker import make_frontend
from carnet.base.faults import Unavailable
from carnet.base.http import HttpRequest
from carnet.server import read_your_writes
from carnet.server.aws_frontend import AwsFrontend
from carnet.server.outbox import Answer
from carnet.server.read_your_writes import MOST_OF_ONE, MOST_OF_STRANGERS, MOST_WAITING, REVISION, Revisions
from carnet.testing.live.server import CarnetServer
from carnet.testing.live.session import CarnetSession, Keys
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.listening import listening
from tests.services.world import Caller, World, open_world
from tests.sigv4.signing import sign
from tests.waiting import PATIENCE_SECONDS


class Node:
    """A node and its frontend. It does not follow its store by itself."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self.world = world
        self.frontend: AwsFrontend = make_frontend(world.installation, stack)

    def catch_up(self) -> None:
        self.world.installation.directory.catch_up()

    async def ask(self, caller: Caller, operation: str, *carried: str, peer: str = "127.0.0.1", **given: str) -> Answer:
        body = urlencode({"Action": operation, "Version": "2010-05-08", **given}).encode()
        request = sign(body=body, key_id=caller.key_id, secret=caller.secret, at=self.world.clock())
        return await self.sent(request, *carried, peer=peer)

    async def sent(self, request: HttpRequest, *carried: str, peer: str = "127.0.0.1") -> Answer:
        headers = (*request.headers, *((REVISION, value) for value in carried))
        answer = self.frontend.answer(HttpRequest(**{**_members(request), "headers": headers, "peer": peer}))
        return answer if isinstance(answer, Answer) else await answer

    def answer(self, caller: Caller, operation: str, *carried: str, **given: str) -> Answer:
        return asyncio.run(self.ask(caller, operation, *carried, **given))


def _members(request: Any) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ("method", "path", "query", "headers", "peer", "secure", "body")}


def revision(answer: Answer) -> str | None:
    return dict(answer.response.headers).get(REVISION)


def said(answer: Answer) -> bytes:
    assert isinstance(answer.response.body, bytes)
    return answer.response.body


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Node]]:
    path = tmp_path_factory.mktemp("nodes")
    with ExitStack() as stack:
        one = stack.enter_context(open_world(path / "one"))
        settings = one.installation.settings
        two = stack.enter_context(
            open_world(path / "two", database_url=settings.store_url, master_key_file=settings.master_key)
        )
        one.installation.directory.catch_up()
        yield Node(one, stack), Node(two, stack)


def test_a_change_names_its_revision_and_reads_and_refusals_name_none(nodes: tuple[Node, Node]) -> None:
    one, _ = nodes
    root = one.world.root
    first = one.answer(root, "CreateUser", UserName="first")
    assert first.response.status == 200
    assert revision(first) == str(one.world.snapshot.seq)
    assert revision(one.answer(root, "ListUsers")) is None
    refused = one.answer(root, "CreateUser", UserName="first")
    assert (refused.response.status, revision(refused)) == (409, None)


def test_each_of_a_group_names_one_that_has_it(nodes: tuple[Node, Node]) -> None:
    one, _ = nodes

    async def both() -> list[Answer]:
        names = ("together", "with")
        return await asyncio.gather(*(one.ask(one.world.root, "CreateUser", UserName=name) for name in names))

    made = asyncio.run(both())
    assert all(int(revision(answer) or 0) <= one.world.snapshot.seq for answer in made)
    assert max(int(revision(answer) or 0) for answer in made) == one.world.snapshot.seq


def test_a_read_waits_for_what_it_carries_and_knows_even_a_new_key(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_your_writes, "WAIT_SECONDS", PATIENCE_SECONDS)
    one, two = nodes
    one.answer(one.world.root, "CreateUser", UserName="writer")
    key = one.world.call(one.world.root, "CreateAccessKey", UserName="writer")["AccessKey"]
    writer = Caller(key["AccessKeyId"], key["SecretAccessKey"])
    assert b"AccessDenied" in two.answer(writer, "GetUser").response.body  # type: ignore[operator]
    one.answer(one.world.root, "CreateUser", UserName="another")
    newest = str(one.world.snapshot.seq)

    async def ask_and_follow() -> Answer:
        asked = asyncio.ensure_future(two.ask(writer, "GetUser", newest))
        await asyncio.sleep(0.05)
        assert not asked.done()
        await asyncio.to_thread(two.catch_up)
        return await asked

    answer = asyncio.run(ask_and_follow())
    assert b"AccessDenied" in answer.response.body  # type: ignore[operator]  # known, and without policies
    assert two.answer(two.world.root, "ListUsers", newest).response.status == 200


@pytest.mark.parametrize("ahead", [1, 10**17])
def test_what_is_not_there_within_a_second_is_refused_for_now(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    _, two = nodes
    two.catch_up()
    monkeypatch.setattr(read_your_writes, "WAIT_SECONDS", 0.1)
    began = monotonic()
    answer = two.answer(two.world.root, "ListUsers", str(two.world.snapshot.seq + ahead))
    assert monotonic() - began >= 0.1
    assert answer.response.status == 503
    assert b"<Code>ServiceUnavailable</Code>" in answer.response.body  # type: ignore[operator]
    assert b"is waited for" in answer.response.body  # type: ignore[operator]
    assert answer.event
    assert two.answer(two.world.root, "ListUsers", str(two.world.snapshot.seq)).response.status == 200


NO_REVISIONS = [("",), ("-1",), ("1.0",), ("+1",), ("\N{ARABIC-INDIC DIGIT ONE}",), ("9" * 19,), ("1", "1")]


@pytest.mark.parametrize("carried", NO_REVISIONS)
def test_what_is_no_revision_is_refused(nodes: tuple[Node, Node], carried: tuple[str, ...]) -> None:
    one, _ = nodes
    answer = one.answer(one.world.root, "ListUsers", *carried)
    assert answer.response.status == 400
    assert b"must be the number of a revision" in answer.response.body  # type: ignore[operator]
    assert one.answer(one.world.root, "ListUsers", "0").response.status == 200


def test_so_many_of_an_address_wait_and_no_more(nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch) -> None:
    _, two = nodes
    monkeypatch.setattr(read_your_writes, "WAIT_SECONDS", 0.5)
    nobody = Caller("AKIAIOSFODNN7EXAMPLE", "guessed")

    async def flood() -> list[Answer]:
        far = str(two.world.snapshot.seq + 1000)
        return await asyncio.gather(*(two.ask(nobody, "ListUsers", far) for _ in range(MOST_OF_ONE + 3)))

    answers = asyncio.run(flood())
    too_many = [answer for answer in answers if b"Too many requests" in answer.response.body]  # type: ignore[operator]
    assert len(too_many) == 3
    assert {answer.response.status for answer in answers} == {503}
    assert not two.frontend._revisions._waiting


def refused_for_room(answers: list[Answer]) -> int:
    assert {answer.response.status for answer in answers} == {503}
    return sum(b"Too many requests" in said(answer) for answer in answers)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_your_writes, "WAIT_SECONDS", 0.5)


@pytest.mark.usefixtures("short")
def test_an_account_has_its_share_from_however_many_addresses_and_no_more(nodes: tuple[Node, Node]) -> None:
    _, two = nodes
    far = str(two.world.snapshot.seq + 1000)

    async def flood() -> list[Answer]:
        root = two.world.root
        asked = (two.ask(root, "ListUsers", far, peer=f"192.0.2.{each}") for each in range(MOST_OF_ONE + 3))
        return await asyncio.gather(*asked)

    assert refused_for_room(asyncio.run(flood())) == 3


@pytest.mark.usefixtures("short")
def test_strangers_leave_room_for_who_is_proven(nodes: tuple[Node, Node]) -> None:
    _, two = nodes
    far = str(two.world.snapshot.seq + 1000)
    nobody = Caller("AKIAIOSFODNN7EXAMPLE", "guessed")

    async def flood() -> tuple[list[Answer], Answer]:
        asked = (two.ask(nobody, "ListUsers", far, peer=f"192.0.2.{n % 200}") for n in range(MOST_OF_STRANGERS + 3))
        strangers = asyncio.gather(*asked)
        await asyncio.sleep(0)
        return await strangers, await two.ask(two.world.root, "ListUsers", far)

    strangers, proven = asyncio.run(flood())
    assert refused_for_room(strangers) == 3
    assert b"is waited for" in said(proven)
    assert two.frontend._revisions._strangers == 0


def signed_by_root(node: Node, **request: Any) -> HttpRequest:
    root = node.world.root
    return sign(key_id=root.key_id, secret=root.secret, at=node.world.clock(), **request)


def test_carnets_own_api_waits_too(nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_your_writes, "WAIT_SECONDS", PATIENCE_SECONDS)
    one, two = nodes
    two.catch_up()
    one.answer(one.world.root, "CreateUser", UserName="of-own-api")
    newest = str(one.world.snapshot.seq)
    own = "https://carnet.example.com/_carnet/v1/denials"
    request = signed_by_root(two, method="GET", url=own, body=b"", headers={}, service="carnet")

    async def ask_and_follow() -> Answer:
        asked = asyncio.ensure_future(two.sent(request, newest))
        await asyncio.sleep(0.05)
        assert not asked.done()
        await asyncio.to_thread(two.catch_up)
        return await asked

    assert asyncio.run(ask_and_follow()).response.status == 200
    monkeypatch.setattr(read_your_writes, "WAIT_SECONDS", 0.1)
    late = asyncio.run(two.sent(request, str(two.world.snapshot.seq + 1)))
    assert (late.response.status, b"is waited for" in said(late)) == (503, True)
    assert late.event
    wrong = asyncio.run(two.sent(request, "x"))
    assert (wrong.response.status, b"must be the number" in said(wrong)) == (400, True)


@pytest.mark.usefixtures("short")
def test_services_that_are_not_offered_wait_too(nodes: tuple[Node, Node]) -> None:
    _, two = nodes
    request = signed_by_root(
        two, url="https://sns.amazonaws.com/", body=b"Action=ListTopics&Version=2010-03-31", service="sns"
    )
    assert b"ListTopics" in said(asyncio.run(two.sent(request, "0")))
    late = asyncio.run(two.sent(request, str(two.world.snapshot.seq + 1)))
    assert (late.response.status, b"is waited for" in said(late)) == (503, True)
    assert asyncio.run(two.sent(request, "x")).response.status == 400


@contextmanager
def two_servers(path: Path) -> Iterator[tuple[InProcessServer, str]]:
    """On one store; of the second, where it listens."""
    with in_process_server(path / "one") as one, ExitStack() as stack:
        settings = one.installation.settings
        chosen = Settings(data_dir=path / "two", database_url=settings.store_url, master_key_file=settings.master_key)
        chosen.data_dir.mkdir()
        other = stack.enter_context(open_installation(chosen, clock=one.clock))
        with listening(make_frontend(other, stack)) as (port, _):
            yield one, f"http://127.0.0.1:{port}"


def test_boto3_reads_its_writes_as_the_page_says(tmp_path: Path) -> None:
    page = Path("docs/testing.md").read_text().split('title="read_your_writes.py"\n')[1].split("```")[0]
    made: dict[str, Any] = {}
    exec(page, made)
    with two_servers(tmp_path) as (one, other):
        root = boto3.Session(one.root.access_key_id, one.root.secret_access_key, region_name="us-east-1")
        session = made["read_your_writes"](root)
        writes, reads = (session.client("iam", endpoint_url=endpoint) for endpoint in (one.endpoint, other))
        for number in range(5):
            writes.create_user(UserName=f"user-{number}")
            assert reads.get_user(UserName=f"user-{number}")


def test_the_fixtures_of_tests_read_their_writes(tmp_path: Path) -> None:
    with two_servers(tmp_path) as (one, other):
        keys = Keys(access_key_id=one.root.access_key_id, secret_access_key=one.root.secret_access_key)
        server = CarnetServer(endpoint=one.endpoint, operator_token="")
        writes = CarnetSession(server, keys).client("iam")
        reads = CarnetSession(server, keys).client("iam", endpoint_url=other)
        for number in range(5):
            writes.create_user(UserName=f"user-{number}")
            assert reads.get_user(UserName=f"user-{number}")


class _Waits:
    """Requests that wait for a revision, of a process whose loop has a clock that only its waiting moves."""

    def __init__(self, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks, self.now = 0, 0.0
        self.revisions = Revisions(node.world.installation.directory, self._look)
        self._far = HttpRequest(
            method="POST",
            path="/",
            query="",
            headers=((REVISION, str(node.world.snapshot.seq + 1)),),
            body=b"",
            peer="192.0.2.1",
            secure=True,
        )
        clock = SimpleNamespace(time=lambda: self.now)
        fake = SimpleNamespace(get_running_loop=lambda: clock, sleep=self._sleep)
        monkeypatch.setattr(read_your_writes, "asyncio", fake)

    async def of(self, account: str) -> str:
        """What that account's request is refused for."""
        fault = await self.revisions.wait(self._far, lambda _: account)
        assert isinstance(fault, Unavailable)
        return fault.message

    def _look(self) -> None:
        self.looks += 1

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def waits(nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch) -> _Waits:
    return _Waits(nodes[1], monkeypatch)


def test_who_waits_does_so_for_a_second_and_the_store_is_looked_at_at_once(waits: _Waits) -> None:
    assert "is waited for" in asyncio.run(waits.of("1" * 12))
    assert waits.looks == 1
    assert 1.0 <= waits.now <= 1.02


def test_all_accounts_together_have_no_more_than_there_is_room_for(waits: _Waits) -> None:
    async def flood() -> list[str]:
        accounts = (f"{n // MOST_OF_ONE:012}" for n in range(MOST_WAITING + 3))
        return await asyncio.gather(*(waits.of(account) for account in accounts))

    assert sum("Too many requests" in told for told in asyncio.run(flood())) == 3
