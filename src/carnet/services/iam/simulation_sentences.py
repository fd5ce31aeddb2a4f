"""The sentences of AWS's policy simulator for input that it refuses, as recorded from it, unless noted otherwise."""

from __future__ import annotations

from carnet.base.faults import Refused


def invalid_input(message: str) -> Refused:
    """The simulators' error for all wrong input."""
    return Refused("InvalidInput", message)


ACTION_WITHOUT_NAME = "The action is invalid since it is missing names"
NO_CALLER = "Invalid caller - Caller cannot be null or empty."
NO_IAM_CALLER = "Invalid caller - Caller must be an IAM user, role or group in this context."
ONE_BOUNDARY = "The list of Permissions Boundary policies cannot exceed 1 items."
MARKER = "Invalid marker for pagination."
NO_CONTEXT_KEY = "ContextKeyName cannot be null or empty."


def entity_unclear(arn: str) -> str:
    return f"Invalid Entity Arn: {arn} does not clearly define entity type and name."


def foreign_policies(own: str, other: str) -> str:
    return f"Invalid Policy Source Arn: caller's account {own} does not have access to policies in account {other}"


def owner_invalid(owner: str) -> str:
    return f"'{owner}' is not a valid as a Resource Owner."


def resource_invalid(resource: str) -> str:
    return f"ResourceNames are not in a valid ARN format: {resource}."


def handling_unsupported(action: str) -> str:
    return f"Invalid input resource handling options. Action does not support resource handling options: {action}."


def policy_invalid(number: int) -> str:
    """A document of PolicyInputList; they are counted from 1."""
    return f"Policy input list item {number} has invalid content"


def document_invalid(what: str) -> str:
    """Another document. AWS's sentence is not known."""
    return f"{what} has invalid content"


def organization_level_empty(number: int) -> str:
    return f"Organization policy at index {number} must contain at least one service control policy"


def context_type_missing(key: str) -> str:
    return f"Context key {key} has invalid type null."


def context_values_missing(key: str) -> str:
    return f"Context values for context key {key} cannot be null or empty."


def context_single(kind: str, given: int) -> str:
    return f"Context key {kind} expected a single value, but received {given}."


def context_value_invalid(key: str, expected: str) -> str:
    return f"Invalid context value for key {key}: expected {expected}."


def context_repeated(key: str) -> str:
    return f"Duplicate context key: {key}."


# The sentences from here on are Carnet's own: AWS's are not known.

ONE_IDENTIFIER = "Specify exactly one of PolicyType, PolicyArn, or InlinePolicyIdentifier."


def exclusion_invalid(arn: str) -> str:
    return f"{arn} does not identify managed policies: wildcards stand in the name of the policy only, * once at most."


def too_large(action: str) -> str:
    return f"The simulation of {action} is too large: ask for fewer resources or policies at a time."
