"""The error sentences of SAML providers and OpenID Connect providers."""

from __future__ import annotations

# NoSuchEntity


def saml_provider_missing(arn: str) -> str:
    return f"Manifest not found for arn {arn}"


def oidc_provider_missing(arn: str) -> str:
    return f"OpenIDConnect Provider not found for arn {arn}"


def oidc_provider_to_remove_missing(arn: str) -> str:
    return f"OpenId connect Provider {arn} cannot be found."


# EntityAlreadyExists


def saml_provider_exists(name: str) -> str:
    return f"SAMLProvider with name {name} already exists."


def issuer_exists(name: str) -> str:
    return f"Provider with url https://{name} already exists."


# LimitExceeded


def saml_keys_full(most: int) -> str:
    return f"Private key limit of {most} is reached."


# ValidationError and InvalidInput

ISSUER_URL = "Invalid Open ID Connect Provider URL"
THUMBPRINTS_EMPTY = "Thumbprint list must contain at least one entry."
THUMBPRINTS_FULL = "Thumbprint list must contain fewer than 5 entries."
THUMBPRINT = "A thumbprint must be the 40 hexadecimal digits of a certificate's SHA-1."
SAML_KEY_INVALID = "Invalid private key."
SAML_KEY_NOT_REMOVED = "Failed to remove private key."
SAML_KEY_UNKNOWN = "Failed to remove private key because the Key ID does not match a private key."
SAML_KEYS_ADDED_AND_REMOVED = (
    "Unable to add and remove private keys in the same request. Set a value for only one of the two parameters."
)
SAML_NO_KEY = "Unable to set assertion encryption mode to Required because no private key is provided."
"""What a provider to create is told."""
SAML_NO_KEY_PRESENT = "Failed to set assertion encryption mode to Required because no private key is present."
SAML_NO_UPDATES = "Unable to update identity provider. No updates are defined for metadata or encryption assertion."


def saml_metadata_invalid(why: str) -> str:
    """AWS's sentence, and what is wrong."""
    return f"Could not parse metadata: {why}."


# MalformedPolicyDocument, PolicyNotAttachable, UnmodifiableEntity


def provider_protected(name: str) -> str:
    return f"Cannot perform the operation on the protected SAML provider '{name}' - it is only modifiable by AWS"
