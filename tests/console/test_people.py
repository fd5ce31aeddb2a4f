"""People of an identity store: a link sets their password, a first MFA device is enrolled, and then they sign in."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carnet.console.outcomes import INCORRECT
from carnet.directory.identity_center import own_instance
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.person_password import PERSON_RULE
from carnet.services.identity_center import enable_here
from carnet.services.person_invitations import NewInvitation, WantedInvitation, invite_here
from tests.attacks.wire import audit
from tests.console.browsing import Browser, Page
from tests.console.conftest import Site

GOOD, OTHER = "Correct-horse-1", "Battery-staple-2"


@pytest.fixture(scope="module")
def instance(site: Site) -> Instance:
    here = site.server.installation
    enable_here(here.operator_call(), account=site.account, region="us-east-1")
    here.directory.catch_up()
    found = own_instance(here.directory.snapshot.accounts[site.account])
    assert found is not None
    return found


def person(site: Site, instance: Instance, **members: Any) -> IdentityStoreUser:
    """A new one, who has no password yet."""
    here, now = site.server.installation, site.server.clock()
    made = IdentityStoreUser(
        id=f"{instance.identity_store[2:]}-{here.ids.uuid()}",
        account=site.account,
        identity_store=instance.identity_store,
        user_name=f"Mary-{secrets.token_hex(4)}",
        created=now,
        created_by="test",
        updated=now,
        updated_by="test",
    )
    made = replace(made, **members)
    save(site, made, new=True)
    return made


def save(site: Site, entity: Any, *, new: bool = False) -> None:
    here = site.server.installation
    with here.store.write() as unit:
        (unit.add if new else unit.save)(entity)
    here.directory.catch_up()


def invited(site: Site, someone: IdentityStoreUser, *, remove_mfa: bool = False) -> NewInvitation:
    here = site.server.installation
    wanted = WantedInvitation(
        account=site.account, user=someone.user_name, lifetime=timedelta(hours=24), remove_mfa=remove_mfa
    )
    made = invite_here(here.operator_call(), wanted)
    here.directory.catch_up()
    return made


def set_password(site: Site, token: str, password: str = GOOD) -> Page:
    return site.browser.step("invited", token=token, password=password)


def with_password(site: Site, instance: Instance) -> IdentityStoreUser:
    someone = person(site, instance)
    assert set_password(site, invited(site, someone).token).status == 200
    return someone


def sign_in(browser: Browser, someone: IdentityStoreUser, password: str = GOOD, **given: Any) -> Page:
    return browser.sign_in(kind="person", name=someone.user_name, password=password, **given)


def enrol(site: Site, browser: Browser, flow: str) -> bytes:
    """Enrol an authenticator app; its seed."""
    begun = browser.step("enrol-app", flow=flow).told
    seed = base64.b32decode(begun["seed"])
    assert begun["picture"].startswith("data:image/png;base64,")
    codes = [site.code(seed, -1), site.code(seed)]
    assert browser.step("enrol-codes", flow=begun["flow"], codes=codes).told == {"next": "done"}
    return seed


def test_a_person_begins_with_a_link(site: Site, instance: Instance) -> None:
    someone, browser = person(site, instance), site.browser
    made = invited(site, someone)
    assert made.link("http://localhost:4747").startswith("http://localhost:4747/console/invited#carnet_pi_")
    assert browser.get("/console/invited").status == 200
    done = set_password(site, made.token)
    assert done.told == {"next": "sign-in", "store": instance.identity_store}
    assert audit(site.server)[-1]["eventName"] == "PasswordUpdated"
    told = sign_in(browser, someone).told
    assert told["next"] == "enrol"
    assert not browser.cookies, "nobody is signed in without MFA"
    seed = enrol(site, browser, told["flow"])
    assert browser.is_signed_in()
    assert someone.user_name in browser.get("/console/").text
    site.later(90)
    told = sign_in(browser, someone).told
    assert told["next"] == "mfa"
    assert browser.step("code", flow=told["flow"], code=site.code(seed)).told == {"next": "done"}
    identity = audit(site.server)[-1]["userIdentity"]
    assert identity["type"] == "IdentityCenterUser"
    assert identity["onBehalfOf"] == {"userId": someone.id, "identityStoreArn": instance.identity_store_arn}


def test_a_link_is_good_once_and_for_a_day(site: Site, instance: Instance) -> None:
    someone = person(site, instance)
    first, second = invited(site, someone), invited(site, someone)
    replaced = set_password(site, first.token)
    assert replaced.status == 403, "another one took its place"
    assert replaced.text.endswith('Whoever gave it to you can give you another."}')
    assert set_password(site, second.token, "short-1A").status == 200, "it has 8 characters"
    assert set_password(site, second.token).status == 403
    third = invited(site, someone)
    site.later(24 * 3600 - 1)
    for refused in ("Short-1", "correct-horse-1", "CORRECT-HORSE-1", "Correct-horse", "Correct0horse", "Aa1-" * 17):
        page = set_password(site, third.token, refused)
        assert (page.status, page.told["message"]) == (400, PERSON_RULE)
    site.later(1)
    assert set_password(site, third.token).status == 403
    for token in ("", "carnet_pi_" + "0" * 64, "carnet_rr_" + "0" * 64):
        assert set_password(site, token).status == 403


def test_a_reset_takes_the_devices_if_it_is_asked_for(site: Site, instance: Instance) -> None:
    someone = with_password(site, instance)
    enrol(site, site.browser, sign_in(site.browser, someone).told["flow"])
    for remove_mfa, stage, password in ((False, "mfa", OTHER), (True, "enrol", "Yet-another-3")):
        assert set_password(site, invited(site, someone, remove_mfa=remove_mfa).token, password).status == 200
        site.later(60)
        assert sign_in(site.browser, someone, password).told["next"] == stage
    again = set_password(site, invited(site, someone).token, GOOD)
    assert (again.status, again.told["message"]) == (400, PERSON_RULE), "it is one of the last three"
    for password in ("A-fourth-one-4", GOOD):
        assert set_password(site, invited(site, someone).token, password).status == 200, "it is none of the last three"


@pytest.mark.parametrize("end", ["disabled", "deleted", "password", "device", "revoked"])
def test_a_session_ends_with_what_it_was_proven_by(site: Site, instance: Instance, end: str) -> None:
    someone, browser = with_password(site, instance), site.browser
    enrol(site, browser, sign_in(browser, someone).told["flow"])
    assert browser.is_signed_in()
    here = site.server.installation
    view = here.directory.snapshot.accounts[site.account]
    if end == "disabled":
        save(site, replace(someone, enabled=False))
        assert sign_in(site.browser, someone).told["message"] == INCORRECT
    elif end == "password":
        site.later(1)
        set_password(site, invited(site, someone).token, OTHER)
    elif end == "revoked":
        assert browser.ask("DELETE", "/console/session", x_carnet_csrf=browser.csrf()).status == 200
    else:
        with here.store.write() as unit:
            gone = view.of(PersonMfaDevice).referring("holder", someone.id) if end == "device" else [someone]
            for entity in gone:
                unit.remove(entity)
        here.directory.catch_up()
    assert not browser.is_signed_in()


def test_a_password_alone_adds_no_second_device(site: Site, instance: Instance) -> None:
    """Who stole the password begins before its owner has enrolled, and goes on afterwards."""
    someone = with_password(site, instance)
    stolen = sign_in(site.browser, someone).told["flow"]
    begun = site.browser.step("enrol-app", flow=stolen).told
    enrol(site, site.browser, sign_in(site.browser, someone).told["flow"])
    seed = base64.b32decode(begun["seed"])
    codes = [site.code(seed, -1), site.code(seed)]
    thief = site.browser
    assert thief.step("enrol-codes", flow=begun["flow"], codes=codes).told["code"] == "SignInExpired"
    assert not thief.cookies


def test_each_step_is_taken_at_its_stage_alone(site: Site, instance: Instance) -> None:
    someone, browser = with_password(site, instance), site.browser

    def refused(flow: str, *steps: str) -> None:
        given: dict[str, Any] = {"code": "000000", "new-password": OTHER}
        for step in steps:
            member = {"code": "code", "new-password": "password"}.get(step)
            page = browser.step(step, flow=flow, **({member: given[step]} if member is not None else {}))
            assert (page.status, page.told["code"]) == (401, "SignInExpired"), step

    first = sign_in(browser, someone).told
    refused(first["flow"], "code", "new-password")
    enrol(site, browser, first["flow"])
    second = sign_in(site.browser, someone).told
    assert second["next"] == "mfa"
    refused(second["flow"], "enrol-app", "enrol-passkey", "new-password")


def test_wrong_codes_enrol_nothing(site: Site, instance: Instance) -> None:
    someone = with_password(site, instance)
    browser = site.browser
    flow = sign_in(browser, someone).told["flow"]
    assert browser.step("enrol-codes", flow=flow, codes=["000000", "000001"]).told["code"] == "SignInExpired"
    begun = browser.step("enrol-app", flow=flow).told
    seed = base64.b32decode(begun["seed"])
    for codes in (["000000", "000001"], [site.code(seed)] * 2, [site.code(seed), site.code(seed, -1)]):
        page = browser.step("enrol-codes", flow=begun["flow"], codes=codes)
        assert (page.status, page.told["message"]) == (401, INCORRECT)
    assert not browser.cookies


def test_nobody_learns_who_there_is(site: Site, instance: Instance) -> None:
    without, someone = person(site, instance), with_password(site, instance)
    answers = set()
    for name, store, password in (
        (someone.user_name, "", OTHER),
        (without.user_name, "", GOOD),
        ("nobody", "", GOOD),
        (someone.user_name, "d-0000000000", GOOD),
        (site.user(), "", GOOD),
    ):
        page = site.browser.sign_in(kind="person", account=store, name=name, password=password)
        answers.add((page.status, page.told["message"]))
        site.later(60)
    assert answers == {(401, INCORRECT)}
    page = sign_in(site.browser, someone, account=instance.identity_store)
    assert page.told["next"] == "enrol"
    assert (
        f'value="{instance.identity_store}"'
        in site.browser.get(f"/console/sign-in/person?store={instance.identity_store}").text
    )


def test_no_operation_of_iam_finds_what_people_sign_in_with(site: Site, instance: Instance) -> None:
    someone = with_password(site, instance)
    enrol(site, site.browser, sign_in(site.browser, someone).told["flow"])
    listed = site.iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    assert not any(someone.id in device["SerialNumber"] for device in listed)
    summary = site.iam.get_account_summary()["SummaryMap"]
    assert summary["MFADevices"] == len(listed)


def test_an_iam_user_enrols_no_app_here(site: Site, instance: Instance) -> None:
    """EnableMFADevice does that."""
    told = site.sign_in(site.browser, with_app(site))
    assert site.browser.step("enrol-app", flow=told["flow"]).told["code"] == "SignInExpired"


def with_app(site: Site) -> str:
    user = site.user()
    site.app(user)
    return user
