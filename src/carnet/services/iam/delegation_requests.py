"""Delegation requests: another account asks for temporary permissions, which a principal of this account grants.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.base.arns import parse_arn
from carnet.base.faults import AlreadyExists, Refused, TooMany
from carnet.entities.delegation_request import Approver, DelegationRequest, DelegationState
from carnet.identity.principals import DELEGATED, DELEGATED_ROLE
from carnet.keyring.packing import pack
from carnet.policy.request import PrincipalKind
from carnet.services.iam import sentences, template_sentences
from carnet.services.iam.delegated_permissions import FILLED_POLICY, boundaries, covered, described, filled_policy
from carnet.services.iam.delegation_targets import (
    delegation_request,
    listed_owner,
    new_delegation,
    new_delegation_request,
    owner_key,
    summarized_request,
    visible_requests,
)
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.shapes import Structure
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import MARKERS, page

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        AcceptDelegationRequestRequestTypeDef,
        AssociateDelegationRequestRequestTypeDef,
        CreateDelegationRequestRequestTypeDef,
        GetDelegationRequestRequestTypeDef,
        GetHumanReadableSummaryRequestTypeDef,
        ListDelegationRequestsRequestTypeDef,
        RejectDelegationRequestRequestTypeDef,
        SendDelegationTokenRequestTypeDef,
        UpdateDelegationRequestRequestTypeDef,
    )

_UNASSIGNED, _ASSIGNED = DelegationState.UNASSIGNED, DelegationState.ASSIGNED
_PENDING, _ACCEPTED = DelegationState.PENDING_APPROVAL, DelegationState.ACCEPTED
_MOST_ROOT_SECONDS = 4 * 3600
_ENGLISH = "en"
_PRUNED_AT_ONCE = 10
_PAGES = replace(MARKERS, truncated="isTruncated")


@iam.write("CreateDelegationRequest", on=new_delegation_request, context=(new_delegation,), prepare=FILLED_POLICY)
def create_delegation_request(call: WriteCall, given: CreateDelegationRequestRequestTypeDef) -> Answer:
    """Ask for permissions in another account. Expired requests are removed to make room."""
    channel = parse_arn(given["NotificationChannel"])
    if channel is None or channel.service != "sns":
        raise Refused("InvalidInput", template_sentences.CHANNEL_NOT_SNS)
    permissions = given["Permissions"]
    policy = filled_policy(call, permissions)
    _make_room(call)
    request = DelegationRequest(
        id=call.ids.uuid(),
        requestor=call.account,
        requestor_name=call.view.account.name[:30],
        workflow=given["RequestorWorkflowId"],
        owner_account=given.get("OwnerAccountId"),
        description=given["Description"],
        message=given.get("RequestMessage"),
        template=permissions.get("PolicyTemplateArn", ""),
        parameters=json.dumps(permissions.get("Parameters", ())),
        policy=policy,
        channel=given["NotificationChannel"],
        redirect_url=given.get("RedirectUrl"),
        session_seconds=given["SessionDuration"],
        only_owner_sends=given.get("OnlySendByOwner", False),
        created=call.now,
        updated=call.now,
    )
    try:
        call.store.add(request)
    except AlreadyExists as fault:
        raise AlreadyExists(template_sentences.workflow_exists(request.workflow)) from fault
    return {"DelegationRequestId": request.id}


@iam.write("AssociateDelegationRequest", on=delegation_request, context=(owner_key,))
def associate_delegation_request(
    call: WriteCall, given: AssociateDelegationRequestRequestTypeDef, request: DelegationRequest
) -> Answer:
    """Associate a request with the caller, who becomes its owner; the request is then for the caller's account."""
    _check_state(call, request, (_UNASSIGNED,))
    principal = call.caller.principal
    owned = replace(request, owner_account=call.account, owner=principal.arn, owner_id=principal.id)
    return _move(call, owned, _ASSIGNED)


@iam.write("UpdateDelegationRequest", on=delegation_request, context=(owner_key,))
def update_delegation_request(
    call: WriteCall, given: UpdateDelegationRequestRequestTypeDef, request: DelegationRequest
) -> Answer:
    """Send a request on for approval, with notes."""
    _check_state(call, request, (_ASSIGNED, _PENDING))
    return _move(call, replace(request, notes=given.get("Notes", request.notes)), _PENDING)


@iam.write("AcceptDelegationRequest", on=delegation_request, context=(owner_key,))
def accept_delegation_request(
    call: WriteCall, given: AcceptDelegationRequestRequestTypeDef, request: DelegationRequest
) -> Answer:
    """Grant a request: what it asks for will be used as the caller, who is remembered as it is now.

    INVARIANT: who has been delegated to delegates nothing, or a delegation would never end. A federated user
    calls no operation of IAM (session_rule).
    """
    _check_state(call, request, (_ASSIGNED, _PENDING))
    principal, session = call.caller.principal, call.caller.credential.session
    if session is not None and session.kind in (DELEGATED, DELEGATED_ROLE):
        raise Refused("InvalidInput", template_sentences.DELEGATED_AGAIN)
    if principal.kind is PrincipalKind.ROOT and request.session_seconds > _MOST_ROOT_SECONDS:
        raise Refused("InvalidInput", template_sentences.ROOT_DELEGATION)
    approver = Approver(
        id=principal.role_id or principal.id,
        arn=principal.arn,
        session=None if session is None else pack(session),
    )
    return _move(call, replace(request, approver=approver), _ACCEPTED)


