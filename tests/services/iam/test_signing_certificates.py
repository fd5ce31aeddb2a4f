"""X.509 signing certificates of users and of the root user."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.services.iam.expect import refused, set_quotas
from tests.services.iam.made_certificates import made
from tests.services.wire import fits_the_model
from tests.services.world import START, World

ALICE = {"UserName": "alice"}
ONE, TWO, THREE = made("one"), made("two"), made("three")


@pytest.fixture
def alice(world: World) -> World:
    world.call(world.root, "CreateUser", UserName="alice")
    return world


def upload(world: World, pem: str, **named: str) -> dict[str, Any]:
    answer = world.call(world.root, "UploadSigningCertificate", CertificateBody=pem, **named)
    if named:
        assert fits_the_model("UploadSigningCertificate", answer)
    certificate: dict[str, Any] = answer["Certificate"]
    return certificate


def test_it_is_answered_and_listed(alice: World) -> None:
    certificate = upload(alice, ONE.pem, **ALICE)
    assert certificate == {
        "UserName": "alice",
        "CertificateId": certificate["CertificateId"],
        "CertificateBody": ONE.pem,
        "Status": "Active",
        "UploadDate": START,
    }
    assert len(certificate["CertificateId"]) == 32
    answer = alice.call(alice.root, "ListSigningCertificates", **ALICE)
    assert answer["Certificates"] == [certificate]
    assert fits_the_model("ListSigningCertificates", answer)


def test_the_root_user_may_have_some_which_the_summary_tells(alice: World) -> None:
    present = "AccountSigningCertificatesPresent"
    assert alice.call(alice.root, "GetAccountSummary")["SummaryMap"][present] == 0
    certificate = upload(alice, ONE.pem)
    assert "UserName" not in certificate
    assert alice.call(alice.root, "GetAccountSummary")["SummaryMap"][present] == 1
    alice.call(alice.root, "DeleteSigningCertificate", CertificateId=certificate["CertificateId"])
    assert alice.call(alice.root, "ListSigningCertificates")["Certificates"] == []


def test_nobody_else_of_the_account_may_have_the_same(alice: World) -> None:
    upload(alice, ONE.pem, **ALICE)
    expected = ("DuplicateCertificate", "Duplicate certificate uploaded.")
    assert refused(alice, alice.root, "UploadSigningCertificate", CertificateBody=f"\n{ONE.pem}") == expected
    other = alice.account()
    assert alice.call(other, "UploadSigningCertificate", CertificateBody=ONE.pem)


@pytest.mark.parametrize("body", ["no", ONE.pem + TWO.pem, ONE.private()], ids=["text", "two", "a key"])
def test_one_certificate_in_pem_is_wanted(alice: World, body: str) -> None:
    expected = (
        "MalformedCertificate",
        f"Certificate {body} is malformed.",
    )
    assert refused(alice, alice.root, "UploadSigningCertificate", CertificateBody=body) == expected


def test_it_must_be_valid_on_the_day(alice: World) -> None:
    upload(alice, made("last", last=START).pem)
    body = made("over", last=START - timedelta(seconds=1)).pem
    expected = ("MalformedCertificate", f"Certificate {body} is malformed.")
    assert refused(alice, alice.root, "UploadSigningCertificate", CertificateBody=body) == expected


def test_a_user_has_two(alice: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for made_one in (ONE, TWO):
        upload(alice, made_one.pem, **ALICE)
    expected = ("LimitExceeded", "Cannot exceed quota for CertificatesPerUser: 2")
    assert refused(alice, alice.root, "UploadSigningCertificate", **ALICE, CertificateBody=THREE.pem) == expected
    set_quotas(monkeypatch, "UploadSigningCertificate", signing_certificates_per_user=3)
    upload(alice, THREE.pem, **ALICE)


def test_it_is_deactivated_and_goes_before_its_user(alice: World) -> None:
    named = {**ALICE, "CertificateId": upload(alice, ONE.pem, **ALICE)["CertificateId"]}
    alice.call(alice.root, "UpdateSigningCertificate", **named, Status="Inactive")
    (listed,) = alice.call(alice.root, "ListSigningCertificates", **ALICE)["Certificates"]
    assert listed["Status"] == "Inactive"
    expected = ("DeleteConflict", "Cannot delete entity, must delete certificates first.")
    assert refused(alice, alice.root, "DeleteUser", **ALICE) == expected
    alice.call(alice.root, "DeleteSigningCertificate", **named)
    assert refused(alice, alice.root, "DeleteSigningCertificate", **named) == (
        "NoSuchEntity",
        f"The Certificate with id {named['CertificateId']} cannot be found.",
    )
    alice.call(alice.root, "DeleteUser", **ALICE)
