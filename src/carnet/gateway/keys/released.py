"""Passes a plaintext to the client only if the upstream's answer names a key that was decided on.

INVARIANT: an upstream that decrypts by the ciphertext, whatever key the request named, reveals nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.base.http import HttpResponse
from carnet.gateway.answers import FIRST_ERROR, answered_by, handed_back
from carnet.gateway.call import Call
from carnet.gateway.deciding import Resolved
from carnet.gateway.policies.reread import members_of
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.server.outbox import Answer

TELLS_KEY: Mapping[str, tuple[str, str]] = {
    "Decrypt": ("kms:Decrypt", "KeyId"),
    "ReEncrypt": ("kms:ReEncryptFrom", "SourceKeyId"),
}
"""Operations on a ciphertext: the permission on its key, and where the answer names the key."""
_MOST = 64 * 1024


async def released(call: Call, resolved: tuple[Resolved, ...], response: UpstreamResponse) -> Answer:
    """The answer. Raises UpstreamFailed for one that is about another key, or does not say about which."""
    if response.status >= FIRST_ERROR:
        return await handed_back(call, response)
    body = await response.whole(_MOST)
    action, member = TELLS_KEY[call.operation.name]
    told = members_of(body).get(member)
    decided = {one.resource for one in resolved if one.check.action == action}
    if not isinstance(told, str) or not any(told in (arn, arn.rpartition("/")[2]) for arn in decided):
        raise UpstreamFailed("the upstream has used another key than was decided on", sent=True)
    return answered_by(call, HttpResponse(status=response.status, headers=response.headers, body=body))
