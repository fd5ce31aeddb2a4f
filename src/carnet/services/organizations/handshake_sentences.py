"""What Organizations says of handshakes if something is wrong, with its error codes and their Reason.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteAccountToOrganization.html
"""

from __future__ import annotations

from carnet.base.faults import Refused

IN_AN_ORGANIZATION = "The invited account is already a member of an organization."
OTHER_PARTITION = "You can only join an organization that operates in the same AWS partition as your account."
NO_INVITATIONS = (
    "You can't issue new invitations to join an organization while it's in the process of enabling all features."
)
TOO_MANY_INVITATIONS = "You attempted to exceed the number of handshakes that you can send in one day."
HAS_ALL_FEATURES = "The organization has already enabled all features."
ENABLING_ALL_FEATURES = "The organization has already started the process to enable all features."
TARGET_UNKNOWN = "There is no such account in this installation."
EMAIL_AMBIGUOUS = "Several accounts have this email address: invite one by its account ID."
PARTY_TYPE = "You specified the wrong type of entity (account, organization, or email) as a party."
ONE_FILTER = "You can specify only one filter parameter for the operation."
SAME_ORGANIZATION = "An organization cannot transfer a responsibility to itself."
NO_MANAGEMENT_ACCOUNT = "The invited account is not the management account of an organization."
TRANSFER_EXISTS = "There is a transfer between these organizations already."


def missing() -> Refused:
    return Refused("HandshakeNotFoundException", "We can't find a handshake with the HandshakeId that you specified.")


def exists() -> Refused:
    message = "A handshake with the same action and target already exists."
    return Refused("DuplicateHandshakeException", message)


def in_state(state: str) -> Refused:
    return Refused("HandshakeAlreadyInStateException", f"The specified handshake is already in the {state} state.")


def transition(now: str, wanted: str) -> Refused:
    message = f"You can't perform the operation on the handshake in its current state: {now} does not become {wanted}."
    return Refused("InvalidHandshakeTransitionException", message)


def constraint(reason: str, message: str) -> Refused:
    """A HandshakeConstraintViolationException."""
    return Refused("HandshakeConstraintViolationException", message, {"Reason": reason})
