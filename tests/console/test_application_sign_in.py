"""People are signed in to SAML applications: from the portal, and because the application asks."""

from __future__ import annotations

import base64
import html
import re
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from carnet.base.faults import InUse, Invalid
from carnet.directory.snapshot import Snapshot
from carnet.entities.account_assignment import PrincipalType
from carnet.entities.identity_center_instance import Instance
from carnet.entities.saml_application import SamlApplication
from carnet.entities.sso_application import DISABLED, ApplicationAssignment, SsoApplication
from carnet.identity.saml_signing_keys import new_key_pair
from carnet.saml.assertion import Assertion, accepted
from carnet.saml.metadata import parse_metadata
from carnet.saml.received_request import LONGEST_XML
from carnet.saml.response import Trusted, signed_assertion
from carnet.services.saml_applications import Wanted, create_here, signing_with, with_new_key, without_key
from tests.attacks.wire import audit
from tests.console.browsing import ORIGIN, Browser, Page
from tests.console.conftest import Site
from tests.console.test_people import instance, save
from tests.console.test_sso_consent import Person
from tests.saml import idp

assert callable(instance), "a fixture"

ACS, OTHER, AUDIENCE = "https://app.example/acs", "https://app.example/other", "https://app.example/metadata"
KEYS = new_key_pair("Carnet", idp.NOW)


@pytest.fixture(scope="module")
def mary(site: Site, instance: Instance) -> Person:
    """Her browser is signed in; a test that lets it wait signs in anew."""
    return Person(site, instance)


class App:
    """An application, made for a test and assigned to somebody."""

    def __init__(self, mary: Person, *, assigned: bool = True, **wanted: Any) -> None:
        self.mary, self.site = mary, mary.site
        here = self.site.server.installation
        self.id = create_here(
            here.operator_call(),
            Wanted(**{"name": f"app-{secrets.token_hex(4)}", "acs_urls": (ACS, OTHER), "audience": AUDIENCE, **wanted}),
            KEYS,
            account=self.site.account,
        )
        here.directory.catch_up()
        if assigned:
            save(self.site, self.assignment(), new=True)

    def assignment(self) -> ApplicationAssignment:
        return ApplicationAssignment(
            account=self.site.account,
            instance=self.mary.instance.id,
            application=self.id,
            principal_type=PrincipalType.USER,
            principal=self.mary.user.id,
            created=self.site.server.clock(),
        )

    @property
    def snapshot(self) -> Snapshot:
        return self.site.server.installation.directory.snapshot

    @property
    def saml(self) -> SamlApplication:
        return self.snapshot.accounts[self.site.account].of(SamlApplication).by_id[self.id]

    @property
    def record(self) -> SsoApplication:
        return self.snapshot.accounts[self.site.account].of(SsoApplication).by_id[self.id]

    @property
    def path(self) -> str:
        return f"/saml/assertion/{self.id}"

    def request(self, **changes: str | None) -> str:
        """The XML of an authentication request."""
        attributes: Mapping[str, str | None] = {
            "ID": "_request",
            "Version": "2.0",
            "IssueInstant": self.site.server.clock().isoformat(),
            "Destination": f"{ORIGIN}{self.path}",
            "AssertionConsumerServiceURL": ACS,
            **changes,
        }
        said = " ".join(f'{name}="{value}"' for name, value in attributes.items() if value and name != "issuer")
        return (
            f'<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" {said}><saml:Issuer'
            f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{changes.get("issuer", AUDIENCE)}</saml:Issuer>'
            "</samlp:AuthnRequest>"
        )

    def redirected(self, query: str, browser: Browser | None = None) -> Page:
        """The browser is sent here by the application, across sites, and comes again from our page."""
        stranger = Browser(self.site.server)
        return self._again(stranger.get(f"{self.path}?{query}", sec_fetch_site="cross-site"), browser)

    def posted(self, request: str, relay_state: str = "", browser: Browser | None = None) -> Page:
        body = urlencode({"SAMLRequest": base64.b64encode(request.encode()).decode(), "RelayState": relay_state})
        stranger = Browser(self.site.server)
        shown = stranger.ask(
            "POST", self.path, body.encode(), origin="https://app.example", sec_fetch_site="cross-site"
        )
        return self._again(shown, browser)

    def _again(self, shown: Page, browser: Browser | None) -> Page:
        found = re.search(r'<a href="([^"]+)" data-go-at-once', shown.text)
        if found is None:
            return shown
        return (browser or self.mary.browser).get(html.unescape(found[1]), sec_fetch_site="same-origin")


