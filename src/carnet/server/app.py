"""The AWS APIs: the steps of a request, in order, on one page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

from msgspec.structs import replace

from carnet import models
from carnet.access.authorize import NotAuthorized
from carnet.audit.events import Arrival, CallRecord, Event, failure_event
from carnet.audit.explanations import DecisionLog
from carnet.audit.log_files import line_of
from carnet.base.clock import Clock
from carnet.base.faults import Fault, Unavailable
from carnet.base.http import HttpRequest, HttpResponse
from carnet.base.ids import Ids
from carnet.identity.credential import Verified
from carnet.protocols.errors import Where, WireError, write_error
from carnet.protocols.parse import parse
from carnet.protocols.routing import route
from carnet.protocols.validate import validate
from carnet.protocols.write import write
from carnet.server.outbox import Answer
from carnet.services.execution import Done, Execution
from carnet.services.operation import Operation
from carnet.services.registry import SERVICES
from carnet.sigv4.errors import AuthFailure
from carnet.sigv4.verify import verify

_LOG = logging.getLogger("carnet.server")
_FAILED, _FAILED_MESSAGE = "InternalFailure", "An internal error occurred."
_WAITING_WRITES = 512
"""Writes that may wait for the writer before others are told to come back later."""


class AwsApi:
    """Answers the requests of every service on one address."""

    def __init__(self, execution: Execution, *, clock: Clock, ids: Ids, decisions: DecisionLog) -> None:
        self._execution = execution
        self._find = execution.credentials.find
        self._clock = clock
        self._ids = ids
        self._decisions = decisions
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._waiting = 0

    def respond(self, http: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        """Answer one request, with one audit event. The answer of what changes the store is to be awaited."""
        arrival = Arrival(request_id=self._ids.uuid(), event_id=self._ids.uuid(), time=self._clock(), http=http)
        try:
            routed = route(http)
        except WireError as problem:
            return self._refused(problem.where, CallRecord(arrival=arrival), problem)
        where, caller, given = routed.operation, None, None
        try:
            caller = verify(http, service=where.service.signing_name, now=arrival.time, find=self._find)
            self._execution.note_use(caller, arrival.time)
            given = parse(routed, http)
            validate(where, given)
            record = _record(arrival, where, caller, given)
            operation = _registered(where)
            if operation is None:
                raise WireError(
                    "NotImplemented", f"Carnet does not offer {where.service.name}:{where.name} yet.", where
                )
            if operation.writes:
                return self._change(where, record, partial(self._execution.write, operation, caller, given, record))
            return self._done(where, record, self._execution.read(operation, caller, given, record))
        except Exception as problem:
            return self._problem(where, _record(arrival, where, caller, given), problem)

    async def _change(self, where: models.Operation, record: CallRecord, act: Callable[[], Done]) -> Answer:
        """Let the writer act; it takes one change after the other."""
        try:
            if self._waiting >= _WAITING_WRITES:
                raise Unavailable("Too many changes are waiting; try again later.")
            self._waiting += 1
            try:
                done = await asyncio.get_running_loop().run_in_executor(self._writer, act)
            finally:
                self._waiting -= 1
            return self._done(where, record, done)
        except Exception as problem:
            return self._problem(where, record, problem)

    def _done(self, where: models.Operation, record: CallRecord, done: Done) -> Answer:
        request_id = record.arrival.request_id
        try:
            response = write(where, done.answer, request_id)
        except Exception:
            if record.read_only:
                raise
            # The change is made all the same, and its event says so.
            _LOG.exception("the answer to request %s failed", request_id)
            response = write_error(where, _FAILED, _FAILED_MESSAGE, request_id)
        return _audited(where, record, response, done.event)

    def _problem(self, where: models.Operation, record: CallRecord, problem: Exception) -> Answer:
        if isinstance(problem, WireError | AuthFailure | Fault):
            return self._refused(where, record, problem)
        return self._failed(where, record)

    def _refused(self, where: Where, record: CallRecord, problem: WireError | AuthFailure | Fault) -> Answer:
        code = _code(record.service, problem)
        decided = problem.decided if isinstance(problem, Fault) else ()
        try:
            if isinstance(problem, NotAuthorized):
                self._decisions.record(record.arrival.request_id, record.arrival.time, decided[-1])
            event = failure_event(record, _exception(where, code), problem.message, decided)
            response = write_error(where, code, problem.message, record.arrival.request_id)
            return _audited(where, record, response, event)
        except Unavailable as full:
            return Answer(response=_unaudited(where, record.arrival.request_id, full.message))
        except Exception:
            if record.given is None:
                raise
            return self._failed(where, record)

    def _failed(self, where: Where, record: CallRecord) -> Answer:
        """Answer what nobody foresaw. Its event is without the parameters, for they may be what failed."""
        _LOG.exception("request %s failed", record.arrival.request_id)
        return self._refused(where, replace(record, given=None), WireError(_FAILED, _FAILED_MESSAGE, where))

    def close(self) -> None:
        """Finish the writes under way and let go of the file."""
        self._writer.shutdown(wait=True)
        self._decisions.close()


def _audited(where: Where, record: CallRecord, response: HttpResponse, event: Event) -> Answer:
    unaudited = partial(_unaudited, where, record.arrival.request_id)
    return Answer(response=response, event=line_of(event), unaudited=unaudited)


def _unaudited(where: Where, request_id: str, why: str) -> HttpResponse:
    return write_error(where, "ServiceUnavailable", why, request_id)


def _record(
    arrival: Arrival, asked: models.Operation, caller: Verified | None, given: dict[str, Any] | None
) -> CallRecord:
    operation = _registered(asked)
    return CallRecord(
        arrival=arrival,
        service=asked.service.name,
        operation=asked.name,
        read_only=operation is None or not operation.writes,
        caller=caller,
        given=given,
    )


@cache
def _registered(asked: models.Operation) -> Operation | None:
    service = SERVICES.get(asked.service.name)
    return service.operations.get(asked.name) if service is not None else None


def _exception(where: Where, code: str) -> str:
    """How CloudTrail names an error: by its shape, `NoSuchEntityException`, and not by its code on the wire."""
    error = where.service.errors.get(code) if isinstance(where, models.Operation) else None
    return code if error is None else error.shape.name


def _code(service: str, problem: WireError | AuthFailure | Fault) -> str:
    return SERVICES[service].code(problem) if isinstance(problem, Fault) else problem.code
