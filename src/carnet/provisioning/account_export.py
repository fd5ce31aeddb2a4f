"""Writes an account in the form of GetAccountAuthorizationDetails, for `carnet account import` and for other tools.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html

Beyond AWS's form it says what that lacks and a copy needs: the account's id, name, email address and alias, and of a
role its description and its longest session.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from carnet.base.faults import Missing
from carnet.base.timestamps import iso_seconds
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.entity import Tags
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.role import Role
from carnet.provisioning.differences import same_json
from carnet.provisioning.operator import Operator

_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
_DOCUMENTS = frozenset(("PolicyDocument", "AssumeRolePolicyDocument", "Document"))


def exported_account(operator: Operator, snapshot: Snapshot, account: str) -> dict[str, Any]:
    """An account in JSON values, documents as objects. Raises Missing for an unknown account.

    No credential is in it: neither keys nor passwords nor MFA devices.
    """
    view = snapshot.account(account)
    if view is None:
        raise Missing(f"There is no account {account}.")
    own = view.account
    told: dict[str, Any] = {"AccountId": own.id, "Name": own.name, "Email": own.email}
    if own.alias is not None:
        told["Alias"] = own.alias
    lists: dict[str, list[Any]] = {name: [] for name in _LISTS}
    for page in _pages(operator, snapshot, account):
        for name in _LISTS:
            lists[name] += [_plain(each) for each in page[name]]
    _complete(view, lists)
    return told | lists


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
        for profile in shape["InstanceProfileList"]:
            profile["Tags"] = _tags(view.of(InstanceProfile).by_id[profile["InstanceProfileId"]].tags)
    for shape in lists["Policies"]:
        policy = view.of(ManagedPolicy).get(shape["PolicyId"])
        if policy is not None:
            shape["Tags"] = _tags(policy.tags)


def _tags(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _plain(value: Any, name: str = "") -> Any:
    """An answer in JSON values, as the AWS CLI prints it."""
    if name in _DOCUMENTS:
        return _document(unquote(value))
    if isinstance(value, Mapping):
        return {member: _plain(below, member) for member, below in value.items()}
    if isinstance(value, list):
        return [_plain(below) for below in value]
    return iso_seconds(value) if isinstance(value, datetime) else value


def _document(text: str) -> Any:
    """A policy document as an object; as text if it would be another document when it is read back."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if same_json(json.dumps(value), text) else text