@iam.write("RejectDelegationRequest", on=delegation_request, context=(owner_key,))
def reject_delegation_request(
    call: WriteCall, given: RejectDelegationRequestRequestTypeDef, request: DelegationRequest
) -> Answer:
    """Reject a request for good. An accepted one can be rejected as long as its token was not sent."""
    _check_state(call, request, (_ASSIGNED, _PENDING, _ACCEPTED))
    return _move(call, replace(request, rejection=given.get("Notes")), DelegationState.REJECTED)


@iam.write("SendDelegationToken", on=delegation_request, context=(owner_key,))
def send_delegation_token(
    call: WriteCall, given: SendDelegationTokenRequestTypeDef, request: DelegationRequest
) -> Answer:
    """Send the token of an accepted request to the requesting account. The duration of the delegation begins now."""
    _check_state(call, request, (_ACCEPTED,))
    if request.only_owner_sends and request.owner_id != call.caller.principal.id:
        raise Refused("InvalidInput", template_sentences.ONLY_OWNER_SENDS)
    return _move(call, request, DelegationState.FINALIZED)


@iam.read("GetDelegationRequest", on=delegation_request, context=(owner_key,))
def get_delegation_request(call: Call, given: GetDelegationRequestRequestTypeDef, request: DelegationRequest) -> Answer:
    """A request and, on demand, whether the caller's own permissions cover it."""
    answer: dict[str, object] = {"DelegationRequest": _shape(call, request)}
    if not given.get("DelegationPermissionCheck"):
        return answer
    return {**answer, "PermissionCheckStatus": "COMPLETE", "PermissionCheckResult": covered(call, request.policy)}


@iam.read("ListDelegationRequests", on=account_wide, context=(listed_owner,))
def list_delegation_requests(call: Call, given: ListDelegationRequestsRequestTypeDef) -> Answer:
    """The requests that principals of the account own, or those of the given owner."""
    owner = given.get("OwnerId")
    owned = [one for one in visible_requests(call) if one.owner is not None and owner in (None, one.owner)]
    owned.sort(key=lambda one: one.id)
    found = page(
        _PAGES,
        "ListDelegationRequests",
        owned,
        given,
        key=lambda one: one.id,
        characters=lambda one: len(one.policy),
    )
    return found.answer("DelegationRequests", lambda one: _shape(call, one))


@iam.read("GetHumanReadableSummary", on=summarized_request, context=(owner_key,))
def get_human_readable_summary(
    call: Call, given: GetHumanReadableSummaryRequestTypeDef, request: DelegationRequest
) -> Answer:
    """A request's permissions in English sentences; no other language is supported."""
    locale = given.get("Locale", _ENGLISH)
    if locale.partition("-")[0].lower() != _ENGLISH:
        return {"Locale": locale, "SummaryState": "NOT_SUPPORTED"}
    told = [
        f"Account {request.requestor} ({request.requestor_name}) asks for {request.session_seconds} seconds of access.",
        *described(request.policy),
    ]
    return {"Locale": locale, "SummaryState": "AVAILABLE", "SummaryContent": " ".join(told)[:10_000]}


def _make_room(call: WriteCall) -> None:
    """Remove expired requests of the requestor, a limited number at a time. Raises TooMany."""
    quotas: IamQuotas = call.quotas
    own = call.snapshot.installation.of(DelegationRequest).referring("requestor", call.account)
    expired = [one for one in own if one.state_at(call.now) is DelegationState.EXPIRED][:_PRUNED_AT_ONCE]
    for one in expired:
        call.store.remove(one)
    if len(own) - len(expired) >= quotas.delegation_requests:
        raise TooMany(sentences.quota("DelegationRequestsPerAccount", quotas.delegation_requests))


def _check_state(call: Call, request: DelegationRequest, wanted: Collection[DelegationState]) -> None:
    state = request.state_at(call.now)
    if state not in wanted:
        raise Refused("InvalidInput", template_sentences.delegation_state(request.id, state))


def _move(call: WriteCall, request: DelegationRequest, state: DelegationState) -> Answer:
    call.store.save(replace(request, state=state, updated=call.now))
    return {}


def _shape(call: Call, request: DelegationRequest) -> Structure:
    optional = {
        "OwnerAccountId": request.owner_account,
        "RequestMessage": request.message,
        "OwnerId": request.owner,
        "ApproverId": None if request.approver is None else request.approver.arn,
        "RedirectUrl": request.redirect_url,
        "Notes": request.notes,
        "RejectionReason": request.rejection,
    }
    return {
        "DelegationRequestId": request.id,
        "Description": request.description,
        "Permissions": {"PolicyTemplateArn": request.template, "Parameters": json.loads(request.parameters)},
        "PermissionPolicy": request.policy,
        "RolePermissionRestrictionArns": boundaries(request.policy),
        "State": request.state_at(call.now),
        "ExpirationTime": request.expires,
        "RequestorId": request.requestor,
        "RequestorName": request.requestor_name,
        "CreateDate": request.created,
        "SessionDuration": request.session_seconds,
        "OnlySendByOwner": request.only_owner_sends,
        "UpdatedTime": request.updated,
        **{name: value for name, value in optional.items() if value is not None},
    }
