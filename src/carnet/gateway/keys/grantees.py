"""Whom a grant on a key of AWS KMS names: a principal by its ARN or its unique id, or a service of AWS.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from carnet.base.arns import parse_arn
from carnet.base.faults import Refused
from carnet.catalog.service_principals import is_service_principal
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.role import PrincipalIds
from carnet.policy.document import Grammar
from carnet.policy.principals import UNIQUE_ID
from carnet.services.bound_principals import NoSuchPrincipal, bound
from carnet.services.documents import parse_once

GRANTEE, RETIRING = "GranteePrincipal", "RetiringPrincipal"
SERVICES = {GRANTEE: "GranteeServicePrincipal", RETIRING: "RetiringServicePrincipal"}
"""The members that name a service instead."""
_NOT_AN_ID = {
    "CreateGrant": ("InvalidArnException", "{member} does not refer to a valid principal."),
    "ListGrants": ("InvalidArnException", "Input does not refer to a valid principal"),
    "ListRetirableGrants": ("NotFoundException", "Retiring principal {given} could not be found"),
}
"""What is said of a unique id that nobody has, as recorded from AWS."""
_PRINCIPAL = re.compile(
    r"arn:[a-z-]+:(?:iam|sts)::[0-9]{12}:(?:root|(?:user|role|federated-user)/.+|assumed-role/[^/]+/[^/]+)", re.ASCII
)


class Whom(NamedTuple):
    """A principal in a grant."""

    written: str
    """Its ARN, or the name of a service; empty for nobody."""
    ids: PrincipalIds
    """The unique id of the ARN, if it has one."""

    @property
    def known_by(self) -> str:
        """The identity that survives a rename: the unique id, if there is one."""
        return self.ids.get(self.written, self.written)


def by_arns(snapshot: Snapshot, own: AccountView, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input with the ARNs of those whom it names by unique ids, so that conditions on ARNs hold of them."""
    found = dict(given)
    for member in (GRANTEE, RETIRING):
        if UNIQUE_ID.fullmatch(str(given.get(member, ""))):
            try:
                found[member] = _bind_principal(snapshot, own, given[member]).written
            except NoSuchPrincipal:
                continue  # it is refused as such, if the request is allowed
    return found


def principal(snapshot: Snapshot, own: AccountView, operation: str, member: str, given: str) -> Whom:
    """Whom a member names by ARN or unique id. Raises Refused for who does not exist."""
    if UNIQUE_ID.fullmatch(given):
        try:
            return _bind_principal(snapshot, own, given)
        except NoSuchPrincipal:
            code, sentence = _NOT_AN_ID[operation]
            raise Refused(code, sentence.format(member=member, given=given)) from None
    arn = parse_arn(given)
    if arn is None or not _PRINCIPAL.fullmatch(given):
        raise Refused("InvalidArnException", f"ARN is not valid: {given}")
    try:
        if snapshot.account(arn.account) is None:
            raise NoSuchPrincipal(given)
        return _bind_principal(snapshot, own, given)
    except NoSuchPrincipal:
        raise Refused("InvalidArnException", f"ARN does not refer to a valid principal: {given}") from None


def new_grantee(snapshot: Snapshot, own: AccountView, given: Mapping[str, Any]) -> Whom:
    """The grantee of a new grant. Raises Refused."""
    grantee = _one_of(snapshot, own, given, GRANTEE)
    if not grantee.written:
        raise _invalid("You must specify either GranteePrincipal or GranteeServicePrincipal.")
    if given.get(SERVICES[GRANTEE]):
        if not given.get("Constraints", {}).get("SourceArn"):
            raise _invalid("A grant to a GranteeServicePrincipal needs a SourceArn constraint.")
        if not (given.get(RETIRING) or given.get(SERVICES[RETIRING])):
            raise _invalid(
                "A grant to a GranteeServicePrincipal needs a RetiringPrincipal or a RetiringServicePrincipal."
            )
    return grantee


def new_retiring(snapshot: Snapshot, own: AccountView, given: Mapping[str, Any]) -> Whom:
    """The retiring principal of a new grant, if one is named. Raises Refused."""
    return _one_of(snapshot, own, given, RETIRING)


def _one_of(snapshot: Snapshot, own: AccountView, given: Mapping[str, Any], member: str) -> Whom:
    by_service = SERVICES[member]
    name, service = given.get(member), given.get(by_service)
    if name and service:
        raise _invalid(f"You can specify either {member} or {by_service}, but not both.")
    if name:
        return principal(snapshot, own, "CreateGrant", member, name)
    if service and not is_service_principal(service):
        raise Refused("InvalidArnException", f"{by_service} does not refer to a valid principal.")
    return Whom(service or "", {})


def _bind_principal(snapshot: Snapshot, own: AccountView, given: str) -> Whom:
    """Raises NoSuchPrincipal."""
    statement = {"Effect": "Allow", "Principal": {"AWS": given}, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ids = bound(snapshot, own, parse_once(text, Grammar.RESOURCE, own.account.partition), text).ids
    return Whom(next(iter(ids), given), ids)


def _invalid(message: str) -> Refused:
    return Refused("ValidationException", message)
