"""Signing certificates of users: nobody has one, as none can be uploaded yet.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSigningCertificates.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.services.iam import targets
from carnet.services.iam.holders import holder
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call
from carnet.services.paging import empty_list

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ListSigningCertificatesRequestTypeDef


@iam.read("ListSigningCertificates", on=targets.user_or_caller)
def list_signing_certificates(call: Call, given: ListSigningCertificatesRequestTypeDef) -> Answer:
    """The signing certificates of a user or of the caller."""
    holder(call, given)
    return empty_list("ListSigningCertificates", given, "Certificates")
