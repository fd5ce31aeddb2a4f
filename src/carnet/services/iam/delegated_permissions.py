"""The permissions that a delegation request asks for: the filled-in template and its description.

https://docs.aws.amazon.com/IAM/latest/UserGuide/temporary-delegation-policy-templates.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from carnet.access.authorize import Check, authorize
from carnet.access.gather import find_managed_policy
from carnet.base.faults import Malformed, Refused, Unavailable
from carnet.policy.document import Grammar
from carnet.services.documents import POOL, parse_once
from carnet.services.iam import template_sentences
from carnet.services.iam.filled_templates import Values, check_names, filled_document, places
from carnet.services.operation import Call
from carnet.services.preparing import Preparation

_LARGEST = 2048
"""Characters of a filled-in template."""
_MOST_QUESTIONS = 500
"""How many permissions are asked about for one check."""
_TEMPLATE_CHANGED = "The policy template was changed in the meantime; try again."
ALLOWED, DENIED, UNSURE = "ALLOWED", "DENIED", "UNSURE"


class FilledPolicy(NamedTuple):
    """A policy that was made from a template."""

    template: str
    text: str


def filled_policy(call: Call, permissions: Mapping[str, Any]) -> str:
    """The policy that a request asks for, filled in when it was created.

    Raises Refused (InvalidInput), and Unavailable if the template was changed since.
    """
    filled: FilledPolicy = call.prepared
    if filled.template != _template(call, permissions):
        raise Unavailable(_TEMPLATE_CHANGED)
    return filled.text


def _template(call: Call, permissions: Mapping[str, Any]) -> str:
    """A managed policy of the requesting account or of AWS, with `@{name}` where its parameters go."""
    arn = permissions.get("PolicyTemplateArn", "")
    template = find_managed_policy(call.view, arn)
    if template is None:
        raise Refused("InvalidInput", template_sentences.policy_template_missing(arn))
    return template.document


def _fill_policy(call: Call, given: Mapping[str, Any]) -> FilledPolicy:
    """Raises Refused (InvalidInput)."""
    permissions = given["Permissions"]
    template = _template(call, permissions)
    values = _values(permissions.get("Parameters", ()))
    check_names(values, places(template))
    policy = filled_document(template, values)
    if len(policy) > _LARGEST:
        raise Refused("InvalidInput", template_sentences.delegated_policy_long(_LARGEST))
    try:
        parse_once(policy, Grammar.SESSION, call.partition)
    except Malformed as fault:
        raise Refused("InvalidInput", fault.message) from fault
    return FilledPolicy(template, policy)


FILLED_POLICY = Preparation(pool=POOL, work=_fill_policy)
"""For `prepare=` of the operation that asks for a policy."""


def boundaries(policy: str) -> list[str]:
    """The permissions boundaries that a role needs if the policy is to allow its creation
    (RolePermissionRestrictionArns)."""
    found: dict[str, None] = {}
    for statement in _statements(policy):
        for tests in statement.get("Condition", {}).values():
            for key, value in tests.items():
                if key.lower() == "iam:permissionsboundary":
                    found.update(dict.fromkeys(_several(value)))
    return list(found)


def covered(call: Call, policy: str) -> str:
    """Whether the caller's own permissions cover the policy, as far as the texts of the policies show it."""
    answers: set[str] = set()
    for number, (action, resource, certain) in enumerate(_requested_permissions(policy)):
        if number == _MOST_QUESTIONS:
            return UNSURE
        check = Check(action=action, resource=resource, resource_account=call.account)
        decided = authorize(call.parts.engine, call.snapshot, call.caller.principal, call.policies, call.context, check)
        answers.add(ALLOWED if decided.decision.allowed else DENIED if certain else UNSURE)
    if DENIED in answers:
        return DENIED
    return UNSURE if UNSURE in answers else ALLOWED


def described(policy: str) -> Iterator[str]:
    """A sentence for each statement."""
    for statement in _statements(policy):
        verb = "allows" if statement["Effect"] == "Allow" else "denies"
        actions = _names(statement, "Action", "every action but")
        resources = _names(statement, "Resource", "every resource but")
        condition = ", under conditions" if statement.get("Condition") else ""
        yield f"It {verb} {actions} on {resources}{condition}."


def _values(parameters: Sequence[Mapping[str, Any]]) -> Values:
    values: dict[str, str | tuple[str, ...]] = {}
    for parameter in parameters:
        name, given = parameter.get("Name", ""), tuple(parameter.get("Values", ()))
        if name in values or not given or (parameter.get("Type") != "stringList" and len(given) > 1):
            raise Refused("InvalidInput", template_sentences.template_value(name))
        values[name] = given if parameter.get("Type") == "stringList" else given[0]
    return values


def _requested_permissions(policy: str) -> Iterator[tuple[str, str, bool]]:
    """Each action and resource, and whether a denial of them certainly denies something that the policy asks for."""
    for statement in _statements(policy):
        if statement["Effect"] != "Allow":
            continue
        plain = not statement.get("Condition") and "NotAction" not in statement and "NotResource" not in statement
        for action in _several(statement.get("Action", "*")):
            for resource in _several(statement.get("Resource", "*")):
                yield action, resource, plain and not set("*?") & set(action)


def _names(statement: Mapping[str, Any], element: str, negated: str) -> str:
    if f"Not{element}" in statement:
        return f"{negated} {', '.join(_several(statement[f'Not{element}']))}"
    return ", ".join(_several(statement.get(element, "*")))


def _statements(policy: str) -> list[dict[str, Any]]:
    statements = json.loads(policy)["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _several(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]
