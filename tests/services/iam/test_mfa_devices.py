"""Virtual MFA devices: made, enabled with two consecutive codes, set right, taken away, removed."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from carnet.entities.mfa_device import MfaDevice, MfaKind
from tests.services.iam.documents import allow, text
from tests.services.iam.expect import refused, set_quotas
from tests.services.iam.phones import Phone, enabled_phone, make_phone, spend_attempts
from tests.services.wire import fits_the_model
from tests.services.world import START, Caller, ServiceError, World

INVALID = ("InvalidAuthenticationCode", "Authentication code for device is not valid.")
PAUSED = (
    "InvalidAuthenticationCode",
    "Too many authentication codes for the device were not valid. Try again in a minute.",
)


@pytest.fixture
def phone(world: World) -> Phone:
    """A device of alice's."""
    world.call(world.root, "CreateUser", UserName="alice")
    return enabled_phone(world, "alice")


def stored(world: World, serial: str) -> MfaDevice:
    device = world.snapshot.accounts[world.account_id].mfa_device(serial)
    assert device is not None
    return device


def rejected(world: World, operation: str, **given: Any) -> None:
    """The codes are wrong, and the attempt is counted."""
    before = stored(world, given["SerialNumber"]).failures
    with pytest.raises(ServiceError) as caught:
        world.call(world.root, operation, **given)
    assert (caught.value.code, caught.value.message) == INVALID
    assert stored(world, given["SerialNumber"]).failures == before + 1


