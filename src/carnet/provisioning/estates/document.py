"""Reads the document of an organization. Each entry in it has the members that Organizations answers it with.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from carnet.base.arns import ACCOUNT_ID
from carnet.base.faults import Malformed
from carnet.catalog.organization_policies import AWS_POLICIES, FULL_ACCESS
from carnet.entities import account as rules
from carnet.entities.organization import FeatureSet
from carnet.entities.organization_account import JoinedMethod
from carnet.entities.organization_policy import GRAMMARS, PolicyType
from carnet.policy.case_documents import document_text
from carnet.policy.case_members import Members, Misread, as_list, as_word
from carnet.policy.document import parse
from carnet.provisioning.document import check_size
from carnet.provisioning.estates.wanted import Estate, WantedMember, WantedOrganizationPolicy, WantedUnit
from carnet.provisioning.members import as_text, items, tags, text
from carnet.services.organizations.quotas import DELEGATED_ADMINISTRATORS, OrganizationsQuotas

_DOCUMENT = (
    *("Organization", "Roots", "OrganizationalUnits", "Accounts", "Policies", "Attachments"),
    *("DelegatedAdministrators", "EnabledServicePrincipals", "ResourcePolicy"),
)
_ORGANIZATION = (
    *("Id", "MasterAccountId", "FeatureSet"),
    *("Arn", "MasterAccountArn", "MasterAccountEmail", "AvailablePolicyTypes"),
)
_ROOT = ("Id", "Name", "PolicyTypes", "Tags", "Arn")
_UNIT = ("Id", "Name", "ParentId", "Tags", "Arn", "Path")
_ACCOUNT = (
    *("Id", "Name", "Email", "ParentId", "Status", "State", "ClosedTimestamp", "JoinedMethod", "Tags"),
    *("Arn", "JoinedTimestamp", "Paths"),
)
_POLICY = ("Id", "Type", "Name", "Description", "Content", "Tags", "AwsManaged", "Arn")
_ATTACHMENT = ("PolicyId", "TargetId")
_ADMINISTRATOR = (
    *("Id", "ServicePrincipals"),
    *("Arn", "Name", "Email", "Status", "State", "JoinedMethod", "JoinedTimestamp", "DelegationEnabledDate", "Paths"),
)
_SERVICE = ("ServicePrincipal", "DateEnabled")
_RESOURCE_POLICY = ("Content", "Tags", "Id", "Arn", "ResourcePolicySummary")
_OPEN = ("ACTIVE", "PENDING_CLOSURE", "PENDING_ACTIVATION")
_DEPTH = OrganizationsQuotas().organizational_unit_depth

_ORGANIZATION_ID, _ROOT_ID = re.compile(r"o-[a-z0-9]{10,32}"), re.compile(r"r-[0-9a-z]{4,32}")
_UNIT_ID, _POLICY_ID = re.compile(r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}"), re.compile(r"p-[0-9a-zA-Z_]{8,128}")


def read_estate(data: object) -> Estate:
    """What plain data wants; raises Misread."""
    check_size(data)
    given = Members.of(data, "", known=_DOCUMENT)
    organization = Members.of(given.required("Organization"), ".Organization", known=_ORGANIZATION)
    root, policy_types = _root(given)
    units = _parents_first(root, [_unit(each, path) for each, path in items(given, "OrganizationalUnits")])
    members = [_member(each, path) for each, path in items(given, "Accounts")]
    policies = [found for each, path in items(given, "Policies") if (found := _policy(each, path)) is not None]
    management = organization.account("MasterAccountId", "")
    if management not in {member.id for member in members}:
        raise Misread.at(".Organization.MasterAccountId", f"is {management!r}, which is none of .Accounts")
    _refuse_repeated((root, *units), "id")
    _refuse_repeated(members, "id")
    _refuse_repeated(policies, "id")
    places = {root.id, *(unit.id for unit in units)}
    for member in members:
        if member.parent not in places:
            raise Misread.at(f"{member.place}.ParentId", f"is {member.parent!r}, which is no root and no unit here")
    targets = (*places, *(member.id for member in members))
    policy = _resource_policy(given)
    return Estate(
        id=_id(organization, "Id", _ORGANIZATION_ID) if "Id" in organization.values else None,
        management=management,
        feature_set=organization.word("FeatureSet", FeatureSet) or FeatureSet.ALL,
        policy_types=policy_types,
        root=root,
        units=units,
        members=tuple(members),
        policies=tuple(policies),
        attached=_read_attachments(given, targets, policies, policy_types),
        delegations=_delegations(given, [member.id for member in members], management),
        trusted_services=_services(given),
        resource_policy=policy,
    )


def _root(given: Members) -> tuple[WantedUnit, tuple[str, ...]]:
    """The root, and the policy types that are enabled in it."""
    roots = list(items(given, "Roots"))
    if len(roots) != 1:
        raise Misread.at(".Roots", f"must hold one root; it holds {len(roots)}")
    root = Members.of(*roots[0], known=_ROOT)
    types = [Members.of(each, path, known=("Type", "Status")) for each, path in items(root, "PolicyTypes")]
    enabled = [
        as_word(one.text("Type"), one.at("Type"), PolicyType).value
        for one in types
        if one.text("Status", "ENABLED") == "ENABLED"
    ]
    made = WantedUnit(
        place=root.path, id=_id(root, "Id", _ROOT_ID), parent=None, name=root.text("Name", "Root"), tags=tags(root)
    )
    return made, tuple(sorted(enabled))


def _unit(value: object, path: str) -> WantedUnit:
    given = Members.of(value, path, known=_UNIT)
    name = given.text("Name")
    if len(name) > 128:
        raise Misread.at(given.at("Name"), "must have 128 characters at most")
    return WantedUnit(
        place=path, id=_id(given, "Id", _UNIT_ID), parent=given.text("ParentId"), name=name, tags=tags(given)
    )


def _parents_first(root: WantedUnit, units: Sequence[WantedUnit]) -> tuple[WantedUnit, ...]:
    """Raises Misread for units that are in none of the others, or too deep, and for two of one name in one parent."""
    below: dict[str | None, list[WantedUnit]] = {}
    names: set[tuple[str | None, str]] = set()
    for unit in units:
        below.setdefault(unit.parent, []).append(unit)
        if (unit.parent, unit.name) in names:
            raise Misread.at(f"{unit.place}.Name", f"is {unit.name!r} a second time in {unit.parent}")
        names.add((unit.parent, unit.name))
    found: list[WantedUnit] = []
    level = [root]
    for _ in range(_DEPTH):
        level = [unit for parent in level for unit in below.get(parent.id, ())]
        found += level
    if len(found) != len(units):
        lost = next(unit for unit in units if unit not in found)
        raise Misread.at(lost.place, f"{lost.id} is not within {_DEPTH} levels of units below the root")
    return tuple(found)


def _member(value: object, path: str) -> WantedMember:
    given = Members.of(value, path, known=_ACCOUNT)
    account_id, name, email = given.text("Id"), given.text("Name"), given.text("Email")
    if not ACCOUNT_ID.fullmatch(account_id):
        raise Misread.at(given.at("Id"), f"must be the 12 digits of an account id; it is {account_id!r}")
    if not rules.is_account_name(name):
        raise Misread.at(given.at("Name"), f"cannot be {name!r}: {rules.NAME_RULE}")
    if not rules.is_account_email(email):
        raise Misread.at(given.at("Email"), f"cannot be {email!r}: {rules.EMAIL_RULE}")
    status = text(given, "State") or text(given, "Status")
    return WantedMember(
        place=path,
        id=account_id,
        name=name,
        email=email,
        parent=given.text("ParentId"),
        joined_method=given.word("JoinedMethod", JoinedMethod) or JoinedMethod.CREATED,
        closed=None if status is None else status not in _OPEN,
        closed_since=_closed_since(given),
        tags=tags(given),
    )


def _closed_since(given: Members) -> datetime | None:
    """When an account was closed, of which AWS does not tell; None if the document does not either."""
    told = text(given, "ClosedTimestamp")
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Misread.at(given.at("ClosedTimestamp"), f"must be a moment, such as 2026-01-31T12:00:00Z; it is {told!r}")
    return moment.astimezone(UTC)


def _policy(value: object, path: str) -> WantedOrganizationPolicy | None:
    """None for one of AWS's own."""
    given = Members.of(value, path, known=_POLICY)
    if given.text("Id") in AWS_POLICIES or given.flag("AwsManaged"):
        return None
    type_ = as_word(given.text("Type"), given.at("Type"), PolicyType)
    content = _content(given)
    grammar = GRAMMARS.get(type_)
    if grammar is not None:
        try:
            parse(content, grammar)
        except Malformed as problem:
            raise Misread.at(given.at("Content"), f"is no {type_}: {problem.message}") from problem
    return WantedOrganizationPolicy(
        place=path,
        id=_id(given, "Id", _POLICY_ID),
        type=type_,
        name=given.text("Name"),
        description=given.text("Description", ""),
        content=content,
        tags=tags(given),
    )


