"""The policies of all principals of an account do not stay in memory, however many of them have called."""

from __future__ import annotations

import gc
import json
import weakref

import pytest

from carnet.access import documents
from carnet.access.authorize import Check, authorize
from carnet.access.gather import carried_by
from carnet.access.organization_policies import bound
from carnet.access.resource_policies import trust_of
from carnet.directory.memo import forget_policies
from carnet.directory.snapshot import Snapshot
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.identity.credential import Credential
from carnet.identity.principals import long_term_principal
from carnet.policy.compile import Engine
from carnet.policy.document import Policy
from carnet.policy.policies import Policies
from carnet.policy.request import Context
from carnet.store.changes import Changes, Revision
from tests.access.test_organization_size import THEN, among
from tests.directory.snapshots import row
from tests.stores.entities import ACCOUNT

_ROOM, _PARTS, _PRINCIPALS = 1_000, 300, 20
_MOST = 2 * _ROOM // _PARTS + 2
"""Long policies that a memory of that room holds in two generations, and those that were asked for last."""


@pytest.fixture(autouse=True)
def small_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents._understood, "_room", _ROOM)


def long_policy(number: int) -> str:
    resources = [f"arn:aws:s3:::{number}-{value}" for value in range(_PARTS)]
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": resources}})


def user(number: int) -> User:
    inline = {"own": long_policy(number)}
    return User(id=f"AIDA{number}", account=ACCOUNT.id, name=f"user-{number}", created=THEN, inline=inline)


def long_trust_policy(number: int) -> str:
    values = [f"{number}-{value}" for value in range(_PARTS)]
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": "*",
        "Condition": {"StringEquals": {"sts:ExternalId": values}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def role(number: int) -> Role:
    trust = long_trust_policy(number)
    return Role(id=f"AROA{number}", account=ACCOUNT.id, name=f"role-{number}", created=THEN, trust=trust)


@pytest.fixture
def snapshot() -> Snapshot:
    """An account under two SCPs, with long policies of users and long trust policies of roles."""
    changes = [row(made) for number in range(_PRINCIPALS) for made in (user(number), role(number))]
    before = among(10)
    changed = Changes(base=before.revision, revision=Revision(2, "epoch", b""), changes=tuple(changes))
    return before.with_changes(changed)


def carried(snapshot: Snapshot, number: int) -> Policies:
    principal = long_term_principal(snapshot.accounts[ACCOUNT.id], f"AIDA{number}")
    assert principal is not None
    credential = Credential(key_id="AKIA", secret="", principal=principal)
    return bound(snapshot, principal, ACCOUNT.id, carried_by(snapshot, credential).policies)


def policy_of(snapshot: Snapshot, number: int) -> Policy:
    return carried(snapshot, number).identity[0]


def alive(policies: list[weakref.ref[Policy]]) -> int:
    gc.collect()
    return sum(one() is not None for one in policies)


def test_policies_of_users_who_have_called_do_not_stay(snapshot: Snapshot) -> None:
    made = [weakref.ref(policy_of(snapshot, number)) for number in range(_PRINCIPALS)]
    assert 0 < alive(made) <= _MOST


def test_policies_of_users_do_not_stay_with_what_outlives_a_change(snapshot: Snapshot) -> None:
    made = []
    for number in range(_PRINCIPALS):
        made.append(weakref.ref(policy_of(snapshot, number)))
        revision = Revision(3 + number, "epoch", b"")
        changes = (row(User(id="AIDAx", account=ACCOUNT.id, name=f"x-{number}", created=THEN)),)
        snapshot = snapshot.with_changes(Changes(base=snapshot.revision, revision=revision, changes=changes))
    assert 0 < alive(made) <= _MOST


def test_trust_policies_of_roles_do_not_stay(snapshot: Snapshot) -> None:
    view, made = snapshot.accounts[ACCOUNT.id], []
    for each in view.of(Role):
        policy = trust_of(view, each).policy
        assert policy is not None
        made.append(weakref.ref(policy))
        del policy
    assert len(made) == _PRINCIPALS
    assert 0 < alive(made) <= _MOST


def test_trust_policies_that_were_decided_on_do_not_stay_with_their_callers(snapshot: Snapshot) -> None:
    view, own, engine = snapshot.accounts[ACCOUNT.id], carried(snapshot, 0), Engine(room=_ROOM)
    principal = long_term_principal(view, "AIDA0")
    assert principal is not None
    made = []
    for each in view.of(Role):
        policy = trust_of(view, each)
        assert policy.policy is not None
        made.append(weakref.ref(policy.policy))
        check = Check(action="sts:AssumeRole", resource=each.arn, resource_account=ACCOUNT.id, policies=(policy,))
        authorize(engine, snapshot, principal, own, Context(), check)
        del policy, check
    assert len(made) == _PRINCIPALS
    assert 0 < alive(made) <= 2 * _MOST, "the engine has a room of its own"


def test_who_goes_on_calling_is_not_read_anew(snapshot: Snapshot) -> None:
    own = policy_of(snapshot, 0)
    for number in range(1, _PRINCIPALS):
        policy_of(snapshot, number)
        assert policy_of(snapshot, 0) is own
    for number in range(1, _PRINCIPALS):
        policy_of(snapshot, number)
    assert policy_of(snapshot, 0) is not own, "who was silent for long is"


def test_what_was_gathered_while_policies_were_forgotten_is_gathered_again(snapshot: Snapshot) -> None:
    memo = snapshot.accounts[ACCOUNT.id].policy_memo

    def gather() -> Policies:
        forget_policies()
        return Policies()

    made = memo.lasting("key", (), gather)
    assert "key" not in memo
    assert memo.lasting("key", (), lambda: made) is made
    assert memo["key"] is made


def test_what_outlives_a_view_is_forgotten_at_once(snapshot: Snapshot) -> None:
    """Else who goes on calling would keep it alive, and it would count nowhere."""
    memo, before, after = snapshot.accounts[ACCOUNT.id].policy_memo, Policies(), Policies(attached=("x",))
    assert memo.lasting("key", (), lambda: before) is before
    forget_policies()
    assert memo.lasting("key", (), lambda: after) is after
