"""Answers requests about the bucket state that is kept here, in the form of Amazon S3."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from botocore.model import StructureShape

from carnet.audit.steps import Parsed, account_of
from carnet.base.http import JSON, HttpResponse
from carnet.gateway.buckets.kept_buckets import KeptBuckets
from carnet.gateway.deciding import Resolved
from carnet.gateway.s3.answers import audited
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.events import told
from carnet.gateway.s3.faults import XML, ids
from carnet.models import Operation
from carnet.protocols.api_errors import DECLARATION
from carnet.protocols.s3_input import NAMESPACE
from carnet.protocols.xml_shapes import escape, xml_members
from carnet.server.outbox import Answer
from carnet.services.execution import Done

_ROOTS = {
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketTagging": "Tagging",
    "GetObjectAcl": "AccessControlPolicy",
    "ListBuckets": "ListAllMyBucketsResult",
}
"""The roots of answers that are called otherwise than the model's shapes."""
_NO_CONTENT = frozenset(("PutBucketPolicy", "PutBucketTagging"))
"""Operations whose success has no body, whatever the model says."""
_LOCATION = "LocationConstraint"
"""The one member of GetBucketLocation's answer, and its root."""


async def answered(call: S3Call, buckets: KeptBuckets, resolved: tuple[Resolved, ...]) -> Answer:
    """Raises Refused, Denied, Unavailable."""
    parsed = Parsed(authenticated=call.step, given={})
    done = await buckets.answer(
        parsed,
        call.operation.name,
        call.given,
        resolved,
        tuple(call.decided),
        partial(told, call=call, headers=(), sent=None),
    )
    return recorded(call, written(call.operation, done.answer, call.arrived.request_id), done)


def listed(call: S3Call, buckets: KeptBuckets) -> Answer:
    """The answer to ListBuckets. Raises Refused."""
    done = buckets.listed(Parsed(authenticated=call.step, given={}), call.given, tuple(call.decided))
    event = told(done.event, call, (), sent=None)
    return audited(call, written(call.operation, done.answer, call.arrived.request_id), event)


def recorded(call: S3Call, response: HttpResponse, done: Done) -> Answer:
    """The answer to a request whose event may be written already, with the change that was made."""
    made = audited(call, response, done.event)
    return Answer(response=response, decided=made.decided, account=account_of(call.step)) if done.recorded else made


def written(operation: Operation, answer: Mapping[str, Any], request_id: str) -> HttpResponse:
    """An answer by the model's member names."""
    status = HTTPStatus.NO_CONTENT if operation.name in _NO_CONTENT else operation.status
    headers = ids(request_id)
    shape = operation.output
    if shape is None or not answer:
        return HttpResponse(status=status, headers=headers, body=b"")
    payload = shape.serialization.get("payload")
    if payload is None and _LOCATION in answer:
        text = f'{DECLARATION}<{_LOCATION} xmlns="{NAMESPACE}">{escape(answer[_LOCATION])}</{_LOCATION}>'
    elif payload is None:
        text = _document(shape, _ROOTS[operation.name], answer)
    elif isinstance(member := shape.members[payload], StructureShape):
        text = _document(member, str(member.serialization.get("name", payload)), answer[payload])
    else:
        return HttpResponse(status=status, headers=(*headers, ("content-type", JSON)), body=answer[payload].encode())
    return HttpResponse(status=status, headers=(*headers, ("content-type", XML)), body=text.encode())


def _document(shape: StructureShape, root: str, value: Mapping[str, Any]) -> str:
    return f'{DECLARATION}<{root} xmlns="{NAMESPACE}">{xml_members(shape)(value)}</{root}>'