def query(request: str, **more: str) -> str:
    made = zlib.compressobj(wbits=-15)
    return urlencode({"SAMLRequest": base64.b64encode(made.compress(request.encode()) + made.flush()).decode(), **more})


def fields(page: Page) -> dict[str, str]:
    assert page.status == 200, page.text
    found = dict(re.findall(r'name="(SAMLResponse|RelayState)" value="([^"]*)"', page.text))
    return {name: html.unescape(value) for name, value in found.items()}


def read(app: App, page: Page, now: datetime, acs: str = ACS) -> Assertion:
    """What the page says of the person, verified by the metadata of the application."""
    shown = app.site.browser.get(f"/saml/metadata/{app.id}")
    assert shown.header("content-type") == "application/samlmetadata+xml"
    metadata = parse_metadata(shown.text)
    assert metadata.sign_in_urls == {f"{ORIGIN}{app.path}": f"{ORIGIN}{app.path}"}
    trusted = Trusted(certificates=metadata.certificates, destinations=(acs,))
    element = signed_assertion(fields(page)["SAMLResponse"], trusted)
    return accepted(element, now, recipients=(acs,), audiences=(AUDIENCE,))


def test_a_tile_of_the_portal_signs_in(site: Site, mary: Person) -> None:
    app = App(
        mary,
        relay_state="start here",
        attributes={"mail": "${user:email}", "name": "<${user:subject}> & co", "not": "${user:givenName}"},
    )
    save(site, replace(mary.user, attributes={"Emails": [{"Value": "mary@example.com", "Primary": True}]}))
    portal = mary.browser.get("/console/").text
    assert f'href="{app.path}"' in portal
    page = mary.browser.get(app.path, sec_fetch_site="same-origin")
    said = read(app, page, site.server.clock())
    assert (said.issuer, said.subject, said.in_response_to) == (f"{ORIGIN}{app.path}", mary.user.user_name, None)
    assert said.attributes == {"mail": ("mary@example.com",), "name": (f"<{mary.user.user_name}> & co",)}
    assert said.session_end is not None
    assert fields(page)["RelayState"] == "start here"
    policy = page.header("content-security-policy") or ""
    assert "form-action https: https://app.example;" in policy
    assert f'action="{ACS}"' in page.text
    event = audit(site.server)[-1]
    assert (event["eventName"], event["additionalEventData"]["LoginTo"]) == ("Federate", app.record.arn)
    assert fields(page)["SAMLResponse"] not in str(event)


@pytest.mark.parametrize("acs", [ACS, OTHER, None])
@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_an_application_asks(site: Site, mary: Person, binding: str, acs: str | None) -> None:
    app = App(mary)
    request = app.request(AssertionConsumerServiceURL=acs)
    state = 'a+b"c'
    page = app.redirected(query(request, RelayState=state)) if binding == "redirect" else app.posted(request, state)
    said = read(app, page, site.server.clock(), acs or ACS)
    assert said.in_response_to == "_request"
    assert fields(page)["RelayState"] == state


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"AssertionConsumerServiceURL": "https://evil.example/acs"}, "none of the application"),
        ({"AssertionConsumerServiceURL": f"{ACS}/"}, "none of the application"),
        ({"issuer": "https://evil.example"}, "another service provider"),
        ({"Destination": "https://idp.example.com"}, "not sent to here"),
        ({"IsPassive": "true"}, "IsPassive"),
        ({"Version": "1.1"}, "no SAML 2.0"),
        ({"ID": None}, "no ID"),
        ({"ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"}, "another binding"),
        ({"AssertionConsumerServiceIndex": "1"}, "by an index"),
        ({"IssueInstant": "2020-01-01T00:00:00Z"}, "too old"),
        ({"IssueInstant": "2099-01-01T00:00:00Z"}, "of the future"),
        ({"IssueInstant": "yesterday"}, "is no time"),
    ],
)
def test_what_is_not_answered(mary: Person, changes: dict[str, str | None], why: str) -> None:
    app = App(mary)
    request = app.request(**changes)
    for page in (app.redirected(query(request)), app.posted(request)):
        assert page.status == 400
        assert why in page.text
        assert "SAMLResponse" not in page.text


def test_what_is_no_request(mary: Person) -> None:
    app = App(mary)
    bomb = app.request().replace("</saml:Issuer>", f"<!--{'x' * LONGEST_XML}--></saml:Issuer>")
    doctype = "<!DOCTYPE a>" + app.request()
    for text in (
        "SAMLRequest=%zz",
        "SAMLRequest=x",
        "SAMLRequest=eA==",
        query(bomb),
        query(doctype),
        f"{query('x')}&{query('y')}",
    ):
        assert app.redirected(text).status == 400, text[:80]
    assert app.redirected(query(app.request(), RelayState="x" * 512)).status == 200
    assert app.redirected(query(app.request(), RelayState="x" * 513)).status == 400


