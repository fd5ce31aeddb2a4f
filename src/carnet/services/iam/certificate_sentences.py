"""The error sentences of SSH public keys, signing certificates and server certificates."""

from __future__ import annotations

# InvalidPublicKey and its like

SSH_PUBLIC_KEY_INVALID = "Invalid body for public key"
SSH_PUBLIC_KEY_ENCODING = "Invalid public key uploaded."
SSH_PUBLIC_KEY_EXISTS = "Duplicate SSH public key uploaded."

# MalformedCertificate and its like


def certificate_malformed(body: str) -> str:
    """The sentence for a signing certificate that cannot be read, or has expired."""
    return f"Certificate {body} is malformed."


CERTIFICATE_NOT_PARSED = "Unable to parse certificate. Please ensure the certificate is in PEM format."
PRIVATE_KEY_NOT_PARSED = "Unable to parse private key. Please ensure it is in PEM format and not encrypted."
KEY_PAIR_MISMATCH = (
    "The private key did not match the public key provided. Please verify the key material and try again."
)
SIGNING_CERTIFICATE_EXISTS = "Duplicate certificate uploaded."
CERTIFICATE_EXPIRED = "Certificate is no longer valid. The 'Not After' date restriction on the certificate has passed."


def chain_broken(index: int) -> str:
    """`index` is that of the last valid certificate; -1 is the certificate itself, before the chain."""
    return (
        "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate,"
        f" followed by any intermediaries in order. The index within the chain of the invalid certificate is: {index}"
    )


def chain_too_long(most: int) -> str:
    return f"The certificate chain must not have more than {most} certificates."


def certificate_not_valid_yet(first: str) -> str:
    return f"The certificate is not valid before {first}."


def rsa_bits(least: int, most: int) -> str:
    return f"An RSA key must have {least} to {most} bits."


# NoSuchEntity and EntityAlreadyExists


def ssh_public_key_missing(key_id: str) -> str:
    return f"The Public Key with id {key_id} cannot be found."


def signing_certificate_missing(certificate_id: str) -> str:
    return f"The Certificate with id {certificate_id} cannot be found."


def server_certificate_missing(name: str) -> str:
    return f"The Server Certificate with name {name} cannot be found."


def server_certificate_exists(name: str) -> str:
    return f"The Server Certificate with name {name} already exists."
