"""Requests about grants on AWS KMS keys. Grants are kept here, and no upstream gets them.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from carnet.access.authorize import Decided
from carnet.access.denial import denied
from carnet.audit.events import success_event
from carnet.audit.steps import Parsed
from carnet.base.arns import parse_arn
from carnet.base.bounded_json import loads
from carnet.base.faults import Refused
from carnet.catalog.service_principals import is_service_principal
from carnet.directory.snapshot import Snapshot
from carnet.entities.key_grant import Constraint, ConstraintType, KeyGrant, KeyGrants
from carnet.gateway.answers import FIRST_ERROR, audited, handed_back, of_change, written
from carnet.gateway.call import Call
from carnet.gateway.deciding import Resolved, decide
from carnet.gateway.keys.grantees import (
    GRANTEE,
    RETIRING,
    SERVICES,
    Whom,
    by_arns,
    new_grantee,
    new_retiring,
    principal,
)
from carnet.gateway.keys.grants import grants_of
from carnet.identity.caller import SignedIn, Verified
from carnet.models import operation
from carnet.protocols.errors import WireError
from carnet.server.outbox import Answer
from carnet.server.writer import Writer
from carnet.services.bound_principals import shown_principal
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
    """The grants of one installation."""

    def __init__(self, execution: Execution, writer: Writer) -> None:
        self._execution = execution
        self._writer = writer

    def key_of(self, call: Call, token: str) -> tuple[str, str]:
        """The ARN of a grant's key, and its account. Raises WireError for a text that is no grant token."""
        arn = _key_in(token)
        parts = parse_arn(arn) if arn else None
        if parts is not None:
            of_key = grants_of(self._execution.directory.snapshot, arn, parts.account)
            if of_key is not None and any(_is_token(one, token) for one in of_key.grants):
                return arn, parts.account
        raise WireError("InvalidGrantTokenException", "The grant token is not valid.", call.operation)

    def by_arns(self, call: Call) -> Mapping[str, Any]:
        """The input of a request about grants, with the ARNs of those whom it names by their unique ids."""
        snapshot = self._execution.directory.snapshot
        return by_arns(snapshot, snapshot.accounts[call.caller.principal.account], call.given)

    async def answer(self, call: Call, resolved: tuple[Resolved, ...]) -> Answer:
        """Answer a request about grants that is allowed. Raises WireError."""
        name, arn, account = call.operation.name, resolved[0].resource, resolved[0].account
        if (
            call.given.get("Constraints", {}).get("SourceArn")
            and call.given.get(GRANTEE)
            and not call.given.get(SERVICES[GRANTEE])
        ):
            message = "Not kept: a SourceArn constraint on a grant to another than a service."
            raise WireError("NotImplemented", message, call.operation)
        if name in ("CreateGrant", "ListGrants"):
            response = await call.send(operation("kms", "DescribeKey"), {"KeyId": arn}, account)
            if response.status >= FIRST_ERROR:
                return await handed_back(call, response)
            await response.whole(_LONGEST_TOKEN * 16)
        if call.given.get("DryRun"):
            raise WireError("DryRunOperationException", "The request would have succeeded.", call.operation)
        match name:
            case "ListGrants":
                return self._answer_read(call, self._list_grants(call, arn, account))
            case "ListRetirableGrants":
                return self._answer_read(call, self._list_retirable(call, account))
            case "CreateGrant":
                alter = partial(_create_grant, call)
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

    def _answer_read(self, call: Call, answer: Mapping[str, Any]) -> Answer:
        decided = tuple(call.decided)
        return audited(
            call.operation, call.parsed, written(call, answer), success_event(call.parsed, {}, decided), decided
        )

    def _list_grants(self, call: Call, arn: str, account: str) -> Mapping[str, Any]:
        snapshot, given = self._execution.directory.snapshot, call.given
        if given.get(SERVICES[GRANTEE]):
            raise Refused("ValidationException", "Only services may use the filter GranteeServicePrincipal.")
        grantee = self._principal_filter(call, GRANTEE)
        of_key = grants_of(snapshot, arn, account)
        wanted = [
            (arn, one)
            for one in (of_key.grants if of_key is not None else ())
            if given.get("GrantId", one.id) == one.id
            and (grantee is None or grantee.known_by == Whom(one.grantee, one.principal_ids).known_by)
        ]
        return _page_of_grants(call, snapshot, wanted)

    def _list_retirable(self, call: Call, account: str) -> Mapping[str, Any]:
        """The grants that a principal may retire: those of its own account, on keys of all accounts."""
        snapshot = self._execution.directory.snapshot
        retiring = self._principal_filter(call, RETIRING)
        assert retiring is not None, "the model says that it is there"
        own = parse_arn(retiring.written)
        views = snapshot.accounts.values() if own and own.account == account else (snapshot.accounts[account],)
        # INVARIANT: whoever has made grants that this principal may not retire costs it nothing.
        found = [
            (of_key.arn, one)
            for view in views
            for of_key in view.retirable_by(retiring.known_by)
            if of_key.arn.split(":")[3] == call.caller.region
            for one in of_key.grants
            if one.retired_by == retiring.known_by
        ]
        return _page_of_grants(call, snapshot, found)

    def _principal_filter(self, call: Call, member: str) -> Whom | None:
        """The principal whose grants are requested. Raises Refused if it does not exist."""
        if (given := call.given.get(member)) is None:
            return None
        snapshot = self._execution.directory.snapshot
        own = snapshot.accounts[call.caller.principal.account]
        return principal(snapshot, own, call.operation.name, member, given)


