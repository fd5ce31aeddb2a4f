"""The error sentences of IAM's operations for an organization: centralized root access."""

from __future__ import annotations

NO_ORGANIZATION = "The request was rejected because no organization is associated with your account."
NOT_MANAGEMENT_ACCOUNT = (
    "The request was rejected because the account making the request is not the management account for the "
    "organization."
)
NOT_ROOT_ADMINISTRATOR = (
    "The request was rejected because the account making the request is not the management account or delegated "
    "administrator account for centralized root access."
)
NOT_ALL_FEATURES = "The request was rejected because your organization does not have All features enabled."


def no_trusted_access(account: str) -> str:
    """The error of the features of centralized root access if the organization does not trust IAM."""
    return f"Trusted Access for IAM not enabled by organization of input account {account}."
