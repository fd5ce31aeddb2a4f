"""Servers on several machines, on one PostgreSQL, that are asked over HTTP while something goes wrong."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tests import scratch
from tests.chaos.places import fail_over, pair, postgresql
from tests.chaos.promises import Tally
from tests.chaos.served import Caller, Load
from tests.clients.running import running_server

COMMANDS = ("rotate", "rewrap")
_NODES = 3
_NUMBERS = 1_000_000
"""Of the users of one node, before the next one's begin."""
_LONGEST_SECONDS = 1.0
_LONGEST_COMMAND_SECONDS = 4.0
_LAG_SECONDS = 60
"""How long a node may take to hear of what another one has done, on a machine that is busy."""
_END_SECONDS = 600
"""How long a command may take to end what others were killed in."""
_KEY_PLACE = "master.key"


class Nodes:
    """The servers, and one who makes users through each of them."""

    def __init__(self, folder: Path, url: str, callers: Sequence[Caller]) -> None:
        self._folder = folder
        self._url = url
        self.callers = callers
        self.loads = [Load(caller, number * _NUMBERS) for number, caller in enumerate(callers)]

    @contextmanager
    def load(self) -> Iterator[None]:
        """All are written through until the end of the block."""
        with ExitStack() as stack:
            for load in self.loads:
                stack.enter_context(load.running())
            self.wait_for_writes()
            yield

    def wait_for_writes(self) -> None:
        """Returns when something was written through each of them that was asked for from now on."""
        for load in self.loads:
            load.wait_for_writes()

    def settle(self, tally: Tally) -> None:
        """Hold what was acknowledged against what each of the nodes shows, once they have heard of all of it."""
        acknowledged = set[int]().union(*(load.acknowledged for load in self.loads))
        tally.acknowledged += len(acknowledged)
        for caller in self.callers:
            if not _in_time(partial(_shows, caller, acknowledged)):
                tally.broken.append("a node does not show what was acknowledged")
        shown = [caller.users() for caller in self.callers]
        if any(each != shown[0] for each in shown):
            tally.broken.append("nodes show different users")

    @contextmanager
    def command(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """`carnet keys NAME`, killed at the end of the block if it still runs."""
        carnet = Path(sys.executable).with_name("carnet")
        place = ("--data-dir", str(self._folder / "node0"), "--database-url", self._url)
        process = subprocess.Popen(
            [str(carnet), "keys", name, *place, "--master-key-file", str(self._folder / _KEY_PLACE)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def nodes(url: str) -> Iterator[Nodes]:
    """Servers that have the database and the master key in common, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="carnet-chaos-", dir=scratch.place()) as directory, ExitStack() as stack:
        folder, callers = Path(directory), list[Caller]()
        for number in range(_NODES):
            server = stack.enter_context(
                running_server(
                    folder / f"node{number}",
                    "--database-url",
                    url,
                    "--master-key-file",
                    str(folder / _KEY_PLACE),
                    "--quotas",
                    "users=1000000",
                    from_nothing=True,
                )
            )
            key = callers[0].key if callers else None
            callers.append(Caller(server.endpoint, key) if key else Caller.root_of(server))
        yield Nodes(folder, url, callers)


def promoted_under_nodes(moments: random.Random, times: int) -> Tally:
    """The primary dies, and its synchronous standby is promoted; the nodes have a URL that names both.

    With one that lacks what was acknowledged they would not go on: the store has lost something.
    """
    tally = Tally()
    for _ in range(times):
        with postgresql() as (primary, _):
            url = primary.new_database(patient=False)
            with pair(primary) as standby:
                primary.wait_for_standby(synchronous=True)
                with nodes(primary.with_standby(url, standby)) as several:
                    with several.load():
                        time.sleep(moments.uniform(0, _LONGEST_SECONDS))
                        fail_over(primary, standby)
                        several.wait_for_writes()
                    several.settle(tally)
                    tally.broken += _others(several, {200, 503})
        tally.faults += 1
    return tally


def keys_under_nodes(moments: random.Random, times: int) -> Tally:
    """`carnet keys rotate` and `carnet keys rewrap` are killed in turn while all nodes are asked; then they end.

    Nobody is refused anything meanwhile.
    """
    tally = Tally()
    with postgresql() as (server, _), nodes(server.new_database(patient=False)) as several:
        with several.load():
            session = several.callers[0].session()
            for turn in range(times):
                with several.command(COMMANDS[turn % 2]):
                    time.sleep(moments.uniform(0, _LONGEST_COMMAND_SECONDS))
                tally.faults += 1
                tally.broken += _new_key(several, moments)
            for name in COMMANDS:
                with several.command(name) as process:
                    if process.wait(_END_SECONDS) != 0:
                        tally.broken.append(f"carnet keys {name} does not end what was begun")
                tally.broken += _new_key(several, moments)
            if not all(caller.knows(session) for caller in several.callers):
                tally.broken.append("a session of before is good no longer")
            several.wait_for_writes()
        several.settle(tally)
        tally.broken += _others(several, {200})
    return tally


def _others(several: Nodes, expected: Set[int]) -> Iterator[str]:
    """Answers that nobody should have had."""
    found = set[int]().union(*(load.statuses for load in several.loads)) - expected
    if found:
        yield f"answers of another kind than {sorted(expected)}: {sorted(found)}"


def _new_key(several: Nodes, moments: random.Random) -> Iterator[str]:
    """One node seals a secret, and all of them open it."""
    made = moments.choice(several.callers).new_access_key()
    if not all(_in_time(partial(caller.knows, made)) for caller in several.callers):
        yield "a node does not open what another one has sealed"


def _shows(caller: Caller, acknowledged: Set[int]) -> bool:
    return acknowledged <= caller.users()


def _in_time(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _LAG_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
