"""Requests about grants on keys of AWS KMS, which are kept here and told to no upstream.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from carnet.access.authorize import Decided
from carnet.access.denial import denied
from carnet.audit.events import success_event
from carnet.audit.steps import Parsed
from carnet.base.arns import parse_arn
from carnet.base.faults import Refused
from carnet.directory.snapshot import Snapshot
from carnet.entities.key_grant import Constraint, ConstraintType, KeyGrant, KeyGrants
from carnet.gateway.answers import FIRST_ERROR, audited, handed_back, of_change, written
from carnet.gateway.call import Call
from carnet.gateway.deciding import Resolved, decide
from carnet.gateway.keys.grants import grants_of
from carnet.identity.caller import SignedIn, Verified
from carnet.models import operation
from carnet.policy.document import Grammar
from carnet.protocols.errors import WireError
from carnet.server.outbox import Answer
from carnet.server.writer import Writer
from carnet.services.bound_principals import NoSuchPrincipal, bound, shown_principal
from carnet.services.documents import parse_once
from carnet.services.execution import Done, Execution
from carnet.store.unit_of_work import UnitOfWork

OPERATIONS = frozenset(("CreateGrant", "ListGrants", "ListRetirableGrants", "RetireGrant", "RevokeGrant"))
TOKENS = "GrantTokens"
"""A member of requests that use a key. A grant binds here as soon as it is made, and no upstream knows its token."""
_MOST_GRANTS = 1_000
"""On one key. AWS lets there be 50,000."""
_PAGE = 50
_LONGEST_CONTEXT = 384
"""Characters of a constraint. https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html"""
_NOT_UNDERSTOOD = ("GranteeServicePrincipal", "RetiringServicePrincipal")
_PRINCIPAL = re.compile(
    r"arn:[a-z-]+:(?:iam|sts)::[0-9]{12}:(?:root|(?:user|role|federated-user)/.+|assumed-role/[^/]+/[^/]+)", re.ASCII
)
_LONGEST_TOKEN = 8_192

Grants = tuple[KeyGrant, ...]
Altered = tuple[Grants, Mapping[str, Any]]
"""The grants on the key from now on, and the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantChange:
    """A change of the grants on one key: an `execution.OtherChange`."""

    execution: Execution
    parsed: Parsed
    checks: tuple[Resolved, ...]
    """What the caller needs to be allowed. INVARIANT: it is decided again at the revision that is changed."""
    arn: str
    account: str
    alter: Callable[[Snapshot, KeyGrants], Altered]
    """May raise Refused."""
    finish: Callable[[list[Decided]], None]

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Make it. Raises Denied, Refused."""
        caller = self.execution.present(snapshot, self.parsed.authenticated.caller)
        assert isinstance(caller, Verified | SignedIn), "a signature is of a caller with an account"
        decided = decide(self.execution, snapshot, caller, self.parsed.authenticated.routed.arrived, self.checks)
        self.finish(decided)
        if not decided[-1].decision.allowed:
            raise denied(decided[-1])
        kept = grants_of(snapshot, self.arn, self.account)
        before = kept or KeyGrants(arn=self.arn, account=self.account, grants=())
        grants, answer = self.alter(snapshot, before)
        after = replace(before, grants=grants)
        if kept is None and grants:
            unit.add(after)
        elif kept is not None and not grants:
            unit.remove(kept)
        elif kept is not None and after != kept:
            unit.save(after)
        return Done(answer=answer, event=success_event(self.parsed, {}, tuple(decided)), decided=tuple(decided))


class KeptGrants:
    """The grants that are kept in one installation."""

    def __init__(self, execution: Execution, writer: Writer) -> None:
        self._execution = execution
        self._writer = writer

    def key_of(self, call: Call, token: str) -> tuple[str, str]:
        """The ARN of the key of a grant, and its account. Raises WireError for what is no token of a grant."""
        arn = _key_in(token)
        parts = parse_arn(arn) if arn else None
        if parts is not None:
            of_key = grants_of(self._execution.directory.snapshot, arn, parts.account)
            if of_key is not None and any(_is_token(one, token) for one in of_key.grants):
                return arn, parts.account
        raise WireError("InvalidGrantTokenException", "The grant token is not valid.", call.operation)

    async def answer(self, call: Call, resolved: tuple[Resolved, ...]) -> Answer:
        """Answer a request about grants that is allowed."""
        name, arn, account = call.operation.name, resolved[0].resource, resolved[0].account
        if any(call.given.get(member) for member in _NOT_UNDERSTOOD) or call.given.get("Constraints", {}).get(
            "SourceArn"
        ):
            raise WireError("NotImplemented", "Not kept: grants for service principals.", call.operation)
        if name in ("CreateGrant", "ListGrants"):
            response = await call.send(operation("kms", "DescribeKey"), {"KeyId": arn}, account)
            if response.status >= FIRST_ERROR:
                return await handed_back(call, response)
            await response.whole(_LONGEST_TOKEN * 16)
        if call.given.get("DryRun"):
            raise WireError("DryRunOperationException", "The request would have succeeded.", call.operation)
        match name:
            case "ListGrants":
                return self._read(call, self._listed(call, arn, account))
            case "ListRetirableGrants":
                return self._read(call, self._retirable(call, account))
            case "CreateGrant":
                alter = partial(_created, call)
            case _:
                alter = partial(_taken_away, call.given)
        change = GrantChange(
            execution=self._execution,
            parsed=call.parsed,
            checks=resolved,
            arn=arn,
            account=account,
            alter=alter,
            finish=call.decided_again,
        )
        outcome = await self._writer.make(change, call.caller.principal.account)
        response_ = written(call, outcome.answer)
        return of_change(call.operation, call.parsed, response_, outcome)

    def _read(self, call: Call, answer: Mapping[str, Any]) -> Answer:
        decided = tuple(call.decided)
        return audited(
            call.operation, call.parsed, written(call, answer), success_event(call.parsed, {}, decided), decided
        )

    def _listed(self, call: Call, arn: str, account: str) -> Mapping[str, Any]:
        snapshot, given = self._execution.directory.snapshot, call.given
        of_key = grants_of(snapshot, arn, account)
        wanted = [
            _shown(snapshot, arn, one)
            for one in (of_key.grants if of_key is not None else ())
            if given.get("GrantId", one.id) == one.id
        ]
        grantee = given.get("GranteePrincipal")
        return _paged(call, [one for one in wanted if grantee is None or one["GranteePrincipal"] == grantee])

    def _retirable(self, call: Call, account: str) -> Mapping[str, Any]:
        snapshot = self._execution.directory.snapshot
        every = (
            (of_key, one)
            for of_key in snapshot.accounts[account].of(KeyGrants)
            for one in of_key.grants
            if of_key.arn.split(":")[3] == call.caller.region
        )
        shown = [_shown(snapshot, of_key.arn, one) for of_key, one in every if one.retiring]
        return _paged(call, [one for one in shown if one["RetiringPrincipal"] == call.given["RetiringPrincipal"]])


def _paged(call: Call, grants: list[dict[str, Any]]) -> Mapping[str, Any]:
    """A page; a marker is the id of the last grant before it."""
    marker, limit = call.given.get("Marker"), call.given.get("Limit", _PAGE)
    ids = [one["GrantId"] for one in grants]
    if marker is not None and marker not in ids:
        raise WireError("InvalidMarkerException", "The marker is not valid.", call.operation)
    first = 0 if marker is None else ids.index(marker) + 1
    page = grants[first : first + limit]
    more = first + limit < len(grants)
    return {"Grants": page, "Truncated": more} | ({"NextMarker": page[-1]["GrantId"]} if more else {})


def _shown(snapshot: Snapshot, arn: str, grant: KeyGrant) -> dict[str, Any]:
    def now(written: str) -> str:
        return shown_principal(snapshot, written, grant.principal_ids)

    constraint = grant.constraint
    optional = {
        "Name": grant.name,
        "RetiringPrincipal": now(grant.retiring) if grant.retiring else "",
        "Constraints": None if constraint is None else {constraint.type.value: dict(constraint.context)},
    }
    return {
        "KeyId": arn,
        "GrantId": grant.id,
        "GranteePrincipal": now(grant.grantee),
        "IssuingAccount": f"arn:{arn.split(':', 2)[1]}:iam::{grant.issuer}:root",
        "Operations": list(grant.operations),
        "CreationDate": grant.created,
        **{name: value for name, value in optional.items() if value},
    }


def _created(call: Call, snapshot: Snapshot, of_key: KeyGrants) -> Altered:
    """With a new grant, or the one of the same name and content that is there."""
    given = call.given
    grantee, retiring = given["GranteePrincipal"], given.get("RetiringPrincipal", "")
    new = KeyGrant(
        id=secrets.token_hex(32),
        token=_token(of_key.arn),
        name=given.get("Name", ""),
        grantee=grantee,
        retiring=retiring,
        principal_ids=_ids(snapshot, of_key, [one for one in (grantee, retiring) if one]),
        operations=tuple(dict.fromkeys(given["Operations"])),
        constraint=_constraint(given.get("Constraints", {})),
        issuer=call.caller.principal.account,
        created=call.arrived.time,
    )
    if new.name:
        for one in of_key.grants:
            if replace(one, id=new.id, token=new.token, created=new.created) == new:
                return of_key.grants, {"GrantId": one.id, "GrantToken": one.token}
    if len(of_key.grants) >= _MOST_GRANTS:
        raise Refused("LimitExceededException", f"The key has {_MOST_GRANTS} grants, and may have no more here.")
    return (*of_key.grants, new), {"GrantId": new.id, "GrantToken": new.token}


def _ids(snapshot: Snapshot, of_key: KeyGrants, principals: Iterable[str]) -> Mapping[str, str]:
    """The unique ids of principals. Raises Refused for who does not exist."""
    view = snapshot.accounts[of_key.account]
    names = list(principals)
    for one in names:
        if not _PRINCIPAL.fullmatch(one):
            raise Refused("InvalidArnException", f"ARN is not valid: {one}")
    statement = {"Effect": "Allow", "Principal": {"AWS": names}, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    try:
        return bound(snapshot, view, parse_once(text, Grammar.RESOURCE, view.account.partition), text).ids
    except NoSuchPrincipal as none:
        message = f"ARN does not refer to a valid principal: {none.written}"
        raise Refused("InvalidArnException", message) from None


def _constraint(given: Mapping[str, Any]) -> Constraint | None:
    found = [Constraint(type=kind, context=given[kind.value]) for kind in ConstraintType if given.get(kind.value)]
    if len(found) > 1:
        raise Refused("ValidationException", "A grant has one constraint on the encryption context.")
    if found and sum(len(text) for pair in found[0].context.items() for text in pair) > _LONGEST_CONTEXT:
        raise Refused("ValidationException", f"A constraint has at most {_LONGEST_CONTEXT} characters.")
    return found[0] if found else None


def _taken_away(given: Mapping[str, Any], snapshot: Snapshot, of_key: KeyGrants) -> Altered:
    """Without the grant that RevokeGrant or RetireGrant names."""
    token, grant_id = given.get("GrantToken"), given.get("GrantId")
    told = token is not None or grant_id is not None
    for one in of_key.grants:
        if told and (token is None or _is_token(one, token)) and grant_id in (None, one.id):
            return of_key.without(one), {}
    raise Refused("NotFoundException", f"Grant {str(grant_id)[:128]} is not found on the key.")


def _token(arn: str) -> str:
    """A token that tells its key."""
    return urlsafe_b64encode(json.dumps([arn, secrets.token_urlsafe(32)]).encode()).decode("ascii")


def _is_token(grant: KeyGrant, token: str) -> bool:
    return hmac.compare_digest(grant.token.encode(), token.encode("utf-8", "replace"))


def _key_in(token: str) -> str:
    if len(token) > _LONGEST_TOKEN:
        return ""
    try:
        told = json.loads(urlsafe_b64decode(token))
    except (ValueError, RecursionError):
        return ""
    return told[0] if isinstance(told, list) and told and isinstance(told[0], str) else ""
