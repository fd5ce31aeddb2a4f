"""Trust policies and the unique ids that their principals stand for.

A principal's ARN is resolved when the policy is saved. Should the user or role be deleted and made again under its old
name, the policy does not trust the new one, and shows the old one's id.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carnet.base.arns import ACCOUNT_ID, Arn, parse_arn, root_arn
from carnet.base.faults import Malformed, TooMany
from carnet.catalog.service_principals import is_service_principal
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.role import PrincipalIds, Role
from carnet.entities.user import User
from carnet.policy.document import Grammar, counted_size
from carnet.policy.principals import UNIQUE_ID, PrincipalType, principal_text
from carnet.services.documents import parse_once, parsed_before
from carnet.services.iam import sentences
from carnet.services.iam.quotas import IamQuotas
from carnet.services.operation import Call
from carnet.services.preparing import Preparation

_NEVER_BOUND = frozenset(("root", "federated-user", "saml-provider", "oidc-provider"))
"""Kinds of principals that have no unique id: they are trusted by their ARN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """A trust policy as a role keeps it."""

    text: str
    """As it was written, but an account's id as the ARN of its root, and a unique id as the ARN that it stands for."""
    ids: PrincipalIds


def trust_document(member: str) -> Preparation:
    """For `prepare=` of an operation that stores the trust policy in this member of its input."""
    return parsed_before(member, Grammar.TRUST, lambda quotas: quotas.trust_policy_size)


def new_trust(call: Call, text: str) -> Trust:
    """A trust policy bound to the principals of this moment.

    Raises Malformed if the text is no trust policy or names a principal that does not exist, TooMany if it is
    too long.
    """
    quotas: IamQuotas = call.quotas
    most = quotas.trust_policy_size
    if counted_size(text) > most:
        raise TooMany(sentences.quota("ACLSizePerRole", most))
    policy = parse_once(text, Grammar.TRUST, call.partition)
    for service in policy.principals(PrincipalType.SERVICE):
        if not is_service_principal(service):
            raise Malformed(sentences.service_invalid(service))
    # After the quota: an id is looked for in every account, while all other writers wait.
    named = {written: _resolved(call, written) for written in policy.principals(PrincipalType.AWS)}
    return Trust(
        text=_with_principals(text, {written: arn for written, (arn, _) in named.items()}),
        ids={arn: bound for arn, bound in named.values() if bound is not None},
    )


def shown_trust(snapshot: Snapshot, role: Role) -> str:
    """A role's trust policy as it reads now: principals by their present ARNs, those that are gone by their ids."""
    now = {written: _arn_of(snapshot, written, bound) for written, bound in role.trusted_ids.items()}
    return _with_principals(role.trust, now)


def _resolved(call: Call, written: str) -> tuple[str, str | None]:
    """The ARN of a principal and the unique id behind it, None for one that has no id; raises Malformed."""
    if ACCOUNT_ID.fullmatch(written):
        view = call.snapshot.account(written)
        return root_arn(call.partition if view is None else view.account.partition, written), None
    if UNIQUE_ID.fullmatch(written):
        return _holder_of(call.view, call.snapshot, written), written
    arn = parse_arn(written)
    if arn is None or arn.resource.partition("/")[0] in _NEVER_BOUND:
        return written, None
    return written, _id_of(call.snapshot, arn)


def _id_of(snapshot: Snapshot, arn: Arn) -> str:
    """The id of the user, role or role session of exactly that ARN; raises Malformed."""
    view = snapshot.account(arn.account)
    if view is not None:
        kind, *_, name = arn.resource.split("/")
        if kind == "assumed-role":
            role = view.of(Role).named(arn.resource.split("/")[1])
            if role is not None and role.session_arn(name) == str(arn) and UNIQUE_ID.fullmatch(f"{role.id}:{name}"):
                return f"{role.id}:{name}"
        for entity in (view.of(User).named(name), view.of(Role).named(name)):
            if entity is not None and entity.arn == str(arn):
                return entity.id
    raise Malformed(sentences.principal_invalid(str(arn)))


def _holder_of(own: AccountView, snapshot: Snapshot, unique_id: str) -> str:
    """The ARN of the user, role or role session that has the id, in the account itself or another; raises Malformed."""
    for view in (own, *snapshot.accounts.values()):
        if (arn := _arn_in(view, unique_id)) is not None:
            return arn
    raise Malformed(sentences.principal_invalid(unique_id))


def _arn_of(snapshot: Snapshot, written: str, bound: str) -> str:
    """The present ARN of a bound principal; its id if it is gone."""
    arn = parse_arn(written)
    view = snapshot.account(arn.account) if arn is not None else None
    return (None if view is None else _arn_in(view, bound)) or bound


def _arn_in(view: AccountView, unique_id: str) -> str | None:
    """The ARN of the user, role or role session that has the id in this account."""
    entity_id, of_session, session = unique_id.partition(":")
    role = view.of(Role).get(entity_id)
    if role is not None:
        return role.session_arn(session) if of_session else role.arn
    user = view.of(User).get(unique_id)
    return user.arn if user is not None else None


def _with_principals(text: str, names: Mapping[str, str]) -> str:
    """The document with other names in its Principal and NotPrincipal elements, and nowhere else."""
    changed = {written: name for written, name in names.items() if name != written}
    if not changed:
        return text
    parsed: dict[str, Any] = json.loads(text)
    statements = parsed["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            if isinstance(principals := statement.get(element), dict):
                statement[element] = {
                    kind: _renamed(names, changed) if kind == PrincipalType.AWS else names
                    for kind, names in principals.items()
                }
    return json.dumps(parsed, ensure_ascii=False, separators=(",", ":"))


def _renamed(names: Any, changed: Mapping[str, str]) -> Any:
    """One name or a list of them; an account's id may stand there as a number, or with dashes."""
    if isinstance(names, list):
        return [_renamed(name, changed) for name in names]
    return changed.get(principal_text(PrincipalType.AWS, str(names)), names)
