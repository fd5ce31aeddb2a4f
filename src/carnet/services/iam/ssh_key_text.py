"""The text of SSH public keys: the keys that IAM accepts, their fingerprints, and their two encodings.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSSHPublicKey.html
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, NamedTuple

from carnet.base.faults import Refused
from carnet.services.iam import certificate_sentences

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

SSH, PEM = "SSH", "PEM"
_SSH_BEGINNING = "ssh-rsa "
_PEM_BEGINNING, _PEM_END = "-----BEGIN ", "-----END "
SMALLEST_BITS, LARGEST_BITS = 2048, 16_384


class SshKey(NamedTuple):
    """A parsed key."""

    key: RSAPublicKey
    encoding: str
    fingerprint: str


def read_new_key(body: str) -> SshKey:
    """The RSA key in a text that is uploaded, which holds nothing else. Raises what `read_key` raises."""
    key, text = read_key(body), body.strip()
    last_line = text[text.find(_PEM_END) :] if key.encoding == PEM else text
    if len(last_line.splitlines()) > 1:
        raise Refused("InvalidPublicKey", certificate_sentences.SSH_PUBLIC_KEY_INVALID)
    return key


def read_key(body: str) -> SshKey:
    """The RSA key in a text, in whichever encoding it is.

    Raises Refused: UnrecognizedPublicKeyEncoding for what is neither a line of ssh-rsa nor PEM, InvalidPublicKey for
    what does not hold an RSA key of 2,048 bits or more.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key

    text = body.strip()
    encoding = _encoding_of(text)
    try:
        load = load_ssh_public_key if encoding == SSH else load_pem_public_key
        key = load(text.encode("latin-1"))
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise Refused("InvalidPublicKey", certificate_sentences.SSH_PUBLIC_KEY_INVALID) from problem
    if not isinstance(key, RSAPublicKey) or not SMALLEST_BITS <= key.key_size <= LARGEST_BITS:
        raise Refused("InvalidPublicKey", certificate_sentences.SSH_PUBLIC_KEY_INVALID)
    return SshKey(key, encoding, _fingerprint(_ssh_line(key)))


def encoded(body: str, encoding: str) -> str:
    """A key that was taken, in that encoding; as it was uploaded if that is the encoding of it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    read = read_key(body)
    if read.encoding == encoding:
        return body
    if encoding == SSH:
        return _ssh_line(read.key)
    return read.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _encoding_of(text: str) -> str:
    if text.startswith(_SSH_BEGINNING):
        return SSH
    if text.startswith(_PEM_BEGINNING):
        return PEM
    raise Refused("UnrecognizedPublicKeyEncoding", certificate_sentences.SSH_PUBLIC_KEY_ENCODING)


def _ssh_line(key: RSAPublicKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")


def _fingerprint(line: str) -> str:
    """The fingerprint as `ssh-keygen -l -E md5` shows it."""
    digest = hashlib.md5(base64.b64decode(line.split(" ")[1]), usedforsecurity=False)
    return digest.digest().hex(":")
