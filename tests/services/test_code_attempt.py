"""The change in which MFA codes are looked at: who causes none, and who no longer may."""

from __future__ import annotations

import pytest

from carnet.base.faults import Denied
from carnet.services.code_attempt import CodeAttempt, code_attempt
from carnet.services.code_check import CodeCheck
from carnet.services.execution import Admitted, Done, Failed
from carnet.services.registry import SERVICES
from tests.services.iam.phones import Phone, enabled_phone, spend_attempts
from tests.services.world import Caller, World

GET_SESSION_TOKEN = SERVICES["sts"].operations["GetSessionToken"]


@pytest.fixture
def alice(world: World) -> Caller:
    return world.user("alice")


@pytest.fixture
def phone(world: World, alice: Caller) -> Phone:
    return enabled_phone(world, "alice")


def attempt(world: World, caller: Caller, phone: Phone) -> CodeAttempt:
    """The change for a right code, which is not made yet."""
    execution, check = world.installation.execution, GET_SESSION_TOKEN.prepare
    given = {"SerialNumber": phone.serial, "TokenCode": phone.code(1)}
    parsed = world.parsed(GET_SESSION_TOKEN, world.principal(caller), given)
    admitted = execution.admit(GET_SESSION_TOKEN, parsed)
    assert isinstance(check, CodeCheck)
    assert isinstance(admitted, Admitted)
    assert admitted.decided == (), "what was decided as if the code were right is not told"
    return code_attempt(execution, check, admitted, parsed)


def test_a_code_that_has_to_wait_takes_no_place_among_the_changes(world: World, alice: Caller, phone: Phone) -> None:
    spend_attempts(world, phone)
    with pytest.raises(Denied, match="too many MFA one time pass codes were invalid"):
        attempt(world, alice, phone)


def test_a_key_that_was_deleted_meanwhile_uses_up_no_code(world: World, alice: Caller, phone: Phone) -> None:
    change = attempt(world, alice, phone)
    world.call(world.root, "DeleteAccessKey", UserName="alice", AccessKeyId=alice.key_id)
    before = world.snapshot.revision
    (outcome,) = world.installation.execution.write_together([change])
    assert isinstance(outcome, Failed)
    assert "security token" in str(outcome.problem)
    assert world.snapshot.revision == before


def test_a_device_that_was_taken_away_meanwhile_is_not_the_callers(world: World, alice: Caller, phone: Phone) -> None:
    change = attempt(world, alice, phone)
    world.call(world.root, "DeactivateMFADevice", UserName="alice", SerialNumber=phone.serial)
    (outcome,) = world.installation.execution.write_together([change])
    assert isinstance(outcome, Failed)
    assert "unable to validate MFA code" in str(outcome.problem)


def test_codes_that_are_committed_together_are_looked_at_one_after_the_other(
    world: World, alice: Caller, phone: Phone
) -> None:
    changes = [attempt(world, alice, phone) for _ in range(3)]
    outcomes = world.installation.execution.write_together(changes)
    assert [outcome.answer["right"] for outcome in outcomes if isinstance(outcome, Done)] == [True, False, False]
