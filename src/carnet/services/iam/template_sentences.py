"""The error sentences of role templates and delegation requests."""

from __future__ import annotations

# Templates: InvalidInput, NameConflict, RoleModified

TEMPLATE_NOT_READ = "The template is not a JSON document."


def template_place(name: str) -> str:
    return f"The template needs one value for the parameter {name}."


def template_parameter_unknown(name: str) -> str:
    return f"The template has no parameter {name}."


def template_value(name: str) -> str:
    return f"The parameter {name} needs one value, which fits what it stands for."


def role_of_another_source(name: str) -> str:
    return f"Role with name {name} already exists and was not created from this role template."


def role_modified(name: str) -> str:
    return f"Role with name {name} was created from this role template and has been modified since."


# Delegation requests: NoSuchEntity, EntityAlreadyExists, InvalidInput

CHANNEL_NOT_SNS = "The notification channel must be the ARN of an SNS topic."
NOT_SUMMARIZED = "Only delegation requests can be summarized."
ONLY_OWNER_SENDS = "Only the owner of this delegation request can send its token."
FEDERATED_DELEGATION = "A federated user cannot accept a delegation request."
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
