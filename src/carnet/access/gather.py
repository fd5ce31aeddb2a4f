"""Which policies apply to a caller, and which condition keys it brings along.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from carnet.access.documents import (
    everything_allowed,
    everything_denied,
    nothing_allowed,
    session_policy,
    stored_policy,
)
from carnet.base.arns import iam_arn
from carnet.catalog.managed_policies import managed_policy
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.group import Group
from carnet.entities.managed_policy import AWS_ACCOUNT, ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.identity.caller import Federated
from carnet.identity.credential import Credential
from carnet.identity.principals import ASSUMED_ROOT, anonymous_keys, principal_keys
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.document import Grammar, Policy
from carnet.policy.policies import Policies
from carnet.policy.request import Principal, PrincipalKind, Value

_NONE = Policies()
_OF_EVERY_USER = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow",'
    '"Action":["iam:ChangePassword","iam:GetAccountPasswordPolicy"],"Resource":"*"}}'
)
"""The permissions that AllowUsersToChangePassword gives to every user of the account. ChangePassword always acts on its
caller.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_enable-user-change.html
"""
_BY_THE_ACCOUNT = "account password policy"
_OF_IDENTITY_CONTEXT = "policy/AWSIAMIdentityCenterAllowListForIdentityContext"
"""The policy that limits every identity-enhanced session: it denies every action that is not meant for such sessions.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSIAMIdentityCenterAllowListForIdentityContext.html
"""


def find_managed_policy(view: AccountView, arn: str) -> ManagedPolicy | None:
    """The managed policy of that ARN, the account's own or AWS's."""
    found = view.policy(arn)
    if found is not None:
        return found
    aws_managed = managed_policy(arn)
    return aws_managed if aws_managed is not None and aws_managed.partition == view.account.partition else None


class Carried(NamedTuple):
    """The policies and condition keys that a caller brings along to every request."""

    policies: Policies
    keys: Mapping[str, Value]
    """The condition keys that follow from the principal alone."""


NOBODYS = Carried(_NONE, anonymous_keys())
"""For callers who are no principal of an account."""


def vouched_for(caller: Federated) -> Carried:
    """What a federated caller brings along: no policies, and the condition keys that the identity provider gives."""
    return Carried(_NONE, caller.keys)


def carried_by(snapshot: Snapshot, credential: Credential) -> Carried:
    """What the holder of a credential brings along. Raises Unavailable if its organization cannot be read.

    INVARIANT: for long-term credentials this is the same object within one view of the account. It stays the same in
    the next view, unless the principal, a group or a managed policy of the account was changed, or the account was
    moved.
    """
    account = credential.principal.account
    view, org_path = snapshot.accounts[account], snapshot.org_path_of(account)
    if credential.session is not None:
        return Carried(policies_of(view, credential), principal_keys(view, credential, org_path))
    # The part that comes from another scope is in the key, since what is remembered here depends on this view alone.
    remembered = (Carried, credential.principal.id, org_path)
    known: Carried | None = view.policy_memo.get(remembered)
    if known is None:
        known = view.policy_memo.lasting(
            remembered,
            _sources(view, _entity(view, credential.principal)),
            lambda: Carried(policies_of(view, credential), principal_keys(view, credential, org_path)),
        )
    return known


def policies_of(view: AccountView, credential: Credential) -> Policies:
    """The policies that a caller brings along: identity-based, boundary, session policies.

    INVARIANT: for the same principal of the same view this is the same object, if the session has no policies, so that
    the engine finds what it has compiled. It stays the same in the next view, unless the principal, a group or a
    managed policy of the account was changed.
    """
    session = credential.session
    if session is not None and session.kind == ASSUMED_ROOT:
        return _of_task(view, session.policy_arns)
    carried = _gather_policies(view, credential.principal)
    if session is None or not _narrows(session):
        return carried
    return replace(
        carried,
        session=tuple(_session_policies(view, session)) or carried.session,
        scope_down=tuple(session_policy(text, "scope down policy", view.account.id) for text in session.scope_down),
    )


def _of_task(view: AccountView, arns: tuple[str, ...]) -> Policies:
    """The task policy that limits a session of AssumeRoot. It denies everything except the task, and grants the root
    user nothing.

    INVARIANT: an unknown task policy denies everything, because a root user without one may do everything.
    """
    remembered = (_of_task, arns)
    known: Policies | None = view.policy_memo.get(remembered)
    if known is None:
        held = [_denying_policy(view, arn) for arn in arns] or [everything_denied()]
        known = view.policy_memo[remembered] = Policies(identity=tuple(held), attached=("of the task",) * len(held))
    return known


def _gather_policies(view: AccountView, principal: Principal) -> Policies:
    remembered = (Policies, principal.issuer_id or principal.id)
    known: Policies | None = view.policy_memo.get(remembered)
    if known is not None:
        return known
    entity = _entity(view, principal)
    if entity is None:
        return _NONE
    return view.policy_memo.lasting(
        remembered,
        _sources(view, entity),
        lambda: policies_held(view, entity),
    )


def policies_held(view: AccountView, entity: User | Group | Role) -> Policies:
    """The policies of a user and its groups, of a role, or of a group alone; and the boundary."""
    carried = tuple(_identity(view, entity))
    return Policies(
        identity=tuple([policy for policy, _ in carried]),
        attached=tuple([how for _, how in carried]),
        boundary=_boundary(view, entity),
    )


def _sources(view: AccountView, entity: User | Role | None) -> tuple[object, ...]:
    """The entities and collections from which an entity's policies are derived."""
    return (entity, view.of(Group), view.of(ManagedPolicy), view.account)


