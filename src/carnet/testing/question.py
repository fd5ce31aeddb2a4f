"""What a test asks, as keyword arguments: the words of a case file (`policy/case.py`), in Python's spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Required, TypedDict, cast

from msgspec.structs import replace

from carnet.policy.case import Case
from carnet.policy.case_reader import CaseReader
from carnet.policy.request import Principal

Document = Mapping[str, object] | str | Path
"""A policy document: an object, its JSON text, or the file that holds that."""

Documents = Document | Sequence[Document]
"""One document or several."""

Levels = Document | Sequence[Documents]
"""The policies of each level of an organization, the root first; one document alone is one level."""

ContextValue = str | int | Sequence[str | int] | None
"""None takes away a key that the principal would have."""


ResourcePolicies = Document | Sequence[Document | Mapping[str, object]]
"""One policy of the resource, or several. One may be an object with the members `policy`, which is a document, and
`layer` and `account`, which may be absent (`policy/case.py`)."""


class Question(TypedDict, total=False):
    """A request and the policies that apply to it."""

    principal: Required[Principal | Mapping[str, object] | str]
    """An ARN, `name.amazonaws.com`, `*`, or an object as in a case file."""
    action: Required[str]
    resource: Required[str]
    """An ARN, or `*` for an action that has no resource."""
    resource_account: str
    """For an ARN that does not tell the account, as those of S3 do not; by default the principal's."""
    context: Mapping[str, ContextValue]
    identity: Documents
    boundary: Document | None
    session: Documents | None
    """None: no session policy was given."""
    resource_policy: ResourcePolicies | None
    """The policy of the resource, or its policies; for sts:AssumeRole on a role, its trust policy."""
    endpoint: Documents
    scp: Levels
    rcp: Levels


def read_question(
    *,
    principal: Principal | Mapping[str, object] | str,
    action: str,
    resource: str,
    resource_account: str = "",
    context: Mapping[str, ContextValue] | None = None,
    identity: Documents = (),
    boundary: Document | None = None,
    session: Documents | None = None,
    resource_policy: ResourcePolicies | None = None,
    endpoint: Documents = (),
    scp: Levels = (),
    rcp: Levels = (),
) -> Case:
    """The question as a case; raises ValueError that names the member at fault, OSError for a file not to be read."""
    request = {
        "principal": _members(principal) if isinstance(principal, Principal) else principal,
        "action": action,
        "resource": resource,
        "resourceAccount": resource_account,
        "context": context or {},
    }
    policies = {
        "identity": _each(identity),
        "boundary": _document(boundary),
        "session": None if session is None else _each(session),
        "resource": _of_resource(resource_policy),
        "endpoint": _each(endpoint),
        "scp": _levels(scp),
        "rcp": _levels(rcp),
    }
    case = CaseReader().read({"request": request, "policies": policies}, "question")
    if isinstance(principal, Principal):
        return replace(case, request=replace(case.request, principal=principal))
    return case


def _members(principal: Principal) -> dict[str, object]:
    """The principal as a case names it, from which its condition keys follow."""
    return {
        "kind": principal.kind,
        "arn": principal.arn,
        "account": principal.account,
        "id": principal.id,
        "roleArn": principal.role_arn,
        "roleId": principal.role_id,
        "userArn": principal.user_arn,
        "userId": principal.user_id,
        "provider": principal.provider,
        "serviceLinked": principal.service_linked,
    }


def _document(document: Document | None) -> Mapping[str, object] | str | None:
    if isinstance(document, Path):
        return document.read_text("utf-8")
    return checked_text(document) if isinstance(document, str) else document


def checked_text(document: str) -> str:
    """A document that is given as text; raises ValueError for what can only be the name of a file."""
    if "{" not in document:
        raise ValueError(f"{document!r} is no policy document; the file of that name is pathlib.Path({document!r})")
    return document


def _of_resource(policies: ResourcePolicies | None) -> object:
    if policies is None or isinstance(policies, Mapping | str | Path):
        return _held(policies)
    return [_held(policy) for policy in policies]


def _held(policy: Document | None) -> object:
    """A policy of the resource, of which the object that holds it may name a file."""
    if isinstance(policy, Mapping) and isinstance(policy.get("policy"), Path):
        return {**policy, "policy": _document(cast(Path, policy["policy"]))}
    return _document(policy)


def _each(documents: Documents) -> list[object]:
    if isinstance(documents, Mapping | str | Path):
        return [_document(documents)]
    return [_document(document) for document in documents]


def _levels(levels: Levels) -> list[object]:
    if isinstance(levels, Mapping | str | Path):
        return [_each(levels)]
    return [_each(level) for level in levels]
