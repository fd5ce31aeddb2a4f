"""GenerateServiceLastAccessedDetails, and the operations that read its reports.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from carnet.base.faults import Fault, Missing, Refused
from carnet.catalog.actions import outlines
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam import report_sentences, report_targets
from carnet.services.iam.last_accessed import SERVICE_LEVEL, Access, LastAccessed, ServiceAccess, last_accessed
from carnet.services.iam.permissions_policies import Reported
from carnet.services.iam.report_making import REPORT_POOL
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.paging import page
from carnet.services.preparing import Preparation
from carnet.store.codec import read_moment
from carnet.store.reports import Report, ReportKind

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        GenerateServiceLastAccessedDetailsRequestTypeDef,
        GetServiceLastAccessedDetailsRequestTypeDef,
        GetServiceLastAccessedDetailsWithEntitiesRequestTypeDef,
    )

_MOST_REPORTS = 100
"""Reports that an account has at once: the newest."""
_PAGE = 200
"""Services on a page if the request does not say: AWS was seen to give so many, and documents 100."""
_ABBREVIATION = re.compile(r" \([A-Z0-9]+\)")
_LONG_AGO = read_moment(0)


def _make(call: Call, given: Any) -> str | None:
    """Make the report and keep it; returns its id."""
    target = report_targets.reported(call, given)
    if isinstance(target.found, Fault):
        return None
    made = last_accessed(call, target.found[0], given.get("Granularity", SERVICE_LEVEL))
    return keep_report(call, ReportKind.LAST_ACCESSED, made, owner=_owner(call))


def keep_report(call: Call, kind: ReportKind, made: object, *, owner: str = "") -> str:
    """Keep a report that was made now; returns its id. Raises Unavailable."""
    report = Report(id=call.ids.uuid(), account=call.account, kind=kind, owner=owner, requested=call.now)
    reports = call.parts.reports
    reports.begin(report, older_than=_LONG_AGO)
    reports.complete(report, msgspec.json.encode(made), completed=call.now)
    reports.keep_newest(call.account, report.kind, _MOST_REPORTS)
    return report.id


def _find(call: Call, given: Any) -> Report | None:
    """The report, if the caller owns it."""
    report = call.parts.reports.find(given["JobId"])
    mine = (call.account, ReportKind.LAST_ACCESSED, _owner(call))
    return report if report is not None and (report.account, report.kind, report.owner) == mine else None


def _owner(call: Call) -> str:
    """The owner of the caller's reports: the user, whatever its key, or the one session."""
    credential = call.caller.credential
    return credential.principal.id if credential.session is None else credential.key_id


@iam.read(
    "GenerateServiceLastAccessedDetails",
    on=report_targets.reported,
    prepare=Preparation(pool=REPORT_POOL, work=_make),
)
def generate_service_last_accessed_details(
    call: Call, given: GenerateServiceLastAccessedDetailsRequestTypeDef, reported: Reported
) -> Answer:
    """The id of a report as of now."""
    return {"JobId": call.prepared}


@iam.read("GetServiceLastAccessedDetails", on=account_wide, prepare=Preparation(pool=REPORT_POOL, work=_find))
def get_service_last_accessed_details(call: Call, given: GetServiceLastAccessedDetailsRequestTypeDef) -> Answer:
    """The services that the policies allow access to, by namespace, each with the last attempt."""
    report, made = _read_report(call, given["JobId"])
    found = page(
        call.paging,
        "GetServiceLastAccessedDetails",
        made.services,
        {"MaxItems": _PAGE, **given},
        key=lambda service: service.namespace,
    )
    services = found.answer("ServicesLastAccessed", _service)
    return {**_job(report), "JobType": made.level, **services}


@iam.read(
    "GetServiceLastAccessedDetailsWithEntities", on=account_wide, prepare=Preparation(pool=REPORT_POOL, work=_find)
)
def get_service_last_accessed_details_with_entities(
    call: Call, given: GetServiceLastAccessedDetailsWithEntitiesRequestTypeDef
) -> Answer:
    """The users and roles that could have accessed a service, those who tried last first. Who is gone is left out."""
    namespace = given["ServiceNamespace"]
    if namespace not in outlines():
        raise Refused("InvalidInput", report_sentences.namespace_invalid(namespace))
    report, made = _read_report(call, given["JobId"])
    service = next((one for one in made.services if one.namespace == namespace), None)
    tried = service.entities if service is not None else {}
    entities = sorted(made.entities if service is not None else (), key=lambda each: (-tried.get(each, 0), each))
    ranked = [(f"{rank:08}", entity) for rank, entity in enumerate(entities)]
    found = page(
        call.paging,
        "GetServiceLastAccessedDetailsWithEntities",
        ranked,
        given,
        key=lambda each: each[0],
        matching=lambda each: _entity(call, each[1]) is not None,
    )
    return {**_job(report), **found.answer("EntityDetailsList", lambda each: _details(call, each[1], tried))}


def _read_report(call: Call, job: str) -> tuple[Report, LastAccessed]:
    report: Report | None = call.prepared
    if report is None or report.content is None:
        raise Missing(report_sentences.job_missing(job))
    return report, msgspec.json.decode(report.content, type=LastAccessed)


def _job(report: Report) -> dict[str, object]:
    return {
        "JobStatus": "COMPLETED",
        "JobCreationDate": report.requested,
        "JobCompletionDate": report.completed,
    }


def _service(service: ServiceAccess) -> dict[str, object]:
    shape: dict[str, object] = {
        "ServiceName": service_name(service.namespace),
        "ServiceNamespace": service.namespace,
        "TotalAuthenticatedEntities": len(service.entities),
        **_access(service.last, "LastAuthenticated", "LastAuthenticatedEntity", "LastAuthenticatedRegion"),
    }
    if service.actions:
        shape["TrackedActionsLastAccessed"] = [
            {"ActionName": name, **_access(last, "LastAccessedTime", "LastAccessedEntity", "LastAccessedRegion")}
            for name, last in service.actions
        ]
    return shape


def service_name(namespace: str) -> str:
    """The service's name in reports."""
    return _ABBREVIATION.sub("", outlines()[namespace].name)


def _access(access: Access | None, when: str, who: str, where: str) -> dict[str, object]:
    if access is None:
        return {}
    return {when: read_moment(access.when), who: access.arn, where: access.region}


def _entity(call: Call, entity_id: str) -> User | Role | None:
    return call.view.of(User).get(entity_id) or call.view.of(Role).get(entity_id)


def _details(call: Call, entity_id: str, tried: dict[str, int]) -> dict[str, object]:
    entity = _entity(call, entity_id)
    assert entity is not None, "the page has only those who are there"
    info = {
        "Arn": entity.arn,
        "Name": entity.name,
        "Type": entity.resource_type.upper(),
        "Id": entity.id,
        "Path": entity.path,
    }
    when = tried.get(entity_id)
    return {"EntityInfo": info} if when is None else {"EntityInfo": info, "LastAuthenticated": read_moment(when)}
