"""The keys of functions of AWS Lambda.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.members import text
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.key_uses.use import ENCRYPT, GRANT, KeyUse, granted
from carnet.gateway.keys.known_keys import KnownKeys


async def _environment(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    if key := text(enquiry.call.given, "KMSKeyArn"):
        yield KeyUse(
            key=key,
            actions=(GRANT, ENCRYPT),
            context={"aws:lambda:FunctionArn": one.resource},
            keys=granted("Decrypt", "RetireGrant"),
            unknown=frozenset(("kms:GranteePrincipal", "kms:GrantConstraintType")),
        )


USES = {
    "lambda:CreateFunction": _environment,
    "lambda:UpdateFunctionConfiguration": _environment,
}
