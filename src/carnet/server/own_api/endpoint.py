"""What an endpoint of Carnet's own API is: its address, who may call it, and its body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from msgspec import Struct

from carnet.access.authorize import Check, Decided
from carnet.audit.history import EventHistory
from carnet.audit.logs import Log
from carnet.base.arns import OWN_SERVICE
from carnet.base.http import HttpRequest
from carnet.base.ids import Ids
from carnet.directory.account_view import AccountView
from carnet.directory.last_used import LastUsed
from carnet.directory.snapshot import Snapshot
from carnet.entities.operator_token import OperatorScope
from carnet.identity.caller import AccountCaller, Anonymous, OperatorCaller
from carnet.identity.passwords import Passwords
from carnet.identity.session_lifetime import SessionLifetime
from carnet.keyring.keyring import Keyring
from carnet.keyring.session_tokens import SessionTokens
from carnet.policy.compile import Engine
from carnet.server.own_api.upstreams import Upstreams
from carnet.services.mailed_invitations import Mailer
from carnet.services.preparing import Preparation
from carnet.services.transaction import Transaction
from carnet.store.unit_of_work import UnitOfWork

PREFIX = "/_carnet/v1/"

Told = Mapping[str, Any]
"""An answer, as JSON has it."""
OwnCaller = AccountCaller | OperatorCaller | Anonymous


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The base of what endpoints read from a query string or a body: `root_email` is `rootEmail` there."""


class NoInput(Input, frozen=True, kw_only=True):
    """The input of an endpoint that reads none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnParts:
    """What the bodies of endpoints may use, chosen once in `assembly`."""

    keyring: Keyring
    passwords: Passwords
    ids: Ids
    partition: str
    """That of new accounts."""
    history: EventHistory
    """The events of this node's audit log."""
    decisions: Log
    """This node's log of decisions."""
    engine: Engine
    tokens: SessionTokens
    session_lifetime: SessionLifetime
    last_used: LastUsed
    upstreams: Upstreams | None = None
    """Those of the gateway; None if there is none."""
    mailer: Mailer | None = None
    """None if no mail is sent."""


class OwnCall(Struct, frozen=True, kw_only=True):
    """One call of an endpoint, by a caller who may make it."""

    caller: OwnCaller
    account: str | None
    """Whose account is asked about; None for all, whom only an operator may ask about.

    INVARIANT: it is the caller's own, if the caller is of an account. It need not exist, if the caller is an operator.
    """
    query: Any
    """The endpoint's `query`, read."""
    given: Any
    """The endpoint's `given`, read."""
    path: Mapping[str, str]
    """What stands in the place of each `{name}` of the endpoint's path."""
    http: HttpRequest
    snapshot: Snapshot
    now: datetime
    parts: OwnParts
    decided: list[Decided]
    """What policies have decided by now; a body that asks them adds to it."""
    prepared: Any = None
    """What the endpoint's `prepare` has made."""

    @property
    def named_account(self) -> str:
        """The account in the path of an endpoint that has `{account}` in it."""
        assert self.account is not None, "it is a part of the path"
        return self.account


class OwnWriteCall(OwnCall, frozen=True, kw_only=True):
    """One call of an endpoint that changes something; `snapshot` is the state at the locked revision."""

    store: UnitOfWork

    @property
    def transaction(self) -> Transaction:
        """The transaction that the call changes something in."""
        parts = self.parts
        return Transaction(unit=self.store, snapshot=self.snapshot, keyring=parts.keyring, ids=parts.ids, now=self.now)


class Turn(Enum):
    """When and where a body runs."""

    AT_ONCE = "at once"
    """On the event loop: it reads what is in memory, and not much of it."""
    IN_THREAD = "in a thread"
    """In a thread, of which there are few: it reads files, or takes a while."""
    IN_TRANSACTION = "in a transaction"
    """In a thread, in one write transaction of the store: its body takes an `OwnWriteCall`."""


def without_token(answer: Told) -> Told:
    """An answer as the audit log has it, whose token is shown once and kept nowhere."""
    return {name: value for name, value in answer.items() if name != "token"}


def nothing(answer: Told) -> Told:
    """For `audited=` of an endpoint of whose answer the audit log keeps nothing."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint. Raises ValueError for a signed caller's change: their callers are not looked for again."""

    name: str
    """`ListAccounts`: the audit log's name of it, and the last part of its action."""
    method: str
    path: str
    """Below PREFIX. `{name}` stands for one segment; `{account}` is the account that is asked about."""
    scope: OperatorScope | None
    """What an operator token must have; None if no operator may call by a token."""
    resource: str | None
    """The last part of the ARN that `carnet:NAME` is decided on for a signed caller, who asks about its own account;
    None if only operators may call, or `check` says what is decided."""
    body: Callable[[Any], Told]
    check: Callable[[AccountView, Any], Check] | None = None
    """What is decided for a signed caller of an account who gives this, if it is another action than `carnet:NAME`."""
    turn: Turn = Turn.AT_ONCE
    query: type[Input] = NoInput
    """A member `account` of it is the account that is asked about."""
    given: type[Input] = NoInput
    """The form of the request's body. The audit log keeps all members but those in `secret`."""
    secret: frozenset[str] = frozenset()
    """The members of `given`, as they are sent, that the audit log hides."""
    anybody: bool = False
    """Whether it takes no proof of who calls: what is given must prove enough."""
    prepare: Preparation | None = None
    """Slow work before the transaction, whose `work` takes the call and the endpoint's `given`."""
    status: int = 200
    audited: Callable[[Told], Told] = nothing
    """What the audit log keeps of an answer."""

    def __post_init__(self) -> None:
        if self.writes and (self.resource is not None or self.check is not None):
            raise ValueError(f"{self.name} changes the store, and no signed caller may do that here")

    @property
    def action(self) -> str:
        """The permission that a signed caller needs."""
        return f"{OWN_SERVICE}:{self.name}"

    @property
    def writes(self) -> bool:
        return self.turn is Turn.IN_TRANSACTION
