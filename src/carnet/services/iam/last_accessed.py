"""The last attempts of a user, a group's members, a role or the holders of a policy to access the services allowed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html

`service_access` says what policies allow; the decisions made, allowed or denied, say what was attempted. The tracked
actions are those of operations that are carried out here, and all others that were requested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta

from msgspec import Struct

from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam.permissions_policies import Reported, accessing_entities, permissions_policies
from carnet.services.iam.service_access import accessible_services
from carnet.services.operation import Call
from carnet.services.service import is_offered
from carnet.store.codec import moment
from carnet.store.last_used import Attempt, RoleUse

TRACKING_PERIOD = timedelta(days=400)
SERVICE_LEVEL, ACTION_LEVEL = "SERVICE_LEVEL", "ACTION_LEVEL"


class Access(Struct, frozen=True, array_like=True):
    """An attempt to access something: the principal, the time in microseconds since 1970, the Region."""

    arn: str
    when: int
    region: str


class ServiceAccess(Struct, frozen=True):
    """A service that the policies allow access to."""

    namespace: str
    last: Access | None
    entities: dict[str, int]
    """Id of each user and role that tried to when it last did, in microseconds since 1970."""
    actions: list[tuple[str, Access | None]]
    """The tracked actions, of a report of that level."""


class LastAccessed(Struct, frozen=True):
    """A report."""

    level: str
    entities: list[str]
    """The ids of the users and roles that it tells of."""
    services: list[ServiceAccess]
    """By namespace."""


def last_accessed(call: Call, reported: Reported, level: str) -> LastAccessed:
    """The report as of now. Raises Refused (InvalidInput) for policies that contain too much, and Unavailable."""
    policies = [each.policy for each in permissions_policies(call.view, reported)]
    services = accessible_services(policies, with_actions=level == ACTION_LEVEL)
    entities = {entity.id: entity for entity in accessing_entities(call.view, reported)}
    attempts = call.parts.last_used.attempts(entities.keys(), call.now - TRACKING_PERIOD)
    by_service: dict[str, dict[Attempt, RoleUse]] = defaultdict(dict)
    for attempt, use in attempts.items():
        by_service[attempt.action.partition(":")[0]][attempt] = use
    return LastAccessed(
        level=level,
        entities=sorted(entities),
        services=[
            _service(namespace, actions if level == ACTION_LEVEL else [], by_service[namespace], entities)
            for namespace, actions in services.items()
        ],
    )


def _service(
    namespace: str, allowed: list[str], attempts: Mapping[Attempt, RoleUse], entities: Mapping[str, User | Role]
) -> ServiceAccess:
    by_entity: dict[str, int] = {}
    by_action: dict[str, list[tuple[Attempt, RoleUse]]] = defaultdict(list)
    for attempt, use in attempts.items():
        when = moment(use.when)
        by_entity[attempt.principal_id] = max(when, by_entity.get(attempt.principal_id, when))
        by_action[attempt.action].append((attempt, use))
    actions = [(name, f"{namespace}:{name}") for name in allowed]
    return ServiceAccess(
        namespace=namespace,
        last=_newest(attempts.items(), entities),
        entities=by_entity,
        actions=[
            (name, _newest(by_action.get(action, ()), entities))
            for name, action in actions
            if is_offered(action) or action in by_action
        ],
    )


def _newest(uses: Iterable[tuple[Attempt, RoleUse]], entities: Mapping[str, User | Role]) -> Access | None:
    newest = max(uses, key=lambda use: (use[1].when, use[0]), default=None)
    if newest is None:
        return None
    attempt, use = newest
    return Access(entities[attempt.principal_id].arn, moment(use.when), use.region)
