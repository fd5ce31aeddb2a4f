"""Binds the principals in resource-based policies to unique ids.

A principal's ARN is resolved when the policy is saved. If the user or role is deleted and another is created under the
same name, the policy does not apply to the new one; it shows the id of the old one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from carnet.base.arns import ACCOUNT_ID, Arn, parse_arn, root_arn
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.role import PrincipalIds, Role
from carnet.entities.user import User
from carnet.policy.document import Policy
from carnet.policy.principals import UNIQUE_ID, PrincipalType, principal_text

_NEVER_BOUND = frozenset(("root", "federated-user", "saml-provider", "oidc-provider"))
"""Kinds of principals that have no unique id: they are named by their ARN."""


class NoSuchPrincipal(Exception):
    """A policy names a principal that does not exist: `written`."""

    def __init__(self, written: str) -> None:
        super().__init__(written)
        self.written = written


class Bound(NamedTuple):
    """A policy as it is kept."""

    text: str
    """As it was written, except that an account id is the ARN of the account's root, and a unique id is the ARN of its
    principal."""
    ids: PrincipalIds


def bound(snapshot: Snapshot, own: AccountView, policy: Policy, text: str, gone: frozenset[str] = frozenset()) -> Bound:
    """A policy of a resource in the account `own`, bound to the principals as they are now. Raises NoSuchPrincipal.

    A unique id is looked for in every account; an id in `gone` need not exist, because the policy had it before.
    """
    named = {
        written: _resolve_principal(snapshot, own, written, gone) for written in policy.principals(PrincipalType.AWS)
    }
    return Bound(
        text=_with_principals(text, {written: arn for written, (arn, _) in named.items()}),
        ids={arn: unique_id for arn, unique_id in named.values() if unique_id is not None},
    )


def shown(snapshot: Snapshot, text: str, ids: PrincipalIds) -> str:
    """The text of a policy as AWS shows it now: principals by their present ARNs, deleted ones by their ids."""
    return _with_principals(text, {written: _arn_of(snapshot, written, bound) for written, bound in ids.items()})


def shown_principal(snapshot: Snapshot, written: str, ids: PrincipalIds) -> str:
    """One principal of such a policy by its present ARN, or by its id if it is gone."""
    return _arn_of(snapshot, written, ids[written]) if written in ids else written


def _resolve_principal(
    snapshot: Snapshot, own: AccountView, written: str, gone: frozenset[str]
) -> tuple[str, str | None]:
    """The ARN of a principal and the unique id behind it, None for one that has no id; raises NoSuchPrincipal."""
    if ACCOUNT_ID.fullmatch(written):
        view = snapshot.account(written)
        return root_arn(own.account.partition if view is None else view.account.partition, written), None
    if UNIQUE_ID.fullmatch(written):
        try:
            return _holder_of(own, snapshot, written), written
        except NoSuchPrincipal:
            if written not in gone:
                raise
            return written, written
    arn = parse_arn(written)
    if arn is None or arn.resource.partition("/")[0] in _NEVER_BOUND:
        return written, None
    return written, _id_of(snapshot, arn)


def _id_of(snapshot: Snapshot, arn: Arn) -> str:
    """The id of the user, role or role session of exactly that ARN; raises NoSuchPrincipal."""
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
    raise NoSuchPrincipal(str(arn))


def _holder_of(own: AccountView, snapshot: Snapshot, unique_id: str) -> str:
    """The ARN of the user, role or role session that has the id, in the account itself or another.

    Raises NoSuchPrincipal.
    """
    for view in (own, *snapshot.accounts.values()):
        if (arn := _arn_in(view, unique_id)) is not None:
            return arn
    raise NoSuchPrincipal(unique_id)


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
                    kind: _replace_names(names, changed) if kind == PrincipalType.AWS else names
                    for kind, names in principals.items()
                }
    return json.dumps(parsed, ensure_ascii=False, separators=(",", ":"))


def _replace_names(names: Any, changed: Mapping[str, str]) -> Any:
    """One name or a list of them; an account's id may stand there as a number, or with dashes."""
    if isinstance(names, list):
        return [_replace_names(name, changed) for name in names]
    return changed.get(principal_text(PrincipalType.AWS, str(names)), names)
