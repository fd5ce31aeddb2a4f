"""What is said of a SAML response that is not taken, with the error codes of AssumeRoleWithSAML.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html#API_AssumeRoleWithSAML_Errors
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
"""

from __future__ import annotations

from carnet.base.faults import Refused

SIGNATURE_INVALID = "Response signature invalid"
BASE64_INVALID = "Invalid base64 SAMLResponse"
TOO_LATE = "Token must be redeemed within 5 minutes of issuance"
NO_AUDIENCE = "Response does not contain the required audience."
ISSUER_UNKNOWN = "Issuer not present in specified provider"
PROVIDER_UNKNOWN = "Specified provider doesn't exist"
PROVIDER_EXPIRED = "The metadata of the SAML provider is expired."
REDEEMED = "The SAML assertion has been redeemed for this role before."
SESSION_NAME_MISSING = "RoleSessionName is required in AuthnResponse"
SESSION_NAME_INVALID = "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"
SOURCE_IDENTITY_INVALID = 'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"'


def invalid(message: str) -> Refused:
    """The response is not as it must be, or not signed by whom it must be signed."""
    return Refused("InvalidIdentityToken", message)


def expired(message: str) -> Refused:
    """The response was good once."""
    return Refused("ExpiredTokenException", message)


def rejected(message: str) -> Refused:
    """The identity provider says that it did not authenticate anybody."""
    return Refused("IDPRejectedClaim", message)
