"""The quotas of an instance of IAM Identity Center.

https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carnet.directory.account_view import AccountView

if TYPE_CHECKING:
    from carnet.services.operation import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class SsoQuotas:
    """AWS's defaults."""

    permission_sets: int = 2000
    permission_sets_per_account: int = 50
    policies_per_permission_set: int = 20
    """AWS managed and customer managed ones together."""
    permission_set_inline_size: int = 10_240
    tags_per_resource: int = 50
    identity_center_applications: int = 500
    trusted_token_issuers: int = 10


def quotas_of(call: Call, owner: AccountView) -> SsoQuotas:
    """The quotas of the account that owns an instance, whichever account administers it."""
    quotas: SsoQuotas = call.quotas_of(owner)
    return quotas
