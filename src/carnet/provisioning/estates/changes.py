"""What is to be written so that an organization becomes what a document wants.

Each entry is compared with what is there at the moment at which it is written, so that a document can be imported
again and others may change the organization meanwhile. What the document does not name is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from carnet.base.faults import AlreadyExists
from carnet.base.ids import Ids
from carnet.catalog.organization_policies import AWS_POLICIES, FULL_ACCESS
from carnet.directory.organization_view import OrganizationView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.membership import Membership
from carnet.entities.organization import Organization
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.entities.organization_resource_policy import OrganizationResourcePolicy
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.provisioning.differences import same_json
from carnet.provisioning.estates.wanted import Estate, WantedMember, WantedOrganizationPolicy, WantedUnit


@dataclass(frozen=True, slots=True)
class Write:
    """One row: a new one, or another content of one that is there."""

    entity: object
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry that a document wants."""

    word: str
    id: str
    name: str
    place: str
    writes: Callable[[Snapshot], Sequence[Write]]
    """What is to be written at a state; raises AlreadyExists for an account that is in another organization."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Which id here stands for one of the document: of the organization, its root, units and policies."""

    organization: str
    ids: Mapping[str, str]

    def of(self, document_id: str) -> str:
        """Accounts and AWS's own policies have the same id everywhere."""
        return self.ids.get(document_id, document_id)


def entries_of(estate: Estate, snapshot: Snapshot, ids: Ids, *, partition: str, now: datetime) -> tuple[Entry, ...]:
    """All that a document wants, each after what it rests on.

    Raises AlreadyExists if the management account is in another organization that it does not manage.
    """
    naming = named(estate, snapshot, ids)
    entries = _Entries(estate, naming, ids.organizations("rp"), partition, now)
    return entries.every(new=naming.organization not in snapshot.organizations)


def named(estate: Estate, snapshot: Snapshot, ids: Ids) -> Naming:
    """Ids of the document are kept if they are free, or name in this organization what they name in the document."""
    view = snapshot.organization_of(estate.management)
    if view is not None and view.organization.management != estate.management:
        raise AlreadyExists(
            f"Account {estate.management} is in the organization {view.scope.id}, which it does not manage."
        )
    taken = {
        one.id
        for other in snapshot.organizations.values()
        if view is None or other.scope != view.scope
        for one in (*other.of(OrganizationalUnit), *other.of(OrganizationPolicy))
    }
    if view is not None:
        organization = view.scope.id
    else:
        free = estate.id is not None and estate.id not in snapshot.organizations
        organization = estate.id if estate.id is not None and free else ids.organization()
    found: dict[str, str] = {}
    root = view.root.id if view is not None else _free(estate.root.id, taken, ids.root)
    found[estate.root.id] = root
    units = {(unit.parent, unit.name): unit.id for unit in view.of(OrganizationalUnit)} if view is not None else {}
    for unit in estate.units:
        there = view.node(unit.id) if view is not None else None
        same = None if there is not None else units.get((found[unit.parent or ""], unit.name))
        found[unit.id] = same or _free(unit.id, taken, lambda: ids.organizational_unit(root))
    policies = {(one.type, one.name): one.id for one in view.of(OrganizationPolicy)} if view is not None else {}
    for policy in estate.policies:
        here = view is not None and view.of(OrganizationPolicy).get(policy.id) is not None
        same = None if here else policies.get((policy.type, policy.name))
        found[policy.id] = same or _free(policy.id, taken, lambda: ids.organizations("p"))
    return Naming(organization=organization, ids=found)


def _free(wanted: str, taken: set[str], drawn: Callable[[], str]) -> str:
    return drawn() if wanted in taken else wanted


