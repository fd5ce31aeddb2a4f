"""A delegated administrator changes the identity source, but not that of those who manage."""

from __future__ import annotations

from typing import Any

from carnet.entities.identity_center_instance import Instance
from tests.console.browsing import Browser
from tests.console.conftest import Site
from tests.console.test_identity_source import ALL, BACK, METADATA, SHOW, USE, act, given_for
from tests.console.test_people import instance, with_password
from tests.console.test_people_actions import administrator
from tests.console.test_people_delegate import DELEGATED, assign, member, organizations

for fixture in (instance, member, organizations):
    assert callable(fixture)


def test_a_delegate_changes_it_unless_people_manage(
    site: Site, organizations: Any, instance: Instance, member: tuple[str, Browser]
) -> None:
    (account, browser), store = member, instance.identity_store
    assert act(browser, SHOW, store).status == 404, "attack 21: a member administers nothing"
    organizations.register_delegated_administrator(AccountId=account, **DELEGATED)
    for action in (SHOW, USE, BACK):
        assert act(browser, action, store, **given_for(action)).status == 200
    assign(site, instance, with_password(site, instance), by_group=True)
    for action in (USE, BACK):
        page = act(browser, action, store, **given_for(action))
        assert (page.status, page.told["code"]) == (403, "AccessDenied"), "attack 22"
        assert "only that account changes the identity source" in page.told["message"]
    assert act(browser, SHOW, store).told["identitySource"] == "IDENTITY_CENTER_DIRECTORY"
    assert act(administrator(site, *ALL), USE, store, metadata=METADATA).status == 200
    organizations.deregister_delegated_administrator(AccountId=account, **DELEGATED)
    assert act(browser, SHOW, store).status == 404
