"""A small world for tests of services: one store, a clock that tests turn, and callers who call operations.

The operations run as the server runs them, authorized and in their transactions; only the wire is left out.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from inspect import iscoroutine
from pathlib import Path
from typing import Any

from carnet import models
from carnet.assembly.installation import Installation, open_installation
from carnet.assembly.settings import Settings
from carnet.assembly.state import system_clock
from carnet.audit.steps import Arrived, Authenticated, Parsed, Routed, identified
from carnet.base.faults import Fault
from carnet.base.http import HttpRequest
from carnet.directory.snapshot import Snapshot
from carnet.identity.caller import AUTHENTICATOR, Anonymous, Verified
from carnet.identity.caller import Caller as AnyCaller
from carnet.identity.credential import TokenExpired
from carnet.services.accounts import NewAccounts, create_accounts
from carnet.services.code_attempt import accepted, code_attempt
from carnet.services.code_check import CodeCheck
from carnet.services.execution import Admitted, Failed, Outcome
from carnet.services.operation import Operation, Refusal
from carnet.services.preparing import Preparation
from carnet.services.registry import SERVICES
from tests.stores.migrated import lay_out_for

_HTTP = HttpRequest(
    method="POST",
    path="/",
    query="",
    headers=(("user-agent", "world"),),
    body=b"",
    peer="192.0.2.1",
    secure=True,
)
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class ServiceError(Exception):
    """What the caller would be told: the service's error code, the message, and further members such as Reason."""

    def __init__(self, code: str, message: str, members: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.members = dict(members or {})


class TurnableClock:
    """A clock that stands still, or goes with the real time, and that a test turns ahead."""

    def __init__(self) -> None:
        self.now = START
        self._ahead: timedelta | None = None

    def __call__(self) -> datetime:
        return self.now if self._ahead is None else system_clock() + self._ahead

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self._ahead is not None:
            self._ahead += timedelta(seconds=seconds)

    def follow_real_time(self) -> None:
        """Go with the real time from now on, for clients that sign with it."""
        self._ahead = timedelta()

    def stand_still(self) -> None:
        """Go with nothing any more."""
        self.now, self._ahead = self(), None


class Caller:
    """Somebody with credentials, who presents them anew with each call."""

    def __init__(self, key_id: str, secret: str, token: str | None = None) -> None:
        self.key_id = key_id
        self.secret = secret
        self.token = token


class World:
    """An installation with one account, whose root user is `root`."""

    def __init__(self, installation: Installation, clock: TurnableClock) -> None:
        self.installation = installation
        self.clock = clock
        self.root = self.account()

    @property
    def snapshot(self) -> Snapshot:
        return self.installation.directory.snapshot

    @property
    def account_id(self) -> str:
        return self.principal(self.root).principal.account

    def account(self, partition: str = "aws") -> Caller:
        """A further account; its root user."""
        made = create_accounts(
            self.installation.store,
            self.installation.keyring,
            self.installation.ids,
            NewAccounts(names=("test",), emails=("test@example.com",), partition=partition),
            now=self.clock(),
        )[0]
        self.installation.directory.catch_up()
        return Caller(made.access_key_id, made.secret_access_key)

    def user(self, name: str, policies: Sequence[Mapping[str, Any]] = (), *, root: Caller | None = None) -> Caller:
        """A new user with an access key and these inline policies."""
        owner = root or self.root
        self.call(owner, "CreateUser", UserName=name)
        for number, policy in enumerate(policies):
            document = json.dumps(policy)
            self.call(owner, "PutUserPolicy", UserName=name, PolicyName=f"p{number}", PolicyDocument=document)
        key = self.call(owner, "CreateAccessKey", UserName=name)["AccessKey"]
        return Caller(key["AccessKeyId"], key["SecretAccessKey"])

    def session(self, answer: Mapping[str, Any]) -> Caller:
        """The holder of the credentials in an answer of STS."""
        given = answer["Credentials"]
        return Caller(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def principal(self, caller: Caller) -> Verified:
        """The caller, as a right signature would show; ServiceError where the credential is not good."""
        try:
            credential = self.installation.execution.credentials.find(caller.key_id, caller.token)
        except TokenExpired as expired:
            raise ServiceError("ExpiredToken", "The security token included in the request is expired") from expired
        if credential is None or credential.secret != caller.secret:
            raise ServiceError("InvalidClientTokenId", "The security token included in the request is invalid.")
        return Verified(AUTHENTICATOR, credential=credential, region="us-east-1", service="", presigned=False)

    def parsed(self, operation: Operation, caller: AnyCaller, given: Mapping[str, Any]) -> Parsed:
        """A call of the operation that arrives now."""
        arrived = Arrived(request_id=secrets.token_hex(8), event_id=secrets.token_hex(8), time=self.clock(), http=_HTTP)
        routed = Routed(
            arrived=arrived,
            operation=models.operation(operation.service, operation.name),
            event_source=f"{operation.service}.amazonaws.com",
            read_only=not operation.writes,
        )
        return Parsed(authenticated=Authenticated(routed=routed, caller=caller), given=given)

    def call(self, caller: Caller, operation: str, *, service: str = "iam", **given: Any) -> dict[str, Any]:
        """Call an operation; its answer, or ServiceError."""
        return self._answer(self.principal(caller), service, operation, given)

    def unsigned(self, operation: str, *, service: str = "sts", **given: Any) -> dict[str, Any]:
        """Call an operation that takes no signature; as `call`."""
        return self._answer(Anonymous(), service, operation, given)

    def as_caller(self, caller: AnyCaller, operation: str, *, service: str, **given: Any) -> dict[str, Any]:
        """Call an operation as a caller of any kind; as `call`."""
        return self._answer(caller, service, operation, given)

    def _answer(self, caller: AnyCaller, service: str, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        chosen = SERVICES[service].operations[operation]
        outcome = self._carried_out(chosen, self.parsed(chosen, caller, given))
        problem: Exception
        if isinstance(outcome, Failed):
            problem = outcome.problem
        elif isinstance(outcome.answer, Refusal):
            problem = outcome.answer.fault
        else:
            return dict(outcome.answer)
        if isinstance(problem, Fault):
            raise ServiceError(SERVICES[service].code(problem), problem.message, problem.members) from problem
        raise problem

    def _carried_out(self, operation: Operation, parsed: Parsed) -> Outcome:
        execution = self.installation.execution
        if operation.prepare is not None and operation.is_prepared(parsed.given):
            admitted = execution.admit(operation, parsed)
            if isinstance(admitted, Failed):
                return admitted
            try:
                prepared = self._prepared(operation.prepare, admitted, parsed)
            except Fault as problem:
                return Failed(problem=problem, decided=admitted.decided)
            parsed = identified(parsed, prepared)
            perform = execution.write if operation.writes else execution.read_prepared
            return perform(operation, parsed, prepared)
        return execution.write(operation, parsed) if operation.writes else execution.read(operation, parsed)

    def _prepared(self, preparation: Preparation | CodeCheck, admitted: Admitted, parsed: Parsed) -> Any:
        execution = self.installation.execution
        if isinstance(preparation, Preparation):
            made = preparation.work(admitted.call, parsed.given)
            return asyncio.run(made) if iscoroutine(made) else made
        attempt = code_attempt(execution, preparation, admitted, parsed)
        return accepted(preparation, execution.write_together([attempt])[0])


@contextmanager
def open_world(path: Path, **settings: Any) -> Iterator[World]:
    """A new world in a directory of its own."""
    clock = TurnableClock()
    chosen = Settings(data_dir=path / "data", **{"password_hash_kib": 8, "limits": "off", **settings})
    lay_out_for(chosen)
    with open_installation(chosen, create=True, clock=clock) as installation:
        yield World(installation, clock)
