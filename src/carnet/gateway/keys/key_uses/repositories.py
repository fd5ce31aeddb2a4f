"""The keys that encrypt repositories of Amazon ECR: who creates a repository grants ECR their use.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.members import structure, text
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.aws_managed_keys import AWS_MANAGED
from carnet.gateway.keys.key_uses.use import DESCRIBE, GRANT, KeyUse
from carnet.gateway.keys.known_keys import KnownKeys

_UNKNOWN = frozenset(("kms:GrantConstraintType", "kms:GranteePrincipal", "kms:GrantOperations"))


async def _create_repository(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    wanted = structure(enquiry.call.given, "encryptionConfiguration")
    key = text(wanted, "kmsKey")
    if key or (text(wanted, "encryptionType") or "AES256") != "AES256":
        yield KeyUse(
            key=key or f"{AWS_MANAGED}ecr",
            actions=(DESCRIBE, GRANT),
            context={"aws:ecr:arn": one.resource},
            keys={"kms:GrantIsForAWSResource": "true"},
            unknown=_UNKNOWN,
        )


USES = {"ecr:CreateRepository": _create_repository}
