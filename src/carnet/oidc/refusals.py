"""What is said of a token that is not taken, with the error codes of AssumeRoleWithWebIdentity.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors
"""

from __future__ import annotations

from carnet.base.faults import Refused

NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity"
    " documentation for requirements"
)
WRONG_AUDIENCE = "Incorrect token audience"
WRONG_CERTIFICATE = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
WRONG_SIGNATURE = "The signature of the token is not that of its issuer."
NOT_YET_VALID = "The token is not valid yet."
TOO_MANY_KEYS = "The issuer has more than 100 keys."


def invalid(message: str) -> Refused:
    """The token is not as it must be, or not signed by whom it must be signed."""
    return Refused("InvalidIdentityToken", message)


def expired(now: int, until: int) -> Refused:
    """The token was good once; times are epoch seconds."""
    return Refused(
        "ExpiredTokenException",
        f"Token expired: current date/time {now} must be before the expiration date/time {until}",
    )


def unreachable(why: str) -> Refused:
    """The issuer does not give its keys, this time."""
    return Refused("IDPCommunicationError", f"Error communicating with the identity provider: {why}")


def missing(claim: str) -> Refused:
    """A claim that every token must have is not there, or is of another type."""
    return invalid(f"Missing a required claim: {claim}")
