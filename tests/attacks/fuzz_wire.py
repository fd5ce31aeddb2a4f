"""Sends requests made from the service models, most of them wrong, and holds what every answer promises.

No answer is a failure of the server, each comes within seconds and can be read by botocore, and a refused request has
changed nothing in the store, also if it is committed together with a change of somebody else's.

Run it with `python -m tests.attacks.fuzz_wire --requests 100000 [--seed N]`. Ends with exit code 1 at the first broken
promise, and prints the request. The same seed makes the same requests, as far as they do not hold ids that the server
made.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sqlite3
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from botocore.parsers import create_parser
from msgspec.structs import replace

from carnet import models
from carnet.base.faults import Invalid
from carnet.base.http import HttpRequest
from carnet.services.accounts import NewAccounts, create_accounts
from carnet.services.registry import SERVICES
from carnet.sigv4.signing import SigningCredentials, signing_headers
from carnet.store.entity_types import ENTITY_TYPES
from carnet.store.unit_of_work import UnitOfWork
from tests.attacks.fuzzed_requests import Fuzzed, fuzzed
from tests.attacks.plausible import Values
from tests.attacks.wire import Answer, Connection, Holder, as_bytes, signed
from tests.server.in_process import InProcessServer, in_process_server

FORM = "application/x-www-form-urlencoded; charset=utf-8"
REPORT_EVERY = 10_000
RENEWED = 250
"""After so many requests others call: an administrator may have lost its permissions to a request."""
COMPARED = 0.05
"""The share of the requests around which every row of the store is compared, while somebody else makes a change."""
REFUSED_LATE = 0.5
"""The share of those that are refused when all is done: what they have written may not be committed."""
HELD = 0.01
"""Seconds for which the store is held, so that both are committed together."""
SLOWEST = 5.0
"""Seconds of the processor that no request may take: a busy machine does not count, a hostile value does."""
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Broken(Exception):
    """A promise is broken: the sentence says which, and by which request."""


class WireFuzz:
    """Sends one request after another. `answered` counts the answers by operation and status."""

    def __init__(self, server: InProcessServer, seed: int) -> None:
        self._server = server
        self._chance = random.Random(seed)
        self._values = Values(self._chance)
        self._connection, self._connection_beside = Connection(server), Connection(server)
        self._operations = [
            models.operation(service.name, name) for service in SERVICES.values() for name in sorted(service.operations)
        ]
        path = server.installation.settings.data_dir / "carnet.db"
        self._store = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._callers = self._new_callers()
        self._beside, self._account_beside = self._somebody_else()
        self.answered: Counter[tuple[str, int]] = Counter()

    def close(self) -> None:
        self._connection.close()
        self._connection_beside.close()
        self._store.close()

    def send_next(self) -> None:
        """One request; raises Broken."""
        request = fuzzed(self._values, self._chance.choice(self._operations))
        caller = self._chance.choice(self._callers)
        compared = self._chance.random() < COMPARED
        state = self._rows if compared else self._head
        before = state()
        raw = as_bytes(self._signed(request, caller))
        began = time.process_time()
        try:
            answer = self._send_beside_another(raw) if compared else self._connection.send(raw)
        except TimeoutError:
            raise _broken("no answer", raw) from None
        if time.process_time() - began > SLOWEST:
            raise _broken(f"an answer that took more than {SLOWEST} s", raw, answer)
        if answer.status == 0 or answer.status == 500 or answer.status > 501:
            raise _broken(f"status {answer.status}", raw, answer)
        self._read(request, raw, answer)
        if answer.status >= 400 and before != state():
            raise _broken("a refused request has changed the store", raw, answer)
        self.answered[request.operation.name, answer.status] += 1
        lost_key = answer.status == 403 and answer.code in ("InvalidClientTokenId", "ExpiredToken")
        if lost_key or self.answered.total() % RENEWED == 0:
            self._callers = self._new_callers()

    def _send_beside_another(self, raw: bytes) -> Answer:
        """Send it while the store is held, and a change of another account: one transaction commits both."""
        tag = {"Tags.member.1.Key": "number", "Tags.member.1.Value": str(self.answered.total())}
        change = signed(self._server, self._beside, "TagUser", UserName="beside", **tag)
        refusing = self._refusing_at_the_end() if self._chance.random() < REFUSED_LATE else nullcontext()
        self._store.execute("BEGIN IMMEDIATE")
        released = threading.Timer(HELD, self._store.rollback)
        with refusing, ThreadPoolExecutor(1) as pool:
            made = pool.submit(self._connection_beside.send, change)
            released.start()
            try:
                answer = self._connection.send(raw)
            finally:
                released.join()
                made.result()
        return answer

    @contextmanager
    def _refusing_at_the_end(self) -> Iterator[None]:
        """Refuse each change once its rows are written, but those beside: nearly all operations refuse before."""
        finish, beside = UnitOfWork.finish, self._account_beside

        def refuse(unit: UnitOfWork) -> None:
            if any(change.scope.id != beside for change in unit.changes):
                raise Invalid("Refused after its rows were written.")
            finish(unit)

        with patch.object(UnitOfWork, "finish", refuse):
            yield

    def _signed(self, request: Fuzzed, caller: Holder) -> HttpRequest:
        headers = {"host": f"127.0.0.1:{self._server.port}", "content-type": FORM, **request.headers}
        unsigned = HttpRequest(
            method="POST",
            path=request.target,
            query="",
            headers=tuple(headers.items()),
            body=request.body,
            peer="127.0.0.1",
            secure=False,
        )
        signing = signing_headers(
            unsigned,
            SigningCredentials(access_key_id=caller.key_id, secret_access_key=caller.secret),
            service=request.operation.service.signing_name,
            region="us-east-1",
            now=self._server.clock(),
        )
        return replace(unsigned, headers=tuple({**headers, **signing}.items()))

    def _read(self, request: Fuzzed, raw: bytes, answer: Answer) -> None:
        """botocore parses the answer, and its texts are remembered for the requests to come."""
        parser: Any = create_parser(request.operation.service.protocol)
        response = {"status_code": answer.status, "headers": _headers(answer), "body": answer.body}
        try:
            if "xml" in answer.head:
                ElementTree.fromstring(answer.body)
            parsed: dict[str, Any] = parser.parse(response, request.operation.model.output_shape)
        except Exception as error:
            raise _broken(f"an answer that botocore cannot read: {error!r}", raw, answer) from error
        if answer.status == 200:
            parsed.pop("ResponseMetadata", None)
            self._values.learn(parsed)
        elif not parsed.get("Error", {}).get("Code"):
            raise _broken("a refusal without a code", raw, answer)

    def _head(self) -> Any:
        return self._store.execute("SELECT seq, hash FROM head").fetchone()

    def _rows(self) -> str:
        """A digest of every stored thing, but of those of the account that makes changes beside."""
        digest = hashlib.sha256()
        for each in ENTITY_TYPES:
            for row in self._store.execute(f'SELECT * FROM "{each.table.name}" ORDER BY rowid'):
                if self._account_beside not in row:
                    digest.update(repr(row).encode())
        return digest.hexdigest()

    def _somebody_else(self) -> tuple[Holder, str]:
        """The root user of another account, which has a user `beside`, and the account's id."""
        root = new_root(self._server)
        with closing(self._server.client("iam", root.key_id, root.secret)) as iam:
            return root, iam.create_user(UserName="beside")["User"]["Arn"].split(":")[4]

    def _new_callers(self) -> list[Holder]:
        """Root, an administrator (more often than others) and a user without policies, of a new account.

        A request may have taken the keys of those before, or what they are allowed.
        """
        root = new_root(self._server)
        iam = self._server.client("iam", root.key_id, root.secret)
        administrator, nobody = (_user(iam, name) for name in ("administrator", "nobody"))
        iam.attach_user_policy(UserName="administrator", PolicyArn=ADMINISTRATOR)
        iam.close()
        return [root, *[administrator] * 6, nobody]


