"""People leave for an external identity provider that takes authentication requests by HTTP-POST alone."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from carnet.base.bounded_xml import BadXml
from carnet.console.leaving_for_provider import BEGIN_HERE
from carnet.entities.identity_center_instance import Instance
from carnet.entities.request_signing import RequestSigning
from carnet.saml.received_request import read_posted
from tests.console.browsing import Browser, Page
from tests.console.conftest import Site
from tests.console.test_people import instance, save
from tests.console.test_provider_sign_in import IDP, Provided, certificates, signing, spoiled, use, use_directory
from tests.saml import idp

assert callable(instance), "a fixture"

FIELD = re.compile(r'name="(SAMLRequest|RelayState)" value="([^"]*)"')


class Posted(Provided):
    """The same, of a provider that takes posts alone."""

    @property
    def path(self) -> str:
        return f"/saml/request/{self.instance.identity_store}"

    def begin(self, to: str = "/console/security") -> Page:
        return self.browser.step("identity-provider", account=self.instance.identity_store, to=to)

    def form(self) -> dict[str, str]:
        """The fields of the form that the browser posts to the provider."""
        assert self.begin().told == {"to": self.path}
        return self.fields()

    def fields(self) -> dict[str, str]:
        page = self.browser.get(self.path)
        assert page.status == 200, page.text
        assert f'<form method="post" action="{html.escape(IDP)}" data-post-at-once>' in page.text
        return {name: html.unescape(value) for name, value in FIELD.findall(page.text)}


@pytest.fixture
def posted(site: Site, instance: Instance) -> Iterator[Posted]:
    use(site, idp.metadata(post=IDP))
    yield Posted(site, instance)
    use_directory(site)


def changed(request: str) -> str:
    """The request for another assertion consumer service."""
    xml = base64.b64decode(request)
    return base64.b64encode(xml.replace(b"/saml/acs/", b"/saml/abc/")).decode()


def test_a_form_takes_the_browser_there_and_the_answer_signs_in(posted: Posted) -> None:
    fields = posted.form()
    request = read_posted(fields["SAMLRequest"], "")
    assert (request.issuer, request.destination, request.acs_url) == (posted.entity_id, IDP, posted.acs)
    page = posted.post(idp.post(posted.answer(request.id)), fields["RelayState"])
    assert (page.status, page.told) == (200, {"to": "/console/security"})
    assert posted.browser.is_signed_in()


def test_the_page_posts_to_the_provider_alone(posted: Posted) -> None:
    posted.begin()
    page = posted.browser.get(posted.path)
    (policy,) = [value for name, value in page.headers if name == "content-security-policy"]
    assert "form-action https: https://idp.example.com;" in policy
    assert page.header("cache-control") == "no-store"


def test_requests_are_signed_within_by_the_first_key(posted: Posted) -> None:
    with signing(posted.site) as change:
        (old,) = change("add", "")
        new = change("add", "")[1]
        first, second = certificates(posted)
        request = posted.form()["SAMLRequest"]
        assert read_posted(request, first).acs_url == posted.acs
        for wrong, certificate in ((request, second), (changed(request), first)):
            with pytest.raises(BadXml, match="not signed"):
                read_posted(wrong, certificate)
        assert change("use", new) == [new, old]
        read_posted(posted.fields()["SAMLRequest"], second)


def test_a_key_that_does_not_open_sends_nobody_anywhere(posted: Posted) -> None:
    with signing(posted.site) as change:
        change("add", "")
        posted.begin()
        view = posted.site.server.installation.directory.snapshot.accounts[posted.site.account]
        (one,) = view.of(RequestSigning)
        save(posted.site, replace(one, keys=(spoiled(one.keys[0]),)))
        page = posted.browser.get(posted.path)
        assert page.status == 503
        assert "SAMLRequest" not in page.text
        assert posted.begin().status == 503


def test_nobody_leaves_who_has_not_begun_here(posted: Posted, site: Site) -> None:
    stranger = site.browser
    page = stranger.get(posted.path)
    assert page.status == 401
    assert BEGIN_HERE in html.unescape(page.text)
    posted.begin()
    assert posted.browser.get("/saml/request/d-0000000000").status == 401
    assert posted.browser.ask("POST", posted.path, b"").status == 405
    site.later(599)
    assert posted.browser.get(posted.path).status == 200
    site.later(1)
    assert posted.browser.get(posted.path).status == 401


def test_nobody_leaves_for_a_provider_that_is_no_more(posted: Posted, site: Site) -> None:
    posted.begin()
    use(site, idp.metadata(redirect=IDP))
    assert posted.browser.get(posted.path).status == 401
    use_directory(site)
    assert posted.browser.get(posted.path).status == 401


def test_the_browser_of_a_provider_that_takes_addresses_goes_there(posted: Posted, site: Site) -> None:
    use(site, idp.metadata(redirect=IDP, post="https://idp.example.com/posted"))
    assert posted.leave(Browser(site.server))["request"]