def test_signed_requests(mary: Person) -> None:
    by = idp.signer("app", bits=2048)
    app = App(mary, request_certificate=by.base64)
    key: Any = by.key
    assert "not signed" in app.redirected(query(app.request())).text
    assert "not signed" in app.posted(app.request()).text

    def signed(text: str, algorithm: str = "rsa-sha256") -> str:
        text += f"&SigAlg={quote(f'http://www.w3.org/2001/04/xmldsig-more#{algorithm}', safe='')}"
        made = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}&Signature={quote(base64.b64encode(made).decode(), safe='')}"

    good = signed(query(app.request(), RelayState="state"))
    assert app.redirected(good).status == 200
    assert app.redirected(good.replace("RelayState=state", "RelayState=other")).status == 400
    assert app.redirected(signed(query(app.request()), "rsa-sha1")).status == 400
    stateless = signed(query(app.request()))
    assert app.redirected(stateless).status == 200
    for unsigned in ("Relay%53tate=x", "%52elayState=x", "Relay+State=x"):
        assert app.redirected(f"{stateless}&{unsigned}").status == 400, "what is handed back is what was signed"
    assert app.redirected(signed(query(app.request(Destination=None)))).status == 400
    root = idp.signed(etree.fromstring(app.request()), by)
    assert app.posted(etree.tostring(root).decode()).status == 200
    root.set("AssertionConsumerServiceURL", OTHER)
    assert app.posted(etree.tostring(root).decode()).status == 400
    assert app.posted(etree.tostring(idp.signed(etree.fromstring(app.request()))).decode()).status == 400


def test_who_is_not_assigned_is_not_told_of(site: Site, mary: Person) -> None:
    app = App(mary, assigned=False)
    assert app.path not in mary.browser.get("/console/").text
    page = mary.browser.get(app.path)
    assert page.status == 403
    assert "SAMLResponse" not in page.text
    missing = mary.browser.get("/saml/assertion/apl-0123456789abcdef")
    assert (missing.status, missing.body) == (page.status, page.body)
    save(site, replace(app.record, assignment_required=False))
    assert mary.browser.get(app.path).status == 200
    save(site, replace(app.record, assignment_required=False, status=DISABLED))
    assert mary.browser.get(app.path).status == 403


def test_who_has_not_signed_in_is_sent_to_do_so(site: Site, mary: Person) -> None:
    app = App(mary)
    page = site.browser.get(app.path)
    assert page.status == 303
    assert page.header("location") == f"/console/sign-in/person?to={quote(app.path, safe='')}"
    bounced = site.browser.get(app.path, sec_fetch_site="cross-site")
    assert "data-go-at-once" in bounced.text
    user = site.browser
    site.sign_in(user, site.user())
    assert user.get(app.path).status == 303, "an IAM user is no person"


def test_a_new_sign_in_if_the_application_wants_one(site: Site, mary: Person) -> None:
    app = App(mary)
    site.later(1)
    assert app.redirected(query(app.request(ForceAuthn="true"))).status == 303
    assert app.redirected(query(app.request(ForceAuthn="false"))).status == 200


def test_what_was_asked_is_good_for_ten_minutes_and_for_its_application(site: Site, mary: Person) -> None:
    app, other = App(mary), App(mary)
    shown = site.browser.get(f"{app.path}?{query(app.request())}", sec_fetch_site="cross-site").text
    found = re.search(r'<a href="([^"]+)" data-go-at-once', shown)
    assert found is not None
    to = html.unescape(found[1])
    assert mary.browser.get(to.replace(app.id, other.id)).status == 400
    assert mary.browser.get(f"{app.path}?asked=x").status == 400
    site.later(599)
    assert mary.browser.get(to).status == 200
    site.later(1)
    assert mary.browser.get(to).status == 400


def test_nothing_is_posted_to_an_address_that_the_application_has_no_more(site: Site, mary: Person) -> None:
    app = App(mary)
    shown = site.browser.get(f"{app.path}?{query(app.request())}", sec_fetch_site="cross-site").text
    found = re.search(r'<a href="([^"]+)" data-go-at-once', shown)
    assert found is not None
    save(site, replace(app.saml, acs_urls=(OTHER,)))
    page = mary.browser.get(html.unescape(found[1]))
    assert page.status == 400
    assert "no more" in page.text
    assert "SAMLResponse" not in page.text


