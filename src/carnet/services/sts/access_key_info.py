"""GetAccessKeyInfo.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.base.faults import Invalid
from carnet.base.ids import ACCESS_KEY, TEMPORARY_KEY, account_of_key
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.sts.service import sts

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetAccessKeyInfoRequestTypeDef


@sts.read("GetAccessKeyInfo", on=account_wide)
def get_access_key_info(call: Call, given: GetAccessKeyInfoRequestTypeDef) -> Answer:
    """The account that an access key belongs to. The id contains it, whether or not the key still exists."""
    key_id = given["AccessKeyId"]
    account = account_of_key(key_id) if key_id.startswith((ACCESS_KEY, TEMPORARY_KEY)) else None
    if account is None:
        raise Invalid(f"{key_id} is not a valid access key ID.")
    return {"Account": account}
