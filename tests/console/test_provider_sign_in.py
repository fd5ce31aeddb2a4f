"""People sign in with an external identity provider: the request, the response that is posted, and the session."""

from __future__ import annotations

import base64
import re
import secrets
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from botocore.exceptions import ClientError
from lxml import etree

from carnet.base.bounded_xml import BadXml
from carnet.console import provider_sign_in
from carnet.console.flow import LIFETIME
from carnet.console.leaving_for_provider import BEGIN_HERE
from carnet.console.outcomes import ELSEWHERE
from carnet.entities.browser_session import BrowserSession
from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.instance_settings import InstanceSettings
from carnet.entities.request_signing import RequestSigning
from carnet.entities.saml_signing_key import SamlSigningKey
from carnet.identity.saml_signing_keys import new_key_pair
from carnet.saml.metadata import parse_metadata
from carnet.saml.received_request import read_redirected
from carnet.services.identity_source import read_provider, use_directory_here, use_external_provider_here
from carnet.services.request_signing import KeyAction, change_here
from tests.attacks.wire import audit
from tests.console.browsing import ORIGIN, Browser, Page
from tests.console.conftest import Site
from tests.console.test_people import instance, invited, person, save, sign_in
from tests.console.test_people import with_password as with_password_in_directory
from tests.console.test_sso_consent import Person
from tests.saml import idp
from tests.saml.idp import Answer

assert callable(instance), "a fixture"

IDP = "https://idp.example.com/sso?tenant=1"
MINUTE = timedelta(minutes=1)
CONTROL = "https://aws.amazon.com/SAML/Attributes/AccessControl:"


class Provided:
    """An instance whose people sign in with the provider of `tests.saml.idp`, and one of them."""

    def __init__(self, site: Site, instance: Instance) -> None:
        self.site, self.instance = site, instance
        self.person: IdentityStoreUser = person(site, instance)
        self.browser = site.browser

    @property
    def acs(self) -> str:
        return f"{ORIGIN}/saml/acs/{self.instance.identity_store}"

    @property
    def entity_id(self) -> str:
        return f"{ORIGIN}/saml/metadata/{self.instance.identity_store}"

    def leave(self, browser: Browser | None = None, to: str = "/console/security") -> dict[str, str]:
        """The fields with which the browser comes to the identity provider, and the ID of the request."""
        store = self.instance.identity_store
        page = (browser or self.browser).step("identity-provider", account=store, to=to)
        assert page.status == 200, page.text
        parts = urlsplit(page.told["to"])
        assert page.told["to"].startswith(f"{IDP}&SAMLRequest=")
        fields = dict(parse_qsl(parts.query))
        request = etree.fromstring(zlib.decompress(base64.b64decode(fields["SAMLRequest"]), wbits=-15))
        assert request.get("AssertionConsumerServiceURL") == self.acs
        assert request.get("Destination") == IDP
        (issuer,) = request
        assert issuer.text == self.entity_id
        return {"relay": fields["RelayState"], "request": str(request.get("ID"))}

    def answer(self, request: str | None, **changes: Any) -> Answer:
        now = self.site.server.clock()
        return Answer(
            id=f"_{secrets.token_hex(8)}",
            destination=self.acs,
            recipient=self.acs,
            audiences=(self.entity_id,),
            name=self.person.user_name,
            issued=now,
            confirmed_until=now + 5 * MINUTE,
            not_before=now - MINUTE,
            not_on_or_after=now + 5 * MINUTE,
            in_response_to=request,
        ).but(**changes)

    def post(self, response: str, relay: str, browser: Browser | None = None) -> Page:
        """The identity provider's page posts to us, across sites and so without cookies, and our page sends it on."""
        stranger = Browser(self.site.server)
        body = urlencode({"SAMLResponse": response, "RelayState": relay}).encode()
        shown = stranger.ask(
            "POST",
            f"/saml/acs/{self.instance.identity_store}",
            body,
            origin="https://idp.example.com",
            content_type="application/x-www-form-urlencoded",
            sec_fetch_site="cross-site",
        )
        assert shown.status == 200, shown.text
        assert not stranger.cookies
        given = dict(re.findall(r'name="(response|relayState)" value="([^"]*)"', shown.text))
        given = {name: value.replace("&#43;", "+") for name, value in given.items()}
        return (browser or self.browser).step("assertion", **given)

    def sign_in(self, browser: Browser | None = None, **changes: Any) -> Page:
        left = self.leave(browser)
        return self.post(idp.post(self.answer(left["request"], **changes)), left["relay"], browser)

    def session(self) -> BrowserSession:
        view = self.site.server.installation.directory.snapshot.accounts[self.site.account]
        (found,) = view.of(BrowserSession).referring("holder", self.person.id)
        return found