def _entity(view: AccountView, principal: Principal) -> User | Role | None:
    if principal.kind is PrincipalKind.USER:
        return view.of(User).get(principal.id)
    if principal.kind is PrincipalKind.FEDERATED_USER:
        return view.of(User).get(principal.user_id)
    if principal.kind is PrincipalKind.ROLE_SESSION:
        return view.of(Role).get(principal.role_id)
    return None


def _identity(view: AccountView, entity: User | Group | Role) -> Iterator[tuple[Policy, str]]:
    """Each identity-based policy, and how it is attached to the entity."""
    yield from _own_policies(view, entity)
    if isinstance(entity, User):
        for group_id in entity.groups:
            group = view.of(Group).get(group_id)
            if group is not None:
                yield from _own_policies(view, group)
        asked = view.account.password_policy
        if asked is not None and asked.allow_users_to_change:
            yield stored_policy(_OF_EVERY_USER, Grammar.IDENTITY, _BY_THE_ACCOUNT), _BY_THE_ACCOUNT


def _own_policies(view: AccountView, entity: User | Group | Role) -> Iterator[tuple[Policy, str]]:
    holder = f"{entity.resource_type} {entity.name}"
    for name, document in entity.inline.items():
        source = f"{entity.resource_type}/{entity.name}/{name}"
        yield stored_policy(document, Grammar.IDENTITY, source), f"inline in {holder}"
    for arn in entity.attached:
        yield _managed_policy(view, arn), f"attached to {holder}"


def _boundary(view: AccountView, entity: User | Group | Role) -> Policy | None:
    if isinstance(entity, Group) or entity.boundary is None:
        return None
    return _managed_policy(view, entity.boundary)


def _managed_policy(view: AccountView, arn: str) -> Policy:
    policy = find_managed_policy(view, arn)
    return stored_policy(policy.document, Grammar.IDENTITY, arn) if policy is not None else nothing_allowed()


def _denying_policy(view: AccountView, arn: str) -> Policy:
    """A managed policy whose purpose is to deny. INVARIANT: an unknown one denies everything."""
    policy = find_managed_policy(view, arn)
    return everything_denied() if policy is None else stored_policy(policy.document, Grammar.IDENTITY, policy.arn)


def _narrows(session: SessionClaims) -> bool:
    return bool(session.policies or session.policy_arns or session.scope_down or _has_identity_context(session))


def _has_identity_context(session: SessionClaims) -> bool:
    """Whether the session acts on behalf of a person in decisions, not only in audit events."""
    return bool(session.on_behalf_of) and not session.audited_store


def _session_policies(view: AccountView, session: SessionClaims) -> Iterator[Policy]:
    for document in session.policies:
        yield session_policy(document, "session policy", view.account.id)
    for arn in session.policy_arns:
        yield _managed_policy(view, arn)
    if _has_identity_context(session):
        if not (session.policies or session.policy_arns):
            yield everything_allowed("(no session policy)")
        yield _denying_policy(view, iam_arn(view.account.partition, AWS_ACCOUNT, _OF_IDENTITY_CONTEXT))