class TestCreate:
    def test_a_device_is_answered_with_its_seed_and_a_picture_of_it(self, world: World) -> None:
        tags = [{"Key": "Model", "Value": "x"}]
        answer = world.call(
            world.root, "CreateVirtualMFADevice", VirtualMFADeviceName="Phone", Path="/people/", Tags=tags
        )
        made = answer["VirtualMFADevice"]
        assert made["SerialNumber"] == f"arn:aws:iam::{world.account_id}:mfa/people/Phone"
        assert len(base64.b32decode(made["Base32StringSeed"])) == 40
        assert made["QRCodePNG"].startswith(b"\x89PNG")
        assert made["Tags"] == tags
        assert fits_the_model("CreateVirtualMFADevice", answer)

    def test_the_seed_is_not_stored_open_and_not_told_again(self, world: World) -> None:
        phone = make_phone(world)
        assert phone.seed not in stored(world, phone.serial).sealed_seed
        assert "seed" not in repr(stored(world, phone.serial)).lower().replace("sealed_seed", "seed_")
        told = world.call(world.root, "ListVirtualMFADevices")["VirtualMFADevices"]
        assert told == [{"SerialNumber": phone.serial}]

    def test_path_and_name_are_unique_together(self, world: World) -> None:
        make_phone(world, "phone")
        make_phone(world, "phone", Path="/other/")
        taken = ("EntityAlreadyExists", "MFA device already exists.")
        assert refused(world, world.root, "CreateVirtualMFADevice", VirtualMFADeviceName="Phone") == taken

    def test_an_account_has_as_many_devices_as_users(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        set_quotas(monkeypatch, "CreateVirtualMFADevice", users=1)
        make_phone(world, "one")
        expected = ("LimitExceeded", "Cannot exceed quota for VirtualMFADevicesPerAccount: 1")
        assert refused(world, world.root, "CreateVirtualMFADevice", VirtualMFADeviceName="two") == expected

    def test_policies_decide_on_the_arn_with_the_path(self, world: World) -> None:
        alice = world.user("alice", [allow("iam:CreateVirtualMFADevice", resource="arn:aws:iam::*:mfa/a/*")])
        make_phone(world, "one", alice, Path="/a/")
        assert refused(world, alice, "CreateVirtualMFADevice", VirtualMFADeviceName="two")[0] == "AccessDenied"


class TestEnable:
    def test_two_consecutive_codes_give_the_device_to_the_user(self, world: World) -> None:
        world.call(world.root, "CreateUser", UserName="alice")
        phone = enabled_phone(world, "alice")
        told = {"UserName": "alice", "SerialNumber": phone.serial, "EnableDate": START}
        assert world.call(world.root, "ListMFADevices", UserName="alice")["MFADevices"] == [told]
        (listed,) = world.call(world.root, "ListVirtualMFADevices", AssignmentStatus="Assigned")["VirtualMFADevices"]
        assert listed["SerialNumber"] == phone.serial
        assert listed["User"]["UserName"] == "alice"
        unassigned = world.call(world.root, "ListVirtualMFADevices", AssignmentStatus="Unassigned")
        assert unassigned["VirtualMFADevices"] == []

    @pytest.mark.parametrize("codes", [(0, 0), (0, -1), (-1, 1), (-32, -31), (32, 33)])
    def test_other_codes_do_not(self, world: World, codes: tuple[int, int]) -> None:
        world.call(world.root, "CreateUser", UserName="alice")
        phone = make_phone(world)
        first, second = map(phone.code, codes)
        rejected(
            world,
            "EnableMFADevice",
            UserName="alice",
            SerialNumber=phone.serial,
            AuthenticationCode1=first,
            AuthenticationCode2=second,
        )
        device = stored(world, phone.serial)
        assert (device.holder, device.failures) == (None, 1)

    @pytest.mark.parametrize("ahead", [-29, 31])
    def test_a_stale_pair_gives_a_device_that_is_out_of_step(self, world: World, ahead: int) -> None:
        """https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html"""
        world.call(world.root, "CreateUser", UserName="alice")
        phone = make_phone(world)
        world.call(
            world.root, "EnableMFADevice", UserName="alice", SerialNumber=phone.serial, **phone.pair(ahead=ahead)
        )
        assert stored(world, phone.serial).drift == ahead

    @pytest.mark.parametrize(("late", "drift"), [(29, 0), (59, 0), (60, -2)])
    def test_a_pair_that_is_typed_a_moment_late_tells_nothing_of_the_clock(
        self, world: World, late: int, drift: int
    ) -> None:
        world.clock.advance(-START.second % 30)  # to the beginning of a step
        world.call(world.root, "CreateUser", UserName="alice")
        phone = make_phone(world)
        pair = phone.pair()
        world.clock.advance(late)
        world.call(world.root, "EnableMFADevice", UserName="alice", SerialNumber=phone.serial, **pair)
        assert stored(world, phone.serial).drift == drift

    def test_a_device_is_enabled_once(self, world: World, phone: Phone) -> None:
        world.call(world.root, "CreateUser", UserName="bob")
        for user, told in (
            ("alice", "MFA Device for user alice already exists."),
            ("bob", "MFA Device is already in use."),
        ):
            assert refused(
                world, world.root, "EnableMFADevice", UserName=user, SerialNumber=phone.serial, **phone.pair(1)
            ) == ("EntityAlreadyExists", told)

    def test_a_user_has_a_quota_of_devices(self, world: World, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        set_quotas(monkeypatch, "EnableMFADevice", mfa_devices_per_user=2)
        enabled_phone(world, "alice", "two")
        third = make_phone(world, "three")
        assert refused(
            world, world.root, "EnableMFADevice", UserName="alice", SerialNumber=third.serial, **third.pair()
        ) == ("LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 2")

    @pytest.mark.parametrize("serial", ["arn:aws:iam::{account}:mfa/x", "GAHT12345678", "arn:aws:iam::{account}:mfa/"])
    def test_a_device_that_does_not_exist(self, world: World, phone: Phone, serial: str) -> None:
        asked = serial.format(account=world.account_id)
        expected = ("NoSuchEntity", f"VirtualMFADevice with serial number {asked} does not exist.")
        given = {"UserName": "alice", "SerialNumber": asked, **phone.pair(1)}
        assert refused(world, world.root, "EnableMFADevice", **given) == expected

    def test_a_security_key_is_not_enabled_with_codes(self, world: World, phone: Phone) -> None:
        with world.installation.store.write() as unit:
            key = MfaDevice(
                id="key",
                account=world.account_id,
                kind=MfaKind.FIDO,
                path="/user/alice/",
                name="YubiKey-1",
                created=START,
                sealed_seed=b"",
            )
            unit.add(key)
        world.installation.directory.catch_up()
        assert key.serial == f"arn:aws:iam::{world.account_id}:u2f/user/alice/YubiKey-1"
        given = {"UserName": "alice", "SerialNumber": key.serial, **phone.pair(1)}
        assert refused(world, world.root, "EnableMFADevice", **given)[0] == "EntityAlreadyExists"
        assert key.serial not in str(world.call(world.root, "ListVirtualMFADevices"))

    @pytest.mark.parametrize("serial", ["arn:aws:iam::{account}:mfa/phone", "GAHT12345678", "arn:aws:iam::1:u2f"])
    def test_metadata_are_those_of_security_keys(self, world: World, phone: Phone, serial: str) -> None:
        """As recorded from AWS, for a virtual device that is enabled for the user."""
        given = {"UserName": "alice", "SerialNumber": serial.format(account=world.account_id)}
        told = (
            "The MFA device serial number sent in the request is invalid or not supported by this API. Currently, only"
            " hardware FIDO security keys are supported. Please use the compatible device or API."
        )
        assert refused(world, world.root, "GetMFADevice", **given) == ("ValidationError", told)

    def test_a_security_key_that_is_not_there_has_no_metadata(self, world: World, phone: Phone) -> None:
        serial = f"arn:aws:iam::{world.account_id}:u2f/user/alice/none"
        gone = ("NoSuchEntity", f"MFA Device with serial number {serial} does not exist.")
        assert refused(world, world.root, "GetMFADevice", UserName="alice", SerialNumber=serial) == gone

    def test_policies_decide_on_the_user(self, world: World) -> None:
        own = "arn:aws:iam::*:user/${aws:username}"
        alice = world.user("alice", [allow("iam:EnableMFADevice", resource=own)])
        world.call(world.root, "CreateUser", UserName="bob")
        phone = make_phone(world)
        given = {"SerialNumber": phone.serial, **phone.pair()}
        assert refused(world, alice, "EnableMFADevice", UserName="bob", **given)[0] == "AccessDenied"
        world.call(alice, "EnableMFADevice", UserName="alice", **given)


class TestResync:
    def test_a_device_whose_clock_is_wrong_is_set_right(self, world: World, phone: Phone) -> None:
        world.clock.advance(3600)
        world.call(world.root, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **phone.pair(ahead=20))
        assert stored(world, phone.serial).drift == 20

    def test_codes_that_were_used_are_of_no_use(self, world: World, phone: Phone) -> None:
        rejected(world, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **phone.pair())
        rejected(world, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **phone.pair(1))
        world.call(world.root, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **phone.pair(2))

    def test_wrong_codes_are_told_so(self, world: World, phone: Phone) -> None:
        wrong = {"AuthenticationCode1": phone.wrong(), "AuthenticationCode2": phone.code(1)}
        rejected(world, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **wrong)

    def test_after_five_wrong_pairs_the_next_one_waits_for_a_minute(self, world: World, phone: Phone) -> None:
        spend_attempts(world, phone)
        given = {"UserName": "alice", "SerialNumber": phone.serial}
        assert refused(world, world.root, "ResyncMFADevice", **given, **phone.pair(2)) == PAUSED
        world.clock.advance(59)
        assert refused(world, world.root, "ResyncMFADevice", **given, **phone.pair(2)) == PAUSED
        world.clock.advance(1)
        world.call(world.root, "ResyncMFADevice", **given, **phone.pair(2))
        assert stored(world, phone.serial).failures == 0

    def test_a_pair_recovers_a_device_however_many_were_wrong(self, world: World, phone: Phone) -> None:
        spend_attempts(world, phone, most=51)
        assert stored(world, phone.serial).failures == 51
        world.clock.advance(60)
        world.call(world.root, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **phone.pair(2))

    def test_a_device_of_somebody_else(self, world: World, phone: Phone) -> None:
        world.call(world.root, "CreateUser", UserName="bob")
        for operation in ("ResyncMFADevice", "DeactivateMFADevice"):
            codes = phone.pair(2) if operation == "ResyncMFADevice" else {}
            assert refused(world, world.root, operation, UserName="bob", SerialNumber=phone.serial, **codes) == (
                "NoSuchEntity",
                "MFA Device invalid for user.",
            )


class TestEnd:
    def test_a_device_is_taken_away_and_removed(self, world: World, phone: Phone) -> None:
        first = ("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
        assert refused(world, world.root, "DeleteVirtualMFADevice", SerialNumber=phone.serial) == first
        world.call(world.root, "DeactivateMFADevice", UserName="alice", SerialNumber=phone.serial)
        assert world.call(world.root, "ListMFADevices", UserName="alice")["MFADevices"] == []
        unassigned = world.call(world.root, "ListVirtualMFADevices", AssignmentStatus="Unassigned")
        assert unassigned["VirtualMFADevices"] == [{"SerialNumber": phone.serial}]
        assigned = world.call(world.root, "ListVirtualMFADevices", AssignmentStatus="Assigned")
        assert assigned["VirtualMFADevices"] == []
        world.call(world.root, "DeleteVirtualMFADevice", SerialNumber=phone.serial)
        gone = ("NoSuchEntity", f"MFA Device with serial number {phone.serial} does not exist.")
        assert refused(world, world.root, "DeleteVirtualMFADevice", SerialNumber=phone.serial) == gone
        given = {"UserName": "alice", "SerialNumber": phone.serial}
        assert refused(world, world.root, "DeactivateMFADevice", **given) == gone

    def test_a_device_that_was_taken_away_is_given_to_another_user(self, world: World, phone: Phone) -> None:
        world.call(world.root, "CreateUser", UserName="bob")
        world.call(world.root, "DeactivateMFADevice", UserName="alice", SerialNumber=phone.serial)
        given = {"UserName": "bob", "SerialNumber": phone.serial}
        rejected(world, "EnableMFADevice", **given, **phone.pair())
        world.call(world.root, "EnableMFADevice", **given, **phone.pair(2))
        assert len(world.call(world.root, "ListMFADevices", UserName="bob")["MFADevices"]) == 1

    def test_a_user_with_a_device_stays(self, world: World, phone: Phone) -> None:
        expected = ("DeleteConflict", "Cannot delete entity, must remove tokens from principal first.")
        assert refused(world, world.root, "DeleteUser", UserName="alice") == expected
        world.call(world.root, "DeactivateMFADevice", UserName="alice", SerialNumber=phone.serial)
        world.call(world.root, "DeleteUser", UserName="alice")

    def test_a_device_of_another_account_is_out_of_reach(self, world: World, phone: Phone) -> None:
        other = world.account()
        for operation in ("DeleteVirtualMFADevice", "ListMFADeviceTags"):
            assert refused(world, other, operation, SerialNumber=phone.serial)[0] == "AccessDenied"


class TestRoot:
    def test_the_root_user_enables_its_own_device_and_locks_itself_down(self, world: World) -> None:
        account = world.account_id
        phone = enabled_phone(world, "root", "root-account-mfa-device")
        assert phone.serial == f"arn:aws:iam::{account}:mfa/root-account-mfa-device"
        (own,) = world.call(world.root, "ListMFADevices")["MFADevices"]
        assert own == {"SerialNumber": phone.serial, "EnableDate": START}
        (listed,) = world.call(world.root, "ListVirtualMFADevices")["VirtualMFADevices"]
        assert listed["User"]["Arn"] == f"arn:aws:iam::{account}:root"
        admin = world.user("admin", [allow("iam:*")])
        summary = world.call(admin, "GetAccountSummary")["SummaryMap"]
        assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (1, 1)
        world.call(world.root, "DeleteAccessKey", AccessKeyId=world.root.key_id)
        summary = world.call(admin, "GetAccountSummary")["SummaryMap"]
        assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (1, 0)
        assert (summary["MFADevices"], summary["MFADevicesInUse"]) == (1, 1)

    def test_nobody_else_names_the_root_user(self, world: World) -> None:
        phone = enabled_phone(world, "root", "root-account-mfa-device")
        admin = world.user("admin", [allow("iam:*")])
        given = {"UserName": "root", "SerialNumber": phone.serial}
        for operation, codes in (("DeactivateMFADevice", {}), ("ResyncMFADevice", phone.pair(2))):
            missing = ("NoSuchEntity", "The user with name root cannot be found.")
            assert refused(world, admin, operation, **given, **codes) == missing
        assert refused(world, admin, "DeleteVirtualMFADevice", SerialNumber=phone.serial)[0] == "DeleteConflict"
        world.call(world.root, "DeactivateMFADevice", SerialNumber=phone.serial)

    def test_a_user_called_root_is_not_the_root_user(self, world: World) -> None:
        world.call(world.root, "CreateUser", UserName="root")
        enabled_phone(world, "root")
        summary = world.call(world.root, "GetAccountSummary")["SummaryMap"]
        assert (summary["AccountMFAEnabled"], summary["MFADevices"], summary["MFADevicesInUse"]) == (0, 1, 1)


def test_lists_are_paged(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="alice")
    serials = [enabled_phone(world, "alice", name).serial for name in ("a", "B", "c")]
    for operation, member in (("ListMFADevices", "MFADevices"), ("ListVirtualMFADevices", "VirtualMFADevices")):
        named = {"UserName": "alice"} if operation == "ListMFADevices" else {}
        first = world.call(world.root, operation, MaxItems=2, **named)
        rest = world.call(world.root, operation, MaxItems=2, Marker=first["Marker"], **named)
        assert [each["SerialNumber"] for each in (*first[member], *rest[member])] == serials
        assert not rest["IsTruncated"]


def test_a_seed_is_of_no_use_in_the_row_of_another_user(world: World, phone: Phone) -> None:
    """Who can write to the database cannot give a device of his own to somebody else."""
    mallory = world.call(world.root, "CreateUser", UserName="mallory")["User"]["UserId"]
    with world.installation.store.write() as unit:
        unit.save(replace(stored(world, phone.serial), holder=mallory))
    world.installation.directory.catch_up()
    rejected(world, "ResyncMFADevice", UserName="mallory", SerialNumber=phone.serial, **phone.pair(2))


class TestOwnDevices:
    """https://aws.amazon.com/security/security-bulletins/AWS-2023-001/"""

    TOLD = (
        "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this"
        " user."
    )
    NEEDED = ("AccessDenied", TOLD)

    def test_a_user_with_a_device_changes_its_own_only_with_mfa(self, world: World) -> None:
        bob = world.user("bob", [allow("iam:*MFADevice", "sts:GetSessionToken")])
        first = make_phone(world, "first")
        enable: dict[str, Any] = {"UserName": "bob"}
        world.call(bob, "EnableMFADevice", **enable, SerialNumber=first.serial, **first.pair())
        second = make_phone(world, "second")
        asked = {**enable, "SerialNumber": second.serial, **second.pair()}
        assert refused(world, bob, "EnableMFADevice", **asked) == self.NEEDED
        for serial in (first.serial, f"{first.serial}-missing"):
            assert refused(world, bob, "DeactivateMFADevice", **enable, SerialNumber=serial) == self.NEEDED
        world.clock.advance(60)
        given = {"SerialNumber": first.serial, "TokenCode": first.code()}
        session = world.session(world.call(bob, "GetSessionToken", service="sts", **given))
        world.call(session, "EnableMFADevice", **{**asked, **second.pair()})
        for phone in (first, second):
            world.call(session, "DeactivateMFADevice", **enable, SerialNumber=phone.serial)
        world.clock.advance(60)
        world.call(bob, "EnableMFADevice", **enable, SerialNumber=first.serial, **first.pair())

    def test_others_may_change_them_and_codes_set_the_clock_right(self, world: World, phone: Phone) -> None:
        world.call(world.root, "PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=text(allow("iam:*")))
        key = world.call(world.root, "CreateAccessKey", UserName="alice")["AccessKey"]
        alice = Caller(key["AccessKeyId"], key["SecretAccessKey"])
        world.call(alice, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **phone.pair(2))
        world.call(world.root, "DeactivateMFADevice", UserName="alice", SerialNumber=phone.serial)
