"""One CloudTrail-shaped event for every call, allowed or denied.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, assert_never

from carnet.access.authorize import Decided
from carnet.access.request_context import source_ip
from carnet.audit.redaction import shown, without_secrets
from carnet.audit.steps import (
    Arrived,
    AskedUnoffered,
    Authenticated,
    ForUnoffered,
    Parsed,
    Routed,
    Step,
    UnofferedStep,
)
from carnet.base.arns import OWN_SERVICE
from carnet.base.http import HttpRequest
from carnet.base.timestamps import iso_of_epoch, iso_seconds
from carnet.identity.caller import (
    AccountCaller,
    Anonymous,
    Bearer,
    Caller,
    Federated,
    IdentityCenterUser,
    SignedIn,
    Verified,
)
from carnet.identity.identity_context import IDENTITY_STORE_ARN, USER_ID
from carnet.policy.decision import Decision
from carnet.policy.request import Principal, PrincipalKind

_EVENT_VERSION = "1.11"
_IDENTITY_TYPES = {
    PrincipalKind.ROOT: "Root",
    PrincipalKind.USER: "IAMUser",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.WEB_IDENTITY: "WebIdentityUser",
    PrincipalKind.SAML: "SAMLUser",
}
ANONYMOUS = {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html"""
_CREDENTIALS = "Credentials"
LONGEST_TEXT = 2048
"""How much an event keeps of what callers write, or are told."""
_CLAIM = re.compile(r"Credential=(A[KS]IA[A-Z2-7]{16})(?:/|%2F)", re.ASCII)
"""Only what has the form of a key id: who swaps id and secret must not find the secret in the audit log."""

Event = dict[str, Any]


def success_event(parsed: Parsed, answer: Mapping[str, Any], decided: Sequence[Decided]) -> Event:
    """The event of a call that was carried out. CloudTrail keeps answers that change something or give credentials."""
    routed = parsed.authenticated.routed
    kept = answer if not routed.read_only or _CREDENTIALS in answer else None
    event = _event(parsed.authenticated, decided)
    event["requestParameters"], event["responseElements"] = shown(routed.operation, parsed.given, kept)
    return event


def failure_event(step: Step | UnofferedStep, code: str, message: str, decided: Sequence[Decided]) -> Event:
    """The event of a call that was refused or failed, as far as it had come."""
    event = _event(step, decided)
    if isinstance(step, Parsed):
        message = without_secrets(step.authenticated.routed.operation, step.given, message)
    event["errorCode"], event["errorMessage"] = code, message[:LONGEST_TEXT]
    match step:
        case Arrived(http=http) | Routed(arrived=Arrived(http=http)) | ForUnoffered(arrived=Arrived(http=http)):
            event["userIdentity"] = {"type": "Unknown", "accessKeyId": claimed_key(http)}
    return event


def tell_untold(event: Event, calls: int) -> None:
    """How many calls were refused as too many, of the same account or of nobody proven, that have no event."""
    if calls:
        event["additionalEventData"]["callsThrottledBefore"] = calls


def _event(step: Step | UnofferedStep, decided: Sequence[Decided]) -> Event:
    """What is known at a step: what the step before it knew, and its own."""
    match step:
        case Authenticated(routed=routed, caller=caller):
            event = arrival(
                routed.arrived,
                decided,
                source=routed.event_source,
                name=routed.operation.name,
                read_only=routed.read_only,
            )
            _tell_caller(event, caller)
        case Parsed():
            event = _event(step.authenticated, decided)
            event["requestParameters"], _ = shown(step.authenticated.routed.operation, step.given)
        case Routed():
            event = arrival(
                step.arrived, decided, source=step.event_source, name=step.operation.name, read_only=step.read_only
            )
        case AskedUnoffered():
            asked = step.routed
            event = arrival(
                asked.arrived, decided, source=asked.event_source, name=step.event_name, read_only=step.read_only
            )
            _tell_caller(event, step.caller)
        case ForUnoffered():
            event = arrival(step.arrived, decided, source=step.event_source, name=step.event_name)
        case Arrived():
            event = arrival(step, decided)
        case _:
            assert_never(step)
    return event


