"""Role templates, and the roles that are made from them.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_AcquireRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_role-manager_enable-use.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from carnet.access.authorize import Check
from carnet.base.arns import iam_arn
from carnet.base.faults import Fault, Invalid, Missing, Refused, TooMany
from carnet.base.ids import ROLE
from carnet.catalog.role_templates import RoleTemplate, TemplateParameter, in_default_partition, role_template
from carnet.entities.acquired_role import AcquiredRole, digest_of
from carnet.entities.entity import Documents
from carnet.entities.role import Role
from carnet.policy.document import Grammar
from carnet.services.documents import POOL, ReadDocuments, read_document
from carnet.services.iam import sentences, shapes, template_sentences
from carnet.services.iam.attachable import attachable_policy
from carnet.services.iam.documents import check_identity_policy, check_inline_sizes
from carnet.services.iam.filled_templates import Values, check_names, filled_document, filled_text
from carnet.services.iam.kinds import ROLES
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.trust import new_trust
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.preparing import Preparation
from carnet.services.target import Keys, Target

_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A role as the template describes it, with the caller's values."""

    template: RoleTemplate
    name: str
    description: str
    trust: str
    attached: tuple[str, ...]
    inline: Documents
    parameters: str
    """A digest of the values."""


def template(call: Call, given: Any) -> Target[RoleTemplate]:
    """The role template TemplateArn, in the version MinorVersion."""
    arn: str = given["TemplateArn"]
    found = role_template(in_default_partition(arn, call.partition), given.get("MinorVersion"))
    missing = Missing(template_sentences.role_template_missing(arn))
    return Target(arn=arn, account=call.account, found=missing if found is None else (found,))


def acquired(call: Call, given: Any) -> Target[Wanted, Role | None]:
    """The template, and the role that it describes, if that is there. Raises a fault for wrong values.

    AcquireRole has no permission of its own: it needs iam:GetRoleTemplateVersion, and those for what it does.
    """
    asked = {**given, "MinorVersion": given.get("TemplateMinorVersion")}
    found = template(call, asked)
    read = replace(found, action="iam:GetRoleTemplateVersion", shown=f"role template {found.arn}")
    if isinstance(found.found, Fault):
        return read.finding(found.found)
    wanted = _wanted_role(call, found.found[0], given)
    return read.finding((wanted, call.view.of(Role).named(wanted.name.lower())))


def what_it_does(call: Call, given: Any, target: Target[Wanted, Role | None], keys: Keys) -> Iterator[Check]:
    """iam:GetRole of a role that is there; else iam:CreateRole, and what the policies of the template need.

    The template is iam:RoleTemplateARN for them, which the permission to read it does not have.
    """
    if isinstance(target.found, Fault):
        return
    of_template: dict[str, Any] = {"iam:RoleTemplateARN": given["TemplateArn"]}
    wanted, role = target.found
    if role is not None:
        there = Target(arn=role.arn, account=call.account, found=(), tags=role.tags)
        boundary = {} if role.boundary is None else {"iam:PermissionsBoundary": role.boundary}
        yield there.check("iam:GetRole", {**of_template, **boundary})
        return
    arn = iam_arn(call.partition, call.account, f"role{wanted.template.role_path}{wanted.name}")
    new: Target[()] = Target(arn=arn, account=call.account, found=())
    yield new.check("iam:CreateRole", of_template)
    for policy in wanted.attached:
        yield new.check("iam:AttachRolePolicy", {**of_template, "iam:PolicyARN": policy})
    if wanted.inline:
        yield new.check("iam:PutRolePolicy", of_template)


@iam.read("GetRoleTemplateVersion", on=template)
def get_role_template_version(call: Call, given: Any, found: RoleTemplate) -> Answer:
    """The content of a version of a template."""
    return {"RoleTemplateVersion": _shape(given["TemplateArn"], found)}


def _documents_before(call: Call, given: Any) -> ReadDocuments | None:
    """The policies of the template, filled in. Raises Refused for wrong values."""
    found = acquired(call, given).found
    quotas: IamQuotas = call.quotas
    if isinstance(found, Fault):
        return None
    wanted = found[0]
    trust = read_document(wanted.trust, Grammar.TRUST, quotas.trust_policy_size)
    inline = (read_document(text, Grammar.IDENTITY, quotas.role_inline_size) for text in wanted.inline.values())
    return ReadDocuments((trust, *inline))


@iam.write(
    "AcquireRole",
    on=acquired,
    also=(what_it_does,),
    prepare=Preparation(pool=POOL, work=_documents_before),
)
def acquire_role(call: WriteCall, given: Any, wanted: Wanted, role: Role | None) -> Answer:
    """The role that a template describes: the one that was made from it before, or a new one."""
    if role is None:
        role = _create(call, wanted, given["TemplateArn"])
        source = AcquiredRole(
            id=role.id,
            account=role.account,
            template=given["TemplateArn"],
            minor_version=wanted.template.minor,
            parameters=wanted.parameters,
        )
        call.store.add(source)
    else:
        _check_unchanged(call, wanted, role, given["TemplateArn"])
    return {"Role": shapes.created_linked_role(role, role.trust)}


