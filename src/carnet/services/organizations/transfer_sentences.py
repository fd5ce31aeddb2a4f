"""The error sentences of responsibility transfers.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_TerminateResponsibilityTransfer.html
"""

from __future__ import annotations

from carnet.base.faults import Refused

START_NOT_OF_DAY = "You provided an invalid start date. The start date must be the beginning of the day (00:00:00.000)."
START_NOT_OF_MONTH = "You provided an invalid start date. The start date must be the first day of the month."
START_TOO_EARLY = "You provided an invalid start date. The start date is too early."
START_TOO_LATE = "You provided an invalid start date. The start date is too late."
END_NOT_OF_MONTH = (
    "You provided an invalid end date. The end date must be the end of the last day of the month (23.59.59.999)."
)
END_TOO_EARLY = "You provided an invalid end date. The end date is too early."
END_TOO_LATE = "You provided an invalid end date. The end date is too late."
UPDATE_NOT_ALLOWED = (
    "You cannot update this transfer because it is no longer active. Transfers that have been withdrawn, declined,"
    " expired, or cancelled cannot be modified."
)
INBOUND_FULL = "You have exceeded your inbound transfers limit."
OUTBOUND_FULL = "You have exceeded your outbound transfers limit."
CHAIN_TOO_LONG = "You have exceeded the maximum length of your transfer chain."
GOING_ON = (
    "You cannot delete organization due to an ongoing responsibility transfer process. For example, a pending"
    " invitation or an in-progress transfer. To delete the organization, you must resolve the current transfer process."
)


def missing() -> Refused:
    return Refused("ResponsibilityTransferNotFoundException", "We can't find a transfer that you specified.")


def in_status() -> Refused:
    message = "The responsibility transfer is already in the status that you specified."
    return Refused("ResponsibilityTransferAlreadyInStatusException", message)


def transition() -> Refused:
    message = (
        "The responsibility transfer can't transition to the requested state because it's not in a valid state for this"
        " operation."
    )
    return Refused("InvalidResponsibilityTransferTransitionException", message)
