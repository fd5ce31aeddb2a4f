"""The access portal: what is assigned, as tiles, and credentials that are decided by the role."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from carnet.entities.identity_center_instance import Instance
from carnet.entities.person_invitation import PersonInvitation
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.person_password import PersonPassword
from tests.attacks.wire import audit
from tests.console.browsing import Page
from tests.console.conftest import Site
from tests.console.test_people import instance, invited
from tests.console.test_sso_consent import Person

assert callable(instance), "a fixture"


@pytest.fixture
def mary(site: Site, instance: Instance) -> Person:
    return Person(site, instance)


def ask(mary: Person, given: Any, **headers: str) -> Page:
    return mary.browser.ask("POST", "/console/credentials", given, **headers)


def test_who_has_nothing_is_told_so(mary: Person) -> None:
    shown = mary.browser.get("/console/").text
    assert "No account is assigned to you." in shown
    assert "tiles" not in shown


def test_a_tile_gives_credentials(site: Site, mary: Person) -> None:
    mary.assigned()
    shown = mary.browser.get("/console/").text
    role = re.search(r'name="role" value="(Reader[0-9a-f]+)"', shown)
    assert role is not None
    assert f'name="account" value="{site.account}"' in shown
    given = {"account": site.account, "role": role[1]}
    assert ask(mary, given).told["code"] == "CrossSiteRequest", "without the token of the page"
    page = ask(mary, given, x_carnet_csrf=mary.browser.csrf())
    assert page.header("cache-control") == "no-store"
    texts = page.told["texts"]
    values = dict(re.findall(r'export AWS_([A-Z_]+)="([^"]+)"', texts["environment"]))
    secrets = [values["ACCESS_KEY_ID"], values["SECRET_ACCESS_KEY"], values["SESSION_TOKEN"]]
    assert all(secret in texts["profile"] for secret in secrets)
    caller = site.server.client("sts", *secrets).get_caller_identity()
    assert caller["Arn"].endswith(f"/{mary.user.user_name}")
    event = audit(site.server)[-2]
    assert (event["eventName"], event["requestParameters"]) == (
        "GetRoleCredentials",
        {"accountId": site.account, "roleName": role[1]},
    )
    assert secrets[1] not in json.dumps(audit(site.server)[-4:])


@pytest.mark.parametrize("given", [{}, [], {"account": 1}, {"account": "1", "role": "x", "more": 1}])
def test_what_names_no_role_is_refused(mary: Person, given: Any) -> None:
    assert ask(mary, given, x_carnet_csrf=mary.browser.csrf()).status == 400


def test_what_is_not_assigned_is_not_given(site: Site, instance: Instance, mary: Person) -> None:
    other = Person(site, instance)
    other.assigned()
    role = re.search(r'name="role" value="([^"]+)"', other.browser.get("/console/").text)
    assert role is not None
    for account in (site.account, "999999999999"):
        page = ask(mary, {"account": account, "role": role[1]}, x_carnet_csrf=mary.browser.csrf())
        assert (page.status, page.told["message"]) == (403, "No access")
    user = site.browser
    site.sign_in(user, site.user())
    given = {"account": site.account, "role": role[1]}
    refused = user.ask("POST", "/console/credentials", given, x_carnet_csrf=user.csrf())
    assert refused.status == 403, "an IAM user is no person"


def test_what_a_deleted_person_signed_in_with_is_gone(site: Site, instance: Instance, mary: Person) -> None:
    invited(site, mary.user)
    store = site.server.client("identitystore")
    store.delete_user(IdentityStoreId=instance.identity_store, UserId=mary.user.id)
    assert not mary.browser.is_signed_in()
    view = site.server.installation.directory.snapshot.accounts[site.account]
    assert view.of(PersonPassword).get(mary.user.id) is None
    assert view.of(PersonInvitation).get(mary.user.id) is None
    assert not view.of(PersonMfaDevice).referring("holder", mary.user.id)