def _content(given: Members) -> str:
    """A document: an object, or text."""
    value = given.required("Content")
    if isinstance(value, Mapping):
        return document_text(value)
    return as_text(value, given.at("Content"))


def _read_attachments(
    given: Members,
    targets: Iterable[str],
    policies: Sequence[WantedOrganizationPolicy],
    policy_types: Sequence[str],
) -> Mapping[str, tuple[str, ...]] | None:
    if given.get("Attachments") is None:
        return None
    found: dict[str, dict[str, None]] = {target: {} for target in targets}
    known = {policy.id: policy for policy in policies}
    for each, path in items(given, "Attachments"):
        one = Members.of(each, path, known=_ATTACHMENT)
        policy, target = one.text("PolicyId"), one.text("TargetId")
        if target not in found:
            raise Misread.at(one.at("TargetId"), f"is {target!r}, which is no root, unit or account here")
        if policy not in known and policy not in AWS_POLICIES:
            raise Misread.at(one.at("PolicyId"), f"is {policy!r}, which is none of .Policies")
        found[target][policy] = None
    if PolicyType.SERVICE_CONTROL in policy_types:
        scps = {FULL_ACCESS.id, *(one.id for one in policies if one.type is PolicyType.SERVICE_CONTROL)}
        for target, attached in found.items():
            if scps.isdisjoint(attached):
                raise Misread.at(
                    ".Attachments", f"has no SCP for {target}, and each has one: {FULL_ACCESS.id} if no other"
                )
    return {target: tuple(attached) for target, attached in found.items()}