def arrival(
    arrived: Arrived,
    decided: Sequence[Decided],
    *,
    source: str | None = None,
    name: str | None = None,
    read_only: bool = True,
) -> Event:
    """Every member of an event, as far as they are known of a request of which nobody has been asked who makes it.

    What it asks for is not known either of one that has only come in.
    """
    http = arrived.http
    return {
        "eventVersion": _EVENT_VERSION,
        "userIdentity": None,
        "eventTime": iso_of_epoch(int(arrived.time.timestamp())),
        "eventSource": source,
        "eventName": name,
        "awsRegion": None,
        "sourceIPAddress": source_ip(http.peer),
        "userAgent": http.first.get("user-agent", "")[:LONGEST_TEXT],
        "requestParameters": None,
        "responseElements": None,
        "additionalEventData": {
            "decisionId": arrived.request_id,
            "decisions": [decision_members(one) for one in decided],
        },
        "requestID": arrived.request_id,
        "eventID": arrived.event_id,
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": None,
        "eventCategory": "Management",
    }


def event_without_request(
    source: str, name: str, event_id: str, when: datetime, parameters: Mapping[str, Any] | None
) -> Event:
    """The event of a change that the operator makes on its own machine. As calls of AWS's own services have the service
    for an address, it has Carnet."""
    return {
        "eventVersion": _EVENT_VERSION,
        "userIdentity": {"type": "Operator"},
        "eventTime": iso_seconds(when),
        "eventSource": source,
        "eventName": name,
        "awsRegion": None,
        "sourceIPAddress": OWN_SERVICE,
        "userAgent": OWN_SERVICE,
        "requestParameters": parameters or None,
        "responseElements": None,
        "additionalEventData": None,
        "requestID": event_id,
        "eventID": event_id,
        "readOnly": False,
        "eventType": "CarnetApiCall",
        "managementEvent": True,
        "recipientAccountId": None,
        "eventCategory": "Management",
    }


def _tell_caller(event: Event, caller: Caller) -> None:
    """Who called, where, and in whose account."""
    event["awsRegion"] = caller.region or None
    match caller:
        case Verified() | SignedIn():
            tell_account(event, caller)
            if isinstance(caller, SignedIn):
                event["sessionCredentialFromConsole"] = "true"
        case Bearer(user=user):
            event["userIdentity"] = _of_user(user)
            event["recipientAccountId"] = user.account
        case Federated():
            event["userIdentity"] = _federated_identity(caller)
            event["recipientAccountId"] = caller.account
        case Anonymous():
            event["userIdentity"] = ANONYMOUS
        case _:
            assert_never(caller)


def tell_account(event: Event, caller: AccountCaller) -> None:
    """Who called, and in whose account."""
    event["userIdentity"] = _identity(caller)
    event["recipientAccountId"] = caller.principal.account


def _of_user(user: IdentityCenterUser) -> Event:
    """https://docs.aws.amazon.com/singlesignon/latest/userguide/sso-cloudtrail-use-cases.html"""
    return {
        "type": "IdentityCenterUser",
        "accountId": user.account,
        "onBehalfOf": _on_behalf_of(user.user_id, user.identity_store_arn),
        "credentialId": user.credential_id,
    }


def _on_behalf_of(user: object, identity_store_arn: object) -> Event:
    return {"userId": user, "identityStoreArn": identity_store_arn}


def _federated_identity(caller: Federated) -> Event:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html#cloudtrail-integration_signin-tempcreds"""
    return {
        "type": _IDENTITY_TYPES[caller.principal.kind],
        "principalId": caller.principal.id,
        "userName": caller.user_name[:LONGEST_TEXT],
        "identityProvider": caller.keys.get("saml:namequalifier", caller.principal.provider),
    }


def decision_members(decided: Decided) -> Event:
    """One question that was decided on the way."""
    decision: Decision = decided.decision
    members = {
        "action": decided.check.action,
        "resource": decided.check.resource,
        "verdict": decision.verdict,
        "layer": decision.layer,
        "statements": [f"{ref.policy}#{ref.sid or ref.index}" for ref in decision.statements],
    }
    return {**members, "problem": decision.problem} if decision.problem else members


def _identity(caller: AccountCaller) -> Event:
    principal, credential = caller.principal, caller.credential
    identity: Event = {
        "type": _IDENTITY_TYPES[principal.kind],
        "principalId": principal.id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": credential.key_id,
    }
    if principal.kind is PrincipalKind.USER:
        identity["userName"] = principal.arn.rpartition("/")[2]
    session = credential.session
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
        if USER_ID in session.provider_keys:
            told = session.provider_keys
            identity["onBehalfOf"] = _on_behalf_of(told[USER_ID], told[IDENTITY_STORE_ARN])
        elif session.audited_store:
            identity["onBehalfOf"] = _on_behalf_of(session.on_behalf_of, session.audited_store)
    return identity


def claimed_key(http: HttpRequest) -> str | None:
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
