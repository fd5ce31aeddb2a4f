"""DecodeAuthorizationMessage.

https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.access.authorization_message import NotDecoded, decoded
from carnet.base.faults import Refused
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.sts.service import sts

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import DecodeAuthorizationMessageRequestTypeDef


@sts.read("DecodeAuthorizationMessage", on=account_wide)
def decode_authorization_message(call: Call, given: DecodeAuthorizationMessageRequestTypeDef) -> Answer:
    """Decode why a principal of the caller's account was denied."""
    try:
        message = decoded(call.parts.keyring, given["EncodedMessage"], call.account, call.now)
    except NotDecoded as problem:
        raise Refused("InvalidAuthorizationMessageException", "Message is not valid") from problem
    return {"DecodedMessage": message}
