"""A request for a service behind the gateway, on its way."""

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
    """A request on its way."""

    exchange: Exchange
    exchanges: Mapping[str, Exchange]
    """The upstreams of all services, by botocore's names of these."""
    caller: AccountCaller
    operation: Operation
    given: Mapping[str, Any]
    bodies: BodyBudget
    """What the bodies of all callers may take together."""
    long_policies: LongPolicies
    parsed: Parsed
    """What the audit event shows: the members that name resources, and no others."""
    aside: Aside | None = None
    """Where slow work on it is done, if it is a long one."""
    described: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """What the upstream says of resources that were looked up, by their ARNs."""
    decided: list[Decided] = field(default_factory=list)
    deliveries: list[Decided] = field(default_factory=list)
    """What was decided of services that will act because of the call: it binds nobody, and its event tells it."""

    def decided_again(self, decided: list[Decided]) -> None:
        """What was decided when the store was changed takes the place of what was decided before."""
        self.decided[:] = decided

    @property
    def arrived(self) -> Arrived:
        return self.parsed.authenticated.routed.arrived

    @property
    def host(self) -> str:
        return self.arrived.http.first.get("host", "")

    @property
    def mode(self) -> Mode:
        """Whether what is decided binds the caller."""
        return self.exchange.settings.mode

    async def deciding(self, work: Callable[[], T]) -> T:
        """What a decision on it gives or raises. Raises as `LongPolicies.decided`."""
        return await self.long_policies.decided(work, self.caller, self.arrived.http.peer)

    async def send(self, operation: Operation, given: Mapping[str, Any], account: str) -> UpstreamResponse:
        """Ask the upstream, about a resource of the account. Raises as `Exchange.send`."""
        return await self.exchange.send(operation, given, self.asking(account), aside=self.aside)

    def asking(self, account: str) -> Asking:
        """To ask an upstream about resources of an account, for the caller."""
        return Asking(account=account, region=self.caller.region, host=self.host, caller=self.caller.principal.account)


def routed(arrived: Arrived, operation: Operation) -> Routed:
    """The step of a request of which it is known what it asks for."""
    known = apis().by_name[operation.service.name].operations.get(operation.name)
    permission = known.permission if known is not None else None
    return Routed(
        arrived=arrived,
        operation=operation,
        event_source=operation.service.event_source,
        read_only=permission is not None and permission.read_only,
    )