def test_keys_follow_one_another(site: Site, mary: Person) -> None:
    app, here = App(mary), site.server.installation
    named: Any = {"account": site.account, "application": app.id}

    def change(work: Any, **given: Any) -> None:
        with here.store.write() as unit:
            work(unit, here.directory.catch_up(unit.base), **named, **given)
        here.directory.catch_up()

    old = app.saml.keys[0].id
    with here.operator_call().transaction() as transaction:
        with_new_key(transaction, new_key_pair("next", transaction.now), **named)
    here.directory.catch_up()
    new = app.saml.keys[1].id
    before = mary.browser.get(app.path)
    assert read(app, before, site.server.clock()).subject
    with pytest.raises(InUse, match="Let another one sign first"):
        change(without_key, key=old)
    change(signing_with, key=new)
    after = mary.browser.get(app.path)
    assert read(app, after, site.server.clock()).subject
    change(without_key, key=old)
    (certificate,) = next(iter(parse_metadata(site.browser.get(f"/saml/metadata/{app.id}").text).certificates.values()))
    assert certificate == app.saml.keys[0].certificate
    assert read(app, mary.browser.get(app.path), site.server.clock()).subject
    with pytest.raises(Exception, match="signature"):
        read(app, before, site.server.clock())


def test_who_has_no_subject_is_told_so(mary: Person) -> None:
    app = App(mary, subject="${path:enterprise.employeeNumber}")
    page = mary.browser.get(app.path)
    assert page.status == 403
    assert "Nothing is known of you" in page.text


def test_a_role_of_an_account_is_assumed_by_what_is_said(site: Site, mary: Person) -> None:
    """As AWS's application "External AWS Account" does."""
    aws, sts = "https://aws.amazon.com/SAML/Attributes/", site.server.client("sts")
    provider = f"arn:aws:iam::{site.account}:saml-provider/carnet"
    role = f"arn:aws:iam::{site.account}:role/by-saml"
    app = App(
        mary,
        acs_urls=("https://signin.aws.amazon.com/saml",),
        audience="urn:amazon:webservices",
        attributes={f"{aws}Role": f"{role},{provider}", f"{aws}RoleSessionName": "${user:subject}"},
    )
    document = site.browser.get(f"/saml/metadata/{app.id}").text
    site.iam.create_saml_provider(Name="carnet", SAMLMetadataDocument=document)
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"}
    trust = str({"Version": "2012-10-17", "Statement": [statement]}).replace("'", '"')
    site.iam.create_role(RoleName="by-saml", AssumeRolePolicyDocument=trust)
    response = fields(mary.browser.get(app.path))["SAMLResponse"]
    assumed = sts.assume_role_with_saml(RoleArn=role, PrincipalArn=provider, SAMLAssertion=response)
    assert assumed["AssumedRoleUser"]["Arn"].endswith(f"by-saml/{mary.user.user_name}")


@pytest.mark.parametrize(
    "wanted",
    [
        {"acs_urls": ()},
        {"acs_urls": ("http://app.example/",)},
        {"acs_urls": ("javascript:alert(1)",)},
        {"acs_urls": ("https://app.example/;x",)},
        {"acs_urls": ("https://app.example/#x",)},
        {"acs_urls": (ACS,) * 11},
        {"audience": ""},
        {"name": "a\nb"},
        {"subject": "${user:password}"},
        {"subject": "${path:no.such}"},
        {"subject": "${user:email"},
        {"subject": "${user:groups}"},
        {"subject_format": "transient"},
        {"session_seconds": 899},
        {"session_seconds": 43_201},
        {"attributes": {"": "x"}},
        {"attributes": {f"a{number}": "x" for number in range(51)}},
        {"relay_state": "x" * 1025},
    ],
)
def test_what_no_application_is(wanted: dict[str, Any]) -> None:
    good: dict[str, Any] = {"name": "app", "acs_urls": (ACS,), "audience": AUDIENCE}
    assert Wanted(**good).session_seconds == 3600
    with pytest.raises(Invalid):
        Wanted(**good | wanted)


def test_nobody_is_vouched_for_at_another_host_or_in_the_clear(site: Site, mary: Person) -> None:
    app = App(mary)
    elsewhere = Browser(site.server, host="127.0.0.1:4747", cookies=dict(mary.browser.cookies))
    page = elsewhere.get(app.path)
    assert (page.status, page.header("location"), page.body) == (307, f"{ORIGIN}{app.path}", b"")
    page = mary.browser.get(app.path, x_forwarded_for="192.0.2.1")
    assert (page.status, "SAMLResponse" in page.text) == (403, False)
    assert mary.browser.get(app.path).status == 200
