"""The resource-based policy of an account for AWS Sign-In: made of its permission statements, if console authorization
is on.

It denies what no statement permits, both before and after the password is checked. It never allows.

https://docs.aws.amazon.com/signin/latest/userguide/console-access-control.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from carnet.access.documents import stored_policy
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.console_authorization import ConsoleAuthorization
from carnet.entities.permission_statement import PermissionStatement
from carnet.policy.context_keys import RESOURCE_ACCOUNT
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy

AUTHENTICATE = "signin:Authenticate"
AUTHORIZE, CREATE_TOKEN = "signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"
CLAIMED = "signin:PrincipalArn"
"""The condition key of the principal that a person claims to be, before it is proven."""
VERSION = "2012-10-17"

Condition = dict[str, dict[str, list[str]]]


class _Phase(NamedTuple):
    actions: tuple[str, ...]
    principal: str
    """The condition key that names the principal in this phase."""


_PHASES = (_Phase((AUTHENTICATE,), CLAIMED), _Phase((CREATE_TOKEN, AUTHORIZE), "aws:PrincipalArn"))


def authorization_of(snapshot: Snapshot, account: str) -> ConsoleAuthorization | None:
    """The console authorization that applies to an account: its own, or that of its organization; None if the policy is
    not in effect. Raises Unavailable."""
    view = snapshot.account(account)
    own = view.of(ConsoleAuthorization).get(account) if view is not None else None
    if own is not None:
        return own
    organization = snapshot.organization_of(account)
    if organization is None:
        return None
    management = snapshot.account(organization.organization.management)
    return management.of(ConsoleAuthorization).get(organization.scope.id) if management is not None else None


def sign_in_policies(snapshot: Snapshot, view: AccountView) -> tuple[ResourcePolicy, ...]:
    """The policy of the account, for a check; empty if it has none or the policy is not in effect. Raises
    Unavailable."""
    if authorization_of(snapshot, view.account.id) is None:
        return ()
    return view.derived(_policies)


def _policies(view: AccountView) -> tuple[ResourcePolicy, ...]:
    statements = list(policy_statements(view.account, view.of(PermissionStatement).sorted()))
    if not statements:
        return ()
    text = orjson.dumps({"Version": VERSION, "Statement": statements}).decode()
    policy = stored_policy(text, Grammar.RESOURCE, f"arn:{view.account.partition}:signin:::policy")
    return (ResourcePolicy(policy=policy, account=view.account.id),)


def policy_statements(account: Account, statements: Iterable[PermissionStatement]) -> Iterator[dict[str, Any]]:
    """The statements of the policy: they deny requests that come from none of the networks, except those of excluded
    principals."""
    kept = list(statements)
    excluded = _each(one.excluded_principal for one in kept)
    for phase in _PHASES if kept else ():
        common: Condition = {"StringEquals": {RESOURCE_ACCOUNT: [account.id]}}
        if excluded:
            common["ArnNotEquals"] = {phase.principal: excluded}
        yield _deny_statement(phase, _merge_conditions(_from_other_networks(kept), common))
        for pinned in _unmet_in_vpc(kept):
            yield _deny_statement(phase, _merge_conditions(pinned, common))


def condition_of(one: PermissionStatement) -> Condition:
    """The conditions under which one permission statement alone denies."""
    found = _merge_conditions(_from_other_networks([one]), *_unmet_in_vpc([one]))
    if one.excluded_principal is not None:
        found["ArnNotEquals"] = {"aws:PrincipalArn": [one.excluded_principal]}
    return found


def _from_other_networks(statements: list[PermissionStatement]) -> Condition:
    """The condition that a request comes from none of the networks. An endpoint counts as a network if its VPC is not
    given."""
    addresses = _each(one.source_ip for one in statements)
    vpcs = _each(one.source_vpc for one in statements)
    endpoints = _each(each for one in statements if one.source_vpc is None for each in _endpoints(one))
    found: Condition = {}
    if addresses:
        found["NotIpAddressIfExists" if vpcs or endpoints else "NotIpAddress"] = {"aws:SourceIp": addresses}
    private = {key: values for key, values in (("aws:SourceVpc", vpcs), ("aws:SourceVpce", endpoints)) if values}
    if private:
        found["StringNotEquals"] = private
    return found


def _unmet_in_vpc(statements: list[PermissionStatement]) -> Iterator[Condition]:
    """The conditions that a request comes from a statement's VPC, but does not meet the statement's further
    conditions."""
    for one in statements:
        vpc, endpoints = _each([one.source_vpc]), _each(_endpoints(one))
        network = {"aws:SourceVpc": vpc} if vpc else {"aws:SourceVpce": endpoints}
        if vpc and endpoints:
            yield {"StringEquals": network, "StringNotEquals": {"aws:SourceVpce": endpoints}}
        if one.requested_region is not None:
            region = {"aws:RequestedRegion": [one.requested_region]}
            yield {"StringEquals": network, "StringNotEqualsIfExists": region}
        if one.vpc_source_ip is not None:
            yield {"StringEquals": network, "NotIpAddressIfExists": {"aws:VpcSourceIp": [one.vpc_source_ip]}}


def _endpoints(one: PermissionStatement) -> Iterator[str | None]:
    yield one.signin_source_vpce
    yield one.console_source_vpce


def _each(values: Iterable[str | None]) -> list[str]:
    """The values that are given, each once."""
    return list(dict.fromkeys(value for value in values if value is not None))


def _merge_conditions(*conditions: Mapping[str, Mapping[str, list[str]]]) -> Condition:
    found: Condition = {}
    for each in conditions:
        for operator, keys in each.items():
            found[operator] = {**found.get(operator, {}), **keys}
    return found


def _deny_statement(phase: _Phase, condition: Condition) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": list(phase.actions),
        "Resource": "*",
        "Condition": condition,
    }
