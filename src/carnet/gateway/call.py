"""A request for a service behind the gateway, while it is being answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from carnet.access.authorize import Decided
from carnet.audit.steps import Arrived, Parsed, Routed
from carnet.catalog.apis import apis
from carnet.gateway.aside import Aside
from carnet.gateway.upstreams.configured import Mode
from carnet.gateway.upstreams.exchange import Asking, Exchange
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.identity.caller import AccountCaller
from carnet.models import Operation
from carnet.server.limits import BodyBudget
from carnet.server.long_policies import LongPolicies

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """A request, with all that its steps need."""

    exchange: Exchange
    exchanges: Mapping[str, Exchange]
    """The upstreams of all services, by botocore's names of these."""
    caller: AccountCaller
    operation: Operation
    given: Mapping[str, Any]
    bodies: BodyBudget
    """How much memory the bodies of all callers may take together."""
    long_policies: LongPolicies
    parsed: Parsed
    """The members that the audit event shows: those that name resources."""
    aside: Aside | None = None
    """Where the slow work on a long request is done; None for other requests."""
    described: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """The upstream's answers about resources that were looked up, by ARN."""
    decided: list[Decided] = field(default_factory=list)
    deliveries: list[Decided] = field(default_factory=list)
    """The decisions on services that will act because of the call. They have no effect on the call; its event shows
    them."""

    def decided_again(self, decided: list[Decided]) -> None:
        """Replace the decisions by those that were made when the store was changed."""
        self.decided[:] = decided

    @property
    def arrived(self) -> Arrived:
        return self.parsed.authenticated.routed.arrived

    @property
    def host(self) -> str:
        return self.arrived.http.first.get("host", "")

    @property
    def mode(self) -> Mode:
        """Whether a denial is enforced or only recorded."""
        return self.exchange.settings.mode

    async def deciding(self, work: Callable[[], T]) -> T:
        """Make a decision on the call, and return or raise what it does. Raises what `LongPolicies.decided` raises."""
        return await self.long_policies.decided(work, self.caller, self.arrived.http.peer)

    async def send(self, operation: Operation, given: Mapping[str, Any], account: str) -> UpstreamResponse:
        """Send a request about a resource of the account to the upstream. Raises what `Exchange.send` raises."""
        return await self.exchange.send(operation, given, self.asking(account), aside=self.aside)

    def asking(self, account: str) -> Asking:
        """The means to ask an upstream about resources of an account, on behalf of the caller."""
        return Asking(account=account, region=self.caller.region, host=self.host, caller=self.caller.principal.account)


def routed(arrived: Arrived, operation: Operation) -> Routed:
    """The step of a request whose operation is known."""
    known = apis().by_name[operation.service.name].operations.get(operation.name)
    permission = known.permission if known is not None else None
    return Routed(
        arrived=arrived,
        operation=operation,
        event_source=operation.service.event_source,
        read_only=permission is not None and permission.read_only,
    )
