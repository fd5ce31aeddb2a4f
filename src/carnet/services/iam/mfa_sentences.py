"""The error sentences of MFA devices and their codes."""

from __future__ import annotations

# NoSuchEntity


def virtual_mfa_device_missing(serial: str) -> str:
    """The sentence for removing, deactivating or tagging a device that does not exist."""
    return f"MFA Device with serial number {serial} does not exist."


def mfa_device_missing(serial: str) -> str:
    """The sentence for enabling a device that does not exist."""
    return f"VirtualMFADevice with serial number {serial} does not exist."


MFA_DEVICE_IS_NO_SECURITY_KEY = (
    "The MFA device serial number sent in the request is invalid or not supported by this API. Currently, only hardware"
    " FIDO security keys are supported. Please use the compatible device or API."
)
"""What asking for the metadata of a virtual device is told."""
MFA_DEVICE_NOT_OF_USER = "MFA Device invalid for user."
"""What is told of a device that does not exist, or is not enabled for the user."""

# EntityAlreadyExists

MFA_DEVICE_EXISTS = "MFA device already exists."
MFA_DEVICE_OF_OTHERS = "MFA Device is already in use."


def mfa_device_enabled(user: str) -> str:
    """The sentence for enabling a device that is enabled for the same user already."""
    return f"MFA Device for user {user} already exists."


# DeleteConflict

DEACTIVATE_MFA_DEVICE_FIRST = "MFA VirtualDevice in use. Must deactivate first."

# InvalidAuthenticationCode

MFA_CODE_INVALID = "Authentication code for device is not valid."
MFA_CODES_PAUSED = "Too many authentication codes for the device were not valid. Try again in a minute."

# AccessDenied

MFA_NEEDED_FOR_OWN_DEVICES = (
    "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this"
    " user."
)
