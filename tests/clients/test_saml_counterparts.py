"""SAML 2.0 with software of others as the other side: python3-saml is the application, libxmlsec the provider."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from carnet.entities.identity_center_instance import Instance
from tests.clients.saml_python import PYTHON, told_by
from tests.console.conftest import Site, site
from tests.console.test_application_sign_in import ACS, AUDIENCE, App, fields
from tests.console.test_people import instance
from tests.console.test_posted_requests import Posted, changed
from tests.console.test_provider_sign_in import (
    IDP,
    Provided,
    certificates,
    request_query,
    signing,
    use,
    use_directory,
)
from tests.console.test_sso_consent import Person
from tests.saml import idp

MINUTE = timedelta(minutes=1)

assert callable(site), "a fixture"
assert callable(instance), "a fixture"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="python3-saml is not there: make clients")


def counterpart(do: str, **given: Any) -> dict[str, Any]:
    return told_by("saml_counterpart.py", do, **given)


def pem_of(by: idp.Signer) -> str:
    return by.certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def mary(site: Site, instance: Instance) -> Person:
    return Person(site, instance)


@pytest.fixture(scope="module")
def own() -> rsa.RSAPrivateKey:
    """Of the SAML provider, by which assertions are decrypted."""
    return idp.rsa_key("of the provider")


@pytest.fixture(scope="module")
def provider(site: Site, own: rsa.RSAPrivateKey) -> tuple[str, str, str]:
    """The ARNs of a role and of the SAML provider that it trusts, and where responses are sent to."""
    metadata = idp.metadata(idp.signer("counterpart", bits=2048, days=20_000))
    arn = site.iam.create_saml_provider(
        Name="counterpart",
        SAMLMetadataDocument=metadata,
        AssertionEncryptionMode="Required",
        AddPrivateKey=idp.pem(own),
    )["SAMLProviderArn"]
    statement = {"Effect": "Allow", "Principal": {"Federated": arn}, "Action": "sts:AssumeRoleWithSAML"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    role = site.iam.create_role(RoleName="counterpart", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    uuid = site.iam.get_saml_provider(SAMLProviderArn=arn)["SAMLProviderUUID"]
    return role, arn, f"https://signin.aws.amazon.com/saml/acs/{uuid}"


class TestApplication:
    """python3-saml, set up by the metadata of an application of IAM Identity Center."""

    @pytest.mark.parametrize("signs", [False, True])
    def test_it_asks_and_takes_the_answer(self, site: Site, mary: Person, signs: bool) -> None:
        by = idp.signer("application", bits=2048)
        keys = {"private": idp.pem(idp.rsa_key("application", 2048)), "certificate": by.base64} if signs else {}
        app = App(mary, request_certificate=by.base64 if signs else "", attributes={"who": "${user:subject}"})
        metadata = site.browser.get(f"/saml/metadata/{app.id}").text
        given = {"metadata": metadata, "acs": ACS, "audience": AUDIENCE, **keys}
        asked = counterpart("ask", relay_state="https://app.example/page", **given)
        url = urlsplit(asked["url"])
        assert url.path == app.path
        assert ("Signature=" in url.query) is signs
        response = fields(app.redirected(url.query))["SAMLResponse"]
        taken = counterpart("take", response=response, id=asked["id"], **given)
        assert (taken["errors"], taken["reason"]) == ([], None)
        assert (taken["name"], taken["attributes"]) == (mary.user.user_name, {"who": [mary.user.user_name]})
        other = counterpart("take", response=response, id="_another", **given)
        assert other["errors"] == ["invalid_response"], "it is the answer to that question"

    def test_an_address_that_was_changed_is_not_answered(self, site: Site, mary: Person) -> None:
        by = idp.signer("application", bits=2048)
        app = App(mary, request_certificate=by.base64)
        given = {"metadata": site.browser.get(f"/saml/metadata/{app.id}").text, "acs": ACS, "audience": AUDIENCE}
        keys = {"private": idp.pem(idp.rsa_key("application", 2048)), "certificate": by.base64}
        asked = counterpart("ask", relay_state="https://app.example/page", **given, **keys)
        query = urlsplit(asked["url"]).query.replace("RelayState=https", "RelayState=http")
        assert app.redirected(query).status == 400


class TestIdentityProvider:
    """libxmlsec signs and encrypts what AssumeRoleWithSAML is given."""

    def response(self, site: Site, provider: tuple[str, str, str], number: int) -> idp.Answer:
        role, arn, address = provider
        now = site.server.clock().astimezone(UTC)
        return idp.Answer(
            id=f"_assertion{number}",
            issued=now,
            confirmed_until=now + 5 * MINUTE,
            not_before=now - MINUTE,
            not_on_or_after=now + 5 * MINUTE,
            recipient=address,
            destination=address,
            audiences=(address,),
            attributes={f"{idp.AWS}Role": [f"{role},{arn}"], f"{idp.AWS}RoleSessionName": ["alice"]},
        )

    @pytest.mark.parametrize(
        ("cipher", "transport"),
        [
            ("AES128_GCM", "RSA_OAEP"),
            ("AES256_GCM", "RSA_OAEP"),
            ("AES128", "RSA_OAEP"),
            ("AES256", "RSA_OAEP"),
        ],
    )
    def test_encrypted_assertions_are_read(
        self, site: Site, own: rsa.RSAPrivateKey, provider: tuple[str, str, str], cipher: str, transport: str
    ) -> None:
        number = hash((cipher, transport)) % 10**9
        made = self.made(self.response(site, provider, number), own, cipher, transport)
        assert self.assumed(site, provider, made)["AssumedRoleUser"]["Arn"].endswith("assumed-role/counterpart/alice")

    def test_what_is_not_encrypted_safely_is_refused(
        self, site: Site, own: rsa.RSAPrivateKey, provider: tuple[str, str, str]
    ) -> None:
        """RSA 1.5, and another key."""
        stranger = idp.rsa_key("of a stranger")
        for number, (key, transport) in enumerate(((own, "RSA_PKCS1"), (stranger, "RSA_OAEP"))):
            made = self.made(self.response(site, provider, number), key, "AES128_GCM", transport)
            with pytest.raises(ClientError, match=r"InvalidIdentityToken.*cannot be decrypted"):
                self.assumed(site, provider, made)

    def made(self, answer: idp.Answer, key: rsa.RSAPrivateKey, cipher: str, transport: str) -> str:
        by = idp.signer("counterpart", bits=2048, days=20_000)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        told = counterpart(
            "answer",
            response=answer.xml(),
            private=idp.pem(idp.rsa_key("counterpart", 2048)),
            certificate=pem_of(by),
            recipient=public.decode(),
            cipher=cipher,
            transport=transport,
        )
        return str(told["response"])

    def assumed(self, site: Site, provider: tuple[str, str, str], response: str) -> dict[str, Any]:
        sts = site.server.client("sts")
        role, arn, _ = provider
        return dict(sts.assume_role_with_saml(RoleArn=role, PrincipalArn=arn, SAMLAssertion=response))


def test_the_clock_of_the_counterpart_is_that_of_this_machine(site: Site) -> None:
    """Who compares times here has no other one: the server's stands still from when it was started."""
    assert abs(datetime.now(UTC) - site.server.clock()) < timedelta(minutes=10)


def test_a_provider_finds_requests_signed(site: Site, instance: Instance) -> None:
    use(site, idp.metadata(redirect=IDP))
    provided = Provided(site, instance)
    try:
        with signing(site) as change:
            change("add", "")
            (certificate,), query = certificates(provided), request_query(provided)
            assert counterpart("verify", query=query, certificate=certificate) == {"good": True}
            changed = query.replace("RelayState=", "RelayState=0")
            assert counterpart("verify", query=changed, certificate=certificate) == {"good": False}
    finally:
        use_directory(site)


def test_a_provider_finds_posted_requests_signed(site: Site, instance: Instance) -> None:
    use(site, idp.metadata(post=IDP))
    posted = Posted(site, instance)
    try:
        with signing(site) as change:
            change("add", "")
            (certificate,), request = certificates(posted), posted.form()["SAMLRequest"]
            assert counterpart("verify_posted", request=request, certificate=certificate) == {"good": True}
            assert counterpart("verify_posted", request=changed(request), certificate=certificate) == {"good": False}
    finally:
        use_directory(site)
