from __future__ import annotations

import os
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from carnet.saml.decryption import NotDecrypted, decrypted, read_private_key
from carnet.saml.response import Trusted, signed_assertion
from carnet.saml.xml import text_of
from tests.base.made_rsa_keys import of_no_primes, own
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


def test_what_was_encrypted_is_no_assertion() -> None:
    response = Answer().response()
    other = etree.fromstring('<Assertion xmlns="urn:example" ID="_other"/>')
    response.replace(idp.assertion_in(response), other)
    key, nonce = os.urandom(32), os.urandom(12)
    data = nonce + AESGCM(key).encrypt(nonce, etree.tostring(other, with_tail=False), None)
    response.replace(other, encrypted_assertion(idp.rsa_key("own").public_key().encrypt(key, OAEP), data))
    assert "what was encrypted is no assertion" in refusal(signed(response), trusted("own"))[1]


def test_a_signature_deep_in_the_encrypted_assertion_is_not_its_own() -> None:
    response = with_signed_assertion(Answer())
    assertion = idp.assertion_in(response)
    name = assertion.find(".//{*}Subject")
    assert name is not None
    etree.SubElement(name, "{http://www.w3.org/2000/09/xmldsig#}Signature")
    response.replace(assertion, signed(assertion))
    assert "not its own" in refusal(encrypted(response, idp.rsa_key("own").public_key()), trusted("own"))[1]


def test_an_id_twice_in_the_encrypted_assertion() -> None:
    response = with_signed_assertion(Answer())
    subject_of = idp.assertion_in(response).find(".//{*}Subject")
    assert subject_of is not None
    subject_of.set("Id", Answer().id)
    assert "twice" in refusal(encrypted(response, idp.rsa_key("own").public_key()), trusted("own"))[1]


@pytest.mark.parametrize("name", ["EncryptedData", "EncryptedKey", "EncryptionMethod", "CipherData", "CipherValue"])
def test_what_is_needed_to_decrypt_is_not_there(name: str) -> None:
    key = bytes(range(16))
    encrypted_key = idp.rsa_key("own").public_key().encrypt(key, OAEP)
    element = encrypted_assertion(encrypted_key, cbc(key, SECRET), data_method=CBC)
    for found in list(element.iter(f"{{*}}{name}")):
        parent = found.getparent()
        assert parent is not None
        parent.remove(found)
        with pytest.raises(NotDecrypted, match="cannot be decrypted"):
            decrypted(element, trusted("own").private_keys)
        parent.append(found)


@pytest.mark.parametrize(
    "told",
    [
        '<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="urn:example"/>',
        '<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
        '<e:MGF xmlns:e="http://www.w3.org/2009/xmlenc11#" Algorithm="urn:example"/>',
        '<e:OAEPparams xmlns:e="http://www.w3.org/2001/04/xmlenc#">AAAA</e:OAEPparams>',
    ],
)
def test_oaep_that_is_not_known_here(told: str) -> None:
    key = bytes(range(16))
    encrypted_key = idp.rsa_key("own").public_key().encrypt(key, OAEP)
    element = encrypted_assertion(encrypted_key, cbc(key, SECRET), data_method=CBC)
    method = element.find(".//{*}EncryptedKey/{*}EncryptionMethod")
    assert method is not None
    method.append(etree.fromstring(told))
    with pytest.raises(NotDecrypted, match="cannot be decrypted"):
        decrypted(element, trusted("own").private_keys)


def test_aes_cbc() -> None:
    key = os.urandom(16)
    public = idp.rsa_key("own").public_key()
    element = encrypted_assertion(public.encrypt(key, OAEP), cbc(key, SECRET), data_method=CBC)
    assert text_of(decrypted(element, trusted("own").private_keys)) == "secret"


@pytest.mark.parametrize(("count", "good"), [(0, False), (1, True), (16, True), (17, False), (32, False)])
def test_the_padding_is_of_one_block_at_most(count: int, good: bool) -> None:
    """The element before it is whole in each case: the count alone is wrong."""
    key, iv = bytes(range(16)), bytes(16)
    plain = SECRET.ljust(63 if count == 1 else 48 if count == 16 else 64 - (count or 1))
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    data = iv + cipher.update(plain + bytes([count]) * (64 - len(plain))) + cipher.finalize()
    public = idp.rsa_key("own").public_key()
    element = encrypted_assertion(public.encrypt(key, OAEP), data, data_method=CBC)
    if good:
        assert text_of(decrypted(element, trusted("own").private_keys)) == "secret"
    else:
        with pytest.raises(NotDecrypted, match="cannot be decrypted"):
            decrypted(element, trusted("own").private_keys)


def test_data_that_was_changed() -> None:
    """AES-GCM tells so by an error of its own."""
    key, nonce = bytes(range(16)), bytes(12)
    data = nonce + AESGCM(key).encrypt(nonce, SECRET, None)
    encrypted_key = idp.rsa_key("own").public_key().encrypt(key, OAEP)

    def opened(sent: bytes) -> str:
        method = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
        element = encrypted_assertion(encrypted_key, sent, data_method=method)
        return text_of(decrypted(element, trusted("own").private_keys))

    assert opened(data) == "secret"
    with pytest.raises(NotDecrypted, match="cannot be decrypted"):
        opened(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.parametrize("text", ["!", "AAA", "é"])
def test_cipher_text_that_is_no_base64(text: str) -> None:
    key = bytes(range(16))
    encrypted_key = idp.rsa_key("own").public_key().encrypt(key, OAEP)
    element = encrypted_assertion(encrypted_key, cbc(key, SECRET), data_method=CBC)
    for value in element.iter("{*}CipherValue"):
        value.text = text
    with pytest.raises(NotDecrypted, match="cannot be decrypted"):
        decrypted(element, trusted("own").private_keys)


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

    def test_it_is_read_without_a_search_for_primes(self) -> None:
        """OpenSSL searches for seconds with 8,192 bits, longer with what is refused for its size; all others wait."""
        assert read_private_key(of_no_primes().pem())

    def test_its_numbers_fit_each_other(self) -> None:
        good = own()
        with pytest.raises(ValueError, match="do not fit"):
            read_private_key(replace(good, dmp1=good.dmp1 + good.p - 1).pem())

    def test_another_kind_of_key(self) -> None:
        pem = signer().key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with pytest.raises(ValueError, match="no RSA key of 2048"):
            read_private_key(pem.decode())

    def test_a_short_one(self) -> None:
        with pytest.raises(ValueError, match="no RSA key of 2048"):
            read_private_key(idp.pem(idp.rsa_key("least", 1024)))

    def test_a_key_of_that_length_that_is_not_rsa(self) -> None:
        pem = dsa.generate_private_key(2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with pytest.raises(ValueError, match="no RSA key of 2048"):
            read_private_key(pem.decode())

    @pytest.mark.parametrize(
        "text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "\xff"]
    )
    def test_no_key(self, text: str) -> None:
        with pytest.raises(ValueError, match="no private key in PEM"):
            read_private_key(text)
