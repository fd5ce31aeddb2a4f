"""What `carnet policy validate` is given: a policy document, a Terraform plan that holds some, or something else.

A plan is what `terraform show -json` prints. https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from carnet.cli.linted_file import BadInput, LintedFile
from carnet.policy.document import Grammar

_ATTRIBUTES: Mapping[str, Mapping[str, Grammar]] = {
    "aws_iam_policy": {"policy": Grammar.MANAGED},
    "aws_iam_role": {"assume_role_policy": Grammar.TRUST},
    "aws_iam_user_policy": {"policy": Grammar.IDENTITY},
    "aws_iam_group_policy": {"policy": Grammar.IDENTITY},
    "aws_iam_role_policy": {"policy": Grammar.IDENTITY},
    "aws_ssoadmin_permission_set_inline_policy": {"inline_policy": Grammar.IDENTITY},
    "aws_vpc_endpoint": {"policy": Grammar.ENDPOINT},
    "aws_vpc_endpoint_policy": {"policy": Grammar.ENDPOINT},
    "aws_organizations_resource_policy": {"content": Grammar.RESOURCE},
    "aws_iot_policy": {},  # a language of its own
}
"""Type of a resource to its attributes that hold policies. Of all others, `policy` is taken for the resource's own."""

_OTHERS = {"policy": Grammar.RESOURCE}
_ORGANIZATIONS = "aws_organizations_policy"
_OF_ORGANIZATIONS = {"SERVICE_CONTROL_POLICY": Grammar.SCP, "RESOURCE_CONTROL_POLICY": Grammar.RCP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A document that is to be looked at, and its type."""

    shown: str
    """What it is called in complaints."""
    grammar: Grammar
    file: LintedFile | None
    """None if a plan holds it and Terraform does not know it yet."""


def documents_within(file: LintedFile, grammar: Grammar) -> Iterator[Held]:
    """The documents to look at: the file itself, which is of type `grammar`, or those of a plan.

    Raises BadInput that says how to get at the policies of what is neither.
    """
    data = file.data
    if isinstance(data, Mapping) and "Statement" not in data:
        if "planned_values" in data or "resource_changes" in data:
            yield from _of_plan(file, data)
            return
        if told := _is_something_else(data):
            raise BadInput(f"{file.shown}: {told}")
    yield Held(shown=file.shown, grammar=grammar, file=file)


def _is_something_else(data: Mapping[str, Any]) -> str:
    """What the file is instead of a policy document, and what to do; empty if that is not known."""
    if "AWSTemplateFormatVersion" in data or "Resources" in data:
        return (
            "this is a template of CloudFormation, whose functions (!Sub, Ref) are not worked out here. Validate its"
            " policies as files of their own."
        )
    if "UserDetailList" in data or "RoleDetailList" in data:
        return "this is a whole account, no policy document: carnet account import --dry-run reads it."
    answers = {
        "PolicyDocument": "PolicyDocument",
        "PolicyVersion": "PolicyVersion.Document",
        "Role": "Role.AssumeRolePolicyDocument",
    }
    for member, query in answers.items():
        if member in data:
            return f"this is an answer of the AWS CLI that holds a policy document: ask with --query {query}."
    if isinstance(data.get("Policy"), str):
        return "this is an answer of the AWS CLI that holds a policy document: ask with --query Policy --output text."
    return ""


def _of_plan(file: LintedFile, plan: Mapping[str, Any]) -> Iterator[Held]:
    unknown = {
        each.get("address"): _object(_object(each.get("change")).get("after_unknown"))
        for each in map(_object, _list(plan.get("resource_changes")))
    }
    for resource in _resources(_object(_object(plan.get("planned_values")).get("root_module"))):
        address = str(resource.get("address", resource.get("type", "")))
        values = _object(resource.get("values"))
        for attribute, grammar in _policy_attributes(str(resource.get("type", "")), values).items():
            shown = f"{file.shown}: {address}.{attribute}"
            if isinstance(text := values.get(attribute), str) and text.strip():
                if "Statement" in text:
                    yield Held(shown=shown, grammar=grammar, file=LintedFile.of_text(shown, text))
            elif unknown.get(address, {}).get(attribute) is True:
                yield Held(shown=shown, grammar=grammar, file=None)


def _policy_attributes(kind: str, values: Mapping[str, Any]) -> Mapping[str, Grammar]:
    if kind == _ORGANIZATIONS:
        grammar = _OF_ORGANIZATIONS.get(str(values.get("type", "SERVICE_CONTROL_POLICY")))
        return {} if grammar is None else {"content": grammar}
    return _ATTRIBUTES.get(kind, _OTHERS) if kind.startswith("aws_") else {}


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The resources of a module and of those below it."""
    waiting = [module]
    while waiting:
        one = waiting.pop(0)
        yield from map(_object, _list(one.get("resources")))
        waiting[:0] = map(_object, _list(one.get("child_modules")))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
