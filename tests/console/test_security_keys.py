"""Policies say which security keys may be registered: in two steps, and by what their models are certified for."""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fido2.mds3 import StatusReport

from carnet.identity.fido_metadata import certifications_of, read_metadata
from tests.console.authenticator import Authenticator, SecurityKeyModel, text
from tests.console.browsing import Browser, Page
from tests.console.conftest import Site
from tests.console.test_passkeys import DEVICES
from tests.server.in_process import in_process_server
from tests.starting.forked import carnet

CERTIFIED, COUNTERFEITED = SecurityKeyModel(), SecurityKeyModel()
REPORTS: tuple[dict[str, Any], ...] = (
    {"status": "FIDO_CERTIFIED_L2", "effectiveDate": "2020-01-01"},
    {"status": "FIPS140_CERTIFIED_L1", "effectiveDate": "2021-01-01", "fipsRevision": 2},
)


def entry(model: SecurityKeyModel, *reports: dict[str, Any]) -> dict[str, Any]:
    statement = {
        "description": "A key",
        "authenticatorVersion": 1,
        "schema": 3,
        "upv": [{"major": 1, "minor": 0}],
        "attestationTypes": ["basic_full"],
        "userVerificationDetails": [[{"userVerificationMethod": "presence_internal"}]],
        "keyProtection": ["hardware"],
        "matcherProtection": ["on_chip"],
        "attachmentHint": ["external"],
        "tcDisplay": [],
        "attestationRootCertificates": [b64encode(model.root).decode()],
        "icon": "data:image/png;base64,AAAA",
    }
    return {
        "aaguid": str(uuid.UUID(bytes=model.aaguid)),
        "statusReports": list(reports),
        "timeOfLastStatusChange": "2021-01-01",
        "metadataStatement": statement,
    }


def written(path: Path, *entries: dict[str, Any]) -> Path:
    """The metadata as the service gives them out."""
    told = {"legalHeader": "", "no": 1, "nextUpdate": "2030-01-01", "entries": list(entries)}
    path.write_text(".".join(text(part) for part in (b'{"alg":"ES256"}', json.dumps(told).encode(), b"signature")))
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place = tmp_path_factory.mktemp("site")
    file = written(place / "mds.jwt", entry(CERTIFIED, *REPORTS), entry(COUNTERFEITED, *REPORTS))
    with in_process_server(place, password_hash_kib=8, fido_metadata_file=file) as server:
        yield Site(server, server.client("iam"))


def signed_in(site: Site, *conditions: dict[str, Any]) -> Browser:
    """A user who may register a security key under each of these conditions."""
    user, browser = site.user(), site.browser
    statements = [
        {"Effect": "Allow", "Action": "iam:EnableMFADevice", "Resource": "*", "Condition": {"StringEquals": each}}
        for each in conditions
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    site.iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document)
    site.sign_in(browser, user)
    return browser


def begin(browser: Browser) -> Page:
    return browser.ask("POST", DEVICES, {}, x_carnet_csrf=browser.csrf())


def register(browser: Browser, key: Authenticator) -> Page:
    begun = begin(browser)
    assert begun.status == 200, begun.text
    told = begun.told
    return browser.step("new-passkey", flow=told["flow"], credential=key.create(told["create"]))


CREATE, ACTIVATE = ({"iam:RegisterSecurityKey": step} for step in ("Create", "Activate"))


def test_it_is_made_and_activated_under_conditions_of_their_own(site: Site) -> None:
    assert register(signed_in(site, CREATE, ACTIVATE), Authenticator()).status == 200
    assert begin(signed_in(site, ACTIVATE)).told["code"] == "AccessDenied"
    assert register(signed_in(site, CREATE), Authenticator()).told["code"] == "AccessDenied"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"iam:FIDO-certification": ["L2", "L2plus"]}, 200),
        ({"iam:FIDO-certification": "L1"}, 403),
        ({"iam:FIDO-FIPS-140-2-certification": "L1"}, 200),
        ({"iam:FIDO-FIPS-140-3-certification": "L1"}, 403),
    ],
)
def test_a_policy_asks_for_a_certification(site: Site, asked: dict[str, Any], status: int) -> None:
    browser = signed_in(site, CREATE, {**ACTIVATE, **asked})
    assert register(browser, Authenticator(model=CERTIFIED)).status == status


