"""What an upstream's answer to HeadBucket says: whether it has the bucket."""

from __future__ import annotations

from http import HTTPStatus

from carnet.gateway.answers import FIRST_ERROR
from carnet.gateway.upstreams.configured import UpstreamSettings, key_refused
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.upstream import UpstreamResponse

_REFUSED = frozenset((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN))


async def is_there(response: UpstreamResponse, settings: UpstreamSettings) -> bool:
    """Whether the upstream has the bucket. Raises UpstreamFailed if it does not tell.

    The answer to a HEAD has no body that could say why: a store without the key that it wants answers no more than 403.
    """
    await response.aclose()
    if response.status == HTTPStatus.NOT_FOUND:
        return False
    if response.status in _REFUSED:
        raise UpstreamFailed(f"{key_refused(settings.name)}, or has the bucket of somebody else", sent=False)
    if response.status >= FIRST_ERROR:
        raise UpstreamFailed("the upstream does not tell whether it has the bucket", sent=False)
    return True
