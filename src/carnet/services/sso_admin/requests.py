"""What became of requests to assign permission sets, and to provision them.

Each is done when it is answered, and the answer says IN_PROGRESS nevertheless: it is what clients wait for.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_DescribeAccountAssignmentCreationStatus.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.entities.account_assignment import PrincipalType
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioning_request import TOLD, ProvisioningRequest, RequestKind, RequestStatus
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.sso_admin import sentences, targets
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.targets import primary_region


def begun(
    call: WriteCall, held: Held, kind: RequestKind, one: PermissionSet, given: Mapping[str, Any], failure: str | None
) -> dict[str, object]:
    """Store the outcome of a request; returns the answer."""
    request = ProvisioningRequest(
        id=call.ids.uuid(),
        account=held.instance.account,
        instance=held.instance.id,
        kind=kind,
        permission_set=one.id,
        target=given.get("TargetId"),
        principal_type=PrincipalType(given["PrincipalType"]) if "PrincipalType" in given else None,
        principal=given.get("PrincipalId"),
        failure=failure,
        created=call.now,
    )
    call.store.add(request)
    return _status_members(held, request, RequestStatus.IN_PROGRESS)


def _describe(operation: str, kind: RequestKind, *, member: str, answer: str) -> None:
    """Register the operation of that name, which describes the request whose id is in `member`."""

    @sso_admin.read(operation, on=targets.organization_instance, context=(primary_region,))
    def describe(call: Call, given: Any, held: Held) -> Answer:
        """The outcome of one request."""
        request = held.view.of(ProvisioningRequest).get(given[member])
        if request is None or request.kind is not kind or not _is_told(call, held, request):
            raise sentences.request_missing(given[member])
        return {answer: _status_members(held, request, request.status)}


def _list(operation: str, kind: RequestKind, *, answer: str) -> None:
    """Register the operation of that name, which lists requests."""

    @sso_admin.read(operation, on=targets.organization_instance, context=(primary_region,))
    def list_requests(call: Call, given: Any, held: Held) -> Answer:
        """The requests of the last 30 days."""
        status = given.get("Filter", {}).get("Status")
        found = page(
            call.paging,
            operation,
            held.view.of(ProvisioningRequest).referring("kind", kind),
            given,
            key=lambda each: each.id,
            matching=lambda each: _is_told(call, held, each) and status in (None, each.status),
        )
        return found.answer(
            answer, lambda each: {"Status": each.status, "RequestId": each.id, "CreatedDate": each.created}
        )


_describe(
    "DescribeAccountAssignmentCreationStatus",
    RequestKind.CREATION,
    member="AccountAssignmentCreationRequestId",
    answer="AccountAssignmentCreationStatus",
)
_describe(
    "DescribeAccountAssignmentDeletionStatus",
    RequestKind.DELETION,
    member="AccountAssignmentDeletionRequestId",
    answer="AccountAssignmentDeletionStatus",
)
_describe(
    "DescribePermissionSetProvisioningStatus",
    RequestKind.PROVISIONING,
    member="ProvisionPermissionSetRequestId",
    answer="PermissionSetProvisioningStatus",
)
_list("ListAccountAssignmentCreationStatus", RequestKind.CREATION, answer="AccountAssignmentsCreationStatus")
_list("ListAccountAssignmentDeletionStatus", RequestKind.DELETION, answer="AccountAssignmentsDeletionStatus")
_list("ListPermissionSetProvisioningStatus", RequestKind.PROVISIONING, answer="PermissionSetsProvisioningStatus")


def _is_told(call: Call, held: Held, request: ProvisioningRequest) -> bool:
    return request.instance == held.instance.id and call.now < request.created + TOLD


def _status_members(held: Held, request: ProvisioningRequest, status: RequestStatus) -> dict[str, object]:
    instance = held.instance
    told: dict[str, object | None] = {
        "Status": status,
        "RequestId": request.id,
        "PermissionSetArn": f"arn:{instance.partition}:sso:::permissionSet/{instance.id}/{request.permission_set}",
        "CreatedDate": request.created,
        "FailureReason": request.failure if status is RequestStatus.FAILED else None,
    }
    if request.kind is RequestKind.PROVISIONING:
        told |= {"AccountId": request.target}
    else:
        told |= {
            "TargetId": request.target,
            "TargetType": "AWS_ACCOUNT",
            "PrincipalType": request.principal_type,
            "PrincipalId": request.principal,
        }
    return {name: value for name, value in told.items() if value is not None}
