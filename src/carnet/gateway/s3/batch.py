"""DeleteObjects: each key is decided alone, and those that may not be deleted are not sent on.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from lxml import etree

from carnet.access.authorize import Decided
from carnet.base.bounded_xml import BadXml, parse_xml
from carnet.base.http import HttpResponse
from carnet.gateway.buckets.object_acl_change import ObjectAcls
from carnet.gateway.checks.services.s3 import MOST_DELETED
from carnet.gateway.checks.services.s3_names import bucket_arn
from carnet.gateway.s3.answers import answered_headers, audited, relayed
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.deciding import decided, denial, needed
from carnet.gateway.s3.events import done_event
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.made_objects import deleted_keys, forget
from carnet.gateway.s3.sending import sent_members
from carnet.gateway.s3_sentences import XML_MALFORMED
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.server.outbox import Answer

_RESULT = b'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'
_MOST_BYTES = 4 * 1024 * 1024
_AT_ONCE = 50
"""Keys that are decided before others have their turn."""

_Key = Mapping[str, Any]


async def deleted_together(acls: ObjectAcls, call: S3Call) -> Answer:
    """Raises S3Fault for a request that is no batch, UpstreamFailed, and as `decided`."""
    execution, listed = acls.execution, list(_each(call))
    wanted, refused = [], []
    for at, (key, alone) in enumerate(listed):
        made = await decided(execution, call, await needed(execution, call, alone))
        if made[-1].decision.allowed or not call.binds:
            call.decided += made
            wanted.append(key)
        else:
            refused.append((key, made[-1]))
        if at % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
    call.decided += [last for _, last in refused[:1]]  # INVARIANT: a call has one denial, and it is the last.
    if not wanted:
        return _merge_answers(call, (), _RESULT, refused)
    members = sent_members(call)
    response = await call.send({**members, "Delete": {**members["Delete"], "Objects": wanted}})
    if response.status == HTTPStatus.OK:
        await forget(acls, call, deleted_keys(acls, bucket_arn(call.scope.partition, call.bucket or ""), wanted))
    if response.status != HTTPStatus.OK or not refused:
        return await relayed(call, response)
    return _merge_answers(call, response.headers, await response.whole(_MOST_BYTES), refused)


def _each(call: S3Call) -> Iterator[tuple[_Key, Mapping[str, Any]]]:
    """Each key, with the input that has it alone."""
    delete = call.given.get("Delete") or {}
    keys = delete.get("Objects") or []
    if not 0 < len(keys) <= MOST_DELETED:
        raise S3Fault("MalformedXML", XML_MALFORMED)
    for key in keys:
        yield key, {**call.given, "Delete": {**delete, "Objects": [key]}}


def _merge_answers(
    call: S3Call, headers: tuple[tuple[str, str], ...], body: bytes, refused: list[tuple[_Key, Decided]]
) -> Answer:
    """What was deleted, and an error for each key that was not sent on. Raises UpstreamFailed for what is no XML."""
    try:
        root = parse_xml(body)
    except BadXml as problem:
        raise UpstreamFailed("the upstream does not answer as S3 does", sent=True) from problem
    space = etree.QName(root).namespace
    for key, last in refused:
        told = {name: key[name] for name in ("Key", "VersionId") if name in key}
        fault = denial(last)
        error = etree.SubElement(root, _qualified_name(space, "Error"))
        for name, text in {**told, "Code": fault.code, "Message": fault.message}.items():
            etree.SubElement(error, _qualified_name(space, name)).text = text
    whole = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    response = HttpResponse(
        status=HTTPStatus.OK,
        headers=(*answered_headers(call, _of_xml(headers)), ("content-type", "application/xml")),
        body=whole,
    )
    event = done_event(call, headers, sent=len(whole))
    event["additionalEventData"]["keysDenied"] = len(refused)
    return audited(call, response, event)


def _qualified_name(space: str | None, name: str) -> str:
    return name if space is None else f"{{{space}}}{name}"


def _of_xml(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers if name != "content-type")
