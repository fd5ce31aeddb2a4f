"""What an upstream is asked about a resource, before a decision on it.

INVARIANT: a look-up that fails is no answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from msgspec import Struct

from carnet.gateway.call import Call
from carnet.gateway.checks.check import Members
from carnet.gateway.checks.lookups import LookupFailed, NotFound
from carnet.gateway.failures import says_not_there
from carnet.gateway.policies.reread import reread
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.models import operation

_SUCCESS = 200
_MOST_PAGES = 50


class Enquiry(Struct, frozen=True, kw_only=True):
    """Looks up resources of one account, for one call."""

    call: Call
    account: str
    service: str
    """By botocore's name; of another than the call's, its own upstream is asked. INVARIANT: it has one."""

    async def members(self, name: str, given: Mapping[str, Any]) -> Members:
        """The answer of an operation of the service.

        Raises NotFound for a resource that does not exist, LookupFailed for an answer that cannot be read, and as
        `Exchange.send`.
        """
        call, asked = self.call, operation(self.service, name)
        answer = await call.exchanges[self.service].look_up(asked, given, call.asking(self.account))
        if says_not_there(answer):
            raise NotFound(answer)
        if answer.status != _SUCCESS:
            raise LookupFailed(f"the upstream does not answer {name}")
        try:
            return reread(asked, answer, answer.body)
        except UpstreamFailed as failed:
            raise LookupFailed(str(failed)) from None

    async def pages(self, name: str, given: Mapping[str, Any], told: str, asked: str) -> AsyncIterator[Members]:
        """The same page after page: where an answer says how it goes on, and where a request does.

        Raises LookupFailed.
        """
        page = await self.members(name, given)
        for _ in range(_MOST_PAGES):
            yield page
            marker = page.get(told) if told else None
            if not marker:
                return
            page = await self.members(name, {**given, asked: marker})
        raise LookupFailed(f"the upstream does not end its answer to {name}")