class _Entries:
    def __init__(self, estate: Estate, naming: Naming, resource_policy: str, partition: str, now: datetime) -> None:
        self._estate = estate
        self._naming = naming
        self._resource_policy_id = resource_policy
        self._partition = partition
        self._now = now
        self._now_ms = round(now.timestamp() * 1000)

    def every(self, *, new: bool) -> tuple[Entry, ...]:
        """INVARIANT: nothing that binds a member refers to a policy that is not written: what cannot be read denies."""
        estate = self._estate
        management = next(member for member in estate.members if member.id == estate.management)
        others = [member for member in estate.members if member is not management]
        made = [
            self._entry("policy", self._naming.of(one.id), one.name, one.place, self._policy(one))
            for one in estate.policies
        ]
        units = [
            self._entry("unit", self._naming.of(one.id), one.name, one.place, self._unit(one)) for one in estate.units
        ]
        members = [self._entry("account", one.id, one.name, one.place, self._member(one)) for one in others]
        head = self._entry("organization", self._naming.organization, "", ".Organization", self._head(management))
        return (head, *made, *units, *members) if new else (*made, head, *units, *members)

    @staticmethod
    def _entry(word: str, id_: str, name: str, place: str, writes: Callable[[Snapshot], Sequence[Write]]) -> Entry:
        return Entry(word=word, id=id_, name=name, place=place, writes=writes)

    def _view(self, snapshot: Snapshot) -> OrganizationView | None:
        return snapshot.organizations.get(self._naming.organization)

    def _head(self, management: WantedMember) -> Callable[[Snapshot], Sequence[Write]]:
        """The organization with its root, its management account and its resource policy."""
        estate, organization_id = self._estate, self._naming.organization

        def writes(snapshot: Snapshot) -> Sequence[Write]:
            view = self._view(snapshot)
            before = view.organization if view is not None else None
            organization = before or Organization(
                id=organization_id, partition=self._partition, management=estate.management, created=self._now
            )
            types = _in_order_of(organization.policy_types, estate.policy_types)
            organization = replace(organization, feature_set=estate.feature_set, policy_types=types)
            if estate.trusted_services is not None:
                kept = {name: organization.trusted_services.get(name, self._now_ms) for name in estate.trusted_services}
                organization = replace(organization, trusted_services=kept)
            found = [*_write_if_changed(before, organization), *self._unit(estate.root)(snapshot)]
            return (*found, *self._member(management)(snapshot), *self._resource_policy(view))

        return writes

    def _resource_policy(self, view: OrganizationView | None) -> Sequence[Write]:
        content = self._estate.resource_policy
        if content is None:
            return ()
        before = next(iter(view.of(OrganizationResourcePolicy)), None) if view is not None else None
        if before is not None and same_json(before.content, content):
            return ()
        new = OrganizationResourcePolicy(
            id=self._resource_policy_id, organization=self._naming.organization, content=content
        )
        return _write_if_changed(before, new if before is None else replace(before, content=content))

    def _policy(self, wanted: WantedOrganizationPolicy) -> Callable[[Snapshot], Sequence[Write]]:
        def writes(snapshot: Snapshot) -> Sequence[Write]:
            view, policy_id = self._view(snapshot), self._naming.of(wanted.id)
            before = view.of(OrganizationPolicy).get(policy_id) if view is not None else None
            after = OrganizationPolicy(
                id=policy_id,
                organization=self._naming.organization,
                type=wanted.type,
                name=wanted.name,
                description=wanted.description,
                content=before.content
                if before is not None and same_json(before.content, wanted.content)
                else wanted.content,
                tags=_tags(before, wanted),
            )
            return _write_if_changed(before, after)

        return writes

    def _unit(self, wanted: WantedUnit) -> Callable[[Snapshot], Sequence[Write]]:
        def writes(snapshot: Snapshot) -> Sequence[Write]:
            view, unit_id = self._view(snapshot), self._naming.of(wanted.id)
            before = view.of(OrganizationalUnit).get(unit_id) if view is not None else None
            attached, full_access = self._attachments(wanted.id, before)
            after = OrganizationalUnit(
                id=unit_id,
                organization=self._naming.organization,
                parent=None if wanted.parent is None else self._naming.of(wanted.parent),
                name=wanted.name,
                attached=attached,
                full_access=full_access,
                tags=_tags(before, wanted),
            )
            return _write_if_changed(before, after)

        return writes

    def _member(self, wanted: WantedMember) -> Callable[[Snapshot], Sequence[Write]]:
        organization = self._naming.organization

        def writes(snapshot: Snapshot) -> Sequence[Write]:
            seen, view = snapshot.account(wanted.id), self._view(snapshot)
            account = seen.account if seen is not None else None
            membership = seen.membership if seen is not None else None
            if membership is not None and membership.organization != organization:
                raise AlreadyExists(f"It is in the organization {membership.organization}.")
            named = self._account(wanted, account)
            before = view.of(OrganizationAccount).get(wanted.id) if view is not None else None
            return (
                *_write_if_changed(account, named),
                *_write_if_changed(membership, self._membership(wanted, membership)),
                *_write_if_changed(before, self._place_account(wanted, before)),
            )

        return writes

    def _account(self, wanted: WantedMember, before: Account | None) -> Account:
        if before is not None:
            return replace(before, name=wanted.name, email=wanted.email)
        return Account(id=wanted.id, partition=self._partition, name=wanted.name, email=wanted.email, created=self._now)

    def _membership(self, wanted: WantedMember, before: Membership | None) -> Membership:
        closed = before.closed if before is not None else None
        if wanted.closed is not None:
            closed = (closed or min(wanted.closed_since or self._now, self._now)) if wanted.closed else None
        return Membership(account=wanted.id, organization=self._naming.organization, closed=closed)

    def _place_account(self, wanted: WantedMember, before: OrganizationAccount | None) -> OrganizationAccount:
        attached, full_access = self._attachments(wanted.id, before)
        delegations = before.delegations if before is not None else {}
        if self._estate.delegations is not None:
            services = self._estate.delegations.get(wanted.id, ())
            delegations = {name: delegations.get(name, self._now_ms) for name in services}
        return OrganizationAccount(
            id=wanted.id,
            organization=self._naming.organization,
            parent=self._naming.of(wanted.parent),
            joined_method=before.joined_method if before is not None else wanted.joined_method,
            joined=before.joined if before is not None else self._now,
            attached=attached,
            full_access=full_access,
            delegations=delegations,
            tags=_tags(before, wanted),
        )

    def _attachments(
        self, document_id: str, before: OrganizationalUnit | OrganizationAccount | None
    ) -> tuple[tuple[str, ...], bool]:
        """The policies that a customer wrote, and whether FullAWSAccess is attached.

        INVARIANT: it is only detached if the document says so while SCPs are enabled; else it says nothing of it.
        """
        known = self._estate.attached
        if known is None:
            return (before.attached, before.full_access) if before is not None else ((), True)
        listed = known[document_id]
        own = tuple(self._naming.of(each) for each in listed if each not in AWS_POLICIES)
        return own, FULL_ACCESS.id in listed or PolicyType.SERVICE_CONTROL not in self._estate.policy_types


def _in_order_of(before: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """What is wanted, in the order in which it is there: the order alone is no change."""
    return (*(each for each in before if each in wanted), *(each for each in wanted if each not in before))


def _tags(before: object, wanted: WantedUnit | WantedMember | WantedOrganizationPolicy) -> Mapping[str, str]:
    """As wanted; as they are if nothing is wanted."""
    if wanted.tags is not None:
        return wanted.tags
    return getattr(before, "tags", {})


def _write_if_changed(before: object | None, after: object) -> Sequence[Write]:
    return () if before == after else (Write(after, new=before is None),)
