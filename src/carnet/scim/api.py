"""The SCIM API: the steps of a request, in order."""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import orjson
from msgspec import structs

from carnet.access.request_context import source_ip
from carnet.audit import own_events
from carnet.audit.events import Event
from carnet.audit.json_line import line_of
from carnet.audit.scim_requests import PROVISIONER
from carnet.audit.steps import Arrived
from carnet.base.clock import Clock
from carnet.base.http import HttpRequest, HttpResponse, RequestHead
from carnet.directory.identity_center import instance_of_store
from carnet.directory.snapshot import Snapshot
from carnet.entities.scim_token import SCIM_TOKEN, ScimToken
from carnet.scim.aws_mode import AWS_MODE
from carnet.scim.calls import LONGEST_BODY, PREFIX, ScimCall
from carnet.scim.endpoints import Endpoint, Mode
from carnet.scim.refusals import CONTENT_TYPE, Refusal, as_refusal, missing, unparsable
from carnet.scim.rfc.mode import RFC_MODE
from carnet.server.fairness.throttle import Throttle, Throttled
from carnet.server.outbox import Answer
from carnet.server.own_api.problems import Problem
from carnet.server.own_api.transport import refuse_insecure
from carnet.server.read_your_writes import REVISION
from carnet.server.writer import Writer
from carnet.services.execution import Done, Execution, Failed
from carnet.services.identitystore.network import NOT_FROM_HERE, SCIM_IPS, may_call
from carnet.services.operation import Parts
from carnet.store.faults import Lost
from carnet.store.last_used import KeyUse
from carnet.store.unit_of_work import UnitOfWork

_LOG = logging.getLogger("carnet.server")
_MODES = (AWS_MODE, RFC_MODE)
_MOST_PARAMETERS = 20
_SERVICE = "identitystore"
_NOT_GOOD = "Unauthorized: the bearer token is not good for this tenant."


class _Asked(NamedTuple):
    """The target of a request."""

    tenant: str
    mode: Mode
    endpoint: Endpoint
    resource: str | None


@dataclass(frozen=True, slots=True)
class ScimApi:
    """Answers what is below PREFIX, with one audit event each, which says what was asked of whom, and no value."""

    execution: Execution
    writer: Writer
    throttle: Throttle
    clock: Clock

    def takes(self, head: RequestHead) -> bool:
        return head.path.startswith(PREFIX)

    def respond(self, http: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        request_id, event_id = self.execution.parts.ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self.clock(), http=http)
        event = own_events.own_event(arrived)
        token, mode = None, AWS_MODE
        try:
            refuse_insecure(http)
            if self.execution.directory.lost:
                raise Lost
            snapshot = self.execution.directory.snapshot
            tenant, mode, place = _place(http.path)
            token = _proven(snapshot, http, tenant, arrived)
            event["userIdentity"] = {"type": PROVISIONER, "credentialId": token.id, "identityStoreId": tenant}
            event["recipientAccountId"] = token.account
            self.execution.parts.last_used.note_key(token.id, KeyUse(arrived.time, _SERVICE, ""))
            asked = _Asked(tenant, mode, *mode.endpoint(http.method, place))
            own_events.tell_endpoint(event, asked.endpoint.name, read_only=not asked.endpoint.writes)
            given = {"identityStoreId": tenant, "mode": mode.path, "id": asked.resource}
            own_events.tell_input(event, given, frozenset())
            self.throttle.admit(token.account, _SERVICE, writes=asked.endpoint.writes)
            call = _call(snapshot, arrived, token)
            if asked.endpoint.writes:
                return self._change(asked, call, event)
            return self._answer(asked, call, event, asked.endpoint.body(call, self.execution.parts, asked.resource))
        except Exception as problem:
            return self._fail(arrived, event, problem, token, mode)

    async def _change(self, asked: _Asked, call: ScimCall, event: Event) -> Answer:
        change = _ScimChange(asked, call, self.execution.parts, event)
        try:
            outcome = await self.writer.write(change, call.token.account)
        except Exception as problem:
            return self._fail(call.arrived, event, problem, call.token, asked.mode)
        if isinstance(outcome, Failed):
            return self._fail(call.arrived, event, outcome.problem, call.token, asked.mode)
        answered = self._answer(asked, call, event, dict(outcome.answer), outcome.revision)
        return structs.replace(answered, event=b"", unaudited=None) if outcome.recorded else answered

    def _answer(
        self, asked: _Asked, call: ScimCall, event: Event, members: Mapping[str, Any], revision: int = 0
    ) -> Answer:
        headers = [CONTENT_TYPE, ("x-amzn-requestid", call.arrived.request_id), ("cache-control", "no-store")]
        if location := members.get("meta", {}).get("location"):
            headers.append(("location", location))
        if revision:
            headers.append((REVISION, str(revision)))
        status, body = (asked.endpoint.status, orjson.dumps(members)) if members else (204, b"")
        response = HttpResponse(status=status, headers=tuple(headers), body=body)
        return _audited_answer(call.arrived, event, response, call.token, asked.mode)

    def _fail(self, arrived: Arrived, event: Event, raised: Exception, token: ScimToken | None, mode: Mode) -> Answer:
        """Refuse; what nobody has proven is counted against the network."""
        if token is None and not isinstance(raised, Throttled):
            try:
                self.throttle.fail(arrived.http.peer)
            except Throttled as throttled:
                raised = throttled
        if isinstance(raised, Throttled):
            refusal = Refusal(429, "Rate exceeded")
            response = mode.written(refusal, arrived.request_id, arrived.time)
            return Answer(response=response, account=_account_of(token), pause=raised.pause)
        refused = Refusal(raised.status, raised.message) if isinstance(raised, Problem) else as_refusal(raised)
        if refused is None:
            _LOG.error("request %s failed", arrived.request_id, exc_info=raised)
            refused = Refusal(500, "An internal error occurred.")
        own_events.tell_failure(event, str(refused.status), refused.detail)
        return _audited_answer(arrived, event, mode.written(refused, arrived.request_id, arrived.time), token, mode)