def use(site: Site, document: str) -> None:
    here = site.server.installation
    read = read_provider(document)
    use_external_provider_here(here.operator_call(), account=site.account, read=read)
    here.directory.catch_up()


def use_directory(site: Site) -> None:
    here = site.server.installation
    use_directory_here(here.operator_call(), account=site.account)
    here.directory.catch_up()


@pytest.fixture
def provided(site: Site, instance: Instance) -> Iterator[Provided]:
    use(site, idp.metadata(redirect=IDP))
    yield Provided(site, instance)
    use_directory(site)


def test_whom_the_provider_vouches_for_is_signed_in(provided: Provided) -> None:
    page = provided.sign_in()
    assert (page.status, page.told) == (200, {"to": "/console/security"})
    assert page.header("cache-control") == "no-store"
    cookies = [value for name, value in page.headers if name == "set-cookie"]
    assert len(cookies) == 3, "of the way that is over, of the session, and that it is shown"
    assert all("HttpOnly" in each and "SameSite=Strict" in each for each in cookies)
    shown = provided.browser.get("/console/")
    assert provided.person.user_name in shown.text
    session = provided.session()
    assert (session.password_set, session.mfa, session.provider) == (None, None, idp.ISSUER)
    event = audit(provided.site.server)[-1]
    assert event["eventName"] == "ConsoleLogin"
    assert event["additionalEventData"]["CredentialType"] == "EXTERNAL_IDP"
    assert event["userIdentity"]["onBehalfOf"]["userId"] == provided.person.id


def test_the_sign_in_page_sends_to_the_provider(provided: Provided) -> None:
    shown = provided.site.browser.get("/console/sign-in/person?to=%2Fdevice").text
    assert 'data-step="identity-provider"' in shown
    assert f'name="account" value="{provided.instance.identity_store}"' in shown
    assert "current-password" not in shown


def test_the_metadata_of_the_instance(provided: Provided) -> None:
    page = provided.site.browser.get(f"/saml/metadata/{provided.instance.identity_store}")
    assert page.header("content-type") == "application/samlmetadata+xml"
    root = etree.fromstring(page.body)
    assert root.get("entityID") == provided.entity_id
    (acs,) = root.iter("{*}AssertionConsumerService")
    assert acs.get("Location") == provided.acs
    assert provided.site.browser.get("/saml/metadata/d-0000000000").status == 404
    assert provided.site.browser.ask("POST", f"/saml/metadata/{provided.instance.identity_store}").status == 405


def spoiled(key: SamlSigningKey) -> SamlSigningKey:
    """A key that nothing opens: whatever its last byte was, it is another one."""
    return replace(key, sealed=key.sealed[:-1] + bytes([key.sealed[-1] ^ 1]))


@contextmanager
def signing(site: Site) -> Iterator[Callable[[str, str], list[str]]]:
    """Change the keys that sign requests; at the end, there are none."""
    here = site.server.installation

    def change(action: str, key: str = "") -> list[str]:
        call = here.operator_call()
        pair = new_key_pair("Carnet", call.now) if action == "add" else None
        change_here(call, KeyAction(account=site.account, action=action, key=key), pair)
        view = here.directory.catch_up().accounts[site.account]
        return [each.id for one in view.of(RequestSigning) for each in one.keys]

    yield change
    with here.store.write() as unit:
        for one in here.directory.catch_up(unit.base).accounts[site.account].of(RequestSigning):
            unit.remove(one)
    here.directory.catch_up()


