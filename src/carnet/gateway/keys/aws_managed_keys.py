"""AWS managed keys: all callers of an account may use one, through its service.

Nobody can change their policies, tags and aliases, so that no upstream is asked about them.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from carnet.access.documents import bound_policy
from carnet.gateway.deciding import Resolved
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy
from carnet.policy.request import Value

_COLONS = 5
AWS_MANAGED = "alias/aws/"
"""How their aliases begin."""
_FACTS: Mapping[str, Value] = {
    "kms:KeyOrigin": "AWS_KMS",
    "kms:KeySpec": "SYMMETRIC_DEFAULT",
    "kms:KeyUsage": "ENCRYPT_DECRYPT",
    "kms:MultiRegion": "false",
}
_POLICY = """{
  "Version" : "2012-10-17",
  "Id" : "auto-%(service)s-2",
  "Statement" : [ {
    "Sid" : "Allow access for all principals in the account that are authorized to use the service",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "*"
    },
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant",
      "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {
      "StringEquals" : {
        "kms:CallerAccount" : "%(account)s",
        "kms:ViaService" : "%(service)s.%(region)s.amazonaws.com"
      }
    }
  } ]
}"""


def is_of_aws(key: str) -> bool:
    """Whether what names a key is the alias of one of these, or the ARN of that."""
    return _alias_in(key).startswith(AWS_MANAGED)


def _alias_in(key: str) -> str:
    """What an ARN names; what is none, as it is."""
    return key.split(":", 5)[5] if key.count(":") >= _COLONS else key


def of_aws(one: Resolved, key: str) -> Resolved:
    """A check on the key of that alias, with all that is known of it, and its policy."""
    alias = _alias_in(key)
    keys = {**_FACTS, "kms:ResourceAliases": (alias,)}
    unknown = frozenset(key for key in one.check.unknown if key not in keys and not key.startswith("aws:ResourceTag/"))
    policy = _policy(alias.removeprefix(AWS_MANAGED), one.account, one.resource.split(":")[3])
    return one._replace(check=replace(one.check, unknown=unknown), keys=keys, instead=(policy,))


def _policy(service: str, account: str, region: str) -> ResourcePolicy:
    text = _POLICY % {"service": service, "account": account, "region": region}
    policy = bound_policy(text, Grammar.RESOURCE, f"{AWS_MANAGED}{service} of {account}", {})
    return ResourcePolicy(policy=policy, account=account)