def _wanted_role(call: Call, found: RoleTemplate, given: Any) -> Wanted:
    values = _values(found, given.get("ReplacementValues", {}))
    name = filled_text(found.role_name, values)
    if _ROLE_NAME.fullmatch(name) is None:
        raise Refused("InvalidInput", template_sentences.template_value("RoleName"))
    return Wanted(
        template=found,
        name=name,
        description=filled_text(found.role_description, values),
        trust=filled_document(found.trust, values),
        attached=tuple(arn.replace("arn:aws:", f"arn:{call.partition}:") for arn in found.attached),
        inline=_inline(found, values),
        parameters=digest_of(values),
    )


def _inline(found: RoleTemplate, values: Values) -> Documents:
    """The inline policies that have a statement left with these values."""
    filled = {name: filled_document(text, values) for name, text in found.inline.items()}
    return {name: text for name, text in filled.items() if json.loads(text)["Statement"]}


def _values(found: RoleTemplate, given: Any) -> Values:
    check_names(given, [parameter.name for parameter in found.parameters])
    present = ((parameter.name, _value(parameter, given)) for parameter in found.parameters)
    return {name: value for name, value in present if value is not None}


def _value(parameter: TemplateParameter, given: Any) -> str | tuple[str, ...] | None:
    """The value of a parameter; None without one. Raises Invalid for several values if it is not a list."""
    values: Sequence[str] = given.get(parameter.name, {}).get("Values", ())
    if not values:
        return parameter.default
    if parameter.is_list:
        return tuple(values)
    if len(values) > 1:
        raise Invalid(template_sentences.one_value(parameter.name, len(values)))
    return values[0]


def _create(call: WriteCall, wanted: Wanted, arn: str) -> Role:
    quotas: IamQuotas = call.quotas
    if len(call.view.of(Role)) >= quotas.roles:
        raise TooMany(sentences.quota("RolesPerAccount", quotas.roles))
    trust = new_trust(call, wanted.trust)
    check_inline_sizes(call, wanted.inline, quotas.role_inline_size, holder=ROLES.word.lower(), name=wanted.name)
    for text in wanted.inline.values():
        check_identity_policy(call, text)
    role = Role(
        id=call.ids.unique(ROLE),
        account=call.account,
        partition=call.partition,
        path=wanted.template.role_path,
        name=wanted.name,
        trust=trust.text,
        trusted_ids=trust.ids,
        description=wanted.description,
        max_session_seconds=wanted.template.max_session_seconds,
        attached=tuple(attachable_policy(call, policy, holder=ROLES.word).arn for policy in wanted.attached),
        inline=wanted.inline,
        created=call.now,
    )
    ROLES.add(call, role)
    return role


def _check_unchanged(call: Call, wanted: Wanted, role: Role, arn: str) -> None:
    """Raise Refused for a role that is not from the template, and for one that was changed.

    How long its sessions are, and its description, may have been changed.
    """
    source = call.view.of(AcquiredRole).get(role.id)
    if source is None or (source.template, source.minor_version) != (arn, wanted.template.minor):
        raise Refused("NameConflict", template_sentences.ROLE_OF_ANOTHER_SOURCE)
    if role.name != wanted.name or source.parameters not in (None, wanted.parameters):
        raise Refused("NameConflict", template_sentences.ROLE_OF_OTHER_PARAMETERS)
    if _comparable_parts(role) != _comparable_parts(wanted) or role.boundary is not None or role.tags:
        raise Refused("RoleModified", template_sentences.role_modified(role.name))


def _comparable_parts(role: Role | Wanted) -> tuple[Any, frozenset[str], dict[str, Any]]:
    """What of a role is as its template has it, however documents are written, in whatever order policies are."""
    inline = {name: json.loads(text) for name, text in role.inline.items()}
    return json.loads(role.trust), frozenset(role.attached), inline


def _shape(arn: str, found: RoleTemplate) -> shapes.Structure:
    """A version in the answer; members that the template does not have are left out."""
    path = {} if found.role_path == "/" else {"RolePathPattern": found.role_path}
    inline = [{"PolicyName": name, "PolicyDocument": shapes.document(text)} for name, text in found.inline.items()]
    return {
        **path,
        **({"InlinePolicyTemplates": inline} if inline else {}),
        "TemplateArn": arn,
        "TemplateName": found.name,
        "TemplateVersionId": found.version_id,
        "Description": found.description,
        "MajorVersion": found.major,
        "DefaultMinorVersion": found.minor,
        "ManagedByType": "Service",
        "ManagedByValue": found.service,
        "Enabled": True,
        "MinorVersion": found.minor,
        "RoleNamePattern": found.role_name,
        "RoleDescriptionPattern": found.role_description,
        "AssumeRolePolicyDocumentTemplate": shapes.document(found.trust),
        **({"ManagedPolicyArns": list(found.attached)} if found.attached else {}),
        "ParametersDefinition": [_parameter(parameter) for parameter in found.parameters],
        "MaxSessionDuration": found.max_session_seconds,
        "VersionEnabled": True,
        "CreateTimestamp": found.published,
        "UpdateTimestamp": found.published,
    }


def _parameter(parameter: TemplateParameter) -> shapes.Structure:
    shape: shapes.Structure = {
        "Name": parameter.name,
        "Type": "StringList" if parameter.is_list else "String",
        "Description": parameter.description,
        "IsRequired": parameter.default is None,
        "Immutable": False,
    }
    return shape if parameter.default is None else {**shape, "DefaultValue": parameter.default}
