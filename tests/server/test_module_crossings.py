"""How often a request goes from one module of Carnet into another: what a reader must open to follow it.

A crossing is a call, with warm caches, of a function or method that is written in another module than its caller,
from the first step of `server/app` to the finished answer; of a change also on the writer's thread. Each call counts,
however often the same one is made.

What leads a reader nowhere is none: what makes, compares and reads values (code that dataclasses write, methods with
two underscores, properties), what asks a collection for a thing that it holds (`LOOKUPS`), and a generator or coroutine
that goes on. The calls that any of these make themselves count.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, getattr_static
from pathlib import Path
from types import FrameType
from urllib.parse import urlencode

import pytest

from carnet.assembly.worker import make_frontend
from tests.services.iam.documents import allow, trust
from tests.services.world import World, open_world
from tests.sigv4.signing import sign

MOST = {"CreateUser": 59, "AssumeRole": 57}
"""The most crossings that a request may make. These figures only fall."""
MEASURED = 3
LOOKUPS = frozenset(
    (
        "carnet.store.entity_type.targets",  # the value of an attribute
        "carnet.directory.indexed.get",
        "carnet.directory.indexed.named",
        "carnet.directory.named.named",
        "carnet.directory.scope_view.of",
        "carnet.directory.snapshot.account",
        "carnet.directory.snapshot.open_account",
        "carnet.directory.snapshot.org_path_of",
        "carnet.directory.snapshot.organization_of",
        "carnet.directory.views.get",
        "carnet.policy.engine.recent.get",
        "carnet.store.entity_types.of",
        "carnet.store.entity_types.named_in_installation",
        "carnet.store.entity_types.of_scope",
        "carnet.store.entity_types.root",
    )
)
"""Methods of collections that give what is held under a key."""
WARMING = 5
"""Requests of the same kind before the one that is counted."""


class Crossings:
    """Counts, while it is `on`, in the thread that made it and in every thread begun since."""

    def __init__(self) -> None:
        self.on = False
        self.made: Counter[str] = Counter()
        self._begun: list[FrameType] = []
        """Generators and coroutines, which enter the same frame again when they go on."""
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def close(self) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, argument: object) -> None:
        if self.on and event == "call" and frame.f_back is not None:
            caller, callee = _module(frame.f_back), _module(frame)
            if caller and callee and caller != callee and not (_reads(frame, callee) or self._goes_on(frame)):
                self.made[f"{caller} -> {callee}.{frame.f_code.co_name}"] += 1

    def _goes_on(self, frame: FrameType) -> bool:
        if not frame.f_code.co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR):
            return False
        if any(frame is begun for begun in self._begun):
            return True
        self._begun.append(frame)
        return False


def _reads(frame: FrameType, module: str) -> bool:
    """Whether what is called only makes, compares or reads a value, or looks up what a collection holds."""
    code = frame.f_code
    name = code.co_name
    if code.co_filename == "<string>" or (name.startswith("__") and name.endswith("__")):
        return True
    if f"{module}.{name}" in LOOKUPS:
        return True
    owner = type(frame.f_locals[code.co_varnames[0]]) if code.co_argcount == 1 else None
    return owner is not None and isinstance(getattr_static(owner, name, None), property | cached_property)


def _module(frame: FrameType) -> str:
    """The module of Carnet whose code a frame runs; empty for everybody else's."""
    name: str = frame.f_globals.get("__name__", "")
    return name if name.startswith("carnet.") else ""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as made:
        yield made


@pytest.fixture
def crossings() -> Iterator[Crossings]:
    made = Crossings()
    yield made
    made.close()


@pytest.mark.parametrize("operation", MOST)
def test_a_request_crosses_few_modules(world: World, crossings: Crossings, operation: str) -> None:
    caller = world.user("caller", [allow("iam:*", "sts:*")])
    trusted = trust(world.principal(caller).principal.arn)
    role = world.call(world.root, "CreateRole", RoleName="worker", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]

    service = "iam" if operation == "CreateUser" else "sts"

    def body(number: int) -> bytes:
        if operation == "CreateUser":
            return urlencode({"Action": operation, "Version": "2010-05-08", "UserName": f"new-{number}"}).encode()
        given = {"RoleArn": role, "RoleSessionName": "session"}
        return urlencode({"Action": operation, "Version": "2011-06-15", **given}).encode()

    counted: list[Counter[str]] = []

    async def call_again_and_again() -> None:
        with ExitStack() as stack:
            asked = make_frontend(world.installation, stack)
            for number in range(WARMING + MEASURED):
                request = sign(
                    url=f"https://{service}.amazonaws.com/",
                    body=body(number),
                    service=service,
                    at=world.clock(),
                    key_id=caller.key_id,
                    secret=caller.secret,
                )
                crossings.made = Counter()
                crossings.on = number >= WARMING
                answer = asked.answer(request)
                if asyncio.iscoroutine(answer):
                    answer = await answer
                crossings.on = False
                assert answer.response.status == 200
                if number >= WARMING:
                    counted.append(crossings.made)

    asyncio.run(call_again_and_again())
    # What comes once in a while, such as a look at the disk, is of no request.
    least = min(counted, key=Counter.total)
    assert least.total() <= MOST[operation], "\n".join(f"{count} {crossing}" for crossing, count in least.items())
