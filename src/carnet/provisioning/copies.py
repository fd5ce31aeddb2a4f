"""Makes of a document that describes an account of AWS what can be made here: the rest is left out, and named.

INVARIANT: what is left out allows something, or names somebody whom nobody here is: a copy allows no more than the
account does. A permissions boundary that is unknown is not left out: whatever it bounds cannot be made.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from carnet.base.arns import parse_arn
from carnet.base.faults import Malformed
from carnet.catalog.managed_policies import managed_policy
from carnet.directory.snapshot import Snapshot
from carnet.entities.entity import name_key
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import AWS_ACCOUNT, ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.policy.document import Grammar, parse
from carnet.policy.principals import UNIQUE_ID, PrincipalType
from carnet.provisioning.differences import same_json
from carnet.provisioning.wanted import Document, Wanted, WantedHolder, WantedPolicy, WantedRole, WantedTrust, WantedUser
from carnet.services.iam.trust import shown_trust

_KINDS: tuple[type[Any], ...] = (User, Role, Group, ManagedPolicy, InstanceProfile)
"""Of the ids that a copy keeps."""


def copied(document: Document, snapshot: Snapshot) -> Document:
    """What of a document can be made in an installation, and what is left out for that."""
    copies = _Copies(document, snapshot)
    entries = tuple(copies.of(entry) for entry in document.entries)
    return Document(entries=entries, left_out=(*document.left_out, *copies.left_out))


class _Copies:
    def __init__(self, document: Document, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._to_come = set(_principals_of(document))
        self._ids_in_use = _ids_in_use(snapshot)
        self.left_out: list[str] = []

    def of(self, entry: Wanted) -> Wanted:
        match entry:
            case WantedRole():
                kept = tuple(
                    replace(profile, unique_id=self._free(profile.unique_id)) for profile in entry.profiles or ()
                )
                role = replace(entry, profiles=None if entry.profiles is None else kept)
                return self._holder(replace(role, trust=self._trust_of(role, told=True)))
            case WantedTrust():
                return replace(entry, trust=self._trust_of(entry, told=False))
            case WantedHolder():
                return self._holder(entry)
            case WantedPolicy():
                return replace(entry, unique_id=self._free(entry.unique_id))
            case _:
                return entry

    def _free(self, unique_id: str | None) -> str | None:
        return None if unique_id in self._ids_in_use else unique_id

    def _holder(self, entry: WantedHolder) -> Wanted:
        unknown = [arn for arn in entry.attached or () if _is_unknown(arn)]
        for arn in unknown:
            self.left_out.append(f"{_entry_name(entry)}: not attached, since Carnet does not know it: {arn}")
        attached = None if entry.attached is None else tuple(arn for arn in entry.attached if arn not in unknown)
        return replace(entry, attached=attached, unique_id=self._free(entry.unique_id))

    def _trust_of(self, entry: WantedRole | WantedTrust, *, told: bool) -> str:
        """The trust policy without the principals that are not here."""
        role = self._role(entry)
        if role is not None and same_json(entry.trust, shown_trust(self._snapshot, role)):
            return entry.trust  # as it is: also with the ids of principals that have gone since
        try:
            named = parse(entry.trust, Grammar.TRUST).principals(PrincipalType.AWS)
        except Malformed:
            return entry.trust  # which is told when the role is made
        missing = [principal for principal in dict.fromkeys(named) if self._is_missing(principal)]
        if not missing:
            return entry.trust
        if told:
            self.left_out += [f"{_entry_name(entry)}: does not trust {one}, who is not here" for one in missing]
        return _without_principals(entry.trust, missing)

    def _role(self, entry: Wanted) -> Role | None:
        view = self._snapshot.account(entry.account)
        return None if view is None else view.of(Role).named(name_key(entry.name))

    def _is_missing(self, principal: str) -> bool:
        if UNIQUE_ID.fullmatch(principal):
            return principal.partition(":")[0] not in self._ids_in_use
        arn = parse_arn(principal)
        kind, _, named = arn.resource.partition("/") if arn is not None else ("", "", "")
        if arn is None or kind not in ("user", "role", "assumed-role"):
            return False
        entity: type[User | Role] = User if kind == "user" else Role
        name = name_key(named.partition("/")[0] if kind == "assumed-role" else named.rpartition("/")[2])
        if (arn.account, entity, name) in self._to_come:
            return False
        view = self._snapshot.account(arn.account)
        found = view.of(entity).named(name) if view is not None else None
        return found is None or (kind != "assumed-role" and found.arn != principal)


def _principals_of(document: Document) -> Iterator[tuple[str, type[User | Role], str]]:
    """Account, kind and name of the users and roles that a document makes."""
    for entry in document.entries:
        if isinstance(entry, WantedUser | WantedRole):
            yield entry.account, User if isinstance(entry, WantedUser) else Role, name_key(entry.name)


def _ids_in_use(snapshot: Snapshot) -> set[str]:
    """The ids that something has, in whichever account."""
    return {entity.id for view in snapshot.accounts.values() for kind in _KINDS for entity in view.of(kind)}


def _is_unknown(arn_text: str) -> bool:
    """Whether it is a policy of AWS that the catalog does not have."""
    arn = parse_arn(arn_text)
    return arn is not None and arn.account == AWS_ACCOUNT and managed_policy(arn_text) is None


def _without_principals(text: str, missing: Collection[str]) -> str:
    """A trust policy without some principals; a statement that allows nobody any more is left out.

    INVARIANT: an Allow is made for fewer, and a Deny for no fewer of those who are here.
    """
    policy: dict[str, Any] = json.loads(text)
    statements = policy["Statement"]
    kept = []
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            principals = statement.get(element)
            if isinstance(principals, dict) and PrincipalType.AWS in principals:
                names = principals[PrincipalType.AWS]
                left = [name for name in (names if isinstance(names, list) else [names]) if name not in missing]
                others = {kind: who for kind, who in principals.items() if kind != PrincipalType.AWS}
                statement = {**statement, element: {**others, **({PrincipalType.AWS: left} if left else {})}}
        if statement.get("NotPrincipal", True) == {} and statement["Effect"] == "Deny":
            statement = {name: value for name, value in statement.items() if name != "NotPrincipal"}
            statement["Principal"] = "*"
        if statement.get("Principal", True) and statement.get("NotPrincipal", True):
            kept.append(statement)
    return json.dumps({**policy, "Statement": kept or [_NOBODY]})


_NOBODY = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
"""What stands in a trust policy of which nothing is left: a policy must say something."""


def _entry_name(entry: Wanted) -> str:
    return f"{entry.word} {entry.name} of account {entry.account}"
