"""What administrators do about the identity source in the console alone, as far as their policies allow it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from carnet.console.outcomes import ELSEWHERE
from carnet.console.own_devices import FRESH
from carnet.entities.identity_center_instance import Instance
from carnet.services.identity_source import LONGEST_METADATA, use_directory_here
from tests.attacks.wire import audit
from tests.console.browsing import ORIGIN, Browser, Page
from tests.console.conftest import Site
from tests.console.test_people import instance, sign_in
from tests.console.test_people_actions import administrator, signed_in
from tests.saml import idp

assert callable(instance), "a fixture"

IDP = "https://idp.example.com/sso"
METADATA = idp.metadata(redirect=IDP)
SHOW, USE, BACK = (
    f"sso-directory:{name}ForDirectory"
    for name in ("ListExternalIdPConfigurations", "EnableExternalIdPConfiguration", "DisableExternalIdPConfiguration")
)
BESIDES = {
    SHOW: (),
    USE: ("sso-directory:CreateExternalIdPConfigurationForDirectory", "sso-directory:ImportExternalIdPCertificate"),
    BACK: ("sso-directory:DeleteExternalIdPConfigurationForDirectory",),
}
ALL = (*BESIDES, *BESIDES[USE], *BESIDES[BACK])


@pytest.fixture(autouse=True)
def directory_again(site: Site, instance: Instance) -> Iterator[None]:
    """Each test begins with people who sign in by passwords."""
    yield
    here = site.server.installation
    use_directory_here(here.operator_call(), account=instance.account)
    here.directory.catch_up()


def act(browser: Browser, action: str, store: str, **given: Any) -> Page:
    body = {"action": action, "identityStoreId": store, **given}
    return browser.ask("POST", "/console/identity-source", body, x_carnet_csrf=browser.csrf())


def given_for(action: str) -> dict[str, str]:
    return {"metadata": METADATA} if action == USE else {}


def test_it_is_shown_and_changed(site: Site, instance: Instance) -> None:
    (someone, browser), admin = signed_in(site, instance), administrator(site, *ALL)
    store = instance.identity_store
    own = {
        "account": site.account,
        "identityStoreId": store,
        "issuerUrl": f"{ORIGIN}/saml/metadata/{store}",
        "acsUrl": f"{ORIGIN}/saml/acs/{store}",
        "signingKeys": [],
    }
    assert act(admin, SHOW, store).told == own | {"identitySource": "IDENTITY_CENTER_DIRECTORY"}
    provider = {"providerIssuer": idp.ISSUER, "providerSignInUrl": IDP, "certificates": 1, "validUntil": None}
    assert act(admin, USE, store, metadata=METADATA).told == provider | {"identitySource": "EXTERNAL_IDENTITY_PROVIDER"}
    event = audit(site.server)[-1]
    source, name = event["eventSource"], event["eventName"]
    assert (source, name) == ("sso-directory.amazonaws.com", "EnableExternalIdPConfigurationForDirectory")
    assert event["requestParameters"] == {"identityStoreId": store, **provider}
    assert event["userIdentity"]["type"] == "IAMUser"
    assert not browser.is_signed_in(), "the provider has not vouched for whoever is there"
    assert admin.is_signed_in()
    assert sign_in(site.browser, someone).told["message"] == ELSEWHERE
    shown = act(admin, SHOW, store).told
    assert shown == own | provider | {"identitySource": "EXTERNAL_IDENTITY_PROVIDER"}
    assert act(admin, BACK, store).told == {"identitySource": "IDENTITY_CENTER_DIRECTORY"}
    assert audit(site.server)[-1]["requestParameters"] == {"identityStoreId": store}
    site.later(60)
    assert sign_in(site.browser, someone).told["next"] == "mfa"


@pytest.mark.parametrize(
    ("action", "missing"), [(action, each) for action, more in BESIDES.items() for each in (action, *more)]
)
def test_each_needs_its_permissions(site: Site, instance: Instance, action: str, missing: str) -> None:
    """Who has all others changes nothing, and is told nothing of what there is, nor is the metadata read."""
    admin, given = administrator(site, *(set(ALL) - {missing})), given_for(action)
    for store in (instance.identity_store, "d-0000000000"):
        page = act(admin, action, store, **(given and {"metadata": "<"}))
        assert (page.status, page.told["code"]) == (403, "AccessDenied")
        assert missing in page.told["message"]
    allowed = administrator(site, action, *BESIDES[action])
    assert act(allowed, action, "d-0000000000", **given).status == 404
    assert act(allowed, action, instance.identity_store, **given).status == 200


def test_people_choose_no_identity_source(site: Site, instance: Instance) -> None:
    _, browser = signed_in(site, instance)
    page = act(browser, USE, instance.identity_store, metadata=METADATA)
    assert (page.status, page.told["message"]) == (403, "This is for IAM users and root users.")


def test_a_change_needs_a_sign_in_of_now(site: Site, instance: Instance) -> None:
    admin, store = administrator(site, *ALL), instance.identity_store
    site.later(FRESH.total_seconds() + 1)
    for action in (USE, BACK):
        page = act(admin, action, store, **given_for(action))
        assert (page.status, page.told["code"]) == (403, "SignInAgain")
    assert act(admin, SHOW, store).told["identitySource"] == "IDENTITY_CENTER_DIRECTORY"


@pytest.mark.parametrize(
    "more", [{"action": USE}, {"action": USE, "metadata": ""}, {"action": BACK, "metadata": "x"}, {"action": "x"}, {}]
)
def test_what_is_no_action_is_refused(site: Site, instance: Instance, more: dict[str, str]) -> None:
    admin, given = administrator(site, *ALL), {"identityStoreId": instance.identity_store, **more}
    page = admin.ask("POST", "/console/identity-source", given, x_carnet_csrf=admin.csrf())
    assert (page.status, page.told["message"]) == (400, "This is no action on an identity source.")
    assert admin.ask("POST", "/console/identity-source", given).status == 403, "another page sends no x-carnet-csrf"


def test_metadata_is_so_long_and_good(site: Site, instance: Instance) -> None:
    admin, store = administrator(site, *ALL), instance.identity_store
    longest = METADATA + "\n" * (LONGEST_METADATA - len(METADATA))
    assert act(admin, USE, store, metadata=longest).status == 200
    assert act(admin, USE, store, metadata=longest + " ").status == 400
    assert act(admin, USE, store, metadata=longest + "\n" * LONGEST_METADATA).status == 413
    page = act(admin, USE, store, metadata="<EntityDescriptor/>")
    assert (page.status, "The metadata is not valid" in page.told["message"]) == (400, True)
    assert act(admin, SHOW, store).told["providerIssuer"] == idp.ISSUER, "the one from before is kept"


def test_a_page_shows_it_and_its_forms_change_it(site: Site, instance: Instance) -> None:
    admin, store = administrator(site, *ALL), instance.identity_store
    assert admin.get("/console/identity-source").status == 200
    shown = admin.get(f"/console/identity-source?store={store}")
    assert (shown.status, shown.header("cache-control")) == (200, "no-store")
    assert "frame-ancestors 'none'" in (shown.header("content-security-policy") or "")
    assert f"{ORIGIN}/saml/acs/{store}" in shown.text
    assert "here, by passwords" in shown.text
    assert BACK not in shown.text
    event = audit(site.server)[-1]
    assert (event["eventName"], event["requestParameters"]) == (
        "ListExternalIdPConfigurationsForDirectory",
        {"identityStoreId": store},
    )
    fields = dict(re.findall(r'name="(action|identityStoreId)" value="([^"]+)"', shown.text))
    assert act(admin, fields["action"], fields["identityStoreId"], metadata=METADATA).status == 200
    shown = admin.get("/console/identity-source")
    assert IDP in shown.text
    assert idp.ISSUER in shown.text
    fields = dict(re.findall(r'name="(action|identityStoreId)" value="([^"]+)"', shown.text))
    assert fields["action"] == BACK
    assert act(admin, BACK, store).status == 200


def test_the_page_shows_nothing_to_who_may_not(site: Site, instance: Instance) -> None:
    store = instance.identity_store
    (_, person), nobody = signed_in(site, instance), administrator(site, USE, BACK)
    for browser in (person, nobody):
        for path in ("/console/identity-source", f"/console/identity-source?store={store}"):
            shown = browser.get(path)
            assert shown.status == 403
            assert store not in shown.text
    asked = administrator(site, SHOW).get("/console/identity-source?store=d-0000000000")
    assert asked.status == 404
    assert store not in asked.text
    stranger = site.browser.get("/console/identity-source")
    assert stranger.status == 303
    assert (stranger.header("location") or "").startswith("/console/sign-in?to=%2Fconsole%2Fidentity-source")


def test_home_leads_whoever_may_see_the_page(site: Site, instance: Instance) -> None:
    link = 'href="/console/identity-source"'
    (_, person), nobody = signed_in(site, instance), administrator(site, USE, BACK)
    assert link in administrator(site, SHOW).get("/console/").text
    for browser in (person, nobody):
        shown = browser.get("/console/")
        assert (shown.status, link in shown.text) == (200, False)
    events = len(audit(site.server))
    nobody.get("/console/")
    assert len(audit(site.server)) == events, "a link that is not shown is no request that was denied"


def test_a_page_that_no_event_tells_of_is_not_shown(
    site: Site, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = administrator(site, SHOW)
    with monkeypatch.context() as full:
        site.server.refuse_lines(full)
        shown = admin.get("/console/identity-source")
    assert shown.status == 503
    assert instance.identity_store not in shown.text
