"""The error sentences of reports: credential reports, last accessed information, Organizations access reports."""

from __future__ import annotations

# Of reports

REPORT_STARTED = "No report exists. Starting a new report generation task"
NO_MESSAGE = ""
"""What AWS says of a credential report that is not present or in progress: its code tells it."""
REPORT_EXPIRED = (
    "The most recent credential report has expired. To generate a new credential report, use GenerateCredentialReport."
)
TOO_MUCH_TO_REPORT = "The policies name too many actions for a report."
SERVICE_IN_ARN = "Invalid service in ARN"
ENTITY_PATH = "The EntityPath is not the path of a root, an organizational unit or an account of the organization."
SCPS_NOT_ENABLED = "Service control policies are not enabled for the root of the organization."
NO_SUCH_SCP = "The OrganizationsPolicyId is not the id of a service control policy of the organization."
NO_MANAGEMENT_ACCOUNT = "The account is not the management account of an organization."


def job_missing(job: str) -> str:
    return f"Job {job} does not exist."


def arn_missing(arn: str) -> str:
    return f"ARN {arn} does not exist."


def entity_not_supported(arn: str) -> str:
    return f"Invalid Entity Arn: {arn} is not supported."


def entity_not_extracted(arn: str) -> str:
    return f"Could not extract entity from ARN : {arn}"


def entity_of_others(caller: str, arn: str) -> str:
    return f"User: {caller} is not authorized to perform the operation on {arn}"


def namespace_invalid(namespace: str) -> str:
    """The spelling "namepace" is AWS's."""
    return f"Service namepace {namespace} is either invalid or unsupported."


def namespaces_invalid(namespaces: list[str]) -> str:
    return f"Invalid service namespace: [{', '.join(namespaces)}]"
