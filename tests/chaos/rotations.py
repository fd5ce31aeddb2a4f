"""Keys that are replaced under load by commands that are killed."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from carnet.entities.access_key import AccessKey
from carnet.identity.credentials import secret_context
from carnet.identity.resealing import Resealing
from carnet.keyring.data_keys import KeyState, Purpose
from carnet.keyring.errors import KeyringError
from tests import scratch
from tests.chaos.promises import Tally
from tests.identity.rotating import Clock, Node, fill, joined, rotate_to_the_end
from tests.identity.sealed_samples import secret, user

COMMANDS = ("rotate", "rewrap")
_LONGEST_SECONDS = 4.0
_REPORT_SECONDS = 0.05
_PATIENCE_SECONDS = 600


CARNET = (str(Path(sys.executable).with_name("carnet")),)
ENDS_TOO_EARLY = (sys.executable, "-c", "from tests.chaos.rotations import end_too_early; end_too_early()")
"""What `carnet` would be if a rotation sealed nothing anew and let older keys open nothing all the same."""


def end_too_early() -> None:
    """Run the command of the words in such a `carnet`."""
    setattr(Resealing, "_reseal", lambda *_: None)  # noqa: B010  # mypy takes no assignment to a method
    setattr(Resealing, "_left", lambda *_: False)  # noqa: B010
    main()


def killed_commands(moments: random.Random, times: int, program: Sequence[str] = CARNET) -> Tally:
    """`carnet keys rotate` and `carnet keys rewrap` are killed in turn, while a node seals and opens; then they end."""
    tally = Tally()
    try:
        _kill_commands(moments, times, tally, program)
    except KeyringError as problem:
        tally.broken.append(f"the keys are refused: {problem}")
    return tally


def _kill_commands(moments: random.Random, times: int, tally: Tally, program: Sequence[str]) -> None:
    clock = Clock()
    clock.now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="carnet-chaos-", dir=scratch.place()) as folder:
        settings = Settings(data_dir=Path(folder))
        with joined(settings, clock) as node:
            fill(node)
            session = node.session()
            for turn in range(times):
                with _command(program, COMMANDS[turn % 2], folder) as process:
                    _work(node, tally, moments.uniform(0, _LONGEST_SECONDS), process)
                tally.faults += 1
                tally.broken += _broken(node, settings)
            for each in COMMANDS:
                with _command(program, each, folder) as process:
                    _work(node, tally, _PATIENCE_SECONDS, process)
                    if process.poll() != 0:
                        tally.broken.append(f"carnet keys {each} does not end what was begun")
            rotate_to_the_end(node)
            tally.broken += _broken(node, settings)
            if node.states()[:-1] != [KeyState.KEPT] * (len(node.states()) - 1):
                tally.broken.append("an older key still opens something")
            if not node.knows(session):
                tally.broken.append("a session of before is good no longer")


def _work(node: Node, tally: Tally, seconds: float, process: subprocess.Popen[bytes]) -> None:
    """What a node does for so long, or until the process ends: it reports itself, seals secrets, and opens them."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        node.presence.report()
        tally.acknowledged += 1
        with node.store.write() as unit:
            unit.add(_key(node, tally.acknowledged))
        if not node.all_open():
            tally.broken.append("a node does not open what is stored while a rotation goes on")
        time.sleep(_REPORT_SECONDS)


def _key(node: Node, number: int) -> AccessKey:
    key_id = f"AKIACHAOS{number:07}"
    place = secret_context(key_id, user(1).account, user(1).id)
    sealed = node.installation.keyring.seal(secret(place), context=place)
    return AccessKey(
        id=key_id, account=user(1).account, owner=user(1).id, sealed_secret=sealed, created=node.installation.clock()
    )


def _broken(node: Node, settings: Settings) -> Iterator[str]:
    """What a start finds after a kill, and the node that went on."""
    node.presence.report()
    if not node.all_open():
        yield "a node does not open what is stored after a kill"
    with open_installation(settings) as fresh:
        started = Node(installation=fresh, presence=node.presence)
        if not started.all_open():
            yield "a start does not open what is stored after a kill"
        if any(len(started.states(purpose)) == 0 for purpose in Purpose):
            yield "a data key is lost"


@contextmanager
def _command(program: Sequence[str], name: str, folder: str) -> Iterator[subprocess.Popen[bytes]]:
    """`carnet keys NAME`, killed at the end of the block if it still runs."""
    process = subprocess.Popen(
        [*program, "keys", name, "--data-dir", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