def _delegations(given: Members, accounts: Sequence[str], management: str) -> Mapping[str, tuple[str, ...]] | None:
    """Raises Misread for what RegisterDelegatedAdministrator refuses, too."""
    if given.get("DelegatedAdministrators") is None:
        return None
    found: dict[str, tuple[str, ...]] = {}
    numbers: Counter[str] = Counter()
    for each, path in items(given, "DelegatedAdministrators"):
        one = Members.of(each, path, known=_ADMINISTRATOR)
        if one.text("Id") not in accounts:
            raise Misread.at(one.at("Id"), f"is {one.text('Id')!r}, which is none of .Accounts")
        if one.text("Id") == management:
            raise Misread.at(
                one.at("Id"), f"is {management!r}, the management account, which administers every service"
            )
        if one.text("Id") in found:
            raise Misread.at(one.at("Id"), f"is {one.text('Id')!r} a second time")
        services = as_list(one.required("ServicePrincipals"), one.at("ServicePrincipals"))
        names = tuple(dict.fromkeys(as_text(name, one.at("ServicePrincipals")) for name in services))
        found[one.text("Id")] = names
        numbers.update(names)
    for service, most in DELEGATED_ADMINISTRATORS.items():
        if numbers[service] > most:
            raise Misread.at(
                ".DelegatedAdministrators", f"has {numbers[service]} of {service}, which has {most} at most"
            )
    return found


def _services(given: Members) -> tuple[str, ...] | None:
    if given.get("EnabledServicePrincipals") is None:
        return None
    return tuple(
        Members.of(each, path, known=_SERVICE).text("ServicePrincipal")
        for each, path in items(given, "EnabledServicePrincipals")
    )


def _resource_policy(given: Members) -> str | None:
    if given.get("ResourcePolicy") is None:
        return None
    return _content(Members.of(given.get("ResourcePolicy"), ".ResourcePolicy", known=_RESOURCE_POLICY))


def _id(given: Members, name: str, pattern: re.Pattern[str]) -> str:
    found = given.text(name)
    if not pattern.fullmatch(found):
        raise Misread.at(given.at(name), f"cannot be {found!r}: it must match {pattern.pattern}")
    return found


def _refuse_repeated(entries: Iterable[WantedUnit | WantedMember | WantedOrganizationPolicy], word: str) -> None:
    seen: dict[str, str] = {}
    for entry in entries:
        if seen.setdefault(entry.id, entry.place) != entry.place:
            raise Misread.at(entry.place, f"has the {word} {entry.id}, as has {seen[entry.id]}")
