"""GenerateCredentialReport and GetCredentialReport. Columns, order and spelling are those recorded from AWS."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import Any

import pytest

from carnet.base.faults import Unavailable
from carnet.entities.login_profile import LoginProfile
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.signing_certificate import SigningCertificate
from carnet.services.iam import credential_reports
from carnet.store.last_used import KeyUse
from carnet.store.reports import Report, ReportKind
from tests.services.iam.documents import allow
from tests.services.iam.expect import refused
from tests.services.wire import fits_the_model
from tests.services.world import START, ServiceError, World

HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
NOTHING = {
    "password_enabled": "false",
    "password_last_used": "N/A",
    "password_last_changed": "N/A",
    "password_next_rotation": "N/A",
    "mfa_active": "false",
    **{f"access_key_{number}_active": "false" for number in (1, 2)},
    **{
        f"access_key_{number}_last_{what}": "N/A"
        for number in (1, 2)
        for what in ("rotated", "used_date", "used_region", "used_service")
    },
    **{f"cert_{number}_active": "false" for number in (1, 2)},
    **{f"cert_{number}_last_rotated": "N/A" for number in (1, 2)},
}
FOUR_HOURS = 4 * 3600
WHEN = START.strftime("%Y-%m-%dT%H:%M:%SZ")


def generate(world: World) -> dict[str, Any]:
    return world.call(world.root, "GenerateCredentialReport")


def report(world: World) -> dict[str, dict[str, str]]:
    """The lines of a report that is made now, by user."""
    generate(world)
    content: bytes = world.call(world.root, "GetCredentialReport")["Content"]
    return {line["user"]: line for line in csv.DictReader(content.decode().splitlines())}


def test_a_report_is_made_and_then_told(world: World) -> None:
    assert refused(world, world.root, "GetCredentialReport")[0] == "ReportNotPresent"
    first = generate(world)
    assert first == {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}
    assert fits_the_model("GenerateCredentialReport", first)
    assert generate(world) == {"State": "COMPLETE"}
    answer = world.call(world.root, "GetCredentialReport")
    assert (answer["ReportFormat"], answer["GeneratedTime"]) == ("text/csv", START)
    assert fits_the_model("GetCredentialReport", answer)


def test_the_form_is_that_of_aws(world: World) -> None:
    for name in ("b", "A", "c"):
        world.call(world.root, "CreateUser", UserName=name)
    generate(world)
    text = world.call(world.root, "GetCredentialReport")["Content"].decode()
    assert text.split("\n")[0] == HEADER
    assert [line.partition(",")[0] for line in text.split("\n")] == ["user", "<root_account>", "A", "b", "c"]
    assert not text.endswith("\n")


def test_a_user_without_credentials(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="zoe", Path="/a/")
    arn = f"arn:aws:iam::{world.account_id}:user/a/zoe"
    assert report(world)["zoe"] == {"user": "zoe", "arn": arn, "user_creation_time": WHEN, **NOTHING}


def test_a_name_with_a_comma_stays_one_value(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="doe,=john@x")
    assert report(world)["doe,=john@x"]["mfa_active"] == "false"


def test_root_with_its_keys(world: World) -> None:
    world.installation.last_used.note_key(world.root.key_id, KeyUse(START, "iam", "us-east-1"))
    assert report(world)["<root_account>"] == {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{world.account_id}:root",
        "user_creation_time": WHEN,
        **NOTHING,
        "password_last_used": "no_information",
        "password_next_rotation": "not_supported",
        "access_key_1_active": "true",
        "access_key_1_last_rotated": WHEN,
        "access_key_1_last_used_date": WHEN,
        "access_key_1_last_used_region": "us-east-1",
        "access_key_1_last_used_service": "iam",
    }


def test_keys_are_told_by_their_ids_and_inactive_ones_keep_their_dates(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="zoe")
    keys = []
    for _ in range(2):
        keys.append(world.call(world.root, "CreateAccessKey", UserName="zoe")["AccessKey"]["AccessKeyId"])
        world.clock.advance(60)
    inactive, active = sorted(keys)
    world.call(world.root, "UpdateAccessKey", UserName="zoe", AccessKeyId=inactive, Status="Inactive")
    world.installation.last_used.note_key(active, KeyUse(world.clock(), "sts", "eu-west-1"))
    line = report(world)["zoe"]
    created = {key: (START + timedelta(minutes=at)).strftime("%Y-%m-%dT%H:%M:%SZ") for at, key in enumerate(keys)}
    assert [line[f"access_key_{number}_active"] for number in (1, 2)] == ["false", "true"]
    assert [line[f"access_key_{number}_last_rotated"] for number in (1, 2)] == [created[inactive], created[active]]
    assert [line[f"access_key_{number}_last_used_service"] for number in (1, 2)] == ["N/A", "sts"]


def test_mfa_is_active_for_whom_a_device_is_enabled(world: World) -> None:
    ids = [world.call(world.root, "CreateUser", UserName=name)["User"]["UserId"] for name in ("with", "without")]
    holders = (world.account_id, ids[0], None)
    with world.installation.store.write() as unit:
        for number, holder in enumerate(holders):
            device = MfaDevice(
                id=f"device{number}",
                account=world.account_id,
                name=f"device{number}",
                created=START,
                holder=holder,
                sealed_seed=b"",
            )
            unit.add(device)
    world.installation.directory.catch_up()
    lines = report(world)
    assert [lines[name]["mfa_active"] for name in ("<root_account>", "with", "without")] == ["true", "true", "false"]


def test_inactive_certificates_come_first_and_keep_their_dates(world: World) -> None:
    zoe = world.call(world.root, "CreateUser", UserName="zoe")["User"]["UserId"]
    with world.installation.store.write() as unit:
        for number, active in enumerate((True, False)):
            certificate = SigningCertificate(
                id=f"CERTIFICATE{number}",
                account=world.account_id,
                owner=zoe,
                active=active,
                body="",
                fingerprint=str(number),
                created=START + timedelta(days=number),
            )
            unit.add(certificate)
    world.installation.directory.catch_up()
    line, root = (report(world)[name] for name in ("zoe", "<root_account>"))
    later = (START + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [line[f"cert_{number}_active"] for number in (1, 2)] == ["false", "true"]
    assert [line[f"cert_{number}_last_rotated"] for number in (1, 2)] == [later, WHEN]
    assert (root["cert_1_active"], root["cert_1_last_rotated"]) == ("false", "N/A")


def test_passwords_with_their_age(world: World) -> None:
    zoe = world.call(world.root, "CreateUser", UserName="zoe")["User"]["UserId"]
    with world.installation.store.write() as unit:
        for owner in (zoe, world.account_id):
            profile = LoginProfile(
                id=owner, account=world.account_id, sealed_hashes=b"", created=START, changed=START + timedelta(days=1)
            )
            unit.add(profile)
    world.installation.directory.catch_up()
    columns = ("password_enabled", "password_last_used", "password_last_changed", "password_next_rotation")
    changed = (START + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = report(world)
    assert [lines["zoe"][column] for column in columns] == ["true", "no_information", changed, "N/A"]
    assert [lines["<root_account>"][column] for column in columns] == [
        "true",
        "no_information",
        changed,
        "not_supported",
    ]
    world.call(world.root, "UpdateAccountPasswordPolicy", MaxPasswordAge=90)
    world.clock.advance(FOUR_HOURS + 1)
    due = (START + timedelta(days=91)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert report(world)["zoe"]["password_next_rotation"] == due
    assert report(world)["<root_account>"]["password_next_rotation"] == "not_supported"


def test_a_report_is_as_it_was_for_four_hours(world: World) -> None:
    generate(world)
    before = world.call(world.root, "GetCredentialReport")["Content"]
    world.call(world.root, "CreateUser", UserName="late")
    world.clock.advance(FOUR_HOURS)
    assert generate(world) == {"State": "COMPLETE"}
    assert world.call(world.root, "GetCredentialReport")["Content"] == before
    world.clock.advance(1)
    assert refused(world, world.root, "GetCredentialReport")[0] == "ReportExpired"
    assert generate(world)["State"] == "STARTED"
    assert b"late" in world.call(world.root, "GetCredentialReport")["Content"]


def test_while_one_node_makes_it_others_say_so(world: World) -> None:
    reports, now = world.installation.store.reports, world.clock()
    being_made = Report(
        id=f"credential report of {world.account_id}",
        account=world.account_id,
        kind=ReportKind.CREDENTIALS,
        owner="",
        requested=now,
    )
    assert reports.begin(being_made, older_than=now)
    assert generate(world) == {"State": "INPROGRESS"}
    assert refused(world, world.root, "GetCredentialReport")[0] == "ReportInProgress"
    world.clock.advance(5 * 60)
    assert generate(world) == {"State": "INPROGRESS"}
    world.clock.advance(1)
    assert generate(world)["State"] == "STARTED", "whoever made it is gone"


def test_a_report_that_fails_leaves_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> str:
        raise Unavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(credential_reports, "credential_report", down)
        with pytest.raises(ServiceError, match="ServiceUnavailable: down"):
            generate(world)
    assert refused(world, world.root, "GetCredentialReport")[0] == "ReportNotPresent"
    assert generate(world)["State"] == "STARTED"


def test_accounts_have_reports_of_their_own(world: World) -> None:
    generate(world)
    other = world.account()
    assert refused(world, other, "GetCredentialReport")[0] == "ReportNotPresent"
    assert world.call(other, "GenerateCredentialReport")["State"] == "STARTED"


def test_each_operation_needs_its_permission(world: World) -> None:
    alice = world.user("alice", [allow("iam:GetCredentialReport")])
    assert refused(world, alice, "GenerateCredentialReport")[0] == "AccessDenied"
    assert refused(world, alice, "GetCredentialReport")[0] == "ReportNotPresent"
    generate(world)
    assert world.call(alice, "GetCredentialReport")["ReportFormat"] == "text/csv"
