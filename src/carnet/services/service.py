"""An AWS service: its traits, each stated once, and the registration of its operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from types import MappingProxyType
from typing import Any, TypeVar, TypeVarTuple, get_args, get_type_hints

from carnet import models
from carnet.base.faults import FAULTS, Fault, Refused
from carnet.directory.directory import Directory
from carnet.identity.authenticate import Authenticate, Authenticator
from carnet.identity.credentials import Credentials
from carnet.models import COMMON_VOICE, Voice
from carnet.services.code_check import CodeCheck
from carnet.services.operation import (
    Adds,
    Also,
    AnonymousCall,
    AnonymousWriteCall,
    Answer,
    BearerCall,
    BearerWriteCall,
    Call,
    FederatedCall,
    FederatedWriteCall,
    Names,
    Operation,
    Parts,
    SessionRule,
    WriteCall,
    anybody,
    every_session,
)
from carnet.services.paging import NEXT_TOKENS, PagingStyle
from carnet.services.preparing import Preparation
from carnet.services.target import AnyTarget, show_tags_of

Found = TypeVarTuple("Found")
_NO_TAG_KEYS: Mapping[str, str] = MappingProxyType({})

Given = TypeVar("Given")
ReadingCall = TypeVar("ReadingCall", Call, BearerCall, FederatedCall, AnonymousCall)
WritingCall = TypeVar("WritingCall", WriteCall, BearerWriteCall, FederatedWriteCall, AnonymousWriteCall)
Body = TypeVar("Body", bound=Callable[..., Answer])
ReadBody = Callable[[ReadingCall, Given, *Found], Answer]
WriteBody = Callable[[WritingCall, Given, *Found], Answer]


_DECIDED = (Authenticate.SIGV4, Authenticate.COOKIE, Authenticate.FEDERATED)
"""The kinds of proof of callers to whom policies apply: those of their account, or a role's trust policy."""

MakeAuthenticator = Callable[[Directory, Credentials, Parts], Authenticator]
"""(the directory, every live credential, the parts that bodies may use) to an authenticator that a service brings."""
_NO_AUTHENTICATORS: Mapping[Authenticate, MakeAuthenticator] = MappingProxyType({})


_OFFERED: set[str] = set()


def is_offered(action: str) -> bool:
    """Whether some service here carries out an operation that needs this permission."""
    return action in _OFFERED


