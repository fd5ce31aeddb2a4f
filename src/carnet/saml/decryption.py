"""Assertions that an identity provider has encrypted for one of the provider's private keys.

https://www.w3.org/TR/xmlenc-core1/
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from carnet.base.bounded_xml import BadXml, Element, parse_xml
from carnet.base.rsa_numbers import numbers_fit
from carnet.saml.xml import ENCRYPTION, SIGNATURE, only_child, text_of

_ENCRYPTION_11 = "http://www.w3.org/2009/xmlenc11#"
_DIGESTS: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1,
    f"{ENCRYPTION}sha256": hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384,
    f"{ENCRYPTION}sha512": hashes.SHA512,
}
_MASKS: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    f"{_ENCRYPTION_11}mgf1sha1": hashes.SHA1,
    f"{_ENCRYPTION_11}mgf1sha256": hashes.SHA256,
    f"{_ENCRYPTION_11}mgf1sha384": hashes.SHA384,
    f"{_ENCRYPTION_11}mgf1sha512": hashes.SHA512,
}
_OAEP = frozenset((f"{ENCRYPTION}rsa-oaep-mgf1p", f"{_ENCRYPTION_11}rsa-oaep"))
"""INVARIANT: not RSA 1.5, whose padding tells of the key to whoever may ask often enough."""
_KEY_BYTES = {
    **{f"{_ENCRYPTION_11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)},
    **{f"{ENCRYPTION}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)},
}
_BLOCK = 16
_NONCE = 12
_LEAST_BITS, _MOST_BITS = 2048, 8192

PrivateKeys = Sequence[bytes]
"""PKCS#8, DER."""


class NotDecrypted(ValueError):
    """None of the keys opens it. INVARIANT: the message is one for all reasons, so that nobody learns of the key."""

    def __init__(self) -> None:
        super().__init__("The assertion cannot be decrypted with the provider's private keys.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Encrypted:
    key: bytes
    """The key of the data, encrypted."""
    scheme: padding.OAEP
    data: bytes
    method: str
    namespaces: Mapping[str | None, str]
    """Those in scope where the encrypted element stands, by prefix."""


def read_private_key(pem: str) -> bytes:
    """An RSA private key from PEM, as PKCS#8 in DER; raises ValueError for what is no such key."""
    try:
        key = serialization.load_pem_private_key(
            pem.encode("latin-1"), password=None, unsafe_skip_rsa_key_validation=True
        )
    except Exception as problem:  # UnsupportedAlgorithm, TypeError for an encrypted one, ValueError
        raise ValueError("it is no private key in PEM, or protected by a password") from problem
    if not isinstance(key, rsa.RSAPrivateKey) or not _LEAST_BITS <= key.key_size <= _MOST_BITS:
        raise ValueError(f"it is no RSA key of {_LEAST_BITS} to {_MOST_BITS} bits")
    if not numbers_fit(key):
        raise ValueError("its numbers do not fit each other")
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def decrypted(element: Element, keys: PrivateKeys) -> Element:
    """What is inside an EncryptedAssertion; raises NotDecrypted."""
    try:
        encrypted = _read_encrypted(element)
    except ValueError as problem:  # BadXml, and what base64 raises
        raise NotDecrypted from problem
    for key in keys:
        plain = _decrypt(encrypted, key)
        if plain is not None:
            return plain
    raise NotDecrypted


def _read_encrypted(element: Element) -> _Encrypted:
    data = _needed_child(element, ENCRYPTION, "EncryptedData")
    info = only_child(data, SIGNATURE, "KeyInfo")
    inside = only_child(info, ENCRYPTION, "EncryptedKey") if info is not None else None
    # Some providers put the key beside the data, and a RetrievalMethod that names it into KeyInfo.
    key = inside if inside is not None else _needed_child(element, ENCRYPTION, "EncryptedKey")
    return _Encrypted(
        key=_cipher_value(key),
        scheme=_scheme(_needed_child(key, ENCRYPTION, "EncryptionMethod")),
        data=_cipher_value(data),
        method=_needed_child(data, ENCRYPTION, "EncryptionMethod").get("Algorithm", ""),
        namespaces=element.nsmap,
    )


def _needed_child(element: Element, namespace: str, name: str) -> Element:
    found = only_child(element, namespace, name)
    if found is None:
        raise BadXml(f"there is no {name}")
    return found


def _cipher_value(element: Element) -> bytes:
    value = _needed_child(_needed_child(element, ENCRYPTION, "CipherData"), ENCRYPTION, "CipherValue")
    return base64.b64decode("".join(text_of(value).split()), validate=True)


def _scheme(method: Element) -> padding.OAEP:
    if method.get("Algorithm") not in _OAEP or only_child(method, ENCRYPTION, "OAEPparams") is not None:
        raise BadXml("the key is not encrypted by RSA-OAEP")
    digest = only_child(method, SIGNATURE, "DigestMethod")
    mask = only_child(method, _ENCRYPTION_11, "MGF")
    by_default = next(iter(_DIGESTS)), next(iter(_MASKS))
    hashed = _DIGESTS.get(by_default[0] if digest is None else digest.get("Algorithm", ""))
    masked = _MASKS.get(by_default[1] if mask is None else mask.get("Algorithm", ""))
    if hashed is None or masked is None:
        raise BadXml("the digest of RSA-OAEP is not known here")
    return padding.OAEP(mgf=padding.MGF1(masked()), algorithm=hashed(), label=None)


def _decrypt(encrypted: _Encrypted, private_key: bytes) -> Element | None:
    # OpenSSL's check takes as long as hundreds of decryptions, and `read_private_key` has looked at the numbers.
    key = serialization.load_der_private_key(private_key, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    try:
        data_key = key.decrypt(encrypted.key, encrypted.scheme)
        if len(data_key) != _KEY_BYTES.get(encrypted.method):
            return None
        return _element(_decrypt_data(encrypted.method, data_key, encrypted.data), encrypted.namespaces)
    except (ValueError, InvalidTag):
        return None


def _element(plain: bytes, namespaces: Mapping[str | None, str]) -> Element:
    """The element that was encrypted, whose prefixes may be declared further out, where it stood. Raises BadXml.

    https://www.w3.org/TR/xmlenc-core1/#sec-Processing-Decryption
    """
    try:
        return parse_xml(plain)
    except BadXml:
        declared = "".join(
            f" xmlns{f':{prefix}' if prefix else ''}={quoteattr(name)}" for prefix, name in namespaces.items()
        )
        around = parse_xml(f"<around{declared}>".encode() + plain + b"</around>")
    inside = list(around)
    if len(inside) != 1 or (around.text or "").strip() or (inside[0].tail or "").strip():
        raise BadXml("what was encrypted is not one element")
    return parse_xml(etree.tostring(inside[0], with_tail=False))


def _decrypt_data(method: str, key: bytes, data: bytes) -> bytes:
    """The decrypted bytes; raises ValueError or InvalidTag."""
    if method.endswith("gcm"):
        return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], None)
    cipher = Cipher(algorithms.AES(key), modes.CBC(data[:_BLOCK])).decryptor()
    padded = cipher.update(data[_BLOCK:]) + cipher.finalize()
    # https://www.w3.org/TR/xmlenc-core1/#sec-Padding: the last byte counts the others, which may be anything.
    if not padded or not 1 <= padded[-1] <= _BLOCK:
        raise ValueError("the padding is wrong")
    return padded[: -padded[-1]]