def certificates(provided: Provided) -> list[str]:
    """Those that the metadata of the instance has, which says at the same time whether requests are signed."""
    root = etree.fromstring(provided.site.browser.get(f"/saml/metadata/{provided.instance.identity_store}").body)
    found = [str(each.text) for each in root.iter("{*}X509Certificate")]
    (descriptor,) = root.iter("{*}SPSSODescriptor")
    assert descriptor.get("AuthnRequestsSigned") == ("true" if found else "false")
    assert [each.tag.rpartition("}")[2] for each in descriptor][len(found)] == "NameIDFormat", "in the schema's order"
    return found


def request_query(provided: Provided) -> str:
    """The query string that the provider gets, but for its own parameters."""
    store = provided.instance.identity_store
    page = provided.browser.step("identity-provider", account=store, to="/console/")
    return str(urlsplit(page.told["to"]).query.partition("&")[2])


def test_requests_are_signed_by_the_first_key(provided: Provided) -> None:
    assert certificates(provided) == []
    assert "Signature" not in request_query(provided)
    with signing(provided.site) as change:
        (old,) = change("add", "")
        (first,) = certificates(provided)
        assert read_redirected(request_query(provided), first).issuer == provided.entity_id
        new = change("add", "")[1]
        second = certificates(provided)[1]
        read_redirected(request_query(provided), first)  # the provider is told of another key before it is used
        assert change("use", new) == [new, old]
        query = request_query(provided)
        read_redirected(query, second)
        for changed in (query.replace("RelayState=", "RelayState=0"), query.replace("SAMLRequest=", "SAMLRequest=0")):
            with pytest.raises(BadXml):
                read_redirected(changed, second)
        with pytest.raises(BadXml):
            read_redirected(query, first)
        assert provided.sign_in().status == 200


def test_a_key_that_does_not_open_sends_nobody_anywhere(provided: Provided) -> None:
    with signing(provided.site) as change:
        change("add", "")
        here = provided.site.server.installation
        with here.store.write() as unit:
            (one,) = here.directory.catch_up(unit.base).accounts[provided.site.account].of(RequestSigning)
            unit.save(replace(one, keys=(spoiled(one.keys[0]),)))
        here.directory.catch_up()
        page = provided.browser.step("identity-provider", account=provided.instance.identity_store, to="/console/")
        assert page.status == 503


@pytest.mark.parametrize("spelled", [str.upper, str.lower])
def test_the_name_id_is_the_user_name_in_any_case(provided: Provided, spelled: Any) -> None:
    assert provided.sign_in(name=spelled(provided.person.user_name)).status == 200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "nobody"}, "no user of that name is here"),
        ({"name_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"}, "transient NameID"),
        ({"audiences": ("https://elsewhere.example",)}, "audience"),
        ({"audiences": ("urn:amazon:webservices",)}, "audience"),
        ({"recipient": "https://signin.aws.amazon.com/saml"}, "recipient"),
        ({"destination": "https://signin.aws.amazon.com/saml"}, "which is not here"),
        ({"issuer": "https://other.example"}, "Issuer not present"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"}, "did not authenticate"),
        ({"name": None}, "Not authorized"),
        ({"attributes": {f"{CONTROL}Team": ["a", "b"]}}, "AccessControl:Team"),
        ({"attributes": {f"{CONTROL}aws:x": ["a"]}}, "AccessControl:aws:x"),
        ({"attributes": {f"{CONTROL}Team": ["x" * 257]}}, "attribute Team is longer"),
        ({"attributes": {f"{CONTROL}Team": ["${aws:username}"]}}, "attribute Team"),
        ({"attributes": {f"{CONTROL}Team": ["*"]}}, "attribute Team"),
        ({"attributes": {f"{CONTROL}{'k' * 129}": ["a"]}}, "AccessControl:kkk"),
        ({"attributes": {f"{CONTROL}Team": ["a"], f"{CONTROL}team": ["b"]}}, "is there twice"),
        ({"attributes": {f"{CONTROL}T{number}": ["a"] for number in range(51)}}, "more than 50"),
    ],
)
def test_what_is_not_taken_is_said_on_a_page(provided: Provided, changes: dict[str, Any], sentence: str) -> None:
    page = provided.sign_in(**changes)
    assert (page.status, page.told["code"]) == (403, "SignInFailed")
    assert sentence in page.told["message"]
    assert not provided.browser.is_signed_in()
    event = audit(provided.site.server)[-1]
    assert event["responseElements"] == {"ConsoleLogin": "Failure"}


