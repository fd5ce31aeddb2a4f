"""Carnet's own API: the steps of a request, in order, on one page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple

from msgspec import structs

from carnet.access.authorize import Decided
from carnet.access.denial import denied
from carnet.audit import own_events
from carnet.audit.decisions import DecidedCall, DecisionLog
from carnet.audit.events import Event, tell_untold
from carnet.audit.json_line import line_of
from carnet.audit.steps import Arrived
from carnet.base.arns import OWN_SERVICE
from carnet.base.clock import Clock
from carnet.base.faults import Fault, Unavailable
from carnet.base.http import HttpRequest, HttpResponse, RequestHead
from carnet.bearer import operator_token
from carnet.directory.snapshot import Snapshot
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.caller import AccountCaller, Anonymous, OperatorCaller, Verified
from carnet.policy.at_once import TakesLong, at_once
from carnet.server.fairness.throttle import Throttle, Throttled
from carnet.server.long_policies import LongPolicies
from carnet.server.outbox import Answer
from carnet.server.own_api.admission import Asked, admit_operator, admit_signed
from carnet.server.own_api.endpoint import (
    PREFIX,
    OwnCall,
    OwnCaller,
    OwnParts,
    OwnWriteCall,
    Told,
    Turn,
)
from carnet.server.own_api.problems import FAILED, TOO_MANY, Problem, answer, as_problem, told
from carnet.server.own_api.reading import find_endpoint, parameters, read_body, read_query
from carnet.server.own_api.table import ENDPOINTS
from carnet.server.own_api.transport import refuse_insecure
from carnet.server.read_your_writes import REVISION
from carnet.server.writer import Writer
from carnet.services.execution import Done, Execution, Failed
from carnet.services.preparing import Pool, Pools, Preparation
from carnet.services.turns import Whose, whose
from carnet.sigv4.query_form import has_query_form
from carnet.sigv4.verify import verify
from carnet.store.faults import Lost
from carnet.store.unit_of_work import UnitOfWork

_LOG = logging.getLogger("carnet.server")
_THREADS = Pool(name="own-api", size=2, waiting=32, seconds=20)


class OwnApi:
    """Answers the requests below PREFIX, with one audit event each."""

    def __init__(
        self,
        execution: Execution,
        writer: Writer,
        parts: OwnParts,
        *,
        clock: Clock,
        decisions: DecisionLog,
        throttle: Throttle,
        pools: Pools,
    ) -> None:
        self._execution = execution
        self._writer = writer
        self._parts = parts
        self._clock = clock
        self._ids = parts.ids
        self._decisions = decisions
        self._throttle = throttle
        self._pools = pools
        self._long = LongPolicies(execution, pools)

    @staticmethod
    def takes(head: RequestHead) -> bool:
        """Whether a request is for this API."""
        return head.path.startswith(PREFIX)

    def respond(self, http: HttpRequest, refused: Fault | None = None) -> Answer | Coroutine[Any, Any, Answer]:
        """Answer one request; what takes a while is to be awaited.

        `refused` is why it is refused before anybody is looked for who calls.
        """
        request_id, event_id = self._ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self._clock(), http=http)
        event = own_events.own_event(arrived)
        decided: list[Decided] = []
        caller: OwnCaller | None = None
        try:
            refuse_insecure(http)
            endpoint, path = find_endpoint(ENDPOINTS, http)
            own_events.tell_endpoint(event, endpoint.name, read_only=not endpoint.writes)
            if self._execution.directory.lost:
                raise Lost
            if refused is not None:
                raise refused
            caller = Anonymous() if endpoint.anybody else self._authenticate(arrived)
            own_events.tell_caller(event, caller)
            if account := caller.principal.account:
                self._throttle.admit(account, OWN_SERVICE, writes=endpoint.writes)
            query, given = read_query(endpoint, http), read_body(endpoint, http)
            own_events.tell_input(event, parameters(path, query, given), endpoint.secret)
            asked = Asked(
                arrived=arrived,
                event=event,
                decided=decided,
                endpoint=endpoint,
                path=path,
                caller=caller,
                query=query,
                given=given,
            )
            try:
                begun = at_once(partial(self._admit, asked))
            except TakesLong:
                return self._begin_apart(asked)
            return self._go_on(asked, begun)
        except Exception as problem:
            return self._fail(arrived, event, decided, problem, caller)

    def account_of(self, http: HttpRequest) -> str:
        """The account of the caller, or the operator's token, as far as it is proven now; '' if it is not."""
        try:
            if operator_token.bears_token(http):
                snapshot = self._execution.directory.snapshot
                return operator_token.verify(http, snapshot=snapshot, now=self._clock()).token.id
            find = self._execution.credentials.find
            return verify(http, service=OWN_SERVICE, now=self._clock(), find=find).principal.account
        except (AuthFailure, Fault):
            return ""

    def _authenticate(self, arrived: Arrived) -> OwnCaller:
        """Who calls: by an operator token, or by a signature for the service `carnet`. Raises AuthFailure, Problem."""
        http = arrived.http
        if operator_token.bears_token(http):
            return operator_token.verify(http, snapshot=self._execution.directory.snapshot, now=arrived.time)
        if http.header("authorization") is None and not has_query_form(http.query):
            raise Problem(
                401,
                "MissingAuthenticationToken",
                f"Give an operator token (Authorization: Bearer ...), or sign for the service {OWN_SERVICE}.",
                ("www-authenticate", "Bearer"),
            )
        if http.peer in self._throttle:
            self._throttle.screen(http, OWN_SERVICE)
        caller = self._signed_by(arrived)
        self._execution.note_use(caller, arrived.time)
        return caller

    def _signed_by(self, arrived: Arrived) -> Verified:
        """Raises AuthFailure, once the log shows what was computed of the request, or Unavailable."""
        find = self._execution.credentials.find
        try:
            return verify(arrived.http, service=OWN_SERVICE, now=arrived.time, find=find)
        except AuthFailure as failure:
            if failure.computed:
                self._decisions.record_refused_signature(arrived.request_id, arrived.time, failure.computed)
            raise

    def _admit(self, asked: Asked) -> _Begun:
        """Admit the caller. Raises Denied, or Problem, and what a body raises that runs at once."""
        call = self._call(asked, self._execution.directory.snapshot)
        return _Begun(call, asked.endpoint.body(call) if asked.endpoint.turn is Turn.AT_ONCE else None)

    def _begin_anew(self, asked: Asked) -> _Begun:
        asked.decided.clear()
        return self._admit(asked)

    async def _begin_apart(self, asked: Asked) -> Answer:
        """The same where nobody waits for the policies. INVARIANT: the caller is looked for again by then."""
        asked = structs.replace(asked, decided=[])
        try:
            assert isinstance(asked.caller, Verified), "policies are those of signed callers"
            begun = await self._long.apart(partial(self._begin_anew, asked), _whose(asked))
            self._long.look_again(asked.caller)
            answer = self._go_on(asked, begun)
            return answer if isinstance(answer, Answer) else await answer
        except Exception as problem:
            return self._fail_asked(asked, problem)

    def _go_on(self, asked: Asked, begun: _Begun) -> Answer | Coroutine[Any, Any, Answer]:
        if begun.told is not None:
            return self._answer(asked, begun.told)
        if asked.endpoint.writes:
            return self._change(asked, begun.call)
        return self._in_thread(asked, begun.call)

    def _call(self, asked: Asked, snapshot: Snapshot) -> OwnCall:
        """The call, if the caller may make it at this revision. Raises Denied, or Problem, if it may not."""
        caller = asked.caller
        return OwnCall(
            caller=caller,
            account=self._account(asked, snapshot),
            query=asked.query,
            given=asked.given,
            path=asked.path,
            http=asked.arrived.http,
            snapshot=snapshot,
            now=asked.arrived.time,
            parts=self._parts,
            decided=asked.decided,
        )

    def _account(self, asked: Asked, snapshot: Snapshot) -> str | None:
        """The account that the caller may ask about; None for all, or for what is of no account."""
        match asked.caller:
            case Anonymous():
                return None
            case OperatorCaller() as operator:
                return admit_operator(asked, operator)
            case caller:
                return self._signed_account(asked, caller, snapshot)

    def _signed_account(self, asked: Asked, caller: AccountCaller, snapshot: Snapshot) -> str:
        decided = admit_signed(asked, caller, snapshot, self._execution.parts.engine)
        asked.decided.append(decided)
        if not decided.decision.allowed:
            raise denied(decided)
        return caller.principal.account

    async def _in_thread(self, asked: Asked, call: OwnCall) -> Answer:
        try:
            reading = Preparation(pool=_THREADS, work=_run_body)
            return self._answer(asked, await self._pools.run(reading, call, asked, _whose(asked)))
        except Exception as problem:
            return self._fail_asked(asked, problem)

    async def _change(self, asked: Asked, call: OwnCall) -> Answer:
        """Do what is slow, then let the writer act; it takes one change after the other."""
        preparation, prepared = asked.endpoint.prepare, None
        try:
            if preparation is not None:
                prepared = await self._pools.run(preparation, call, asked.given, _whose(asked))
            outcome = await self._writer.write(_OwnChange(asked, self._call, prepared), _account(asked.caller))
        except Exception as problem:
            return self._fail_asked(asked, problem)
        if isinstance(outcome, Failed):
            return self._fail_asked(asked, outcome.problem)
        audited = self._answer(asked, outcome.answer, outcome.revision)
        return structs.replace(audited, event=b"", unaudited=None) if outcome.recorded else audited

    def _answer(self, asked: Asked, answered: Told, revision: int = 0) -> Answer:
        own_events.tell_answer(asked.event, asked.endpoint.audited(answered))
        response = answer(asked.endpoint.status, answered, asked.arrived.request_id)
        if revision:
            response = structs.replace(response, headers=(*response.headers, (REVISION, str(revision))))
        return _audited_answer(asked.arrived, asked.event, asked.decided, response, asked.caller)

    def _fail_asked(self, asked: Asked, raised: Exception) -> Answer:
        return self._fail(asked.arrived, asked.event, asked.decided, raised, asked.caller)

    def _fail(
        self, arrived: Arrived, event: Event, decided: list[Decided], raised: Exception, caller: OwnCaller | None
    ) -> Answer:
        """Answer what was refused, and what nobody foresaw. `caller` is None as long as nobody is proven."""
        raised = self._count_failure(arrived, raised, caller)
        if isinstance(raised, Throttled):
            return _held_back(arrived, event, raised, caller)
        problem = as_problem(raised)
        if problem is None:
            _LOG.error("request %s failed", arrived.request_id, exc_info=raised)
            problem = FAILED
        own_events.tell_failure(event, problem.code, problem.message)
        return _audited_answer(arrived, event, decided, told(problem, arrived.request_id), caller)

    def _count_failure(self, arrived: Arrived, raised: Exception, caller: OwnCaller | None) -> Exception:
        """What was raised; or Throttled, if nobody has proven who calls and that has happened too often."""
        if isinstance(raised, Throttled | Unavailable) or not (caller is None or isinstance(caller, Anonymous)):
            return raised
        try:
            self._throttle.fail(arrived.http.peer)
        except Throttled as throttled:
            return throttled
        return raised


