"""Sessions of `aws login` in an account that has many: what a call looks at is counted, not timed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.services.signin.login import REGION, SAME_DEVICE
from tests.counting import counted
from tests.services.iam.documents import allow
from tests.services.world import Caller, ServiceError, World

MANY = 1_000
OTHERS, OWN = MANY, 3
"""How many sessions the root user and alice have."""


def arn_of(world: World, session: OAuthSession) -> str:
    return f"arn:aws:signin:{REGION}:{world.account_id}:session/{session.id}"


@pytest.fixture
def keep(world: World) -> Callable[[str, int], list[str]]:
    """Keeps so many sessions of the holder of a unique id; their ARNs."""

    def make(holder: str, count: int) -> list[str]:
        now = world.clock()
        made = [
            OAuthSession(
                id=world.installation.ids.uuid(),
                account=world.account_id,
                kind=Grantor.PRINCIPAL,
                holder=holder,
                client=SAME_DEVICE,
                client_name="aws login",
                grant=f"{holder} {number}",
                created=now + timedelta(seconds=number),
                expires=now + timedelta(hours=1),
                rotated=now,
            )
            for number in range(count)
        ]
        with world.installation.store.write() as unit:
            for session in made:
                unit.add(session)
        world.installation.directory.catch_up()
        return [arn_of(world, session) for session in made]

    return make


@pytest.fixture
def alice(world: World) -> Caller:
    return world.user("alice", [allow("signin:*")])


def asked(world: World, caller: Caller, operation: str, **given: Any) -> dict[str, Any]:
    return world.call(caller, operation, service="signin", **given)


def listed(world: World, caller: Caller, **given: Any) -> list[str]:
    return [item["sessionArn"] for item in asked(world, caller, "ListSessions", **given)["items"]]


def test_own_sessions_are_told_those_of_a_user_and_all(
    world: World, alice: Caller, keep: Callable[[str, int], list[str]]
) -> None:
    of_root, of_alice = keep(world.account_id, 2), keep(world.principal(alice).principal.id, OWN)
    root, user = (world.principal(caller).principal.arn for caller in (world.root, alice))
    everybody = f"arn:aws:iam::{world.account_id}:*"
    assert (listed(world, alice), listed(world, world.root)) == (of_alice, of_root)
    assert listed(world, alice, principalArn=root) == of_root
    assert listed(world, world.root, principalArn=user) == of_alice
    assert listed(world, world.root, principalArn=user.replace("alice", "Alice")) == []
    assert listed(world, world.root, principalArn=user.replace("alice", "bob")) == []
    assert sorted(listed(world, alice, principalArn=everybody)) == sorted(of_root + of_alice)
    with pytest.raises(ServiceError, match="of another account"):
        asked(world, alice, "GetSession", sessionArn=of_root[0], principalArn="arn:aws:iam::999999999999:root")
    for caller, told in (
        (alice, of_root[0]),
        (alice, of_alice[0] + "x"),
        (world.root, of_alice[0].replace(":aws:", "::")),
    ):
        with pytest.raises(ServiceError, match="no such session"):
            asked(world, caller, "GetSession", sessionArn=told)


def test_what_others_keep_makes_no_call_look_at_more(
    world: World, alice: Caller, keep: Callable[[str, int], list[str]]
) -> None:
    own = keep(world.principal(alice).principal.id, OWN)
    missing = [f"{arn[:-4]}{number:04}" for number, arn in enumerate(own)]

    def costs() -> list[int]:
        found: list[int] = []
        for operation, given in (
            ("ListSessions", {}),
            ("GetSession", {"sessionArn": own[0]}),
            ("BatchRevokeSessions", {"sessionArns": missing}),
        ):
            asked(world, alice, operation, **given)  # which makes indexes, once
            with counted() as calls:
                asked(world, alice, operation, **given)
                found.append(calls())
        return found

    before = costs()
    keep(world.account_id, OTHERS)
    assert all(after < few + OTHERS / 2 for few, after in zip(before, costs(), strict=True))
