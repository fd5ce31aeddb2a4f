"""An account's policy for AWS Sign-In: the networks from which its principals sign in, and who may from everywhere.

https://docs.aws.amazon.com/signin/latest/APIReference/API_PutResourcePermissionStatement.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.access.sign_in_policy import VERSION, condition_of, policy_statements
from carnet.base.faults import AlreadyExists, Missing, TooMany
from carnet.entities.permission_statement import PermissionStatement
from carnet.policy.values import read_network
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import page
from carnet.services.signin import refusals
from carnet.services.signin.service import signin

MOST_STATEMENTS = 50
"""The quota of one account. AWS has a quota, and does not say how much it is."""
_MEMBERS = {
    "source_ip": "sourceIp",
    "source_vpc": "sourceVpc",
    "signin_source_vpce": "signinSourceVpce",
    "console_source_vpce": "consoleSourceVpce",
    "vpc_source_ip": "vpcSourceIp",
    "requested_region": "requestedRegion",
    "excluded_principal": "excludedPrincipal",
}
_PRIVATE = ("source_vpc", "signin_source_vpce", "console_source_vpce")

Given = Mapping[str, Any]


@signin.write("PutResourcePermissionStatement", on=account_wide)
def put_resource_permission_statement(call: WriteCall, given: Given) -> Answer:
    """Permit sign-ins from one more network. If they are permitted already, the statement stays as it is."""
    wanted = _requested_statement(call, given)
    kept = call.view.of(PermissionStatement)
    for one in kept:
        if one.id == wanted.id:
            return {"statementId": one.id}
        _refuse_conflict(one, wanted)
    if len(kept) >= MOST_STATEMENTS:
        sentence = f"An account has at most {MOST_STATEMENTS} permission statements."
        raise TooMany(sentence, {"error": "SERVICE_QUOTA_EXCEEDED"})
    call.store.add(wanted)
    return {"statementId": wanted.id}


@signin.write("DeleteResourcePermissionStatement", on=account_wide)
def delete_resource_permission_statement(call: WriteCall, given: Given) -> Answer:
    """Remove the permission. Raises Missing."""
    one = call.view.of(PermissionStatement).get(given["statementId"])
    if one is None:
        raise _resource_not_found("There is no permission statement of this id.")
    call.store.remove(one)
    return {}


@signin.read("ListResourcePermissionStatements", on=account_wide)
def list_resource_permission_statements(call: Call, given: Given) -> Answer:
    """The statements, oldest first."""
    found = page(
        call.paging,
        "ListResourcePermissionStatements",
        call.view.of(PermissionStatement).sorted(),
        given,
        key=lambda one: f"{one.created.timestamp():020.6f}{one.id}",
    )
    return found.answer("permissionStatements", lambda one: {"sid": one.id, "condition": condition_of(one)})


@signin.read("GetResourcePolicy", on=account_wide)
def get_resource_policy(call: Call, given: Given) -> Answer:
    """The policy that the statements make up. Raises Missing if there are none."""
    statements = list(policy_statements(call.view.account, call.view.of(PermissionStatement).sorted()))
    if not statements:
        raise _resource_not_found("The account has no resource-based policy for AWS Sign-In.")
    shown = [{name.lower(): value for name, value in each.items()} for each in statements]
    return {"signinResourceBasedPolicy": {"version": VERSION, "statement": shown}}


def _requested_statement(call: WriteCall, given: Given) -> PermissionStatement:
    """The requested statement; its id is made from its content. Raises Refused."""
    one = PermissionStatement(
        id="",
        account=call.account,
        client_token=given.get("clientToken", ""),
        created=call.now,
        **{name: given.get(member) for name, member in _MEMBERS.items()},
    )
    _check(one)
    said = json.dumps([one.account, *(getattr(one, name) for name in _MEMBERS)])
    return replace(one, id=base64.b64encode(hashlib.sha384(said.encode()).digest()).decode())


def _check(one: PermissionStatement) -> None:
    private = any(getattr(one, name) is not None for name in _PRIVATE)
    if one.source_ip is None and not private:
        raise refusals.invalid("Name a network: sourceIp, sourceVpc, signinSourceVpce or consoleSourceVpce.")
    if private and one.requested_region is None:
        raise refusals.invalid("requestedRegion is required with sourceVpc, signinSourceVpce and consoleSourceVpce.")
    if not private and (one.requested_region is not None or one.vpc_source_ip is not None):
        raise refusals.invalid("requestedRegion and vpcSourceIp are of a VPC or a VPC endpoint, and none is named.")
    for text in (one.source_ip, one.vpc_source_ip):
        if text is not None and read_network(text) is None:
            raise refusals.invalid(f"{text} is not a valid IP address or CIDR block")


def _refuse_conflict(one: PermissionStatement, wanted: PermissionStatement) -> None:
    """Raise AlreadyExists for a client token of another request, and for what would widen another statement.

    INVARIANT: a VPC, or an endpoint, is in one statement, so that what each says of it further narrows it.
    """
    if wanted.client_token and one.client_token == wanted.client_token:
        raise _conflict("The clientToken was used for another permission statement.")
    shared = _networks(one) & _networks(wanted)
    if shared:
        raise _conflict(f"There is a permission statement on {min(shared)} already.")


def _networks(one: PermissionStatement) -> set[str]:
    return {each for name in _PRIVATE if (each := getattr(one, name)) is not None}


def _conflict(sentence: str) -> AlreadyExists:
    return AlreadyExists(sentence, {"error": "CONFLICT"})


def _resource_not_found(sentence: str) -> Missing:
    return Missing(sentence, {"error": "RESOURCE_NOT_FOUND"})
