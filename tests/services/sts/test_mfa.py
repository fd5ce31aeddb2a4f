"""MFA codes of AssumeRole and GetSessionToken: each counts once, wherever it is given, and few may be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.services.execution import Failed
from carnet.services.registry import SERVICES
from tests.services.iam.documents import allow
from tests.services.iam.expect import refused
from tests.services.iam.phones import Phone, enabled_phone, make_phone, spend_attempts
from tests.services.sts.trust import ALLOW_ALL, ASSUME, assume, role, trusting
from tests.services.world import Caller, ServiceError, World

WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
NOT_OF_USER = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid "
    "and associated with this user."
)
PAUSED = "MultiFactorAuthentication failed, too many MFA one time pass codes were invalid. Try again in a minute."
WITH_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
JUST_NOW = {"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}


@pytest.fixture
def alice(world: World) -> Caller:
    return world.user("alice", [ASSUME, allow("iam:GetUser", condition=WITH_MFA)])


@pytest.fixture
def phone(world: World, alice: Caller) -> Phone:
    return enabled_phone(world, "alice")


def token(world: World, caller: Caller, phone: Phone, code: str) -> Caller:
    """The session that GetSessionToken gives for a code."""
    answer = world.call(caller, "GetSessionToken", service="sts", SerialNumber=phone.serial, TokenCode=code)
    return world.session(answer)


def told(world: World, caller: Caller, **given: Any) -> str:
    """Why no session is given."""
    with pytest.raises(ServiceError) as caught:
        world.call(caller, "GetSessionToken", service="sts", **given)
    assert caught.value.code == "AccessDenied"
    return caught.value.message


def fails(world: World, caller: Caller, phone: Phone, code: str) -> str:
    return told(world, caller, SerialNumber=phone.serial, TokenCode=code)


def failures(world: World, phone: Phone) -> int:
    device = world.snapshot.accounts[world.account_id].mfa_device(phone.serial)
    assert device is not None
    return device.failures


class TestSessions:
    def test_a_policy_that_asks_for_mfa_denies_without_it_and_allows_with_it(
        self, world: World, alice: Caller, phone: Phone
    ) -> None:
        without = world.session(world.call(alice, "GetSessionToken", service="sts"))
        assert refused(world, alice, "GetUser")[0] == "AccessDenied"
        assert refused(world, without, "GetUser")[0] == "InvalidClientTokenId"
        assert world.call(token(world, alice, phone, phone.code(1)), "GetUser")["User"]["UserName"] == "alice"

    def test_the_age_of_mfa_grows(self, world: World) -> None:
        bob = world.user("bob", [allow("iam:GetUser", condition=JUST_NOW)])
        phone = enabled_phone(world, "bob")
        session = token(world, bob, phone, phone.code(1))
        world.clock.advance(59)
        world.call(session, "GetUser")
        world.clock.advance(1)
        assert refused(world, session, "GetUser")[0] == "AccessDenied"

    def test_root_has_a_session_with_its_own_device(self, world: World) -> None:
        phone = enabled_phone(world, "root", "root-account-mfa-device")
        session = token(world, world.root, phone, phone.code(1))
        assert world.call(session, "GetUser")["User"]["Arn"].endswith(":root")

    @pytest.mark.parametrize("ahead", [1, 2])
    def test_a_role_that_asks_for_mfa_opens_to_a_code(
        self, world: World, alice: Caller, phone: Phone, ahead: int
    ) -> None:
        condition = {**WITH_MFA, **JUST_NOW}
        guarded = role(world, "guarded", trusting(world.account_id, condition=condition))
        with pytest.raises(ServiceError, match="AccessDenied"):
            assume(world, alice, guarded)
        world.clock.advance(30 * (ahead - 1))
        answer = assume(world, alice, guarded, SerialNumber=phone.serial, TokenCode=phone.code(2 - ahead))
        conditioned = world.session(answer)
        claims = world.principal(conditioned).credential.session
        assert claims is not None
        assert claims.mfa_ms == claims.issued_ms

    def test_a_session_without_mfa_brings_a_code_of_its_user(self, world: World, alice: Caller, phone: Phone) -> None:
        guarded = role(world, "guarded", trusting(world.account_id, condition=WITH_MFA))
        session = world.session(world.call(alice, "GetSessionToken", service="sts"))
        assume(world, session, guarded, SerialNumber=phone.serial, TokenCode=phone.code(1))

    def test_a_role_session_is_one_with_mfa_only_if_the_code_came_with_it(
        self, world: World, alice: Caller, phone: Phone
    ) -> None:
        """The MFA of the session that assumed it is not handed down."""
        plain = role(world, "plain", allows=ALLOW_ALL)
        session = world.session(assume(world, token(world, alice, phone, phone.code(1)), plain))
        claims = world.principal(session).credential.session
        assert claims is not None
        assert claims.mfa_ms is None

    def test_a_call_without_a_code_changes_nothing(self, world: World, alice: Caller, phone: Phone) -> None:
        plain = role(world, "plain")
        before = world.snapshot.revision
        world.call(alice, "GetSessionToken", service="sts")
        assume(world, alice, plain)
        assert world.snapshot.revision == before


class TestCodes:
    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            (
                {"SerialNumber": "GAHT12345678"},
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            ),
            (
                {"TokenCode": "123456"},
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            ),
            ({"SerialNumber": "GAHT12345678", "TokenCode": "123456"}, NOT_OF_USER),
        ],
    )
    def test_what_is_no_code_of_the_caller(
        self, world: World, alice: Caller, given: dict[str, str], sentence: str
    ) -> None:
        before = world.snapshot.revision
        assert told(world, alice, **given) == sentence
        assert world.snapshot.revision == before

    def test_a_device_of_somebody_else_or_of_nobody(self, world: World, alice: Caller, phone: Phone) -> None:
        bob, spare = world.user("bob"), make_phone(world, "spare")
        plain = role(world, "plain")
        session = world.session(assume(world, alice, plain))
        before = world.snapshot.revision
        assert fails(world, bob, phone, phone.code(1)) == NOT_OF_USER
        assert fails(world, alice, spare, spare.code()) == NOT_OF_USER
        with pytest.raises(ServiceError, match="unable to validate MFA code"):
            assume(world, session, plain, SerialNumber=phone.serial, TokenCode=phone.code(1))
        assert world.snapshot.revision == before

    @pytest.mark.parametrize(("ahead", "right"), [(-1, False), (0, False), (1, True), (2, False)])
    def test_a_code_may_be_a_step_early_or_late_and_those_before_the_last_one_are_used(
        self, world: World, alice: Caller, phone: Phone, ahead: int, right: bool
    ) -> None:
        """Two codes have enabled the device: that of now, and the one before it."""
        if right:
            token(world, alice, phone, phone.code(ahead))
        else:
            assert fails(world, alice, phone, phone.code(ahead)) == WRONG

    @pytest.mark.parametrize(("ahead", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_the_window(self, world: World, alice: Caller, phone: Phone, ahead: int, right: bool) -> None:
        world.clock.advance(3600)
        if right:
            token(world, alice, phone, phone.code(ahead))
        else:
            assert fails(world, alice, phone, phone.code(ahead)) == WRONG

    def test_a_code_counts_once_across_all_operations(self, world: World, alice: Caller, phone: Phone) -> None:
        code = phone.code(1)
        token(world, alice, phone, code)
        assert fails(world, alice, phone, code) == WRONG
        with pytest.raises(ServiceError, match="invalid MFA one time pass code"):
            assume(world, alice, role(world, "plain"), SerialNumber=phone.serial, TokenCode=code)

    def test_a_code_is_used_up_by_a_call_that_is_refused(self, world: World, alice: Caller, phone: Phone) -> None:
        plain, code = role(world, "plain"), phone.code(1)
        with pytest.raises(ServiceError, match="MaxSessionDuration"):
            assume(world, alice, plain, DurationSeconds=43_200, SerialNumber=phone.serial, TokenCode=code)
        assert fails(world, alice, phone, code) == WRONG

    def test_a_code_is_not_looked_at_if_the_call_would_be_denied_with_mfa(self, world: World, phone: Phone) -> None:
        world.call(world.root, "DeleteUserPolicy", UserName="alice", PolicyName="p0")
        key = world.call(world.root, "CreateAccessKey", UserName="alice")["AccessKey"]
        alice = Caller(key["AccessKeyId"], key["SecretAccessKey"])
        plain = role(world, "plain")
        before = world.snapshot.revision
        with pytest.raises(ServiceError, match="is not authorized to perform: sts:AssumeRole"):
            assume(world, alice, plain, SerialNumber=phone.serial, TokenCode=phone.wrong())
        assert world.snapshot.revision == before

    def test_a_clock_that_goes_back_brings_no_code_back(self, world: World, alice: Caller, phone: Phone) -> None:
        code = phone.code(1)
        token(world, alice, phone, code)
        world.clock.advance(-3600)
        assert fails(world, alice, phone, code) == WRONG
        assert fails(world, alice, phone, phone.code()) == WRONG

    def test_an_operation_that_is_handed_no_accepted_code_gives_no_session(
        self, world: World, alice: Caller, phone: Phone
    ) -> None:
        operation = SERVICES["sts"].operations["GetSessionToken"]
        given = {"SerialNumber": phone.serial, "TokenCode": phone.code(1)}
        parsed = world.parsed(operation, world.principal(alice), given)
        assert isinstance(world.installation.execution.read(operation, parsed), Failed)


class TestAttempts:
    def test_the_sixth_waits_for_a_minute_and_is_not_counted(self, world: World, alice: Caller, phone: Phone) -> None:
        for _ in range(5):
            assert fails(world, alice, phone, phone.wrong()) == WRONG
        before = world.snapshot.revision
        assert fails(world, alice, phone, phone.code(1)) == PAUSED
        world.clock.advance(59)
        assert fails(world, alice, phone, phone.code(1)) == PAUSED
        assert world.snapshot.revision == before
        world.clock.advance(1)
        token(world, alice, phone, phone.code(1))
        assert failures(world, phone) == 0

    def test_a_right_one_begins_the_count_anew(self, world: World, alice: Caller, phone: Phone) -> None:
        for ahead in (1, 2):
            for _ in range(4):
                assert fails(world, alice, phone, phone.wrong()) == WRONG
            world.clock.advance(30)
            token(world, alice, phone, phone.code(ahead - ahead))

    def test_every_operation_has_the_same_count(self, world: World, alice: Caller, phone: Phone) -> None:
        spend_attempts(world, phone)
        assert fails(world, alice, phone, phone.code(1)) == PAUSED
        plain = role(world, "plain")
        with pytest.raises(ServiceError, match="too many MFA one time pass codes"):
            assume(world, alice, plain, SerialNumber=phone.serial, TokenCode=phone.code(1))

    def test_fifty_lock_a_device_until_it_is_resynchronized(self, world: World, alice: Caller, phone: Phone) -> None:
        spend_attempts(world, phone, most=49)
        world.clock.advance(60)
        assert fails(world, alice, phone, phone.wrong()) == WRONG
        world.clock.advance(3600)
        assert "Resynchronize the device" in fails(world, alice, phone, phone.code())
        world.call(world.root, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **phone.pair())
        token(world, alice, phone, phone.code(1))
