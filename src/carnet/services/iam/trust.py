"""Trust policies and the unique ids that their principals stand for.

A principal's ARN is resolved when the policy is saved. Should the user or role be deleted and made again under its old
name, the policy does not trust the new one, and shows the old one's id.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from carnet.base.arns import Arn, parse_arn
from carnet.base.faults import Malformed, TooMany
from carnet.directory.snapshot import Snapshot
from carnet.entities.role import PrincipalIds, Role
from carnet.policy.document import Grammar, counted_size, parse
from carnet.services.iam import sentences
from carnet.services.operation import Call

_NEVER_BOUND = frozenset(("root", "federated-user", "saml-provider", "oidc-provider"))
"""Kinds of principals that have no unique id: they are trusted by their ARN."""


def check_trust_policy(call: Call, text: str) -> PrincipalIds:
    """The ids that a trust policy's principals stand for now.

    Raises Malformed where the text is no trust policy or names a principal that does not exist, TooMany where it is
    too long.
    """
    bound = bound_principals(call, text)
    most = call.parts.quotas.trust_policy_size
    if counted_size(text) > most:
        raise TooMany(sentences.quota("ACLSizePerRole", most))
    return bound


def bound_principals(call: Call, text: str) -> PrincipalIds:
    """ARN to unique id, for each user, role and role session that a trust policy names; raises Malformed."""
    bound: dict[str, str] = {}
    for written in parse(text, Grammar.TRUST).principal_arns:
        arn = parse_arn(written)
        if arn is not None and arn.resource.partition("/")[0] not in _NEVER_BOUND:
            bound[written] = _id_of(call.snapshot, arn)
    return bound


def shown_trust(snapshot: Snapshot, role: Role) -> str:
    """A role's trust policy as it reads now: principals by their present ARNs, those that are gone by their ids."""
    now = {written: _arn_of(snapshot, written, bound) for written, bound in role.trusted_ids.items()}
    changed = {written: shown for written, shown in now.items() if shown != written}
    return _with_principals(role.trust, changed) if changed else role.trust


def _id_of(snapshot: Snapshot, arn: Arn) -> str:
    """The id of the user, role or role session of exactly that ARN; raises Malformed."""
    view = snapshot.account(arn.account)
    if view is not None:
        kind, *_, name = arn.resource.split("/")
        if kind == "assumed-role":
            role = view.roles.named(arn.resource.split("/")[1])
            if role is not None and role.session_arn(name) == str(arn):
                return f"{role.id}:{name}"
        for entity in (view.users.named(name), view.roles.named(name)):
            if entity is not None and entity.arn == str(arn):
                return entity.id
    raise Malformed(sentences.principal_invalid(str(arn)))


def _arn_of(snapshot: Snapshot, written: str, bound: str) -> str:
    """The present ARN of a bound principal; its id where it is gone."""
    arn = parse_arn(written)
    view = snapshot.account(arn.account) if arn is not None else None
    entity_id, _, session = bound.partition(":")
    user = view.users.get(entity_id) if view is not None else None
    role = view.roles.get(entity_id) if view is not None else None
    if user is not None:
        return user.arn
    if role is not None:
        return role.session_arn(session) if session else role.arn
    return bound


def _with_principals(text: str, changed: Mapping[str, str]) -> str:
    """The document with other names in its Principal and NotPrincipal elements, and nowhere else."""
    parsed: dict[str, Any] = json.loads(text)
    statements = parsed["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            if isinstance(principals := statement.get(element), dict):
                statement[element] = {kind: _renamed(names, changed) for kind, names in principals.items()}
    return json.dumps(parsed, ensure_ascii=False, separators=(",", ":"))


def _renamed(names: str | list[str], changed: Mapping[str, str]) -> str | list[str]:
    if isinstance(names, str):
        return changed.get(names, names)
    return [changed.get(name, name) for name in names]
