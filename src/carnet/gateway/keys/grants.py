"""The grants on a key of AWS KMS, as policies of the key.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from carnet.access.documents import bound_policy
from carnet.base.arns import root_arn
from carnet.directory.snapshot import Snapshot
from carnet.entities.key_grant import Constraint, ConstraintType, KeyGrant, KeyGrants
from carnet.gateway.checks.check import Check
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy
from carnet.policy.request import Principal, Value

_KMS, _CREATE, _RETIRE = "kms:", "kms:CreateGrant", "kms:RetireGrant"
_CONTEXT = "kms:EncryptionContext:"
_BOUND_BY_CONTEXT = frozenset(
    (
        *("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair"),
        *("kms:GenerateDataKeyPairWithoutPlaintext", "kms:GenerateDataKeyWithoutPlaintext"),
        *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
    )
)
"""The actions that have an encryption context, which alone a constraint binds."""


def grants_of(snapshot: Snapshot, arn: str, account: str) -> KeyGrants | None:
    """The grants on one key; None if it has none."""
    view = snapshot.account(account)
    return None if view is None else view.of(KeyGrants).get(arn)


def grant_policies(
    snapshot: Snapshot, check: Check, arn: str, account: str, principal: Principal
) -> Iterator[ResourcePolicy]:
    """A policy for each grant that allows the principal this, at this encryption context."""
    if not check.action.startswith(_KMS):
        return
    of_key = grants_of(snapshot, arn, account)
    if of_key is None:
        return
    names = {principal.arn, principal.role_arn, principal.user_arn}
    names.add(root_arn(arn.split(":", 2)[1], principal.account))
    for grant in of_key.grants:
        for one in sorted(names.intersection(_principals_allowed(grant, check, arn))):
            yield _policy(grant, one, check.action, arn, account)


def _principals_allowed(grant: KeyGrant, check: Check, arn: str) -> Iterator[str]:
    """Whom the grant allows what is asked. The account in which it was created may retire it, whosever the key is.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_RetireGrant.html
    """
    if check.action == _RETIRE:
        if grant.id == check.part.get("GrantId") or grant.token == check.part.get("GrantToken"):
            yield root_arn(arn.split(":", 2)[1], grant.issuer)
            yield from filter(None, [grant.retiring, grant.grantee if "RetireGrant" in grant.operations else ""])
    elif check.action.removeprefix(_KMS) in grant.operations and _is_within(grant, check):
        yield grant.grantee


def _is_within(grant: KeyGrant, check: Check) -> bool:
    """Whether the request is within the grant's constraint. A grant that it creates has to be within the grant, too."""
    context = _context(check.keys)
    if check.action == _CREATE:
        asked = check.keys.get("kms:GrantOperations", ())
        wanted = {asked} if isinstance(asked, str) else set(asked)
        kind = check.keys.get("kms:GrantConstraintType")
        new = Constraint(type=ConstraintType(str(kind)), context=context) if kind else None
        return wanted <= set(grant.operations) and (grant.constraint is None or grant.constraint.includes(new))
    return grant.constraint is None or check.action not in _BOUND_BY_CONTEXT or grant.constraint.holds(context)


def _context(keys: Mapping[str, Value]) -> dict[str, str]:
    return {
        key.removeprefix(_CONTEXT): value
        for key, value in keys.items()
        if key.startswith(_CONTEXT) and isinstance(value, str)
    }


def _policy(grant: KeyGrant, whom: str, action: str, arn: str, account: str) -> ResourcePolicy:
    statement = {"Sid": grant.id, "Effect": "Allow", "Principal": {"AWS": whom}, "Action": action, "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = bound_policy(text, Grammar.RESOURCE, f"{arn} grant {grant.id}", grant.principal_ids)
    return ResourcePolicy(policy=policy, account=account)
