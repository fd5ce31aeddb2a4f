"""Policies of resources, as data of a check: a role's trust policy, a bucket policy.

They are found where the resource lives, which may be another account than the caller's.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
"""

from __future__ import annotations

from msgspec.structs import replace

from carnet.access.documents import bound_policy, everything_denied
from carnet.directory.account_view import AccountView
from carnet.entities.role import Role
from carnet.policy.decision import Layer
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy


def trust_of(view: AccountView, role: Role) -> ResourcePolicy:
    """The trust policy of a role; `view` is the role's account, with which it is remembered.

    What cannot be read of it fails closed, as in every stored document.
    """
    remembered = (ResourcePolicy, role.id)
    known: ResourcePolicy | None = view.policy_memo.get(remembered)
    if known is None:
        policy = bound_policy(role.trust, Grammar.TRUST, role.arn, role.trusted_ids)
        known = view.policy_memo[remembered] = ResourcePolicy(policy=policy, layer=Layer.TRUST, account=role.account)
    return known


def trust_of_nobody(account: str) -> ResourcePolicy:
    """What decides on a role that is not there: nothing in it can allow."""
    return ResourcePolicy(policy=None, layer=Layer.TRUST, account=account)


def fail_closed(one: ResourcePolicy) -> ResourcePolicy:
    """What takes part in a decision for a policy that cannot be read: it denies, for it may have held a Deny.

    The trust policy of a role that is not there needs no Deny: without its Allow nothing allows.
    """
    if one.layer is Layer.TRUST:
        return one
    return replace(one, policy=everything_denied())
