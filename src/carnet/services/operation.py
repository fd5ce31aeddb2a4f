"""What an operation of a service is: its name, the permission it needs, and its body.

Authorization is an argument of the decorator, so it cannot be forgotten, and it runs before the body: a stranger gets
AccessDenied, never a hint of what exists.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVarTuple

from msgspec import Struct, field

from carnet.access.authorize import Check, Decided, authorize
from carnet.access.denial import denied
from carnet.audit.history import EventHistory
from carnet.base.faults import Fault, Refused
from carnet.base.ids import Ids
from carnet.directory.account_view import AccountView
from carnet.directory.last_used import LastUsed
from carnet.directory.snapshot import Snapshot
from carnet.entities.iam_settings import IamSettings
from carnet.identity.authenticate import Authenticate
from carnet.identity.caller import AccountCaller, Anonymous, Bearer, Federated
from carnet.identity.passwords import Passwords
from carnet.identity.session_lifetime import SessionLifetime
from carnet.identity.sign_in import SignIns
from carnet.keyring.keyring import Keyring
from carnet.keyring.session_claims import SessionClaims
from carnet.keyring.session_tokens import SessionTokens
from carnet.oidc.issuers import IssuerKeys
from carnet.policy.compile import Engine
from carnet.policy.policies import Policies
from carnet.policy.request import Context, Value
from carnet.services.code_check import CodeCheck
from carnet.services.paging import NEXT_TOKENS, PagingStyle
from carnet.services.preparing import Preparation
from carnet.services.target import AnyTarget, Keys, Target
from carnet.store.reports import Reports
from carnet.store.unit_of_work import Unit, UnitOfWork

Answer = Mapping[str, object]
"""An operation's output, by the member names of its model."""


class Refusal(dict[str, object]):
    """The answer of a body that refuses its caller and keeps its change: a stolen token is refused, and ends its
    session."""

    def __init__(self, fault: Refused) -> None:
        super().__init__()
        self.fault = fault


