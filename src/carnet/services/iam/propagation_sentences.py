"""The error sentences of trusted identity propagation. AWS documents the rules, not the sentences."""

from __future__ import annotations

ONE_CONFIGURATION = (
    "A request must change either the context provider or the IAM Identity Center association, and not both."
)
CONTEXT_OR_METADATA = "A request can change either the context provider or the provider metadata, but not both."
CONTEXT_PROVIDER_FIRST = (
    "An IAM Identity Center instance can be associated only with a provider that has a context provider."
)
INSTANCE_FIRST = "To remove the context provider, first remove the IAM Identity Center association."
NO_INSTANCE_ASSOCIATED = "No IAM Identity Center instance is associated with the provider."
SOURCE_KEY = (
    "A source key can have only ASCII letters, digits, single spaces between others, and the characters _.:/=+-@#"
)
TARGET_KEY_TWICE = "Two key definitions have the same target key."
SUBJECT_TYPE_TWICE = "Specify either SubjectTypeSourceKey or SubjectTypeValue, but not both."


def set_and_removed(sets: str, removes: str) -> str:
    return f"Specify either {sets} or {removes}, but not both."


def instance_missing(arn: str) -> str:
    return f"The IAM Identity Center instance {arn} does not exist."