def test_who_is_not_attested_has_no_certification(site: Site) -> None:
    """Any software may name a certified model; its maker's key is what it lacks."""
    asked = {**ACTIVATE, "iam:FIDO-certification": "L2"}
    another_maker = SecurityKeyModel(aaguid=CERTIFIED.aaguid)
    another_model = SecurityKeyModel(aaguid=CERTIFIED.aaguid, root=COUNTERFEITED.root_key)
    for key in (Authenticator(), Authenticator(model=another_maker), Authenticator(model=another_model)):
        assert register(signed_in(site, CREATE, asked), key).told["code"] == "AccessDenied"
        assert register(signed_in(site, CREATE, ACTIVATE), key).status == 200


def test_what_attests_one_key_attests_no_other(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in(site, CREATE, {**ACTIVATE, "iam:FIDO-certification": "L2"})
    made = CERTIFIED.statement(b"what another key was attested with")
    monkeypatch.setattr(CERTIFIED, "statement", lambda _: made)
    assert register(browser, Authenticator(model=CERTIFIED)).told["code"] == "AccessDenied"


TODAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("reports", "told"),
    [
        ([], {}),
        ([("FIDO_CERTIFIED", {})], {"iam:FIDO-certification": "L1"}),
        ([("FIDO_CERTIFIED_L3plus", {})], {"iam:FIDO-certification": "L3plus"}),
        (
            [("FIDO_CERTIFIED_L1", {"effectiveDate": "2025-01-01"}), ("FIDO_CERTIFIED_L2", {})],
            {"iam:FIDO-certification": "L1"},
        ),
        ([("FIDO_CERTIFIED_L1", {"effectiveDate": "2026-01-01"})], {"iam:FIDO-certification": "L1"}),
        ([("FIDO_CERTIFIED_L1", {"effectiveDate": "2026-01-02"})], {}),
        ([("FIDO_CERTIFIED_L1", {"sunsetDate": "2026-01-02"})], {"iam:FIDO-certification": "L1"}),
        ([("FIDO_CERTIFIED_L1", {"sunsetDate": "2026-01-01"})], {}),
        ([("FIDO_CERTIFIED_L1", {}), ("NOT_FIDO_CERTIFIED", {"effectiveDate": "2025-01-01"})], {}),
        ([("FIDO_CERTIFIED_L1", {}), ("USER_KEY_REMOTE_COMPROMISE", {"effectiveDate": "2025-01-01"})], {}),
        ([("FIPS140_CERTIFIED_L3", {"fipsRevision": 3})], {"iam:FIDO-FIPS-140-3-certification": "L3"}),
        ([("FIPS140_CERTIFIED_L3", {})], {}),
        ([("FIPS140_CERTIFIED_L3", {"fipsRevision": 2, "sunsetDate": "2026-01-01"})], {}),
        ([("SOMETHING_NEW", {}), ("UPDATE_AVAILABLE", {})], {}),
    ],
)
def test_the_latest_report_counts(reports: list[tuple[str, dict[str, Any]]], told: dict[str, str]) -> None:
    read = [StatusReport.from_dict({"status": status, **more}) for status, more in reports]
    assert certifications_of(read, TODAY) == told


@pytest.mark.parametrize(
    "given", [b"", b"a.b", b"a.b.c", b"e30.e30.e30", b"e30.W10.e30", b"e30.e30=.e30", b"\xff.\xff.\xff"]
)
def test_what_are_no_metadata_are_no_start(given: bytes, tmp_path: Path) -> None:
    file = tmp_path / "mds.jwt"
    file.write_bytes(given)
    with pytest.raises(ValueError, match="is no file of the FIDO Metadata Service"):
        read_metadata(file)


def test_the_command_says_so(tmp_path: Path) -> None:
    file = tmp_path / "mds.jwt"
    file.write_text("{}")
    done = carnet("serve", "--dev", "--port", "0", "--fido-metadata-file", str(file), cwd=tmp_path, env={})
    assert done.returncode == 2
    assert f"--fido-metadata-file: {file} is no file of the FIDO Metadata Service." in done.stderr
