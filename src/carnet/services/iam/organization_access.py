"""The last attempts of the accounts in a part of an organization to access the services that its SCPs allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data-orgs.html
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from carnet.access.organization_policies import scp, scps_at
from carnet.base.faults import Refused
from carnet.catalog.organization_policies import AWS_POLICIES
from carnet.directory.account_view import AccountView
from carnet.directory.organization_view import Node, OrganizationView
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam import report_sentences
from carnet.services.iam.last_accessed import TRACKING_PERIOD
from carnet.services.iam.service_access import accessible_services
from carnet.services.operation import Call
from carnet.store.codec import moment

_MOST_PRINCIPALS = 100_000
"""Users, roles and root users whose attempts one report looks at."""


class LastAttempt(Struct, frozen=True, array_like=True):
    """The account as an entity path, the time in microseconds since 1970, the Region."""

    entity_path: str
    when: int
    region: str


class AccessDetail(Struct, frozen=True):
    """A service that the SCPs allow."""

    namespace: str
    last: LastAttempt | None
    accounts: int
    """How many accounts tried to access it."""


def node_at(view: OrganizationView, entity_path: str) -> Node | None:
    """The root, unit or account of that entity path: the ids from the organization down."""
    node = view.node(entity_path.rpartition("/")[2])
    return node if node is not None and entity_path == _entity_path(view, node) else None


def policy_of(view: OrganizationView, policy_id: str) -> OrganizationPolicy | None:
    """The SCP of that id, which may be one of AWS."""
    found = view.of(OrganizationPolicy).get(policy_id) or AWS_POLICIES.get(policy_id)
    return found if found is not None and found.type is PolicyType.SERVICE_CONTROL else None


def organization_access(
    call: Call, view: OrganizationView, node: Node, policy: OrganizationPolicy | None
) -> list[AccessDetail]:
    """The report of this moment, by namespace: of what a policy allows, or of what all above the node do.

    Raises Refused (InvalidInput) for what is too much to report, and Unavailable.
    """
    levels = ((scp(view, policy),),) if policy is not None else scps_at(view, node)
    if node.id == view.organization.management and policy is None:
        levels = levels[:1]  # which allows everything: SCPs do not bind the management account
    allowed = [accessible_services(level, with_actions=False).keys() for level in levels]
    services = sorted(set.intersection(*map(set, allowed)))
    attempts = _attempts(call, view, node)
    return [_detail(namespace, attempts.get(namespace, {})) for namespace in services]


def _attempts(call: Call, view: OrganizationView, node: Node) -> dict[str, dict[str, LastAttempt]]:
    """For each namespace, each account's last attempt."""
    accounts = {each.id: each for each in _accounts(view, node)}
    owner: dict[str, str] = {}
    for account in accounts:
        found = call.snapshot.account(account)
        if found is not None:
            owner |= dict.fromkeys(_principals(found), account)
        if len(owner) > _MOST_PRINCIPALS:
            raise Refused("InvalidInput", report_sentences.TOO_MUCH_TO_REPORT)
    told: dict[str, dict[str, LastAttempt]] = {}
    for attempt, use in call.parts.last_used.attempts(owner.keys(), call.now - TRACKING_PERIOD).items():
        account = owner[attempt.principal_id]
        by_account = told.setdefault(attempt.action.partition(":")[0], {})
        made = LastAttempt(_entity_path(view, accounts[account]), moment(use.when), use.region)
        if account not in by_account or by_account[account].when < made.when:
            by_account[account] = made
    return told


def _accounts(view: OrganizationView, node: Node) -> Iterator[OrganizationAccount]:
    if isinstance(node, OrganizationAccount):
        yield node
        return
    yield from view.accounts_in(node.id)
    for unit in view.units_in(node.id):
        yield from _accounts(view, unit)


def _principals(account: AccountView) -> Iterator[str]:
    yield account.account.id
    yield from account.of(User).by_id
    yield from account.of(Role).by_id


def _detail(namespace: str, attempts: dict[str, LastAttempt]) -> AccessDetail:
    last = max(attempts.values(), key=lambda attempt: (attempt.when, attempt.entity_path), default=None)
    return AccessDetail(namespace=namespace, last=last, accounts=len(attempts))


def _entity_path(view: OrganizationView, node: Node) -> str:
    return "/".join((view.scope.id, *(each.id for each in view.path_to(node))))
