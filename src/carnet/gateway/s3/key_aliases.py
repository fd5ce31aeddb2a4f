"""Keys of AWS KMS that requests to Amazon S3, or the default encryption of buckets, name by aliases.

An alias is of the caller's account, unless its ARN names another.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
"""

from __future__ import annotations

from functools import partial
from operator import itemgetter

from carnet.gateway.buckets.default_key import KEY
from carnet.gateway.checks.check import Check, Scope, Sought, SoughtBy
from carnet.gateway.checks.lookups import resource_or_stand_in, stand_in
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.aws_managed_keys import is_of_aws, of_aws
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.faults import S3Fault, not_implemented, unsigned_key

_PARTS = itemgetter(1, 3, 4, 5)
"""The parts of an ARN: its partition, Region, account and what is named."""


async def with_key(call: S3Call, check: Check, alias: Sought) -> Resolved:
    """The check, on the key that the alias is of. Raises S3Fault, LookupFailed, and as `Exchange.send`.

    INVARIANT: the key that was decided on is sent, even if the alias is moved. A store that names the keys of objects
    names the ARN of the alias aws/s3 for what that key has encrypted, so that reads are decided by the same policy.
    """
    if call.is_anonymous:
        raise unsigned_key()
    account = check.account or call.scope.account
    if (managed := on_managed(check, alias.text)) is not None:
        if call.exchange.settings.profile.tells_keys:
            call.by_default = {**call.by_default, KEY: alias.text}
        return managed
    arn = await _key_of_alias(call, alias, account)
    call.by_default = {**call.by_default, KEY: arn}
    return Resolved(check, arn, arn.split(":")[4])


def on_managed(check: Check, alias: str) -> Resolved | None:
    """A check on the key that AWS has made of which that is the alias's ARN; None for any other alias."""
    partition, region, account, name = _PARTS(alias.split(":", 5))
    if not is_of_aws(name):
        return None
    owners = Scope(partition=partition, region=region, account=account)
    return of_aws(Resolved(check, stand_in(Sought(by=SoughtBy.KMS_ALIAS, text=alias), owners), account), name)


async def _key_of_alias(call: S3Call, alias: Sought, account: str) -> str:
    """The ARN of the key that an alias of the account is of.

    For an alias that does not exist, a placeholder, and the call has `missing_alias`: a caller who may use no key
    gets the same denial. Raises S3Fault, LookupFailed, and as `Exchange.send`.
    """
    upstream = call.exchanges.get("kms")
    if upstream is None:
        raise not_implemented("no upstream tells which key of AWS KMS an alias is of")

    scope = call.scope
    ask = partial(upstream.look_up, asking=call.asking(account))
    arn, missing = await resource_or_stand_in(alias, scope, ask)
    if missing:
        call.missing_alias = alias.text
    return arn


def refuse_missing(call: S3Call) -> None:
    """Raises S3Fault if the request is allowed, and there is no such alias."""
    if call.missing_alias:
        raise S3Fault("KMS.NotFoundException", f"Alias {call.missing_alias} is not found.")
