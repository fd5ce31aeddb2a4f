"""The policies of the resources behind the gateway.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

from functools import lru_cache

from carnet.access.documents import stored_policy
from carnet.base.arns import root_arn
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy

_KEY = "key"
_DEFAULT_KEY_POLICY = (
    '{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow",'
    '"Principal":{"AWS":"%s"},"Action":"kms:*","Resource":"*"}]}'
)
"""Leaves a KMS key to the identity-based policies of its account."""


def policies_of(arn: str, resource_type: str, partition: str, account: str) -> tuple[ResourcePolicy, ...]:
    """Those of one resource: a key of KMS has the default key policy, others have none."""
    if resource_type == _KEY and arn.split(":", 3)[2] == "kms":
        return (_default_key_policy(partition, account),)
    return ()


@lru_cache(4096)
def _default_key_policy(partition: str, account: str) -> ResourcePolicy:
    text = _DEFAULT_KEY_POLICY % root_arn(partition, account)
    return ResourcePolicy(policy=stored_policy(text, Grammar.RESOURCE, "default key policy"), account=account)