class _Begun(NamedTuple):
    """A call whose caller may make it."""

    call: OwnCall
    told: Told | None
    """The answer, if its turn is at once."""


def _run_body(call: OwnCall, asked: Asked) -> Told:
    return asked.endpoint.body(call)


class _OwnChange(NamedTuple):
    """The change that an endpoint makes."""

    asked: Asked
    call: Callable[[Asked, Snapshot], OwnCall]
    prepared: Any

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """INVARIANT: the token is looked for again, so nothing is changed with one that was revoked before.

        The event in the store is another one than that in the log: nobody waits for the writer for ever, and what is
        told then of the one must not be told of the other.
        """
        asked = self.asked
        assert isinstance(asked.caller, OperatorCaller | Anonymous), "signed callers change nothing here (`Endpoint`)"
        caller = asked.caller.renewed(snapshot) if isinstance(asked.caller, OperatorCaller) else asked.caller
        if caller is None:
            raise operator_token.not_good()
        event = dict(asked.event)
        call = self.call(structs.replace(asked, caller=caller, event=event), snapshot)
        members = structs.asdict(call) | {"prepared": self.prepared}
        answered = asked.endpoint.body(OwnWriteCall(**members, store=unit))
        own_events.tell_answer(event, asked.endpoint.audited(answered))
        return Done(answer=answered, event=event, decided=())