def new_root(server: InProcessServer) -> Holder:
    """The root user of a new account."""
    parts = server.installation
    made = create_accounts(
        parts.store,
        parts.keyring,
        parts.ids,
        NewAccounts(names=("fuzzed",), emails=("fuzzed@example.com",), partition="aws"),
        now=parts.clock(),
    )[0]
    parts.directory.catch_up()
    return Holder(key_id=made.access_key_id, secret=made.secret_access_key)


def _user(iam: Any, name: str) -> Holder:
    iam.create_user(UserName=name)
    return Holder.of(iam.create_access_key(UserName=name)["AccessKey"])


def _headers(answer: Answer) -> dict[str, str]:
    lines = (line.partition(":") for line in answer.head.split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _broken(what: str, raw: bytes, answer: Answer | None = None) -> Broken:
    told = "" if answer is None else f"\nanswer: {answer.head}\n{answer.body[:2000]!r}"
    return Broken(f"{what}\nrequest: {raw[:6000]!r}{told}")


def main() -> int:
    """Send the requests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None, help="without one, by chance")
    given = parser.parse_args()
    seed = random.Random().randrange(2**40) if given.seed is None else given.seed
    sys.stdout.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory() as directory, in_process_server(Path(directory), password_hash_kib=8) as server:
        fuzz, number = WireFuzz(server, seed), 0
        try:
            for number in range(1, given.requests + 1):
                fuzz.send_next()
                if number % REPORT_EVERY == 0:
                    sys.stdout.write(f"{number:,} requests; {told(fuzz.answered)}\n")
        except Broken as broken:
            sys.stdout.write(f"seed {seed}, request {number:,}: {broken}\n")
            return 1
        finally:
            fuzz.close()
        sys.stdout.write(f"no promise broken; {told(fuzz.answered)}\n")
    return 0


def told(answered: Counter[tuple[str, int]]) -> str:
    """How often each status was answered, and how many operations were carried out at all."""
    by_status: Counter[int] = Counter()
    for (_, status), count in answered.items():
        by_status[status] += count
    operations, taken = {name for name, _ in answered}, {name for name, status in answered if status == 200}
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(by_status.items()))
    return f"{statuses}; {len(taken)} of {len(operations)} operations took one"


if __name__ == "__main__":
    sys.exit(main())