def test_who_is_disabled_is_nobody(provided: Provided) -> None:
    save(provided.site, replace(provided.person, enabled=False))
    assert "or it is disabled" in provided.sign_in().told["message"]


def test_who_is_of_another_identity_store_is_nobody(provided: Provided) -> None:
    save(provided.site, replace(provided.person, identity_store="d-0123456789"))
    assert "no user of that name is here" in provided.sign_in().told["message"]


def test_old_and_unsigned_responses_are_refused(provided: Provided) -> None:
    left = provided.leave()
    answer = provided.answer(left["request"])
    assert "signature" in provided.post(idp.encoded(answer.response()), left["relay"]).told["message"]
    forged = idp.post(answer, idp.signer("another"))
    assert "signature" in provided.post(forged, left["relay"]).told["message"]
    good = idp.post(answer)
    provided.site.later(5 * 60)
    assert "within 5 minutes" in provided.post(good, left["relay"]).told["message"]


def test_attack_33_an_answer_counts_once(provided: Provided) -> None:
    left = provided.leave()
    response = idp.post(provided.answer(left["request"]))
    cookies = dict(provided.browser.cookies)
    assert provided.post(response, left["relay"]).status == 200
    again = provided.site.browser
    again.cookies |= cookies
    assert provided.post(response, left["relay"], again).told["message"] == BEGIN_HERE
    assert not again.is_signed_in()


@pytest.mark.parametrize("request_id", [None, "_another"])
def test_attack_33_what_this_browser_has_not_asked_for_is_refused(provided: Provided, request_id: str | None) -> None:
    left = provided.leave()
    page = provided.post(idp.post(provided.answer(request_id)), left["relay"])
    assert (page.status, page.told["message"]) == (401, BEGIN_HERE)


def test_attack_34_nobody_is_signed_in_by_what_another_browser_has_asked_for(provided: Provided) -> None:
    """Whoever has an account lets somebody else's browser take his response: it has never left for it."""
    left = provided.leave()
    response = idp.post(provided.answer(left["request"]))
    victim = provided.site.browser
    assert provided.post(response, left["relay"], victim).told["message"] == BEGIN_HERE
    provided.leave(victim)
    assert provided.post(response, left["relay"], victim).told["message"] == BEGIN_HERE
    assert not victim.is_signed_in()


def test_the_relay_state_is_that_of_the_request(provided: Provided) -> None:
    left = provided.leave()
    response = idp.post(provided.answer(left["request"]))
    for relay in ("", "x", left["relay"][:-1]):
        assert provided.post(response, relay).told["message"] == BEGIN_HERE
    assert provided.post(response, left["relay"]).status == 200


def test_leaving_lasts_ten_minutes(provided: Provided) -> None:
    for late in (timedelta(seconds=-1), timedelta()):
        left = provided.leave()
        provided.site.later((LIFETIME + late).total_seconds())
        page = provided.post(idp.post(provided.answer(left["request"])), left["relay"])
        assert page.status == (200 if late else 401)


