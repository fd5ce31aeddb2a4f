"""What Account Management says to its callers."""

from __future__ import annotations

CONTACT_MISSING = "No contact information found for this account."
ALTERNATE_CONTACT_MISSING = "No contact of the inputted alternate contact type found."


def no_management_account(caller: str, account: str) -> str:
    """AccountId is given by somebody who does not call from an organization's management account."""
    return (
        f"User: {caller} is not authorized to specify the account ID {account}: only the management account of its "
        "organization, or a delegated administrator, can."
    )


def region_missing(name: str) -> str:
    """The partition has no such Region."""
    return f"The Region {name} does not exist."


def region_always_enabled(name: str) -> str:
    """A Region that is enabled by default cannot be enabled or disabled."""
    return f"The Region {name} is enabled by default, which cannot be changed."
