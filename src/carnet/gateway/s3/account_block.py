"""The Block Public Access settings of an account.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.entities.public_access_block import AccountPublicAccess
from carnet.gateway.buckets.account_public_access import block_by_policy, block_of_account
from carnet.gateway.buckets.bucket_operations import new_block, no_block, shown_block
from carnet.gateway.s3.control_call import Asked, Edit, Members, Rule, of_account
from carnet.gateway.s3.faults import DENIED, S3Fault

_ROOT = "PublicAccessBlockConfiguration"


def _switches(asked: Asked) -> AccountPublicAccess | None:
    account = asked.scope.account
    return asked.snapshot.accounts[account].of(AccountPublicAccess).get(account)


def _get(asked: Asked) -> Members:
    found = block_of_account(asked.snapshot, asked.scope.account)
    if found is None:
        refused = no_block()
        raise S3Fault(refused.code, refused.message, {"AccountId": asked.scope.account})
    return {_ROOT: shown_block(found)}


def _replace_block(asked: Asked, after: AccountPublicAccess | None) -> Edit:
    """Raises S3Fault while an S3 policy of the organization replaces the account's settings."""
    if block_by_policy(asked.snapshot, asked.scope.account) is not None:
        raise S3Fault(
            DENIED,
            "This account does not allow changes to its account-level S3 Block Public Access settings due to an "
            "organizational S3 Block Public Access policy in place.",
        )
    return Edit(_switches(asked), after)


def _put(asked: Asked) -> Edit:
    block = new_block(asked.members[_ROOT])
    return _replace_block(asked, AccountPublicAccess(account=asked.scope.account, block=block))


ACCOUNT_BLOCK: Mapping[str, Rule] = {
    "DeletePublicAccessBlock": Rule(
        of_account("PutAccountPublicAccessBlock"), write=lambda asked: _replace_block(asked, None)
    ),
    "GetPublicAccessBlock": Rule(of_account("GetAccountPublicAccessBlock"), read=_get),
    "PutPublicAccessBlock": Rule(of_account("PutAccountPublicAccessBlock"), write=_put),
}
