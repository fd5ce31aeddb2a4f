"""The error sentences of role templates and delegation requests."""

from __future__ import annotations

# Templates: NoSuchEntity, InvalidInput, NameConflict, RoleModified


def role_template_missing(arn: str) -> str:
    return f"Role template not found in repository: {arn}"


def template_place(name: str) -> str:
    return f"Failed to render template: Parameter '{name}' not found."


def template_parameter_unknown(name: str) -> str:
    return f"Failed to render template: Unrecognized parameter: {name}"


def one_value(name: str, count: int) -> str:
    return f"{name} replacement value must contain exactly one value, got {count}"


def template_value(name: str) -> str:
    return f"The parameter {name} needs one value, which fits what it stands for."


ROLE_OF_ANOTHER_SOURCE = (
    "A role with this name already exists in the account but was not created from this template. Choose a different"
    " role name, or remove the existing role if it is no longer needed."
)
ROLE_OF_OTHER_PARAMETERS = (
    "A role with this name exists but was created with different parameters. Pass a unique roleName to create a new"
    " role."
)


def role_modified(name: str) -> str:
    return f"Role {name} has been modified since it was created and is no longer managed."


# Delegation requests: NoSuchEntity, EntityAlreadyExists, InvalidInput

CHANNEL_NOT_SNS = "The notification channel must be the ARN of an SNS topic."
NOT_SUMMARIZED = "Only delegation requests can be summarized."
ONLY_OWNER_SENDS = "Only the owner of this delegation request can send its token."
DELEGATED_AGAIN = "Delegated credentials cannot accept a delegation request."
ROOT_DELEGATION = "A root user can accept delegation requests of 4 hours or less only."


def delegation_request_missing(request_id: str) -> str:
    return f"The delegation request with id {request_id} cannot be found."


def workflow_exists(workflow: str) -> str:
    return f"A delegation request with the workflow id {workflow} already exists."


def delegation_state(request_id: str, state: str) -> str:
    return f"The delegation request {request_id} is in the state {state}, which does not allow the operation."


def policy_template_missing(arn: str) -> str:
    return f"The policy template {arn} does not exist."


def delegated_policy_long(most: int) -> str:
    return f"The policy of a delegation request can have up to {most} characters, with its parameters filled in."
