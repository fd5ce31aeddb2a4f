"""What an operation of a service is: its name, the permission it needs, and its body.

Authorization is an argument of the decorator, so it cannot be forgotten, and it runs before the body: a stranger gets
AccessDenied, never a hint of what exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

from msgspec import Struct, field

from carnet import models
from carnet.access.authorize import Check, Decided, authorize
from carnet.access.denial import require
from carnet.base.arns import parse_arn
from carnet.base.faults import FAULTS, Fault, Refused
from carnet.base.ids import Ids
from carnet.directory.account_view import AccountView
from carnet.directory.last_used import LastUsed
from carnet.directory.snapshot import Snapshot
from carnet.entities.entity import Tags
from carnet.entities.role import Role
from carnet.identity.caller import Anonymous, Authenticate, Verified
from carnet.keyring.keyring import Keyring
from carnet.keyring.session_tokens import SessionTokens
from carnet.policy.compile import Engine
from carnet.policy.request import Context, Value
from carnet.services.preparing import Preparation
from carnet.services.quotas import Quotas
from carnet.store.unit_of_work import UnitOfWork

Answer = Mapping[str, object]
"""An operation's output, by the member names of its model."""

Keys = Mapping[str, Value]

_NO_KEYS: Keys = MappingProxyType({})
_WITH_IAM_RESOURCE_TAG = ("role/", "user/")
"""The resources whose tags IAM shows as iam:ResourceTag/..., too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the bodies of operations may use, chosen once in `assembly`."""

    engine: Engine
    ids: Ids
    keyring: Keyring
    tokens: SessionTokens
    last_used: LastUsed
    quotas: Quotas


class Call(Struct, frozen=True, kw_only=True):
    """One authenticated call of an operation that only reads."""

    caller: Verified
    snapshot: Snapshot
    view: AccountView
    """The caller's account at `snapshot`."""
    context: Context
    """The condition keys of the caller, of the request, and of a resource of the caller's account."""
    now: datetime
    parts: Parts
    prepared: Any = None
    """What the operation's `prepare=` made; None before that, and for operations without."""

    @property
    def account(self) -> str:
        return self.view.account.id

    @property
    def partition(self) -> str:
        return self.view.account.partition

    @property
    def ids(self) -> Ids:
        return self.parts.ids


class WriteCall(Call, frozen=True, kw_only=True):
    """One authenticated call of an operation that changes something, inside its transaction.

    INVARIANT: `snapshot` is the state at the locked revision, so what a body finds in it holds until the commit.
    """

    store: UnitOfWork


class AnonymousCall(Struct, frozen=True, kw_only=True):
    """One call of an operation that takes no signature and only reads."""

    caller: Anonymous
    snapshot: Snapshot
    context: Context
    """The condition keys of nobody, and of the request."""
    now: datetime
    parts: Parts
    prepared: Any = None
    """As that of a `Call`."""


class AnonymousWriteCall(AnonymousCall, frozen=True, kw_only=True):
    """One call of an operation that takes no signature and changes something; `snapshot` as that of a `WriteCall`."""

    store: UnitOfWork


AnyCall = Call | AnonymousCall


class Target(Struct, frozen=True, kw_only=True):
    """The resource that an operation acts on, whether or not it exists."""

    arn: str
    account: str
    tags: Tags = field(default_factory=dict[str, str])
    shown: str | None = None
    """What a denial names where that is not the ARN."""
    trusting: Role | None = None
    needs_trust: bool = False


Names = Callable[[Any, Any], Target]
"""(call, given) to the resource."""
Also = Callable[[Any, Any], Iterable[Check]]
"""(call, given) to further checks, such as iam:PassRole."""
Adds = Callable[[Any, Any], Keys]
"""(call, given) to condition keys that this operation brings."""


