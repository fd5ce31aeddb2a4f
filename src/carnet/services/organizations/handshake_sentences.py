"""The error sentences of handshakes, with Organizations' error codes and their Reason.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteAccountToOrganization.html
"""

from __future__ import annotations

from carnet.base.faults import Refused

IN_AN_ORGANIZATION = "The AWS account is already a member of an organization."
OTHER_PARTITION = "You can only join an organization that operates in the same AWS partition as your account."
NO_INVITATIONS = (
    "You can't issue new invitations to join an organization while it's in the process of enabling all features."
)
TOO_MANY_INVITATIONS = "You attempted to exceed the number of handshakes that you can send in one day."
HAS_ALL_FEATURES = "All features are already enabled on this organization."
ENABLING_ALL_FEATURES = "The organization has already started the process to enable all features."
TARGET_UNKNOWN = "There is no such account in this installation."
EMAIL_AMBIGUOUS = "Several accounts have this email address: invite one by its account ID."
NO_EMAIL_ADDRESS = "You specified an invalid email address for the invited account owner."
ONE_FILTER = "You specified too many filter parameters."
SAME_ORGANIZATION = "An organization cannot transfer a responsibility to itself."
NO_MANAGEMENT_ACCOUNT = "The invited account is not the management account of an organization."
TRANSFER_EXISTS = "There is a transfer between these organizations already."


def missing() -> Refused:
    return Refused("HandshakeNotFoundException", "You specified a handshake that doesn't exist.")


def exists() -> Refused:
    message = "A handshake with the specified type and parameters already exists for the given parties."
    return Refused("DuplicateHandshakeException", message)


def in_state() -> Refused:
    return Refused("HandshakeAlreadyInStateException", "The handshake is already in the requested state.")


def transition() -> Refused:
    message = (
        "You cannot perform this operation on a handshake in its current state, such as attempting to cancel a"
        " handshake that was previously accepted or attempting to accept a handshake that was declined."
    )
    return Refused("InvalidHandshakeTransitionException", message)


def constraint(reason: str, message: str) -> Refused:
    """A HandshakeConstraintViolationException."""
    return Refused("HandshakeConstraintViolationException", message, {"Reason": reason})
