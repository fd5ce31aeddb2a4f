"""The resources of a simulation: ResourceArns and ResourceHandlingOption, and what an action is decided on.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from carnet.base.arns import parse_arn
from carnet.catalog.actions import Action, action
from carnet.entities.entity import Entity
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.role import Role
from carnet.entities.server_certificate import ServerCertificate
from carnet.entities.user import User
from carnet.policy.patterns import ascii_lower
from carnet.policy.resources import EVERYTHING
from carnet.services.iam import simulation_sentences as sentences
from carnet.services.iam.simulation_sentences import invalid_input

_FORMS_KEPT = 1024
_VARIABLE = re.compile(r"\\\$\\\{\w+\\\}")
"""A variable in an ARN of the catalogue, escaped."""
_HANDLING: Mapping[str, frozenset[str]] = {
    "ec2:runinstances": frozenset(
        (
            "EC2-Classic-InstanceStore",
            "EC2-Classic-EBS",
            "EC2-VPC-InstanceStore",
            "EC2-VPC-InstanceStore-Subnet",
            "EC2-VPC-EBS",
            "EC2-VPC-EBS-Subnet",
        )
    ),
}
"""Action, in lower case, to its scenarios. As recorded from AWS, a scenario does not demand that all its resources are
there."""


def resources_of(given: Sequence[str]) -> tuple[str, ...]:
    """The requested resources: ARNs, or only `*`. Raises Refused (InvalidInput)."""
    resources = tuple(given) or (EVERYTHING,)
    for resource in resources:
        if (resource != EVERYTHING or len(resources) > 1) and parse_arn(resource) is None:
            raise invalid_input(sentences.resource_invalid(resource))
    return resources


def check_actions(actions: Iterable[str], resources: tuple[str, ...], handling: str | None) -> None:
    """Raise Refused (InvalidInput) for a text that is no action, and for a scenario that one of the actions does not
    have."""
    for name in actions:
        if ":" not in name:
            raise invalid_input(sentences.ACTION_WITHOUT_NAME)
        if handling is not None and explicit(resources) and handling not in _HANDLING.get(name.lower(), ()):
            raise invalid_input(sentences.handling_unsupported(name))


def explicit(resources: tuple[str, ...]) -> bool:
    """Whether the request named resources."""
    return resources != (EVERYTHING,)


_BELOW_A_PATH: Mapping[str, type[Entity]] = {
    "iam:listgroups": Group,
    "iam:listinstanceprofiles": InstanceProfile,
    "iam:listroles": Role,
    "iam:listservercertificates": ServerCertificate,
    "iam:listusers": User,
}
"""Actions, in lower case, that have no resource type, and are decided on the path below which something is listed."""


def decided_on(name: str, resource: str, everything_of: Callable[[type[Entity]], str]) -> str | None:
    """What a request for the action is decided on if it is about `resource`; None if no request is.

    An action without resource types is decided on `*`, whatever the request is about, or on the path of a list:
    `everything_of` a kind is that of all. A resource of a service that the action has no type of is none that a
    request could name. Of an action that AWS does not have, nothing is known.
    """
    listed = action(name)
    if (below := _BELOW_A_PATH.get(ascii_lower(name))) is not None:
        return resource if resource.startswith(everything_of(below)) else everything_of(below)
    if resource == EVERYTHING or listed is None:
        return resource
    if listed.without_resource:
        return EVERYTHING
    arn = parse_arn(resource)
    return resource if arn is not None and arn.service in _services(listed) else None


def told_resource(name: str, resources: tuple[str, ...]) -> str:
    """EvalResourceName of an action: its one resource; if there are several, the form of the first one's ARN."""
    if len(resources) == 1:
        return resources[0]
    listed = action(name)
    forms = [] if listed is None else [each.type.arn for each in listed.resource_types]
    return next((form for form in forms if _form(form).fullmatch(resources[0])), forms[0] if forms else EVERYTHING)


@lru_cache(_FORMS_KEPT)
def _form(arn: str) -> re.Pattern[str]:
    """An ARN of the catalogue, whose `${...}` stand for anything without a colon, and at its end with one."""
    *parts, resource = [re.escape(part) for part in arn.split(":", 5)]
    return re.compile(":".join([*(_VARIABLE.sub("[^:]*", part) for part in parts), _VARIABLE.sub(".+", resource)]))


def _services(listed: Action) -> frozenset[str]:
    arns = (parse_arn(each.type.arn) for each in listed.resource_types)
    return frozenset(arn.service for arn in arns if arn is not None)
