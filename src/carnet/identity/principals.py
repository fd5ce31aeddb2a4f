"""The principal of a live credential, and the condition keys that follow from it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.base.arns import sts_arn
from carnet.directory.account_view import AccountView
from carnet.directory.organization_view import organization_in
from carnet.entities.account import Account
from carnet.entities.entity import Tags, name_key
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.identity.caller import NOBODY
from carnet.identity.credential import Credential
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import PRINCIPAL_TYPES, Principal, PrincipalKind, Value

SESSION_TOKEN, ASSUMED_ROLE, FEDERATED_USER = "session-token", "assumed-role", "federated-user"
DELEGATED, DELEGATED_ROLE = "delegated", "delegated-role"
ASSUMED_ROOT, SIGN_IN = "assumed-root", "sign-in"
"""The values of `SessionClaims.kind`."""

_ANONYMOUS_KEYS: Mapping[str, Value] = {
    "aws:PrincipalType": PRINCIPAL_TYPES[PrincipalKind.ANONYMOUS],
    "aws:PrincipalIsAWSService": "false",
    "aws:userid": NOBODY.id,
}


def root_principal(account: Account) -> Principal:
    """An account's root user."""
    return Principal(kind=PrincipalKind.ROOT, arn=account.root_arn, account=account.id, id=account.id)


def user_principal(user: User) -> Principal:
    """An IAM user."""
    return Principal(kind=PrincipalKind.USER, arn=user.arn, account=user.account, id=user.id)


def role_session_principal(role: Role, session_name: str) -> Principal:
    """A session of a role; its userid is `AROA...:session`."""
    return Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn=role.session_arn(session_name),
        account=role.account,
        id=f"{role.id}:{session_name}",
        role_arn=role.arn,
        role_id=role.id,
        service_linked=role.linked_service is not None,
    )


def federated_principal(account: Account, name: str, holder: Principal) -> Principal:
    """A session of GetFederationToken, which the user or root user `holder` asked for; its userid is `account:name`."""
    of_user = holder.kind is PrincipalKind.USER
    return Principal(
        kind=PrincipalKind.FEDERATED_USER,
        arn=sts_arn(account.partition, account.id, f"federated-user/{name}"),
        account=account.id,
        id=f"{account.id}:{name}",
        user_arn=holder.arn if of_user else "",
        user_id=holder.id if of_user else "",
    )


def long_term_principal(view: AccountView, owner: str) -> Principal | None:
    """The holder of an access key: a user by id, or the root user; None if the user is gone."""
    if owner == view.account.id:
        return root_principal(view.account)
    user = view.of(User).get(owner)
    return user_principal(user) if user is not None else None


def session_principal(view: AccountView, claims: SessionClaims) -> Principal | None:
    """The principal of a session; None if the role or user behind it is gone."""
    if claims.kind in (ASSUMED_ROLE, DELEGATED_ROLE):
        role = view.of(Role).get(claims.principal_id)
        return role_session_principal(role, claims.session_name) if role is not None else None
    if claims.kind == FEDERATED_USER:
        holder = long_term_principal(view, claims.principal_id)
        return federated_principal(view.account, claims.session_name, holder) if holder is not None else None
    return long_term_principal(view, claims.principal_id)


def principal_tags(view: AccountView, credential: Credential) -> Tags:
    """The tags behind aws:PrincipalTag: the entity's, overridden by the session's with the same key in any case."""
    principal, session = credential.principal, credential.session
    own: Tags = {}
    if principal.kind is PrincipalKind.USER:
        user = view.of(User).get(principal.id)
        own = user.tags if user is not None else {}
    elif principal.kind is PrincipalKind.ROLE_SESSION:
        role = view.of(Role).get(principal.role_id)
        own = role.tags if role is not None else {}
    if session is None or not session.tags:
        return own
    overridden = {name_key(key) for key in session.tags}
    return {key: value for key, value in own.items() if name_key(key) not in overridden} | dict(session.tags)


def anonymous_keys() -> Mapping[str, Value]:
    """The condition keys of an anonymous caller."""
    return _ANONYMOUS_KEYS


def principal_keys(view: AccountView, credential: Credential, org_path: str | None) -> Mapping[str, Value]:
    """The condition keys that follow from the principal alone; a key is absent if AWS leaves it absent.

    `org_path` is where its account is in an organization (`Snapshot.org_path_of`).
    """
    principal, session = credential.principal, credential.session
    keys: dict[str, Value] = {
        "aws:PrincipalArn": principal.role_arn or principal.arn,
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalType": PRINCIPAL_TYPES[principal.kind],
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": principal.id,
    }
    if principal.kind is PrincipalKind.USER:
        keys["aws:username"] = principal.arn.rpartition("/")[2]
    keys |= organization_keys(org_path)
    for key, value in principal_tags(view, credential).items():
        keys[f"aws:PrincipalTag/{key}"] = value
    if session is not None:
        keys |= _session_keys(session)
    return keys


def organization_keys(org_path: str | None) -> dict[str, Value]:
    """The condition keys of a principal whose account is at that place in an organization; none if it is in no
    organization."""
    if org_path is None:
        return {}
    return {"aws:PrincipalOrgID": organization_in(org_path), "aws:PrincipalOrgPaths": (org_path,)}


def _session_keys(session: SessionClaims) -> dict[str, Value]:
    keys: dict[str, Value] = {"aws:TokenIssueTime": str(session.issued_ms // 1000)}
    if not session.person:  # for single sign-on, AWS does not say how people authenticated
        keys["aws:MultiFactorAuthPresent"] = "true" if session.mfa_ms is not None else "false"
    if session.source_identity is not None:
        keys["aws:SourceIdentity"] = session.source_identity
    if session.kind == ASSUMED_ROOT:
        keys["aws:AssumedRoot"] = "true"
    if session.provider is not None:
        keys["aws:FederatedProvider"] = session.provider
    return {**session.provider_keys, **keys}
