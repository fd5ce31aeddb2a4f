"""Writes an account in the form of GetAccountAuthorizationDetails, for `carnet account import` and for other tools.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html

Beyond AWS's form it says what that lacks and a copy needs: the account's id, name, email address, alias and password
policy, its identity providers, and of a role its description and its longest sessions.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from carnet.base.bounded_json import loads
from carnet.base.faults import Missing
from carnet.base.timestamps import iso_seconds
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.acquired_role import AcquiredRole
from carnet.entities.browser_session import BrowserSession
from carnet.entities.device_authorization import DeviceAuthorization
from carnet.entities.ended_key import EndedKey
from carnet.entities.entity import tag_list
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.membership import Membership
from carnet.entities.oauth_session import OAuthSession
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.redeemed_assertion import RedeemedAssertion
from carnet.entities.role import Role
from carnet.entities.role_deletion import RoleDeletion
from carnet.entities.root_reset import RootReset
from carnet.entities.saml_provider import SamlProvider
from carnet.entities.scope import ScopeKind
from carnet.entities.user import User
from carnet.provisioning.differences import same_json
from carnet.provisioning.operator import Operator
from carnet.store.entity_types import ENTITY_TYPES

_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
_TOLD: tuple[type[Any], ...] = (
    *(Account, User, Group, Role, ManagedPolicy, InstanceProfile, OidcProvider, SamlProvider),
)
_PASSING: tuple[type[Any], ...] = (
    *(RootReset, RoleDeletion, RedeemedAssertion, EndedKey, BrowserSession, DeviceAuthorization, OAuthSession),
    *(AcquiredRole, Membership),
)
"""What comes of itself, or means nothing in a copy."""
_OF_ANOTHER = frozenset(("IdentityCenterInstanceArn", "IdentityStoreArn"))
"""What an identity provider has of an instance of IAM Identity Center, which is another one elsewhere."""
_DOCUMENTS = frozenset(("PolicyDocument", "AssumeRolePolicyDocument", "Document"))


def exported_account(operator: Operator, snapshot: Snapshot, account: str) -> dict[str, Any]:
    """An account in JSON values, documents as objects. Raises Missing for an unknown account.

    No credential is in it: neither keys nor passwords nor MFA devices. `left_behind` tells what else is not.
    """
    view = _view(snapshot, account)
    own = view.account
    told: dict[str, Any] = {"AccountId": own.id, "Name": own.name, "Email": own.email}
    if own.alias is not None:
        told["Alias"] = own.alias
    told["PasswordPolicy"] = _password_policy(operator, snapshot, view)
    lists: dict[str, list[Any]] = {name: [] for name in _LISTS}
    for page in _pages(operator, snapshot, account):
        for name in _LISTS:
            lists[name] += [_json_value(each) for each in page[name]]
    _complete(view, lists)
    return (
        told
        | lists
        | {
            "OpenIDConnectProviderList": list(_oidc_providers(operator, snapshot, view)),
            "SAMLProviderList": list(_saml_providers(operator, snapshot, view)),
        }
    )


def left_behind(snapshot: Snapshot, account: str) -> Mapping[str, int]:
    """What an account has and `exported_account` does not tell of: how many of each kind, by the kind's word.

    Raises Missing for an unknown account.
    """
    view = _view(snapshot, account)
    kinds = (kind for kind in ENTITY_TYPES.of_scope(ScopeKind.ACCOUNT) if kind.entity not in (*_TOLD, *_PASSING))
    found = Counter({kind.kind: len(view.of(kind.entity)) for kind in kinds})
    found["private key of a SAML provider"] = sum(len(each.private_keys) for each in view.of(SamlProvider))
    return +found


def _view(snapshot: Snapshot, account: str) -> AccountView:
    view = snapshot.account(account)
    if view is None:
        raise Missing(f"There is no account {account}.")
    return view


def _pages(operator: Operator, snapshot: Snapshot, account: str) -> Iterator[Mapping[str, Any]]:
    given: dict[str, Any] = {"MaxItems": 1_000}
    while True:
        page = operator.read("GetAccountAuthorizationDetails", snapshot, account, given)
        yield page
        if not page.get("IsTruncated"):
            return
        given["Marker"] = page["Marker"]


def _complete(view: AccountView, lists: Mapping[str, list[dict[str, Any]]]) -> None:
    """Add what a copy needs and AWS's form lacks."""
    for shape in lists["RoleDetailList"]:
        role = view.of(Role).by_id[shape["RoleId"]]
        if role.description is not None:
            shape["Description"] = role.description
        shape["MaxSessionDuration"] = role.max_session_seconds
        if role.max_signin_seconds is not None:
            shape["MaxSigninSessionDuration"] = role.max_signin_seconds
        for profile in shape["InstanceProfileList"]:
            profile["Tags"] = tag_list(view.of(InstanceProfile).by_id[profile["InstanceProfileId"]].tags)
    for shape in lists["Policies"]:
        policy = view.of(ManagedPolicy).get(shape["PolicyId"])
        if policy is not None:
            shape["Tags"] = tag_list(policy.tags)
            if policy.description is not None:
                shape["Description"] = policy.description


def _password_policy(operator: Operator, snapshot: Snapshot, view: AccountView) -> Any:
    """None if AWS's default is in force, which a copy brings back then."""
    if view.account.password_policy is None:
        return None
    return _json_value(operator.read("GetAccountPasswordPolicy", snapshot, view.account.id, {})["PasswordPolicy"])


def _oidc_providers(operator: Operator, snapshot: Snapshot, view: AccountView) -> Iterator[Any]:
    for provider in view.of(OidcProvider).sorted():
        given = {"OpenIDConnectProviderArn": provider.arn}
        told = operator.read("GetOpenIDConnectProvider", snapshot, view.account.id, given)
        kept = {name: value for name, value in told.items() if name not in _OF_ANOTHER}
        yield {**_json_value(kept), "Tags": tag_list(provider.tags)}


def _saml_providers(operator: Operator, snapshot: Snapshot, view: AccountView) -> Iterator[Any]:
    """Those of IAM Identity Center are its own: they are there again with their assignments."""
    for provider in view.of(SamlProvider).sorted():
        if not provider.is_reserved:
            yield {
                "Name": provider.name,
                "SAMLMetadataDocument": provider.document,
                **({"ContextProvider": dict(provider.context_provider)} if provider.context_provider else {}),
                "Tags": tag_list(provider.tags),
            }


def _json_value(value: Any, name: str = "") -> Any:
    """An answer in JSON values, as the AWS CLI prints it."""
    if name in _DOCUMENTS:
        return _document(unquote(value))
    if isinstance(value, Mapping):
        return {member: _json_value(below, member) for member, below in value.items()}
    if isinstance(value, list):
        return [_json_value(below) for below in value]
    return iso_seconds(value) if isinstance(value, datetime) else value


def _document(text: str) -> Any:
    """A policy document as an object; as text if it would be another document when it is read back."""
    try:
        value = loads(text)
    except ValueError:
        return text
    return value if same_json(json.dumps(value), text) else text