def anybody(call: AnonymousCall, given: Any) -> NoReturn:
    """For `on=` of an operation that takes no signature and that no policy decides: its input must prove enough."""
    raise TypeError("nothing is decided")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of one service."""

    service: str
    name: str
    writes: bool
    on: Names
    also: tuple[Also, ...]
    context: tuple[Adds, ...]
    body: Callable[[Any, Any], Answer]
    authenticate: Authenticate = Authenticate.SIGV4
    prepare: Preparation | None = None

    def checks(self, call: AnyCall, given: Any) -> Iterator[Check]:
        """Everything that the caller must be allowed before the body runs.

        INVARIANT: a further check is not even made before the one on the operation itself is passed.
        """
        target = self.on(call, given)
        keys: dict[str, Value] = {}
        for adds in self.context:
            keys.update(adds(call, given))
        yield Check(
            action=f"{self.service}:{self.name}",
            resource=target.arn,
            resource_account=target.account,
            keys=keys,
            resource_keys=resource_tag_keys(target.arn, target.tags),
            trusting=target.trusting,
            needs_trust=target.needs_trust,
            shown=target.shown,
        )
        for also in self.also:
            yield from also(call, given)

    def authorize(self, call: AnyCall, given: Any, decided: list[Decided]) -> None:
        """Add the decision on each check to `decided`; raises Denied at the first that does not allow."""
        if self.on is anybody:
            return
        engine, caller, context = call.parts.engine, call.caller, call.context
        view = call.view if isinstance(call, Call) else None
        for check in self.checks(call, given):
            decision = authorize(engine, view, caller, context, check)
            decided.append(decision)
            require(decision)


def resource_tag_keys(resource: str, tags: Tags) -> Keys:
    """aws:ResourceTag/..., and for IAM users and roles also iam:ResourceTag/..., of the tags of the resource's ARN."""
    if not tags:
        return _NO_KEYS
    keys: dict[str, Value] = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    arn = parse_arn(resource)
    if arn is not None and arn.service == "iam" and arn.resource.startswith(_WITH_IAM_RESOURCE_TAG):
        keys |= {f"iam:ResourceTag/{key}": value for key, value in tags.items()}
    return keys


ReadBody = TypeVar("ReadBody", bound=Callable[[Call, Any], Answer] | Callable[[AnonymousCall, Any], Answer])
WriteBody = TypeVar("WriteBody", bound=Callable[[WriteCall, Any], Answer] | Callable[[AnonymousWriteCall, Any], Answer])


class Service:
    """An AWS service: its operations by name, and the error codes of its faults."""

    def __init__(self, name: str, *, fault_codes: Mapping[type[Fault], str], not_written: Iterable[str] = ()) -> None:
        self.name = name
        self.not_written = frozenset(not_written)
        self.operations: dict[str, Operation] = {}
        if missing := sorted(kind.__name__ for kind in FAULTS - fault_codes.keys()):
            raise ValueError(f"{name} has no error code for {', '.join(missing)}")
        self._fault_codes = fault_codes
        self._model = models.service(name)

    def read(
        self,
        name: str,
        *,
        on: Names,
        also: tuple[Also, ...] = (),
        context: tuple[Adds, ...] = (),
        authenticate: Authenticate = Authenticate.SIGV4,
        prepare: Preparation | None = None,
    ) -> Callable[[ReadBody], ReadBody]:
        """Register the body of an operation that changes nothing: answered from the directory, in process."""

        def register(body: ReadBody) -> ReadBody:
            self._add(
                Operation(
                    service=self.name,
                    name=name,
                    writes=False,
                    on=on,
                    also=also,
                    context=context,
                    body=body,
                    authenticate=authenticate,
                    prepare=prepare,
                )
            )
            return body

        return register

    def write(
        self,
        name: str,
        *,
        on: Names,
        also: tuple[Also, ...] = (),
        context: tuple[Adds, ...] = (),
        authenticate: Authenticate = Authenticate.SIGV4,
        prepare: Preparation | None = None,
    ) -> Callable[[WriteBody], WriteBody]:
        """Register the body of an operation that changes something: it runs in one write transaction."""

        def register(body: WriteBody) -> WriteBody:
            self._add(
                Operation(
                    service=self.name,
                    name=name,
                    writes=True,
                    on=on,
                    also=also,
                    context=context,
                    body=body,
                    authenticate=authenticate,
                    prepare=prepare,
                )
            )
            return body

        return register

    def code(self, fault: Fault) -> str:
        """The service's error code for a fault."""
        if isinstance(fault, Refused):
            return fault.code
        return next(self._fault_codes[kind] for kind in type(fault).__mro__ if kind in self._fault_codes)

    def _add(self, operation: Operation) -> None:
        """Raises ValueError for what the service's model does not say, and for what is there."""
        name, signed = operation.name, operation.authenticate is Authenticate.SIGV4
        modelled = self._model.operations.get(name)
        if modelled is None:
            raise ValueError(f"{self.name} has no operation {name}")
        if name in self.operations:
            raise ValueError(f"{self.name}:{name} is registered twice")
        if modelled.signed is not signed:
            raise ValueError(f"the model of {self.name}:{name} says otherwise than {operation.authenticate}")
        if signed and operation.on is anybody:
            raise ValueError(f"nothing decides {self.name}:{name}, which is signed")
        self.operations[name] = operation
