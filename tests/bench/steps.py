"""What each step of a request costs: `python -m tests.bench.steps`, microseconds and instructions of Python's bytecode.

Each step is done again and again by itself, with warm caches: a whole request takes longer than their sum. How many
instructions a request takes is the same on every machine, however busy it is. What sockets and logs take is not in it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlencode

from carnet.assembly.worker import make_frontend
from carnet.audit.events import success_event
from carnet.audit.json_line import line_of
from carnet.audit.steps import Arrived, Authenticated, Parsed, Routed
from carnet.base.http import HttpRequest
from carnet.protocols.parse import parse
from carnet.protocols.routing import route
from carnet.protocols.validate import validate
from carnet.protocols.write import write
from carnet.services.operation import Operation
from carnet.services.registry import SERVICES
from carnet.sigv4.verify import verify
from tests.bench.wire import microseconds
from tests.services.iam.documents import allow, trust
from tests.services.world import Caller, World, open_world
from tests.sigv4.signing import sign

_VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
_WARMING = 5

Step = Callable[[], object]


class _Instructions:
    """Counts those that a step takes, in frames that begin with it."""

    def __init__(self) -> None:
        self._made = 0

    def of(self, step: Step) -> int:
        for _ in range(_WARMING):
            step()
        self._made = 0
        sys.settrace(self._note)
        try:
            step()
        finally:
            sys.settrace(None)
        return self._made

    def _note(self, frame: FrameType, event: str, argument: object) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        self._made += event == "opcode"
        return self._note


def _steps(world: World, operation: Operation, request: HttpRequest) -> Mapping[str, Step]:
    """The steps of `server/app`, each with what the ones before it have given."""
    execution, asked, voice = world.installation.execution, route(request), SERVICES[operation.service].voice
    arrived = Arrived(request_id="r", event_id="e", time=world.clock(), http=request)
    routed = Routed(arrived=arrived, operation=asked.operation, event_source="", read_only=not operation.writes)

    def verified() -> Any:
        name = asked.operation.service.signing_name
        return verify(request, service=name, now=arrived.time, find=execution.credentials.find)

    parsed = Parsed(authenticated=Authenticated(routed=routed, caller=verified()), given=parse(asked, request))
    done: Any = execution.read(operation, parsed)
    return {
        "route": lambda: route(request),
        "authenticate": verified,
        "parse, validate": lambda: validate(asked.operation, parse(asked, request), voice),
        "decide, read, tell": lambda: execution.read(operation, parsed),
        "  of that, the event": lambda: success_event(parsed, done.answer, done.decided),
        "write the answer": lambda: write(asked.operation, done.answer, "r"),
        "write the event": lambda: line_of(done.event),
    }


def _request(world: World, caller: Caller, operation: Operation, given: Mapping[str, str]) -> HttpRequest:
    service = operation.service
    form = {"Action": operation.name, "Version": _VERSIONS[service], **given}
    return sign(
        url=f"https://{service}.amazonaws.com/",
        body=urlencode(form).encode(),
        service=service,
        at=world.clock(),
        key_id=caller.key_id,
        secret=caller.secret,
    )


async def _print(world: World) -> None:
    caller = world.user("caller", [allow("iam:*", "sts:*")])
    trusted = trust(world.principal(caller).principal.arn)
    role = world.call(world.root, "CreateRole", RoleName="worker", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    asked = {
        ("sts", "GetCallerIdentity"): {},
        ("iam", "GetUser"): {"UserName": "caller"},
        ("sts", "AssumeRole"): {"RoleArn": role, "RoleSessionName": "session"},
    }
    with ExitStack() as stack:
        served = make_frontend(world.installation, stack)
        for (service, name), given in asked.items():
            operation = SERVICES[service].operations[name]
            request = _request(world, caller, operation, given)
            _table(name, {"whole": partial(served.answer, request), **_steps(world, operation, request)})


def _table(title: str, steps: Mapping[str, Step]) -> None:
    print(f"{title:24} {'us':>8} {'instructions':>14}")
    for name, step in steps.items():
        print(f"{name:24} {microseconds(step):8.1f} {_Instructions().of(step):14}", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, open_world(Path(directory)) as world:
        asyncio.run(_print(world))


if __name__ == "__main__":
    main()