def _held_back(arrived: Arrived, event: Event, throttled: Throttled, caller: OwnCaller | None) -> Answer:
    response = told(TOO_MANY, arrived.request_id)
    if throttled.untold is None:
        return Answer(response=response, account=_account(caller), pause=throttled.pause)
    own_events.tell_failure(event, TOO_MANY.code, TOO_MANY.message)
    tell_untold(event, throttled.untold)
    return structs.replace(_audited_answer(arrived, event, [], response, caller), pause=throttled.pause)


def _audited_answer(
    arrived: Arrived, event: Event, decided: list[Decided], response: HttpResponse, caller: OwnCaller | None
) -> Answer:
    if decided:
        own_events.tell_decisions(event, decided)
    call = DecidedCall(decision_id=arrived.request_id, time=arrived.time, decided=tuple(decided)) if decided else None
    unaudited = partial(_audit_unavailable, arrived.request_id)
    return Answer(response=response, event=line_of(event), decided=call, unaudited=unaudited, account=_account(caller))


def _whose(asked: Asked) -> Whose:
    return whose(_account(asked.caller), asked.arrived.http.peer)


def _account(caller: OwnCaller | None) -> str:
    return caller.principal.account if caller is not None else ""


def _audit_unavailable(request_id: str, why: str) -> HttpResponse:
    return told(Problem(503, "ServiceUnavailable", why), request_id)
