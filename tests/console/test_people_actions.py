"""What administrators do about people in the console alone, as far as their policies allow it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from carnet.console.console import Console
from carnet.console.own_devices import FRESH
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.mail.server import read_mail_server
from carnet.services.mailed_invitations import Mailer
from tests.attacks.wire import audit
from tests.console.browsing import Browser, Page
from tests.console.conftest import Site
from tests.console.test_people import enrol, instance, person, set_password, sign_in, with_password
from tests.console.test_sso_consent import Person
from tests.mail.post_office import PostOffice, post_office

assert callable(instance), "a fixture"
ALL = (
    "sso-directory:ListMfaDevicesForUser",
    "sso-directory:DeleteMfaDeviceForUser",
    "sso-directory:UpdatePassword",
    "identitystore-auth:ListSessions",
    "identitystore-auth:BatchDeleteSession",
)


def administrator(site: Site, *actions: str) -> Browser:
    """A browser of a user who may do these."""
    user, browser = site.user(), site.browser
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    site.iam.put_user_policy(UserName=user, PolicyName="people", PolicyDocument=document)
    site.sign_in(browser, user)
    return browser


def act(browser: Browser, action: str, user: str, **given: Any) -> Page:
    body = {"action": action, "userId": user, **given}
    return browser.ask("POST", "/console/people", body, x_carnet_csrf=browser.csrf())


def signed_in(site: Site, instance: Instance) -> tuple[IdentityStoreUser, Browser]:
    someone, browser = with_password(site, instance), site.browser
    enrol(site, browser, sign_in(browser, someone).told["flow"])
    return someone, browser


def test_a_device_is_taken_away(site: Site, instance: Instance) -> None:
    (someone, browser), admin = signed_in(site, instance), administrator(site, *ALL)
    (device,) = act(admin, ALL[0], someone.id).told["devices"]
    assert device["kind"] == "virtual"
    other, _ = signed_in(site, instance)
    assert act(admin, ALL[1], other.id, deviceId=device["deviceId"]).status == 404, "it is somebody else's"
    assert act(admin, ALL[1], someone.id, deviceId=device["deviceId"]).status == 200
    event = audit(site.server)[-1]
    assert (event["eventSource"], event["eventName"]) == ("sso-directory.amazonaws.com", "DeleteMfaDeviceForUser")
    assert event["requestParameters"] == {"userId": someone.id, "deviceId": device["deviceId"]}
    assert not browser.is_signed_in()
    assert sign_in(site.browser, someone).told["next"] == "enrol"


def test_a_link_sets_another_password(site: Site, instance: Instance) -> None:
    (someone, browser), admin = signed_in(site, instance), administrator(site, *ALL)
    site.later(1)
    made = act(admin, ALL[2], someone.id, removeMfa=True).told
    address, _, token = made["link"].partition("#")
    assert address == "http://localhost:4747/console/invited"
    assert token not in json.dumps(audit(site.server)[-2:])
    assert browser.is_signed_in(), "nothing has changed yet"
    assert set_password(site, token, "Battery-staple-2").status == 200
    assert not browser.is_signed_in()


def test_sessions_are_listed_and_ended(site: Site, instance: Instance) -> None:
    (someone, browser), admin = signed_in(site, instance), administrator(site, *ALL)
    (session,) = act(admin, ALL[3], someone.id).told["sessions"]
    assert session["sourceIp"] == "127.0.0.1"
    other, _ = signed_in(site, instance)
    assert act(admin, ALL[4], other.id, sessionIds=[session["sessionId"]]).status == 200
    assert browser.is_signed_in(), "it is not the other one's"
    assert act(admin, ALL[4], someone.id, sessionIds=[session["sessionId"]]).status == 200
    assert not browser.is_signed_in()


@pytest.mark.parametrize("action", ALL)
def test_each_needs_its_permission(site: Site, instance: Instance, action: str) -> None:
    """Who has all others is told nothing, neither of whom there is."""
    someone, admin = with_password(site, instance), administrator(site, *(set(ALL) - {action}))
    wanted: dict[str, dict[str, Any]] = {ALL[1]: {"deviceId": "x"}, ALL[4]: {"sessionIds": []}}
    more = wanted.get(action, {})
    for user in (someone.id, "nobody"):
        page = act(admin, action, user, **more)
        assert (page.status, page.told["code"]) == (403, "AccessDenied")
        assert action in page.told["message"]
    allowed = administrator(site, action)
    assert act(allowed, action, "nobody", **more).status == 404


def test_people_act_on_nobody(site: Site, instance: Instance) -> None:
    someone, browser = signed_in(site, instance)
    page = act(browser, ALL[0], someone.id)
    assert (page.status, page.told["message"]) == (403, "This is for IAM users and root users.")


@pytest.mark.parametrize(
    "given", [{}, [], {"action": "iam:CreateUser", "userId": "x"}, {"action": ALL[1], "userId": "x"}]
)
def test_what_is_no_action_is_refused(site: Site, given: Any) -> None:
    admin = administrator(site, *ALL)
    assert admin.ask("POST", "/console/people", given, x_carnet_csrf=admin.csrf()).status == 400
    assert admin.ask("POST", "/console/people", given).status == 403


def test_what_clients_were_let_do_ends_with_a_session(site: Site, instance: Instance) -> None:
    mary, admin = Person(site, instance), administrator(site, *ALL)
    (session,) = act(admin, ALL[3], mary.user.id).told["sessions"]
    token = mary.oidc.create_token(**mary.code(mary.register()))["accessToken"]
    assert mary.portal.list_accounts(accessToken=token)["accountList"] == []
    assert act(admin, ALL[4], mary.user.id, sessionIds=[session["sessionId"]]).status == 200
    with pytest.raises(mary.portal.exceptions.UnauthorizedException):
        mary.portal.list_accounts(accessToken=token)


def test_what_lets_somebody_sign_in_otherwise_needs_a_sign_in_of_now(site: Site, instance: Instance) -> None:
    (someone, _), admin = signed_in(site, instance), administrator(site, *ALL)
    (device,) = act(admin, ALL[0], someone.id).told["devices"]
    site.later(FRESH.total_seconds() + 1)
    for action, given in ((ALL[1], {"deviceId": device["deviceId"]}), (ALL[2], {})):
        page = act(admin, action, someone.id, **given)
        assert (page.status, page.told["code"]) == (403, "SignInAgain")
    assert act(admin, ALL[0], someone.id).told["devices"] == [device]
    assert act(admin, ALL[3], someone.id).status == 200
    fresh = administrator(site, *ALL)
    site.later(FRESH.total_seconds())
    assert act(fresh, ALL[2], someone.id).status == 200


def test_a_link_is_mailed_and_not_shown(site: Site, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    mary = person(site, instance, attributes={"Emails": [{"Value": "mary@example.com"}]})
    site.later(1)
    admin = administrator(site, *ALL)
    page = act(admin, ALL[2], mary.id, mail=True)
    assert (page.status, page.told["code"]) == (400, "InvalidRequest")
    assert "CARNET_SMTP_URL" in page.told["message"]
    with post_office() as office:
        with_mail(site, office, monkeypatch)
        nobody = administrator(site, ALL[0])
        assert act(nobody, ALL[2], mary.id, mail=True).status == 403
        assert office.commands == []
        page = act(admin, ALL[2], mary.id, mail=True)
        assert (page.status, set(page.told)) == (200, {"mailed", "expires"})
        event = audit(site.server)[-1]
        assert event["requestParameters"] == {"userId": mary.id, "removeMfa": False, "mail": True}
        address, _, token = office.link().partition("#")
        assert address == "http://localhost:4747/console/invited"
        assert token not in json.dumps(event)
        office.refused["DATA"] = "554 no"
        page = act(admin, ALL[2], mary.id, mail=True)
        assert (page.status, page.told["code"]) == (503, "ServiceUnavailable")
    assert set_password(site, token).status == 200, "the link that was mailed before is good"


def with_mail(site: Site, office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, the console sends mail."""
    here = site.server.installation
    (console,) = [frontend for frontend in site.server.frontend._routes if isinstance(frontend, Console)]  # type: ignore[attr-defined]
    mailer = Mailer(
        server=read_mail_server(office.url, sender="carnet@example.com", password=""),
        attempts=here.store.password_attempts,
        ids=here.ids,
        url="http://localhost:4747",
    )
    monkeypatch.setattr(console, "_parts", replace(console._parts, mailer=mailer))
