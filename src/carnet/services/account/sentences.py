"""What Account Management says to its callers."""

from __future__ import annotations

CONTACT_MISSING = "No contact information found for this account."
ALTERNATE_CONTACT_MISSING = "No contact of the inputted alternate contact type found."
NAME_BLANK = "The input AccountName must not be null or only whitespace."
REGION_STATUS_KEPT = "Unable to switch region status because of its current opt-in status."
TRUSTED_ACCESS_NEEDED = "Your organization must first enable trusted access with AWS Account Management."
STANDALONE_CONTEXT_NEEDED = (
    "The management account can only be managed using the standalone context from the management account."
)


def not_authorized(caller: str, operation: str, why: str | None) -> str:
    """The caller's account may not ask for the account of AccountId. Who is not known to it is told nothing more."""
    sentence = f"User: {caller} is not authorized to perform: account:{operation}"
    return sentence if why is None else f"{sentence} ({why})"


def region_missing(name: str) -> str:
    """The partition has no such Region."""
    return f"{name} is not a valid region for opt-in or opt-out."
