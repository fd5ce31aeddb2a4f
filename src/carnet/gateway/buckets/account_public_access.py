"""The Block Public Access settings of an account: its own switches, or an S3 policy of its organization.

An S3 policy of the account's organization replaces its own switches. They are kept, and apply again once the policy
is gone.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html
"""

from __future__ import annotations

from carnet.base.faults import Unavailable
from carnet.directory.snapshot import Snapshot
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import PolicyType
from carnet.entities.public_access_block import EVERYTHING_BLOCKED, NO_BLOCK, AccountPublicAccess, PublicAccessBlock
from carnet.services.effective_policies import effective_policy
from carnet.services.inheritance import Setting

_NOTHING = Setting()


def block_of_account(snapshot: Snapshot, account: str) -> PublicAccessBlock | None:
    """The settings in effect for an account; None if none are set. Raises Unavailable as `block_by_policy` does."""
    by_policy = block_by_policy(snapshot, account)
    if by_policy is not None:
        return by_policy
    own = snapshot.accounts[account].of(AccountPublicAccess).get(account)
    return own.block if own is not None else None


def block_by_policy(snapshot: Snapshot, account: str) -> PublicAccessBlock | None:
    """What the S3 policies above an account set; None if they set nothing.

    INVARIANT: only `none` unblocks anything; an effective policy that is too large to be read does not. Raises
    Unavailable if the organization cannot be read.
    """
    view = snapshot.organization_of(account)
    if view is None or PolicyType.S3 not in view.organization.policy_types:
        return None
    try:
        effective = effective_policy(view, view.of(OrganizationAccount).by_id[account], PolicyType.S3)
    except LookupError as problem:
        raise Unavailable(f"The tree of the organization {view.scope.id} cannot be read.") from problem
    if effective is None:
        return None
    if effective.too_large:
        return EVERYTHING_BLOCKED
    attributes = effective.setting.members.get("s3_attributes", _NOTHING)
    value = attributes.members.get("public_access_block_configuration", _NOTHING).value
    if value is None:
        return None
    return NO_BLOCK if value == "none" else EVERYTHING_BLOCKED
