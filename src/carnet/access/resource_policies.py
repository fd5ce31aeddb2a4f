"""Resource-based policies as data of a check, such as a role's trust policy.

They are found in the resource's account, which may differ from the caller's.

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
    """The trust policy of a role. `view` is the role's account; the policy is remembered there.

    What is not understood fails closed, as in every stored document.
    """
    remembered = (ResourcePolicy, role.id)
    known: ResourcePolicy | None = view.policy_memo.get(remembered)
    if known is None:
        policy = bound_policy(role.trust, Grammar.TRUST, role.arn, role.trusted_ids)
        known = view.policy_memo[remembered] = ResourcePolicy(policy=policy, layer=Layer.TRUST, account=role.account)
    return known


def trust_of_nobody(account: str) -> ResourcePolicy:
    """Takes the place of the trust policy of a role that does not exist: it allows nothing."""
    return ResourcePolicy(policy=None, layer=Layer.TRUST, account=account)


def fail_closed(one: ResourcePolicy) -> ResourcePolicy:
    """Takes the place of a policy that cannot be read: it denies, because that policy may have contained a Deny.

    A role that does not exist needs no Deny: without an Allow in the trust policy nothing is allowed.
    """
    if one.layer is Layer.TRUST:
        return one
    return replace(one, policy=everything_denied())