def _wrapped(number: int, response: etree._Element) -> etree._Element:
    """A response with a forged assertion, and the signed one hidden where a careless reader does not look."""
    signed = idp.assertion_in(response)
    evil = etree.fromstring(etree.tostring(signed))
    (name,) = evil.iter("{*}NameID")
    name.text = f"somebody-else-{number}"
    signature = evil.find("{*}Signature")
    assert signature is not None
    if number != 8:
        evil.set("ID", "_evil")
    match number:
        case 1 | 2:  # beside it, before or behind
            response.insert(2 if number == 1 else 5, evil)
        case 3:  # the signed one inside the forged one
            response.replace(signed, evil)
            evil.append(signed)
        case 4:  # the signed one in the forged one's signature
            response.replace(signed, evil)
            signature.append(signed)
        case 5:  # in an Object of the signature
            response.replace(signed, evil)
            etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object").append(signed)
        case 6:  # in Extensions
            response.replace(signed, evil)
            extensions = etree.Element("{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")
            response.insert(0, extensions)
            extensions.append(signed)
        case 7:  # the forged one without a signature, the signed one in its Advice
            response.replace(signed, evil)
            evil.remove(signature)
            etree.SubElement(evil, "{urn:oasis:names:tc:SAML:2.0:assertion}Advice").append(signed)
        case _:  # two of one ID
            signed.addprevious(evil)
    return response


@pytest.mark.parametrize("number", range(1, 9))
def test_attack_32_signatures_are_not_wrapped(provided: Provided, number: int) -> None:
    save(provided.site, replace(person(provided.site, provided.instance), user_name=f"somebody-else-{number}"))
    left = provided.leave()
    response = idp.with_signed_assertion(provided.answer(left["request"]))
    page = provided.post(idp.encoded(_wrapped(number, response)), left["relay"])
    assert page.status == 403, page.text
    assert not provided.browser.is_signed_in()


def test_attack_32_a_comment_cuts_no_name(provided: Provided) -> None:
    """`mary<!-- -->.evil` is signed as the name `mary.evil`, and is not read as `mary`."""
    left = provided.leave()
    response = idp.with_signed_assertion(provided.answer(left["request"], name=f"{provided.person.user_name}.evil"))
    (name,) = response.iter("{*}NameID")
    text = str(name.text)
    comment = etree.Comment("x")
    name.text, comment.tail = text.removesuffix(".evil"), ".evil"
    name.append(comment)
    page = provided.post(idp.encoded(response), left["relay"])
    assert page.status == 403
    assert not provided.browser.is_signed_in()


def test_passwords_count_no_more(site: Site, instance: Instance) -> None:
    someone = Person(site, instance)
    assert someone.browser.is_signed_in()
    link = invited(site, someone.user)
    use(site, idp.metadata(redirect=IDP))
    try:
        assert not someone.browser.is_signed_in()
        page = sign_in(site.browser, someone.user)
        assert (page.status, page.told["message"]) == (403, ELSEWHERE)
        assert site.browser.step("invited", token=link.token, password="Another-good-3").status == 403
        with pytest.raises(Exception, match="external identity provider"):
            invited(site, someone.user)
    finally:
        use_directory(site)
    assert sign_in(site.browser, someone.user).status == 200


def test_a_password_that_was_given_before_does_not_go_on(site: Site, instance: Instance) -> None:
    someone = with_password_in_directory(site, instance)
    browser = site.browser
    flow = sign_in(browser, someone).told["flow"]
    use(site, idp.metadata(redirect=IDP))
    try:
        assert browser.step("enrol-app", flow=flow).told["code"] == "SignInExpired"
    finally:
        use_directory(site)


def test_sessions_end_with_the_provider(site: Site, provided: Provided) -> None:
    provided.sign_in()
    use(site, idp.metadata(idp.signer(), idp.signer("next"), redirect=IDP))
    assert provided.browser.is_signed_in(), "certificates are renewed"
    use(site, idp.metadata(issuer="https://other.example", redirect=IDP))
    assert not provided.browser.is_signed_in()
    use(site, idp.metadata(redirect=IDP))
    assert not provided.browser.is_signed_in()


