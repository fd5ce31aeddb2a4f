"""Keys of AWS KMS that requests to Amazon S3, or the default encryption of buckets, name by aliases.

An alias is of the account of who asks, unless its ARN tells another.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.base.http import HttpResponse
from carnet.gateway.check import Sought
from carnet.gateway.lookups import NotFound, resource_of, stand_in
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.faults import DENIED, S3Fault, not_implemented
from carnet.models import Operation


async def key_of_alias(call: S3Call, alias: Sought, account: str) -> str:
    """The ARN of the key that an alias of the account is of.

    Of one that is not there what stands in for it, and the call has `missing_alias`: whoever may not use a key is told
    nothing else. Raises S3Fault, LookupFailed, and as `Exchange.send`.
    """
    if call.is_anonymous:
        raise S3Fault(DENIED, "Access Denied")
    upstream = call.exchanges.get("kms")
    if upstream is None:
        raise not_implemented("no upstream tells which key of AWS KMS an alias is of")

    async def ask(operation: Operation, given: Mapping[str, Any]) -> HttpResponse:
        return await upstream.look_up(
            operation,
            given,
            account=account,
            region=call.scope.region,
            host=call.host,
            caller=call.scope.account,
        )

    try:
        return await resource_of(alias, call.scope, ask)
    except NotFound:
        call.missing_alias = alias.text
        return stand_in(alias, call.scope)


def refuse_missing(call: S3Call) -> None:
    """Raises S3Fault if the request is allowed, and there is no such alias."""
    if call.missing_alias:
        raise S3Fault("KMS.NotFoundException", f"Alias {call.missing_alias} is not found.")
