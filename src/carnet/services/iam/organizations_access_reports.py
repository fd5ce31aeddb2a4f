"""GenerateOrganizationsAccessReport, and the operation that reads its reports, for the management account.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateOrganizationsAccessReport.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from carnet.base.faults import Denied, Missing, Refused
from carnet.directory.organization_view import Node, OrganizationView
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.services.iam import report_sentences, report_targets
from carnet.services.iam.condition_keys import organizations_policy_id
from carnet.services.iam.last_accessed_reports import keep_report, service_name
from carnet.services.iam.organization_access import AccessDetail, node_at, organization_access, policy_of
from carnet.services.iam.report_making import REPORT_POOL
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.paging import page
from carnet.services.preparing import Preparation
from carnet.store.codec import read_moment
from carnet.store.reports import Report, ReportKind

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        GenerateOrganizationsAccessReportRequestTypeDef,
        GetOrganizationsAccessReportRequestTypeDef,
    )

_BY_NAMESPACE, _BY_TIME = "SERVICE_NAMESPACE_ASCENDING", "LAST_AUTHENTICATED_TIME_ASCENDING"


def _managed_organization(call: Call) -> OrganizationView:
    """The organization of the calling management account. Raises Denied for other accounts."""
    view = call.snapshot.organization_of(call.account)
    if view is None or view.organization.management != call.account:
        raise Denied(report_sentences.NO_MANAGEMENT_ACCOUNT)
    return view


def _report_subject(call: Call, given: Any) -> tuple[OrganizationView, Node, OrganizationPolicy | None]:
    """The node and the policy that the report is about. Raises Denied, Refused (InvalidInput)."""
    view = _managed_organization(call)
    if PolicyType.SERVICE_CONTROL not in view.organization.policy_types:
        raise Refused("InvalidInput", report_sentences.SCPS_NOT_ENABLED)
    node = node_at(view, given["EntityPath"])
    if node is None:
        raise Refused("InvalidInput", report_sentences.ENTITY_PATH)
    policy_id = given.get("OrganizationsPolicyId")
    policy = policy_of(view, policy_id) if policy_id is not None else None
    if policy is None and policy_id is not None:
        raise Refused("InvalidInput", report_sentences.NO_SUCH_SCP)
    return view, node, policy


def _make(call: Call, given: Any) -> str:
    """Make the report and keep it; returns its id."""
    return keep_report(call, ReportKind.ORGANIZATION_ACCESS, organization_access(call, *_report_subject(call, given)))


def _find(call: Call, given: Any) -> Report | None:
    """The report, if the caller's account owns it."""
    report = call.parts.reports.find(given["JobId"])
    mine = (call.account, ReportKind.ORGANIZATION_ACCESS)
    return report if report is not None and (report.account, report.kind) == mine else None


@iam.read(
    "GenerateOrganizationsAccessReport",
    on=report_targets.access_report,
    context=(organizations_policy_id,),
    prepare=Preparation(pool=REPORT_POOL, work=_make),
)
def generate_organizations_access_report(call: Call, given: GenerateOrganizationsAccessReportRequestTypeDef) -> Answer:
    """The id of a report as of now."""
    return {"JobId": call.prepared}


@iam.read("GetOrganizationsAccessReport", on=account_wide, prepare=Preparation(pool=REPORT_POOL, work=_find))
def get_organizations_access_report(call: Call, given: GetOrganizationsAccessReportRequestTypeDef) -> Answer:
    """The services that the SCPs allow, each with the last attempt of an account to access it."""
    _managed_organization(call)
    report: Report | None = call.prepared
    if report is None or report.content is None:
        raise Missing(report_sentences.job_missing(given["JobId"]))
    details = msgspec.json.decode(report.content, type=list[AccessDetail])
    ranked = [
        (f"{rank:08}", one) for rank, one in enumerate(_sort_details(details, given.get("SortKey", _BY_NAMESPACE)))
    ]
    found = page(call.paging, "GetOrganizationsAccessReport", ranked, given, key=lambda one: one[0])
    return {
        "JobStatus": "COMPLETED",
        "JobCreationDate": report.requested,
        "JobCompletionDate": report.completed,
        "NumberOfServicesAccessible": len(details),
        "NumberOfServicesNotAccessed": sum(one.last is None for one in details),
        **found.answer("AccessDetails", lambda one: _access_detail_members(one[1])),
    }


def _sort_details(details: list[AccessDetail], key: str) -> list[AccessDetail]:
    by, _, direction = key.rpartition("_")
    descending = direction == "DESCENDING"
    if _BY_TIME.startswith(by):
        return sorted(details, key=lambda one: one.last.when if one.last is not None else 0, reverse=descending)
    return sorted(details, key=lambda one: one.namespace, reverse=descending)


def _access_detail_members(one: AccessDetail) -> dict[str, object]:
    shape: dict[str, object] = {
        "ServiceName": service_name(one.namespace),
        "ServiceNamespace": one.namespace,
        "TotalAuthenticatedEntities": one.accounts,
    }
    if one.last is not None:
        shape["LastAuthenticatedTime"] = read_moment(one.last.when)
        shape["EntityPath"] = one.last.entity_path
        shape["Region"] = one.last.region
    return shape