def test_a_key_that_is_withdrawn_while_an_assertion_is_looked_at_vouches_for_nobody(
    site: Site, provided: Provided, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = provider_sign_in._verify_response

    def meanwhile(*given: Any) -> Any:
        assertion = verified(*given)
        use(site, idp.metadata(idp.signer("next"), redirect=IDP))
        return assertion

    monkeypatch.setattr(provider_sign_in, "_verify_response", meanwhile)
    page = provided.sign_in()
    assert (page.status, page.told["message"]) == (401, BEGIN_HERE)
    assert not provided.browser.is_signed_in()


def test_a_session_of_another_provider_is_none_even_if_it_is_stored(site: Site, provided: Provided) -> None:
    provided.sign_in()
    save(site, replace(provided.session(), provider="https://other.example"))
    assert not provided.browser.is_signed_in()


def test_metadata_that_is_over_lets_nobody_in(site: Site, provided: Provided) -> None:
    view = site.server.installation.directory.snapshot.accounts[site.account]
    (provider,) = view.of(ExternalIdentityProvider)
    for seconds in (1, 0):
        save(site, replace(provider, valid_until=site.server.clock() + timedelta(seconds=seconds)))
        page = provided.sign_in()
        assert page.status == (200 if seconds else 403)


def test_a_session_ends_with_that_at_the_provider(site: Site, provided: Provided) -> None:
    provided.sign_in(session_end=site.server.clock() + 30 * MINUTE)
    site.later(30 * 60 - 1)
    assert provided.browser.is_signed_in()
    site.later(1)
    assert not provided.browser.is_signed_in()


def test_signing_out(site: Site, provided: Provided) -> None:
    provided.sign_in()
    browser = provided.browser
    assert browser.ask("DELETE", "/console/session", x_carnet_csrf=browser.csrf()).status == 200
    assert not browser.is_signed_in()


@pytest.mark.parametrize("switched_on", [True, False])
def test_attributes_become_session_tags(site: Site, instance: Instance, provided: Provided, switched_on: bool) -> None:
    """Of credentials of the portal, and of a client's; not if attributes for access control are switched off."""
    if switched_on:
        own = {"Name": "${path:userName}"}
        save(site, InstanceSettings(id=instance.id, account=site.account, attributes=own), new=True)
    try:
        told = {f"{CONTROL}Team": ["red"], f"{CONTROL}name": ["not I"], f"{CONTROL}Empty": [""]}
        provided.sign_in(attributes=told)
        mary = Person(site, instance, (provided.person, provided.browser))
        mary.assigned()
        role = re.search(r'name="role" value="([^"]+)"', mary.browser.get("/console/").text)
        assert role is not None
        given = {"account": site.account, "role": role[1]}
        asked = mary.browser.ask("POST", "/console/credentials", given, x_carnet_csrf=mary.browser.csrf())
        values = re.findall(r'export AWS_[A-Z_]+="([^"]+)"', asked.told["texts"]["environment"])
        wanted = {"Team": "red", "Name": provided.person.user_name} if switched_on else {}
        assert _tags(site, values[0], values[2]) == wanted
        access = _token(mary)
        mary.browser.ask("DELETE", "/console/session")  # without its token: nobody is signed out
        answered = mary.portal.get_role_credentials(roleName=role[1], accountId=site.account, accessToken=access)
        given = answered["roleCredentials"]
        assert _tags(site, given["accessKeyId"], given["sessionToken"]) == wanted
    finally:
        if switched_on:
            here = site.server.installation
            with here.store.write() as unit:
                unit.remove(here.directory.snapshot.accounts[site.account].of(InstanceSettings).by_id[instance.id])
            here.directory.catch_up()


def _token(mary: Person) -> str:
    """The access token of a client that the person lets act."""
    token: str = mary.oidc.create_token(**mary.code(mary.register()))["accessToken"]
    return token


def _tags(site: Site, key_id: str, token: str) -> dict[str, str]:
    found = site.server.installation.execution.credentials.find(key_id, token)
    assert found is not None
    assert found.session is not None
    return dict(found.session.tags)


def test_nothing_begins_that_was_consented_to_before_signing_out(
    site: Site, instance: Instance, provided: Provided
) -> None:
    provided.sign_in()
    mary = Person(site, instance, (provided.person, provided.browser))
    given = mary.code(mary.register())
    assert mary.browser.ask("DELETE", "/console/session", x_carnet_csrf=mary.browser.csrf()).status == 200
    with pytest.raises(ClientError, match="InvalidGrantException"):
        mary.oidc.create_token(**given)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"SAMLResponse=", 400), (b"SAMLResponse=a&SAMLResponse=b", 400), (b"SAMLResponse=%zz", 400)],
)
def test_what_is_no_response_is_refused(provided: Provided, body: bytes, status: int) -> None:
    path = f"/saml/acs/{provided.instance.identity_store}"
    assert provided.site.browser.ask("POST", path, body).status == status
    assert provided.site.browser.get(path).status == 405