@dataclass(frozen=True, slots=True)
class _ScimChange:
    """The change that a request makes."""

    asked: _Asked
    call: ScimCall
    parts: Parts
    event: Event

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """INVARIANT: the token is looked for again, so nothing is changed with one that was deleted before."""
        arrived = self.call.arrived
        token = _proven(snapshot, arrived.http, self.asked.tenant, arrived)
        call = replace(self.call, **_state(snapshot, token), store=unit)
        answered = self.asked.endpoint.body(call, self.parts, self.asked.resource)
        event = dict(self.event)
        if self.asked.resource is None:
            own_events.tell_answer(event, {"id": answered["id"]})
        return Done(answer=answered, event=event, decided=())


def _place(path: str) -> tuple[str, Mode, list[str]]:
    """The tenant, its mode, and the endpoint of a request. Raises Refusal."""
    tenant, _, below = path.removeprefix(PREFIX).partition("/")
    for mode in _MODES:
        if below.startswith(f"{mode.path}/"):
            place = [unquote(each) for each in below.removeprefix(f"{mode.path}/").split("/")]
            return tenant, mode, place[:-1] if place[-1] == "" and len(place) > 1 else place
    raise missing()


def _proven(snapshot: Snapshot, http: HttpRequest, tenant: str, arrived: Arrived) -> ScimToken:
    """The token of a request, if it is good for the tenant, and may be used from there. Raises Refusal."""
    scheme, _, text = (http.header("authorization") or "").partition(" ")
    digest = SCIM_TOKEN.digest(text.strip()) if scheme.lower() == "bearer" else None
    token = snapshot.named(ScimToken, digest) if digest is not None else None
    instance = instance_of_store(snapshot, tenant)
    if token is None or not token.is_good(arrived.time) or instance is None or token.identity_store != tenant:
        raise Refusal(401, _NOT_GOOD)
    if not may_call(instance, SCIM_IPS, source_ip(http.peer)):
        raise Refusal(403, NOT_FROM_HERE)
    return token


def _call(snapshot: Snapshot, arrived: Arrived, token: ScimToken) -> ScimCall:
    """The call of a request. Raises Refusal for a body that is no JSON, or too long."""
    http = arrived.http
    try:
        query = dict(parse_qsl(http.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
    except ValueError:
        raise unparsable("The query has too many parameters.") from None
    return ScimCall(arrived=arrived, query=query, given=_body(http), **_state(snapshot, token))


def _state(snapshot: Snapshot, token: ScimToken) -> dict[str, Any]:
    instance = instance_of_store(snapshot, token.identity_store)
    assert instance is not None, "the token was proven at this revision"
    return {"token": token, "instance": instance, "view": snapshot.accounts[instance.account], "snapshot": snapshot}


def _body(http: HttpRequest) -> Any:
    if not http.body:
        return None
    if len(http.body) > LONGEST_BODY:
        raise Refusal(413, "The body is too long.")
    try:
        return orjson.loads(http.body)
    except orjson.JSONDecodeError:
        raise unparsable() from None


def _audited_answer(
    arrived: Arrived, event: Event, response: HttpResponse, token: ScimToken | None, mode: Mode
) -> Answer:
    def unaudited(why: str) -> HttpResponse:
        return mode.written(Refusal(503, why), arrived.request_id, arrived.time)

    return Answer(response=response, event=line_of(event), unaudited=unaudited, account=_account_of(token))


def _account_of(token: ScimToken | None) -> str:
    return token.account if token is not None else ""
