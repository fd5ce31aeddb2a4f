"""AWS Systems Manager: parameters with a path or a version in their names, AWS's own documents, managed nodes,
roles of runbooks.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Asked, Check, Scope, invalid
from carnet.gateway.checks.hand import Hand
from carnet.gateway.checks.members import structure, texts
from carnet.gateway.checks.naming import ARN, Named, by_arn, by_name, filled_in
from carnet.gateway.checks.passed_roles import passed_role
from carnet.gateway.checks.table import from_table

_PARAMETER = re.compile(r"(/?(?:[A-Za-z0-9_.-]+/)*[A-Za-z0-9_.-]*)(?::[A-Za-z0-9_.-]+)?", re.ASCII)
_OF_AWS = re.compile(r"(?:AWS|Amazon)[A-Za-z]*-[A-Za-z0-9_.-]+", re.ASCII)
_MANAGED = "mi-"
_ASSUMED = "AutomationAssumeRole"
"""How the parameter of a runbook is called, as in all of AWS's own."""


def _parameter(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named | None:
    """A parameter without the slash that its name begins with, and without the version or label that it ends with."""
    given = next(iter(values.values()))
    if given.startswith(ARN):
        return by_arn(rule, given, scope)
    found = _PARAMETER.fullmatch(given)
    if found is None or not given:
        raise invalid("Parameter name is not valid.")
    name = found[1].removeprefix("/")
    filled = filled_in(rule.arn, {"ParameterNameWithoutLeadingSlash": name}, scope)
    return Named(type=rule.type, resource=filled, account=scope.account)


def _document(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named | None:
    """A document; those of AWS have no account in their ARN."""
    given = next(iter(values.values()))
    if not _OF_AWS.fullmatch(given):
        return by_name(rule, values, scope)
    arn = f"{ARN}{scope.partition}:ssm:{scope.region}::document/{given}"
    return Named(type=rule.type, resource=arn, account=scope.account)


def _instance(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named | None:
    return None if next(iter(values.values())).startswith(_MANAGED) else by_name(rule, values, scope)


def _managed_instance(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named | None:
    return by_name(rule, values, scope) if next(iter(values.values())).startswith(_MANAGED) else None


def _run(asked: Asked) -> Iterator[Check]:
    """A runbook is given the role that it assumes as a parameter.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-setup-iam.html
    """
    yield from from_table(asked, HAND)
    roles = texts(structure(asked.members, "Parameters"), _ASSUMED)
    for role in roles:
        yield from passed_role(asked, role)


HAND = Hand(
    operations=dict.fromkeys(("CreateAssociation", "StartAutomationExecution", "UpdateAssociation"), _run),
    names={
        "parameter": _parameter,
        "document": _document,
        "instance": _instance,
        "managed-instance": _managed_instance,
    },
)