def test_a_response_is_shown_as_text(provided: Provided) -> None:
    path, hostile = f"/saml/acs/{provided.instance.identity_store}", '"><script>alert(1)</script>'
    shown = provided.site.browser.ask(
        "POST", path, urlencode({"SAMLResponse": hostile, "RelayState": hostile}).encode()
    )
    assert shown.status == 200
    assert "<script>alert" not in shown.text


@pytest.mark.parametrize("length", [60_000, 60_001])
def test_the_longest_response(provided: Provided, length: int) -> None:
    path = f"/saml/acs/{provided.instance.identity_store}"
    shown = provided.site.browser.ask("POST", path, urlencode({"SAMLResponse": "x" * length}).encode())
    assert shown.status == (200 if length == 60_000 else 400)


def test_without_an_external_provider_there_is_nothing(site: Site, instance: Instance) -> None:
    store = instance.identity_store
    assert site.browser.ask("POST", f"/saml/acs/{store}", b"SAMLResponse=x").status == 404
    assert site.browser.step("identity-provider", account=store).status == 400
    assert site.browser.step("assertion", response="x").told["message"] == BEGIN_HERE


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_sent_elsewhere_afterwards(provided: Provided, to: str) -> None:
    left = provided.leave(to=to)
    page = provided.post(idp.post(provided.answer(left["request"])), left["relay"])
    assert page.told == {"to": "/console/"}


def test_bindings_are_read() -> None:
    assert parse_metadata(idp.metadata(post=None)).sign_in_urls == {}
    redirected, posted = parse_metadata(idp.metadata(redirect=IDP)), parse_metadata(idp.metadata(post=IDP))
    assert (redirected.sign_in_urls, redirected.posted_to) == ({idp.ISSUER: IDP}, frozenset())
    assert (posted.sign_in_urls, posted.posted_to) == ({idp.ISSUER: IDP}, frozenset({idp.ISSUER}))


def test_a_response_is_taken_at_the_origin_alone(provided: Provided) -> None:
    """The page that sends it once more would send it to the host that was asked."""
    path = f"/saml/acs/{provided.instance.identity_store}"
    body = urlencode({"SAMLResponse": idp.post(provided.answer("_1")), "RelayState": "x"}).encode()
    elsewhere = Browser(provided.site.server, host="127.0.0.1:4747")
    form = {"content_type": "application/x-www-form-urlencoded", "origin": "https://idp.example.com"}
    page = elsewhere.ask("POST", path, body, **form)
    assert (page.status, page.header("location"), page.body) == (307, f"{ORIGIN}{path}", b"")
    page = provided.site.browser.ask("POST", path, body, x_forwarded_for="192.0.2.1", **form)
    assert (page.status, "SAMLResponse" in page.text) == (403, False)
    assert page.text.startswith("The console is reached over TLS")