Found = TypeVarTuple("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The objects that the bodies of operations may use. `assembly` chooses them once."""

    engine: Engine
    ids: Ids
    keyring: Keyring
    tokens: SessionTokens
    last_used: LastUsed
    passwords: Passwords
    sign_ins: SignIns
    session_lifetime: SessionLifetime
    issuers: IssuerKeys
    """The public keys of the issuers whose tokens the server accepts."""
    history: EventHistory
    """The events of this node's audit log."""
    reports: Reports
    public_url: str
    """Where clients reach the installation."""
    quotas: Mapping[str, int]
    """The quotas that the operator has set for the installation in place of AWS's, by name."""

    def quotas_of(self, view: AccountView, own: Any) -> Any:
        """The quotas of an account: `own`, AWS's for a service, with what the operator has set in their place."""
        settings = view.of(IamSettings).get(view.account.id)
        account = settings.quotas if settings is not None else {}
        if own is None or not (account or self.quotas):
            return own
        return _with_numbers(own, tuple(sorted({**self.quotas, **account}.items())))


class _Called(Struct, frozen=True, kw_only=True):
    """The members of every kind of call."""

    snapshot: Snapshot
    context: Context
    """The condition keys of the caller, of the request and, if the caller has an account, of a resource in that
    account."""
    policies: Policies
    """The policies that the caller brings along: identity-based, boundary and session policies."""
    now: datetime
    parts: Parts
    own_quotas: Any
    """The quotas of the operation's service. Its bodies know their type."""
    paging: PagingStyle
    """The paging style of the operation's service."""
    prepared: Any = None
    """The result of the operation's `prepare=`; None before it has run, and for operations without one."""
    decided: list[Decided] = field(default_factory=list[Decided])
    """The decisions of the call so far. A body that makes further decisions adds them."""

    @property
    def quotas(self) -> Any:
        """AWS's quotas, unless the operator has set others for the caller's account or for the installation."""
        return self.own_quotas

    @property
    def now_ms(self) -> int:
        """`now` as epoch milliseconds, the unit of `SessionClaims`."""
        return int(self.now.timestamp() * 1000)


class Call(_Called, frozen=True, kw_only=True):
    """One call of an operation that only reads, by a caller who has an account."""

    caller: AccountCaller
    view: AccountView
    """The caller's account at `snapshot`."""

    @property
    def quotas(self) -> Any:
        return self.quotas_of(self.view)

    def quotas_of(self, view: AccountView) -> Any:
        """The quotas that apply to an account."""
        return self.parts.quotas_of(view, self.own_quotas)

    @property
    def account(self) -> str:
        return self.view.account.id

    @property
    def partition(self) -> str:
        return self.view.account.partition

    @property
    def ids(self) -> Ids:
        return self.parts.ids


@lru_cache(1024)
def _with_numbers(quotas: Any, numbers: tuple[tuple[str, int], ...]) -> Any:
    names = {each.name for each in dataclasses.fields(quotas)}
    return dataclasses.replace(quotas, **{name: number for name, number in numbers if name in names})


class WriteCall(Call, frozen=True, kw_only=True):
    """One call of an operation that changes something, inside its transaction, by a caller who has an account.

    INVARIANT: `snapshot` is the state at the locked revision, so what a body finds in it holds until the commit.
    """

    store: Unit


class BearerCall(_Called, frozen=True, kw_only=True):
    """One call of an operation that takes an access token and only reads."""

    caller: Bearer


class BearerWriteCall(BearerCall, frozen=True, kw_only=True):
    """One call of an operation that takes an access token and changes something. `snapshot` is as in `WriteCall`."""

    store: UnitOfWork


class AnonymousCall(_Called, frozen=True, kw_only=True):
    """One call of an operation that asks for no credentials and only reads."""

    caller: Anonymous


class AnonymousWriteCall(AnonymousCall, frozen=True, kw_only=True):
    """One call of an operation that asks for no credentials and changes something. `snapshot` is as in `WriteCall`."""

    store: UnitOfWork


class FederatedCall(_Called, frozen=True, kw_only=True):
    """One call of an operation that only reads, by a caller for whom an identity provider vouches."""

    caller: Federated

    @property
    def ids(self) -> Ids:
        return self.parts.ids


class FederatedWriteCall(FederatedCall, frozen=True, kw_only=True):
    """One call of an operation that changes something, by a federated caller. `snapshot` is as in `WriteCall`."""

    store: UnitOfWork


AnyCall = Call | BearerCall | FederatedCall | AnonymousCall


SessionRule = Callable[[SessionClaims, str], None]
"""(the caller's session, name of the operation): raises a Fault if a session of that kind may not call the
operation."""


def every_session(session: SessionClaims, operation: str) -> None:
    """The rule of a service that every kind of session may call."""


def account_wide(call: Call, given: Any) -> Target[()]:
    """For an action without a resource type: only a policy for `*` allows it."""
    return Target(arn="*", account=call.account, found=())


Names = Callable[[Any, Any], Target[*Found]]
"""(call, given) to the resource that the operation acts on."""
Also = Callable[[Any, Any, Any, Keys], Iterable[Check]]
"""(call, given, target, keys) to further checks, such as iam:PassRole; `keys` are those that `context=` gave."""
Adds = Callable[[Any, Any, Any], Keys]
"""(call, given, target) to condition keys that this operation brings."""


def anybody(call: BearerCall | AnonymousCall, given: Any) -> Target[()]:
    """For `on=` of an operation on which no policy decides: the caller's token or the input must prove enough."""
    return Target(arn="*", account="", found=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of one service."""

    service: str
    name: str
    action: str
    """The permission that it needs, `iam:CreateUser`."""
    writes: bool
    on: Callable[[Any, Any], AnyTarget]
    also: tuple[Also, ...]
    context: tuple[Adds, ...]
    body: Callable[..., Answer]
    authenticate: Authenticate = Authenticate.SIGV4
    prepare: Preparation | CodeCheck | None = None
    refuse_session: SessionRule = every_session
    quotas: Any = None
    paging: PagingStyle = NEXT_TOKENS

    def is_prepared(self, given: Any) -> bool:
        """Whether the operation has to be prepared for this input before it takes its turn."""
        if self.prepare is None:
            return False
        return self.prepare.members is None or not self.prepare.members.isdisjoint(given)

    @property
    def decided_prepared(self) -> bool:
        """Whether the decision depends on what the preparation finds, so that it can only be made afterwards."""
        return isinstance(self.prepare, Preparation) and self.prepare.decides

    def checks(self, call: AnyCall, given: Any, target: AnyTarget) -> Iterator[Check]:
        """Each permission that the caller needs before the body runs.

        INVARIANT: a further check is made only after the check on the operation itself has been passed.
        """
        keys: dict[str, Value] = {}
        for adds in self.context:
            keys.update(adds(call, given, target))
        yield target.check(target.action or self.action, keys, target.shown)
        for also in self.also:
            yield from also(call, given, target, keys)

    def authorize(self, call: AnyCall, given: Any, decided: list[Decided]) -> AnyTarget:
        """The target, if the caller may act on it; raises a Fault otherwise. Each decision is added to `decided`.

        A session that may not call the service is refused first.
        """
        if isinstance(call, Call) and (session := call.caller.credential.session) is not None:
            self.refuse_session(session, self.name)
        target = self.on(call, given)
        if self.on is anybody:
            return target
        engine, principal, policies, context = call.parts.engine, call.caller.principal, call.policies, call.context
        call.parts.last_used.note_attempt((principal, self.action, call.now, call.caller.region))
        for check in self.checks(call, given, target):
            decision = authorize(engine, call.snapshot, principal, policies, context, check)
            decided.append(decision)
            if not decision.decision.allowed:
                raise denied(decision)
        return target

    def perform(self, call: AnyCall, given: Any, decided: list[Decided]) -> Answer:
        """Authorize the caller, then run the body with what the target found; raises the target's fault if it found
        nothing.

        INVARIANT: before the caller is authorized, no body runs, and the caller does not learn what exists.
        """
        return self._act(call, given, self.authorize(call, given, decided))

    def perform_for_operator(self, call: Call, given: Any) -> Answer:
        """Run the body for the operator of the installation, to whom no policy applies.

        Raises what `perform` raises, except denials. INVARIANT: no request reaches this (a test lists its callers).
        """
        return self._act(call, given, self.on(call, given))

    def _act(self, call: AnyCall, given: Any, target: AnyTarget) -> Answer:
        if isinstance(target.found, Fault):
            raise target.found
        return self.body(call, given, *target.found)
