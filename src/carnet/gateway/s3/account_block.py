"""What keeps the buckets of an account from being public.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.entities.public_access_block import AccountPublicAccess
from carnet.gateway.bucket_operations import no_block, read_block, shown_block
from carnet.gateway.s3.control_call import Asked, Edit, Members, Rule, of_account
from carnet.gateway.s3.faults import S3Fault

_ROOT = "PublicAccessBlockConfiguration"


def _switches(asked: Asked) -> AccountPublicAccess | None:
    account = asked.scope.account
    return asked.snapshot.accounts[account].of(AccountPublicAccess).get(account)


def _get(asked: Asked) -> Members:
    found = _switches(asked)
    if found is None:
        refused = no_block()
        raise S3Fault(refused.code, refused.message, {"AccountId": asked.scope.account})
    return {_ROOT: shown_block(found.block)}


def _put(asked: Asked) -> Edit:
    given = asked.members[_ROOT]
    if not given:
        raise S3Fault("InvalidRequest", "Must specify at least one configuration.")
    return Edit(_switches(asked), AccountPublicAccess(account=asked.scope.account, block=read_block(given)))


ACCOUNT_BLOCK: Mapping[str, Rule] = {
    "DeletePublicAccessBlock": Rule(
        of_account("PutAccountPublicAccessBlock"), write=lambda asked: Edit(_switches(asked), None)
    ),
    "GetPublicAccessBlock": Rule(of_account("GetAccountPublicAccessBlock"), read=_get),
    "PutPublicAccessBlock": Rule(of_account("PutAccountPublicAccessBlock"), write=_put),
}
