"""A credential that is taken away while it is being used: nothing is written with it afterwards."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from carnet.assembly.installation import open_installation
from carnet.services.accounts import replace_root_keys
from tests.attacks.wire import Answer, Connection, Holder, call, root_of, signed
from tests.server.in_process import InProcessServer, in_process_server
from tests.waiting import eventually

ALLOW_IAM = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["iam:*", "sts:*"], "Resource": "*"}}
)
NewUser = Callable[..., tuple[str, Holder]]


class Attackers:
    """Threads that write without end, each on its own connection."""

    def __init__(self, server: InProcessServer, raw: Callable[[int], bytes], *, count: int = 4) -> None:
        self._server = server
        self._raw = raw
        self._stop = threading.Event()
        self._numbers = itertools.count()
        self.done: list[tuple[float, Answer]] = []
        """When each call was begun, and its answer."""
        self._threads = [threading.Thread(target=self._attack) for _ in range(count)]

    @contextmanager
    def attacking(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def go_on(self, attempts: int) -> None:
        """Returns when so many more attempts have been answered."""
        enough = len(self.done) + attempts
        eventually(lambda: len(self.done) >= enough)

    def succeeded(self, *, since: float) -> list[Answer]:
        return [answer for begun, answer in self.done if begun >= since and answer.status == 200]

    def _attack(self) -> None:
        with Connection(self._server) as connection:
            while not self._stop.is_set():
                begun = time.monotonic()
                self.done.append((begun, connection.send(self._raw(next(self._numbers)))))


def writes_of(server: InProcessServer, key_id: str) -> list[int]:
    """The revisions that were written with a key."""
    events = server.installation.store.audit_events()
    return [seq for seq, event in events if event["userIdentity"].get("accessKeyId") == key_id]


def revision_of(server: InProcessServer, operation: str, key_id: str) -> int:
    """The revision at which a key was changed."""
    return next(
        seq
        for seq, event in server.installation.store.audit_events()
        if event["eventName"] == operation and event["requestParameters"].get("accessKeyId") == key_id
    )


@pytest.mark.parametrize(("operation", "more"), [("DeleteAccessKey", {}), ("UpdateAccessKey", {"Status": "Inactive"})])
def test_a_key_writes_nothing_after_it_was_taken_away(
    server: InProcessServer, new_user: NewUser, operation: str, more: dict[str, str]
) -> None:
    for _ in range(3):
        name, mallory = new_user(ALLOW_IAM)

        def tag(number: int, name: str = name, mallory: Holder = mallory) -> bytes:
            tags = {"Tags.member.1.Key": "n", "Tags.member.1.Value": str(number)}
            return signed(server, mallory, "TagUser", UserName=name, **tags)

        attackers = Attackers(server, tag)
        with attackers.attacking():
            attackers.go_on(20)
            answer = call(server, root_of(server), operation, UserName=name, AccessKeyId=mallory.key_id, **more)
            returned = time.monotonic()
            attackers.go_on(20)
        assert answer.status == 200
        assert attackers.succeeded(since=0)
        assert attackers.succeeded(since=returned) == []
        assert max(writes_of(server, mallory.key_id)) < revision_of(server, operation, mallory.key_id)


def test_a_key_made_in_the_race_dies_with_the_policy_that_allowed_it(
    server: InProcessServer, new_user: NewUser
) -> None:
    """A right that is taken away is taken away for writes that are waiting for their turn, too."""
    name, mallory = new_user(ALLOW_IAM)
    attackers = Attackers(server, lambda _: signed(server, mallory, "CreateAccessKey", UserName=name))
    with attackers.attacking():
        attackers.go_on(10)
        assert call(server, root_of(server), "DeleteUserPolicy", UserName=name, PolicyName="p").status == 200
        returned = time.monotonic()
        attackers.go_on(10)
    assert {answer.code for begun, answer in attackers.done if begun >= returned} == {"AccessDenied"}


def test_a_session_writes_nothing_after_its_role_was_deleted(server: InProcessServer, new_user: NewUser) -> None:
    iam = server.client("iam")
    name, mallory = new_user(ALLOW_IAM)
    arn = iam.get_user(UserName=name)["User"]["Arn"]
    trust = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = iam.create_role(RoleName="doomed", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="doomed", PolicyName="p", PolicyDocument=ALLOW_IAM)
    sts = server.client("sts", mallory.key_id, mallory.secret)
    session = Holder.of(sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"])

    def tag(number: int) -> bytes:
        tags = {"Tags.member.1.Key": "n", "Tags.member.1.Value": str(number)}
        return signed(server, session, "TagUser", UserName=name, **tags)

    attackers = Attackers(server, tag)
    with attackers.attacking():
        eventually(lambda: attackers.succeeded(since=0))
        iam.delete_role_policy(RoleName="doomed", PolicyName="p")
        iam.delete_role(RoleName="doomed")
        iam.create_role(RoleName="doomed", AssumeRolePolicyDocument=document)
        iam.put_role_policy(RoleName="doomed", PolicyName="p", PolicyDocument=ALLOW_IAM)
        returned = time.monotonic()
        attackers.go_on(10)
    assert {answer.code for begun, answer in attackers.done if begun >= returned} == {"InvalidClientTokenId"}


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[InProcessServer]:
    """One whose root user loses the key that other tests have."""
    with in_process_server(tmp_path) as running:
        yield running


def test_replacing_a_root_key_leaves_none_that_was_made_meanwhile(own_server: InProcessServer) -> None:
    """The operator's process reads the keys, then the thief of the root key makes another, then they are replaced."""
    server = own_server
    thief = root_of(server)
    with open_installation(server.installation.settings) as operator:
        account = server.root.account
        assert operator.directory.snapshot.account(account) is not None
        made = server.client("iam").create_access_key()["AccessKey"]
        new = replace_root_keys(operator.operator_call(), account=account)
    server.installation.directory.catch_up()
    for stolen in (thief, Holder.of(made)):
        refused = call(server, stolen, "GetCallerIdentity", service="sts")
        assert refused.code == "InvalidClientTokenId"
    kept = Holder(key_id=new.access_key_id, secret=new.secret_access_key)
    assert call(server, kept, "GetCallerIdentity", service="sts").status == 200