class Service:
    """An AWS service: its traits, each stated here once, and its operations by name.

    - `name`: botocore's, of its model.
    - `fault_codes`: its error code for every kind of fault.
    - `voice`: how it tells of validation errors.
    - `action_prefix`: what stands before the colon of its actions; by default what its requests are signed for.
    - `event_source`: CloudTrail's name of it; by default made of the same.
    - `refuse_session`: which sessions may not call it.
    - `tag_keys`: the beginning of the last part of a resource's ARN, to the prefix of the condition keys that hold the
      resource's tags in addition to aws:ResourceTag.
    - `quotas`: how much of everything there may be; `call.quotas` of its bodies.
    - `paging`: what its lists call their pages; `call.paging` of its bodies.
    - `authenticators`: the authenticators that it brings, for its own operations and all others that take the same
      proof.
    - `not_written`: the operations of its model that are still to be written.

    Raises ValueError for a table of fault codes that lacks one.
    """

    def __init__(
        self,
        name: str,
        *,
        fault_codes: Mapping[type[Fault], str],
        voice: Voice = COMMON_VOICE,
        action_prefix: str | None = None,
        event_source: str | None = None,
        refuse_session: SessionRule = every_session,
        tag_keys: Mapping[str, str] = _NO_TAG_KEYS,
        quotas: object = None,
        paging: PagingStyle = NEXT_TOKENS,
        authenticators: Mapping[Authenticate, MakeAuthenticator] = _NO_AUTHENTICATORS,
        not_written: Iterable[str] = (),
    ) -> None:
        if missing := sorted(kind.__name__ for kind in FAULTS - fault_codes.keys()):
            raise ValueError(f"{name} has no error code for {', '.join(missing)}")
        self._model = models.service(name)
        self.name = name
        self.voice = voice
        self.action_prefix = action_prefix or self._model.signing_name
        self.event_source = event_source or self._model.event_source
        self.refuse_session = refuse_session
        self.quotas = quotas
        self.paging = paging
        self.authenticators = authenticators
        self.not_written = frozenset(not_written)
        self.operations: dict[str, Operation] = {}
        self._fault_codes = fault_codes
        if tag_keys:
            show_tags_of(self.action_prefix, tag_keys)

    def read(
        self,
        name: str,
        *,
        on: Names[*Found],
        also: tuple[Also, ...] = (),
        context: tuple[Adds, ...] = (),
        authenticate: Authenticate = Authenticate.SIGV4,
        prepare: Preparation | CodeCheck | None = None,
    ) -> Callable[[ReadBody[ReadingCall, Given, *Found]], ReadBody[ReadingCall, Given, *Found]]:
        """Register the body of an operation that changes nothing: answered from the directory, in process."""
        return self._decorator(
            name, on=on, also=also, context=context, authenticate=authenticate, prepare=prepare, writes=False
        )

    def write(
        self,
        name: str,
        *,
        on: Names[*Found],
        also: tuple[Also, ...] = (),
        context: tuple[Adds, ...] = (),
        authenticate: Authenticate = Authenticate.SIGV4,
        prepare: Preparation | CodeCheck | None = None,
    ) -> Callable[[WriteBody[WritingCall, Given, *Found]], WriteBody[WritingCall, Given, *Found]]:
        """Register the body of an operation that changes something: it runs in one write transaction."""
        return self._decorator(
            name, on=on, also=also, context=context, authenticate=authenticate, prepare=prepare, writes=True
        )

    def code(self, fault: Fault) -> str:
        """The service's error code for a fault."""
        if isinstance(fault, Refused):
            return fault.code
        return next(self._fault_codes[kind] for kind in type(fault).__mro__ if kind in self._fault_codes)

    def _decorator(
        self,
        name: str,
        *,
        on: Callable[[Any, Any], AnyTarget],
        also: tuple[Also, ...],
        context: tuple[Adds, ...],
        authenticate: Authenticate,
        prepare: Preparation | CodeCheck | None,
        writes: bool,
    ) -> Callable[[Body], Body]:
        def register(body: Body) -> Body:
            self._add(
                Operation(
                    service=self.name,
                    name=name,
                    action=f"{self.action_prefix}:{name}",
                    writes=writes,
                    on=on,
                    also=also,
                    context=context,
                    body=body,
                    authenticate=authenticate,
                    prepare=prepare,
                    refuse_session=self.refuse_session,
                    quotas=self.quotas,
                    paging=self.paging,
                )
            )
            return body

        return register

    def _add(self, operation: Operation) -> None:
        """Raises ValueError for an operation that the service's model does not have, and for one that is registered
        already."""
        name, authenticate = operation.name, operation.authenticate
        modelled = self._model.operations.get(name)
        if modelled is None:
            raise ValueError(f"{self.name} has no operation {name}")
        if name in self.operations:
            raise ValueError(f"{self.name}:{name} is registered twice")
        if not authenticate.fits(modelled):
            raise ValueError(f"the model of {self.name}:{name} says otherwise than {authenticate}")
        if operation.on is anybody and authenticate in _DECIDED:
            raise ValueError(f"nothing decides {self.name}:{name}, about whose callers policies decide")
        if authenticate is Authenticate.FEDERATED and operation.prepare is None:
            raise ValueError(f"nothing finds out who calls {self.name}:{name}")
        _check_signature(operation)
        self.operations[name] = operation
        _OFFERED.add(operation.action)


def _check_signature(operation: Operation) -> None:
    """Raise TypeError if the body does not take as many arguments as its target finds, according to the target's return
    type."""
    wanted = 2 + len(get_args(get_type_hints(operation.on)["return"]))
    taken = len(signature(operation.body).parameters)
    if taken != wanted:
        name = f"{operation.service}:{operation.name}"
        raise TypeError(f"the body of {name} takes {taken} arguments, and is called with {wanted}")
