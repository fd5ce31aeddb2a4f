"""The keys that requests to Amazon EC2 name for the volumes and snapshots that they make.

https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.members import at
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.key_uses.use import DECRYPT, DESCRIBE, GRANT, KeyUse
from carnet.gateway.keys.known_keys import KnownKeys

_ACTIONS = (DESCRIBE, GRANT, "kms:GenerateDataKeyWithoutPlaintext", DECRYPT, "kms:ReEncryptFrom", "kms:ReEncryptTo")
_MEMBERS = ("KmsKeyId", "BlockDeviceMappings[].Ebs.KmsKeyId")
_UNKNOWN = frozenset(
    (
        *("kms:EncryptionContext:aws:ebs:id", "kms:EncryptionContextKeys", "kms:GrantConstraintType"),
        *("kms:GranteePrincipal", "kms:GrantOperations", "kms:ReEncryptOnSameKey"),
    )
)
"""What is made has no id yet."""


async def _create_volumes(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    for member in _MEMBERS:
        for key in at(enquiry.call.given, member):
            if key:
                yield KeyUse(
                    key=key, actions=_ACTIONS, context={}, keys={"kms:GrantIsForAWSResource": "true"}, unknown=_UNKNOWN
                )


_MAKES = (
    *("CopyImage", "CopySnapshot", "CopyVolumes", "CreateImage", "CreateVolume", "ImportImage", "ImportSnapshot"),
    *("RegisterImage", "RunInstances"),
)
USES = {f"ec2:{name}": _create_volumes for name in _MAKES}
