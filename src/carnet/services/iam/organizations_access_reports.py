"""The access reports on an organization, as an account is answered that is in none.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateOrganizationsAccessReport.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from carnet.base.faults import Denied
from carnet.services.iam import report_targets, sentences
from carnet.services.iam.condition_keys import organizations_policy_id
from carnet.services.iam.service import iam
from carnet.services.operation import Call, account_wide

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        GenerateOrganizationsAccessReportRequestTypeDef,
        GetOrganizationsAccessReportRequestTypeDef,
    )


@iam.read("GenerateOrganizationsAccessReport", on=report_targets.access_report, context=(organizations_policy_id,))
def generate_organizations_access_report(
    call: Call, given: GenerateOrganizationsAccessReportRequestTypeDef
) -> NoReturn:
    """Only the management account of an organization may."""
    raise Denied(sentences.NO_MANAGEMENT_ACCOUNT)


@iam.read("GetOrganizationsAccessReport", on=account_wide)
def get_organizations_access_report(call: Call, given: GetOrganizationsAccessReportRequestTypeDef) -> NoReturn:
    """Only the management account of an organization may."""
    raise Denied(sentences.NO_MANAGEMENT_ACCOUNT)
