from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from carnet.saml.decryption import NotDecrypted, decrypted, read_private_key
from carnet.saml.response import Trusted, signed_assertion
from carnet.saml.xml import text_of
from tests.saml import idp
from tests.saml.idp import Answer, encoded, encrypted, encrypted_assertion, signed, signer, with_signed_assertion
from tests.saml.test_response import SIGNATURE_INVALID, refusal

OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
CBC = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
SECRET = b"<a>secret</a>"


def trusted(*names: str, encrypted_only: bool = False) -> Trusted:
    return Trusted(
        certificates={idp.ISSUER: (signer().base64,)},
        private_keys=[read_private_key(idp.pem(idp.rsa_key(name))) for name in names],
        encrypted_only=encrypted_only,
        destinations={idp.RECIPIENT},
    )


def subject(response: etree._Element, against: Trusted) -> str:
    name = signed_assertion(encoded(response), against).find(".//{*}NameID")
    assert name is not None
    return text_of(name)


def cbc(key: bytes, plain: bytes) -> bytes:
    iv = os.urandom(16)
    count = 16 - len(plain) % 16
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return iv + cipher.update(plain + os.urandom(count - 1) + bytes([count])) + cipher.finalize()


def test_an_encrypted_assertion_that_is_signed() -> None:
    response = encrypted(with_signed_assertion(Answer()), idp.rsa_key("own").public_key())
    assert subject(response, trusted("own")) == "alice"
    assert subject(response, trusted("former", "own", encrypted_only=True)) == "alice"


def test_prefixes_may_be_declared_where_the_assertion_stood() -> None:
    """As libxmlsec encrypts: what was encrypted is no document of its own."""
    response = with_signed_assertion(Answer())
    plain = idp.assertion_in(response)
    alone = etree.tostring(plain).replace(b' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"', b"")
    alone = alone.replace(b' xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"', b"")
    assert b"<saml:Assertion" in alone
    key, nonce = os.urandom(32), os.urandom(12)
    for text, good in ((alone, True), (alone + alone, False), (b"x" + alone, False), (alone + b"x", False)):
        data = nonce + AESGCM(key).encrypt(nonce, text, None)
        made = etree.fromstring(etree.tostring(response))
        wrapped = encrypted_assertion(idp.rsa_key("own").public_key().encrypt(key, OAEP), data)
        made.replace(idp.assertion_in(made), wrapped)
        if good:
            assert subject(made, trusted("own")) == "alice"
        else:
            assert refusal(made, trusted("own"))[0] == "InvalidIdentityToken"


def test_a_signed_response_with_an_encrypted_assertion() -> None:
    assert subject(signed(encrypted(Answer().response(), idp.rsa_key("own").public_key())), trusted("own")) == "alice"


def test_anybody_can_encrypt_so_it_must_be_signed_all_the_same() -> None:
    response = encrypted(Answer().response(), idp.rsa_key("own").public_key())
    assert refusal(response, trusted("own")) == SIGNATURE_INVALID


def test_another_key() -> None:
    response = encrypted(with_signed_assertion(Answer()), idp.rsa_key("own").public_key())
    for against in (trusted(), trusted("former")):
        code, message = refusal(response, against)
        assert code == "InvalidIdentityToken"
        assert message == "The assertion cannot be decrypted with the provider's private keys."


def test_a_plain_assertion_where_encryption_is_required() -> None:
    response = with_signed_assertion(Answer())
    assert refusal(response, trusted("own", encrypted_only=True))[1] == (
        "The SAML provider requires encrypted assertions."
    )


def test_a_wrapped_assertion_within_the_encrypted_one() -> None:
    response = with_signed_assertion(Answer())
    genuine = idp.assertion_in(response)
    evil = idp.assertion_in(Answer(id="_evil", name="mallory").response())
    response.replace(genuine, evil)
    evil.append(genuine)
    assert "twice" in refusal(encrypted(response, idp.rsa_key("own").public_key()), trusted("own"))[1]


def test_aes_cbc() -> None:
    key = os.urandom(16)
    public = idp.rsa_key("own").public_key()
    element = encrypted_assertion(public.encrypt(key, OAEP), cbc(key, SECRET), data_method=CBC)
    assert text_of(decrypted(element, trusted("own").private_keys)) == "secret"


@pytest.mark.parametrize(
    "change",
    [
        {"key_method": "http://www.w3.org/2001/04/xmlenc#rsa-1_5"},
        {"data_method": "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"},
        {"data_method": "http://www.w3.org/2001/04/xmlenc#aes256-cbc"},
        {"data": b""},
        {"data": bytes(16)},
        {"data": bytes(33)},
        {"data": bytes(48)},
        {"key": b""},
        {"key": bytes(256)},
    ],
)
def test_everything_else_is_told_alike(change: dict[str, str | bytes]) -> None:
    key = bytes(range(16))
    public = idp.rsa_key("own").public_key()
    good = {"key": public.encrypt(key, OAEP), "data": cbc(key, SECRET), "data_method": CBC}
    with pytest.raises(NotDecrypted, match="cannot be decrypted"):
        decrypted(encrypted_assertion(**{**good, **change}), trusted("own").private_keys)  # type: ignore[arg-type]


class TestPrivateKeys:
    def test_one_with_a_password(self) -> None:
        pem = idp.rsa_key("own").private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"password"),
        )
        with pytest.raises(ValueError, match="password"):
            read_private_key(pem.decode())

    def test_the_traditional_form(self) -> None:
        pem = idp.rsa_key("own").private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        assert read_private_key(pem.decode()) == trusted("own").private_keys[0]

    def test_another_kind_of_key(self) -> None:
        pem = signer().key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with pytest.raises(ValueError, match="no RSA key of 2048"):
            read_private_key(pem.decode())

    def test_a_short_one(self) -> None:
        with pytest.raises(ValueError, match="no RSA key of 2048"):
            read_private_key(idp.pem(idp.rsa_key("least", 1024)))

    @pytest.mark.parametrize(
        "text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "\xff"]
    )
    def test_no_key(self, text: str) -> None:
        with pytest.raises(ValueError, match="no private key in PEM"):
            read_private_key(text)
