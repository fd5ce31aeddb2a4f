"""What a request needs on the key of AWS KMS that encrypts its resource, by the action that is allowed.

A service uses such a key in the name of its caller, who needs the permission. The request names the key, or the
upstream does: an answer that is needed often is remembered for a minute, which is how long AWS takes to use a new
key.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.lookups import NotFound
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.key_uses import (
    functions,
    messages,
    parameters,
    repositories,
    secrets,
    streams,
    tables,
    volumes,
)
from carnet.gateway.keys.key_uses.use import KeyUse, Uses
from carnet.gateway.keys.known_keys import KnownKeys

USES: Mapping[str, Uses] = {
    **functions.USES,
    **messages.USES,
    **parameters.USES,
    **repositories.USES,
    **secrets.USES,
    **streams.USES,
    **tables.USES,
    **volumes.USES,
}
"""By the action that a request needs on the resource."""


async def uses_of(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> list[KeyUse]:
    """What a check that is allowed needs of keys. Raises as `Uses`, but for NotFound.

    A resource that does not exist has no key, and the upstream will say that it does not exist. INVARIANT: the uses
    that were found before count.
    """
    uses, found = USES.get(one.check.action), list[KeyUse]()
    with suppress(NotFound):
        if uses is not None:
            async for use in uses(enquiry, one, known):
                found.append(use)
    return found
