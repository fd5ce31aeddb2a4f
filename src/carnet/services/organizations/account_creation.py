"""New accounts of an organization, and the status of the requests for them.

AWS creates an account in the background. Here it is created with the request, whose answer says IN_PROGRESS all the
same, because clients ask for the status before they go on.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace as with_members

from carnet.access.authorize import Check
from carnet.audit.redaction import output_redaction
from carnet.base.faults import AlreadyExists
from carnet.directory.organization_view import OrganizationView
from carnet.entities.account import Account, is_account_email
from carnet.entities.create_account_status import IN_PROGRESS, CreateAccountFailure, CreateAccountStatus
from carnet.entities.entity import Tags
from carnet.services.membership import ACCESS_ROLE, admit_new
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organization_events import finished
from carnet.services.organizations import sentences, targets
from carnet.services.organizations.callers import administrator, management_account
from carnet.services.organizations.handshake_parts import places_taken
from carnet.services.organizations.quotas import quotas_of
from carnet.services.organizations.service import organizations
from carnet.services.organizations.tagging import tags_of
from carnet.services.paging import page
from carnet.services.request_tags import request_tags
from carnet.services.target import AnyTarget, Keys, Target

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        CreateAccountRequestTypeDef,
        CreateGovCloudAccountRequestTypeDef,
        DescribeCreateAccountStatusRequestTypeDef,
        ListCreateAccountStatusRequestTypeDef,
    )

_STATUSES_KEPT = 1_000
"""How many of an organization's requests can be asked for: the newest."""


def requested(call: Call, given: Any) -> Target[OrganizationView]:
    """The account to create, which has no ARN yet; for the policies, it has the requested tags."""
    target = targets.organization(management_account)(call, given)
    return with_members(target, tags={tag["Key"]: tag["Value"] for tag in given.get("Tags", ())})


def tagged(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
    """With tags, the permission to tag an account of the organization."""
    if target.tags:
        account = with_members(target, arn=targets.would_be_arn(call, "*"))
        yield account.check("organizations:TagResource", keys)


@organizations.write("CreateAccount", on=requested, also=(tagged,), context=(request_tags,))
def create_account(call: WriteCall, given: CreateAccountRequestTypeDef, view: OrganizationView) -> Answer:
    """Add an account right below the root, which the management account administers through a role in it."""
    _ensure_room(call, view)
    tags = tags_of(call, given, "account")
    failure = _failure(call, given["Email"])
    account = None if failure is not None else _new_account(call, given, view, tags)
    status = CreateAccountStatus(
        id=call.ids.organizations("car", 32),
        organization=view.scope.id,
        account_name=given["AccountName"],
        requested=call.now,
        account=None if account is None else account.id,
        failure=failure,
    )
    for old in _too_old(view):
        call.store.remove(old)
    call.store.add(status)
    result = output_redaction("organizations", "DescribeCreateAccountStatus")(
        {"CreateAccountStatus": _status_members(status)}
    )
    call.store.audit(finished(view.organization, "CreateAccountResult", call.now, result))
    return {"CreateAccountStatus": {**_requested_account(status), "State": IN_PROGRESS}}


@organizations.write("CreateGovCloudAccount", on=requested, also=(tagged,), context=(request_tags,))
def create_gov_cloud_account(
    call: WriteCall, given: CreateGovCloudAccountRequestTypeDef, view: OrganizationView
) -> Answer:
    """Refused: no account here is linked to one in another partition."""
    raise sentences.constraint("MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED", sentences.NO_GOVCLOUD)


@organizations.read("DescribeCreateAccountStatus", on=targets.organization(administrator))
def describe_create_account_status(
    call: Call, given: DescribeCreateAccountStatusRequestTypeDef, view: OrganizationView
) -> Answer:
    """The status of one request."""
    status = view.of(CreateAccountStatus).get(given["CreateAccountRequestId"])
    if status is None:
        raise sentences.account_request_missing()
    return {"CreateAccountStatus": _status_members(status)}


@organizations.read("ListCreateAccountStatus", on=targets.organization(administrator))
def list_create_account_status(
    call: Call, given: ListCreateAccountStatusRequestTypeDef, view: OrganizationView
) -> Answer:
    """The requests of the organization, by id: all of them or those in some states."""
    states = frozenset(given.get("States", ()))
    found = page(
        call.paging,
        "ListCreateAccountStatus",
        view.of(CreateAccountStatus).sorted(),
        given,
        key=lambda status: status.id,
        matching=lambda status: not states or status.state in states,
    )
    return found.answer("CreateAccountStatuses", _status_members)


def _ensure_room(call: Call, view: OrganizationView) -> None:
    """Raises TooMany if the organization has as many accounts as it may have."""
    if places_taken(call, view) >= quotas_of(call, view.organization).organization_accounts:
        raise sentences.constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", sentences.ACCOUNTS_FULL)


def _failure(call: Call, email: str) -> CreateAccountFailure | None:
    """The failure that AWS finds only after it has answered."""
    if not is_account_email(email):
        return CreateAccountFailure.INVALID_EMAIL
    if call.snapshot.with_email(email):
        return CreateAccountFailure.EMAIL_ALREADY_EXISTS
    return None


def _new_account(call: WriteCall, given: CreateAccountRequestTypeDef, view: OrganizationView, tags: Tags) -> Account:
    account = Account(
        id=call.ids.account(),
        partition=call.partition,
        name=given["AccountName"],
        email=given["Email"],
        created=call.now,
    )
    call.store.add(account)
    try:
        name = given.get("RoleName", ACCESS_ROLE)
        admit_new(call.store, call.ids, account, view, role_name=name, tags=tags)
    except AlreadyExists as fault:
        raise sentences.invalid("INVALID_ROLE_NAME", sentences.ROLE_NAME_TAKEN) from fault
    return account


def _too_old(view: OrganizationView) -> list[CreateAccountStatus]:
    """The oldest requests, which are removed so that the new one does not exceed the number kept."""
    statuses = view.of(CreateAccountStatus)
    surplus = len(statuses) + 1 - _STATUSES_KEPT
    return sorted(statuses, key=lambda status: (status.requested, status.id))[:surplus] if surplus > 0 else []


def _requested_account(status: CreateAccountStatus) -> dict[str, object]:
    return {"Id": status.id, "AccountName": status.account_name, "RequestedTimestamp": status.requested}


def _status_members(status: CreateAccountStatus) -> dict[str, object]:
    told = {**_requested_account(status), "State": status.state, "CompletedTimestamp": status.requested}
    if status.account is not None:
        told["AccountId"] = status.account
    if status.failure is not None:
        told["FailureReason"] = status.failure
    return told
