"""GenerateCredentialReport and GetCredentialReport: an account gets a new report once in four hours.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from carnet.base.faults import Refused
from carnet.services.iam import report_sentences
from carnet.services.iam.credential_report import credential_report
from carnet.services.iam.report_making import REPORT_POOL
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.preparing import Preparation
from carnet.store.reports import Report, ReportKind

_GOOD_FOR = timedelta(hours=4)
_STARTED, _IN_PROGRESS, _COMPLETE = "STARTED", "INPROGRESS", "COMPLETE"


def _make(call: Call, given: Any) -> str:
    """Make the report, unless there is one or another call is making it; returns its state."""
    reports = call.parts.reports
    report = Report(
        id=_id_of(call),
        account=call.account,
        kind=ReportKind.CREDENTIALS,
        owner="",
        requested=call.now,
    )
    if not reports.begin(report, older_than=call.now - _GOOD_FOR):
        present = reports.find(report.id)
        return _COMPLETE if present is not None and present.completed is not None else _IN_PROGRESS
    try:
        content = credential_report(call.view, call.parts.last_used)
        reports.complete(report, content.encode(), completed=call.now)
    except BaseException:
        reports.abandon(report)
        raise
    return _STARTED


def _find(call: Call, given: Any) -> Report | None:
    return call.parts.reports.find(_id_of(call))


def _id_of(call: Call) -> str:
    return f"credential report of {call.account}"


@iam.read("GenerateCredentialReport", on=account_wide, prepare=Preparation(pool=REPORT_POOL, work=_make))
def generate_credential_report(call: Call, given: Any) -> Answer:
    """The state of the report, which this call makes if necessary."""
    if call.prepared == _STARTED:
        return {"State": _STARTED, "Description": report_sentences.REPORT_STARTED}
    return {"State": call.prepared}


@iam.read("GetCredentialReport", on=account_wide, prepare=Preparation(pool=REPORT_POOL, work=_find))
def get_credential_report(call: Call, given: Any) -> Answer:
    """The report, as of the time when it was made."""
    report: Report | None = call.prepared
    if report is None:
        raise Refused("ReportNotPresent", report_sentences.NO_MESSAGE)
    if report.completed is None:
        raise Refused("ReportInProgress", report_sentences.NO_MESSAGE)
    if report.requested < call.now - _GOOD_FOR:
        raise Refused("ReportExpired", report_sentences.REPORT_EXPIRED)
    return {"Content": report.content, "ReportFormat": "text/csv", "GeneratedTime": report.completed}
