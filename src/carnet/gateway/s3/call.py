"""A request to Amazon S3 on its way through the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from carnet.access.authorize import Decided
from carnet.audit.steps import Arrived, Authenticated
from carnet.base.http import ByteStream, RequestHead
from carnet.entities.access_point import AccessPoint
from carnet.gateway.buckets.acl import ACL_MEMBERS
from carnet.gateway.checks.check import Check, Scope
from carnet.gateway.checks.services.s3_names import BUCKET, OBJECT, object_arn
from carnet.gateway.deciding import Resolved
from carnet.gateway.payload import ExpectedBody
from carnet.gateway.s3.bodies import Spool, Upload
from carnet.gateway.s3.own import DECIDED_ALWAYS
from carnet.gateway.upstreams.configured import Mode
from carnet.gateway.upstreams.exchange import Asking, Content, Exchange
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.identity.caller import Anonymous, Verified
from carnet.identity.networks import network_of
from carnet.models import Operation
from carnet.policy.request import Value
from carnet.protocols.s3_routing import S3Route
from carnet.server.long_policies import LongPolicies

T = TypeVar("T")
COPIES = frozenset(("CopyObject", "UploadPartCopy"))
READS = frozenset(("s3:GetObject", "s3:GetObjectVersion"))
"""What is asked of the source of a copy."""


@dataclass(slots=True)
class S3Call:
    """A request whose operation and caller are known."""

    exchange: Exchange
    exchanges: Mapping[str, Exchange]
    """The upstreams of all services, by botocore's names of these."""
    spool: Spool
    caller: Verified | Anonymous
    route: S3Route
    step: Authenticated
    head: RequestHead
    body: ByteStream
    expected: ExpectedBody
    scope: Scope
    keys: Mapping[str, Value]
    """Condition keys of the connection and the signature."""
    long_policies: LongPolicies
    point: AccessPoint | None = None
    """What the request names in the place of the bucket."""
    of_source: AccessPoint | None = None
    """The same of the source of a copy."""
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The input, by the model's names, without the content of an object."""
    upload: Upload | None = None
    """The content of an object."""
    owner: str = ""
    """The account of the bucket; empty until that is known."""
    by_default: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Members that the default encryption of the bucket adds to the input, and the key that stands for an alias."""
    missing_alias: str = ""
    """The ARN of an alias of AWS KMS that the request goes by and that is not there."""
    needs: tuple[Resolved, ...] = ()
    """What the request needs to be allowed, once it is."""
    decided: list[Decided] = field(default_factory=list[Decided])
    deliveries: list[Decided] = field(default_factory=list[Decided])
    """What was decided of where events of the bucket are to be delivered."""
    looked_up: dict[str, str] = field(default_factory=dict[str, str])
    """By the ARNs of objects whose tags were looked up: their ETags, empty if there was none."""
    operation: Operation = field(init=False)
    arrived: Arrived = field(init=False)

    def __post_init__(self) -> None:
        self.operation, self.arrived = self.step.routed.operation, self.step.routed.arrived

    @property
    def binds(self) -> bool:
        """Whether what the policies do not allow is refused. INVARIANT: what is kept here is never only recorded."""
        sets_what_is_kept = self.operation.name in DECIDED_ALWAYS or not ACL_MEMBERS.isdisjoint(self.given)
        return sets_what_is_kept or self.exchange.settings.mode is Mode.ENFORCE

    @property
    def bucket(self) -> str | None:
        return self.route.path.bucket

    @property
    def is_anonymous(self) -> bool:
        return isinstance(self.caller, Anonymous)

    def point_of(self, check: Check) -> AccessPoint | None:
        """The access point that the request names for what a check is on."""
        if check.type not in (BUCKET, OBJECT):
            return None
        is_source = self.operation.name in COPIES and check.action in READS
        return self.of_source if is_source else self.point

    @property
    def host(self) -> str:
        """The client's name for this server."""
        return self.head.first.get("host", "")

    @property
    def object(self) -> str:
        """The ARN of the object that is asked for. INVARIANT: one is."""
        return object_arn(self.scope.partition, self.route.path.bucket or "", self.route.path.key or "")

    async def deciding(self, work: Callable[[], T]) -> T:
        """What a decision on it gives or raises. Raises as `LongPolicies.decided`."""
        return await self.long_policies.decided(work, self.caller, self.head.peer)

    async def send(self, given: Mapping[str, Any], *, content: Content | None = None) -> UpstreamResponse:
        """Ask the upstream, about what the bucket's owner has. Raises as `Exchange.send`."""
        return await self.exchange.send(
            self.operation,
            given,
            self.asking(self.owner),
            content=content,
        )

    async def ask(self, name: str, given: Mapping[str, Any], account: str) -> UpstreamResponse:
        """Send the upstream another request, about resources of an account. Raises as `Exchange.send`."""
        operation = self.operation.service.operations[name]
        return await self.exchange.send(operation, given, self.asking(account))

    def asking(self, account: str) -> Asking:
        """The means to ask an upstream about resources of an account, for the caller."""
        return Asking(
            account=account,
            region=self.scope.region,
            host=self.host,
            caller=self.scope.account or network_of(self.head.peer),
        )