def _page_of_grants(call: Call, snapshot: Snapshot, found: list[tuple[str, KeyGrant]]) -> Mapping[str, Any]:
    """A page of grants, each with the ARN of its key; a marker is the id of the last grant before it."""
    marker, limit = call.given.get("Marker"), call.given.get("Limit", _PAGE)
    ids = [one.id for _, one in found]
    if marker is not None and marker not in ids:
        raise WireError("InvalidMarkerException", "The marker is not valid.", call.operation)
    first = 0 if marker is None else ids.index(marker) + 1
    page = [_grant_members(snapshot, arn, one) for arn, one in found[first : first + limit]]
    more = first + limit < len(found)
    return {"Grants": page, "Truncated": more} | ({"NextMarker": page[-1]["GrantId"]} if more else {})


def _grant_members(snapshot: Snapshot, arn: str, grant: KeyGrant) -> dict[str, Any]:
    def now(written: str) -> str:
        return shown_principal(snapshot, written, grant.principal_ids)

    def named(member: str, written: str) -> dict[str, str]:
        return {SERVICES[member] if is_service_principal(written) else member: now(written)}

    constraint = grant.constraint
    constraints: dict[str, Any] = {} if constraint is None else {constraint.type.value: dict(constraint.context)}
    optional = {
        "Name": grant.name,
        **named(RETIRING, grant.retiring),
        "Constraints": constraints | ({"SourceArn": grant.source_arn} if grant.source_arn else {}),
    }
    return {
        "KeyId": arn,
        "GrantId": grant.id,
        **named(GRANTEE, grant.grantee),
        "IssuingAccount": f"arn:{arn.split(':', 2)[1]}:iam::{grant.issuer}:root",
        "Operations": list(grant.operations),
        "CreationDate": grant.created,
        **{name: value for name, value in optional.items() if value},
    }


def _create_grant(call: Call, snapshot: Snapshot, of_key: KeyGrants) -> Altered:
    """The grants with a new one, or with the existing one of the same name and content."""
    given, own = call.given, snapshot.accounts[of_key.account]
    grantee, retiring = new_grantee(snapshot, own, given), new_retiring(snapshot, own, given)
    new = KeyGrant(
        id=secrets.token_hex(32),
        token=_new_token(of_key.arn),
        name=given.get("Name", ""),
        grantee=grantee.written,
        retiring=retiring.written,
        principal_ids={**grantee.ids, **retiring.ids},
        operations=tuple(dict.fromkeys(given["Operations"])),
        constraint=_constraint(given.get("Constraints", {})),
        source_arn=given.get("Constraints", {}).get("SourceArn", ""),
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


def _constraint(given: Mapping[str, Any]) -> Constraint | None:
    found = [Constraint(type=kind, context=given[kind.value]) for kind in ConstraintType if given.get(kind.value)]
    if len(found) > 1:
        raise Refused("ValidationException", "A grant has one constraint on the encryption context.")
    if found and sum(len(text) for pair in found[0].context.items() for text in pair) > _LONGEST_CONTEXT:
        raise Refused("ValidationException", f"A constraint has at most {_LONGEST_CONTEXT} characters.")
    return found[0] if found else None


def _taken_away(given: Mapping[str, Any], snapshot: Snapshot, of_key: KeyGrants) -> Altered:
    """The grants without the one that RevokeGrant or RetireGrant names."""
    token, grant_id = given.get("GrantToken"), given.get("GrantId")
    told = token is not None or grant_id is not None
    for one in of_key.grants:
        if told and (token is None or _is_token(one, token)) and grant_id in (None, one.id):
            return of_key.without(one), {}
    raise Refused("NotFoundException", f"Grant {str(grant_id)[:128]} is not found on the key.")


def _new_token(arn: str) -> str:
    """A grant token, which contains the key's ARN."""
    return urlsafe_b64encode(json.dumps([arn, secrets.token_urlsafe(32)]).encode()).decode("ascii")


def _is_token(grant: KeyGrant, token: str) -> bool:
    return hmac.compare_digest(grant.token.encode(), token.encode("utf-8", "replace"))


def _key_in(token: str) -> str:
    if len(token) > _LONGEST_TOKEN:
        return ""
    try:
        told = loads(urlsafe_b64decode(token))
    except ValueError:
        return ""
    return told[0] if isinstance(told, list) and told and isinstance(told[0], str) else ""
