"""One CloudTrail-shaped event for every call, allowed or denied.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from carnet.access.authorize import Decided
from carnet.access.request_context import source_ip
from carnet.audit.redaction import input_redaction, output_redaction
from carnet.base.http import HttpRequest
from carnet.base.timestamps import iso_seconds
from carnet.identity.credential import Verified
from carnet.policy.decision import Decision
from carnet.policy.request import Principal, PrincipalKind

_EVENT_VERSION = "1.11"
_IDENTITY_TYPES = {
    PrincipalKind.ROOT: "Root",
    PrincipalKind.USER: "IAMUser",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
}
_CREDENTIALS = "Credentials"
_LONGEST_TEXT = 2048
_CLAIM = re.compile(r"Credential=(A[KS]IA[A-Z2-7]{16})(?:/|%2F)", re.ASCII)
"""Only what has the form of a key id: who swaps id and secret must not find the secret in the audit log."""

Event = dict[str, Any]


class Arrival(Struct, frozen=True, kw_only=True):
    """A request as it came in, and when."""

    request_id: str
    event_id: str
    time: datetime
    http: HttpRequest


class CallRecord(Struct, frozen=True, kw_only=True):
    """What is known of a call once it has been routed, and of its caller once that is proven."""

    arrival: Arrival
    service: str = ""
    operation: str = ""
    read_only: bool = True
    caller: Verified | None = None
    given: Mapping[str, Any] | None = None
    """The parsed input."""


def success_event(record: CallRecord, answer: Mapping[str, Any], decided: Sequence[Decided]) -> Event:
    """The event of a call that was carried out. CloudTrail keeps answers that change something or give credentials."""
    event = _event(record, decided)
    if not record.read_only or _CREDENTIALS in answer:
        event["responseElements"] = output_redaction(record.service, record.operation)(answer) or None
    return event


def failure_event(record: CallRecord, code: str, message: str, decided: Sequence[Decided]) -> Event:
    """The event of a call that was refused or failed."""
    return _event(record, decided) | {"errorCode": code, "errorMessage": message[:_LONGEST_TEXT]}


def _event(record: CallRecord, decided: Sequence[Decided]) -> Event:
    arrival, caller = record.arrival, record.caller
    http = arrival.http
    return {
        "eventVersion": _EVENT_VERSION,
        "userIdentity": _identity(record),
        "eventTime": iso_seconds(arrival.time),
        "eventSource": f"{record.service}.amazonaws.com" if record.service else None,
        "eventName": record.operation or None,
        "awsRegion": caller.region if caller is not None else None,
        "sourceIPAddress": source_ip(http.peer),
        "userAgent": http.first.get("user-agent", "")[:_LONGEST_TEXT],
        "requestParameters": _parameters(record),
        "responseElements": None,
        "additionalEventData": {"decisionId": arrival.request_id, "decisions": [_decision(one) for one in decided]},
        "requestID": arrival.request_id,
        "eventID": arrival.event_id,
        "readOnly": record.read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": caller.principal.account if caller is not None else None,
        "eventCategory": "Management",
    }


def _parameters(record: CallRecord) -> Any:
    if record.given is None:
        return None
    return input_redaction(record.service, record.operation)(record.given) or None


def _decision(decided: Decided) -> Event:
    decision: Decision = decided.decision
    return {
        "action": decided.check.action,
        "resource": decided.check.resource,
        "verdict": decision.verdict,
        "layer": decision.layer,
        "statements": [f"{ref.policy}#{ref.sid or ref.index}" for ref in decision.statements],
    }


def _identity(record: CallRecord) -> Event:
    if record.caller is None:
        return {"type": "Unknown", "accessKeyId": _claimed_key(record.arrival.http)}
    principal = record.caller.principal
    identity: Event = {
        "type": _IDENTITY_TYPES[principal.kind],
        "principalId": principal.id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": record.caller.credential.key_id,
    }
    if principal.kind is PrincipalKind.USER:
        identity["userName"] = principal.arn.rpartition("/")[2]
    session = record.caller.credential.session
    if session is not None:
        identity["sessionContext"] = {
            "sessionIssuer": _issuer(principal),
            "attributes": {
                "creationDate": iso_seconds(datetime.fromtimestamp(session.issued_ms / 1000, UTC)),
                "mfaAuthenticated": "true" if session.mfa_ms is not None else "false",
            },
        }
        if session.source_identity is not None:
            identity["sessionContext"]["sourceIdentity"] = session.source_identity
    return identity


def _claimed_key(http: HttpRequest) -> str | None:
    """The access key id that an unproven request names."""
    for text in (http.header("authorization") or "", http.query):
        claim = _CLAIM.search(text)
        if claim is not None:
            return claim[1]
    return None


def _issuer(principal: Principal) -> Event | None:
    if principal.kind is not PrincipalKind.ROLE_SESSION:
        return None
    return {
        "type": "Role",
        "principalId": principal.role_id,
        "arn": principal.role_arn,
        "accountId": principal.account,
        "userName": principal.role_arn.rpartition("/")[2],
    }
