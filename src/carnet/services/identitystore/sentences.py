"""The error sentences of the identity store.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/CommonErrors.html
"""

from __future__ import annotations

from carnet.base.faults import AlreadyExists, Denied, Invalid, Missing, TooMany

USER, GROUP, MEMBERSHIP, IDENTITY_STORE = "USER", "GROUP", "GROUP_MEMBERSHIP", "IDENTITY_STORE"
"""The ResourceTypes of ResourceNotFoundException."""

NOT_FOR_THIS_ACCOUNT = "You do not have sufficient access to perform this action."
NO_MEMBER, NO_GROUP = "Member does not exist", "Group does not exist"
NO_USER = "User not found"
"""What DescribeUser says."""


def missing(resource_type: str, sentence: str | None = None) -> Missing:
    return Missing(sentence or f"{resource_type} not found.", {"ResourceType": resource_type})


def duplicate(what: str) -> AlreadyExists:
    """`what` is UserName, GroupDisplayName, ..."""
    return _already_exists(f"Duplicate {what}")


def already_member() -> AlreadyExists:
    return _already_exists("Member and Group relationship already exists.")


def _already_exists(sentence: str) -> AlreadyExists:
    return AlreadyExists(sentence, {"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"})


def changed_meanwhile() -> AlreadyExists:
    return AlreadyExists("The resource was changed by another request.", {"Reason": "CONCURRENT_MODIFICATION"})


def not_for_this_account() -> Denied:
    return Denied(NOT_FOR_THIS_ACCOUNT)


def required(*attributes: str) -> Invalid:
    """For missing attributes, with their names in lower case."""
    return Invalid(", ".join(f"{each}: The attribute {each} is required" for each in attributes))


def not_unique(path: str) -> Invalid:
    return Invalid(f"The attribute {path} is not a unique attribute")


def no_value(path: str) -> Invalid:
    return Invalid(f"attribute value cannot be empty or null for attribute path {path}")


def unknown_path(path: str) -> Invalid:
    return Invalid(f"The attribute path {path} is not supported")


def bad_value(path: str) -> Invalid:
    return Invalid(f"The value of the attribute path {path} is not valid")


def full(what: str, most: int) -> TooMany:
    return TooMany(f"An identity store has {most} {what} at most.")
