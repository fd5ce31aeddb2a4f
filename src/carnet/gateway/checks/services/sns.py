"""Amazon SNS: topics by the ARNs of their subscriptions, text messages, and roles in attributes.

https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Asked, Check, Scope, invalid
from carnet.gateway.checks.hand import Hand, Rule, member
from carnet.gateway.checks.members import needed, structure, text
from carnet.gateway.checks.naming import ARN, Named, by_arn
from carnet.gateway.checks.passed_roles import passed_role
from carnet.gateway.checks.table import from_table

TOPIC = "topic"
_SUBSCRIPTION = re.compile(r"(arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}):[0-9a-f-]{1,64}", re.ASCII)
_ENDPOINT = re.compile(r"arn:([a-z-]+):sns:([a-z0-9-]+):([0-9]{12}):endpoint/[A-Za-z0-9_./-]{1,512}", re.ASCII)
_OF_APPLICATION = re.compile(
    r"arn:([a-z-]+):sns:([a-z0-9-]+):([0-9]{12}):(?:app|endpoint)/([A-Za-z0-9_]{1,64}/[A-Za-z0-9_.-]{1,256})"
    r"(?:/[0-9a-f-]{1,64})?",
    re.ASCII,
)
"""A platform application, or one of its endpoints, which has one part more."""
_LEAST_PARTS = 6
_NUMBER = re.compile(r"\+?[0-9 ().-]{2,32}", re.ASCII)
_ROLES = ("FeedbackRoleArn", "SubscriptionRoleArn")
"""How the attributes end that name a role: for delivery logs, and for what is delivered to Amazon Data Firehose."""
_ON_APPLICATIONS = (
    *("CreatePlatformEndpoint", "DeletePlatformApplication", "GetPlatformApplicationAttributes"),
    *("ListEndpointsByPlatformApplication", "SetPlatformApplicationAttributes"),
)
_ON_ENDPOINTS = ("DeleteEndpoint", "GetEndpointAttributes", "SetEndpointAttributes")
_TARGETS = ("TopicArn", "TargetArn", "PhoneNumber")


def _topic(rule: ResourceRule, arn: str, scope: Scope) -> Named | None:
    """A topic by its ARN, or by that of one of its subscriptions, which has one part more."""
    member = "TopicArn" if "TopicArn" in rule.arn_members else rule.arn_members[0]
    parts = arn.count(":") + 1
    if parts < _LEAST_PARTS:
        told = f"An ARN must have at least {_LEAST_PARTS} elements, not {parts}"
        raise invalid(f"Invalid parameter: {member} Reason: {told}")
    subscription = _SUBSCRIPTION.fullmatch(arn)
    found = by_arn(rule, subscription[1] if subscription else arn, scope)
    if found is None:
        raise invalid(f"Invalid parameter: {member}")
    return found


def _publish(asked: Asked) -> Iterator[Check]:
    """On a topic, on the endpoint of a device, or on a phone number."""
    given = [name for name in _TARGETS if text(asked.members, name) is not None]
    if not given:
        raise invalid("Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter")
    if len(given) > 1:
        raise invalid("Invalid parameter: one of TopicArn, TargetArn and PhoneNumber is required")
    target = needed(asked.members, given[0])
    if given == ["PhoneNumber"]:
        if not _NUMBER.fullmatch(target):
            raise invalid(f"Invalid parameter: PhoneNumber Reason: {target[:64]} is not valid to publish to")
        yield Check(action="sns:Publish", resource=target, account=asked.scope.account)
    elif given == ["TargetArn"] and (endpoint := _ENDPOINT.fullmatch(target)):
        if (endpoint[1], endpoint[2]) != (asked.scope.partition, asked.scope.region):
            raise invalid("Invalid parameter: TargetArn")
        yield Check(action="sns:Publish", resource=target, account=endpoint[3])
    else:
        yield from from_table(asked, HAND)


def _create_topic(asked: Asked) -> Iterator[Check]:
    """With tags sns:TagResource, too.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    checks = from_table(asked, HAND)
    yield from checks
    if asked.members.get("Tags"):
        yield Check(action="sns:TagResource", resource=checks[0].resource, account=checks[0].account, type=TOPIC)
    yield from _pass_roles(asked)


def _arn(scope: Scope, rest: str) -> str:
    return f"{ARN}{scope.partition}:sns:{scope.region}:{scope.account}:{rest}"


def _on_nothing(asked: Asked, action: str) -> Check:
    """Decided on whatever the account has in the Region, as recorded from AWS."""
    return Check(action=action, resource=_arn(asked.scope, "*"), account=asked.scope.account)


def _create_application(asked: Asked) -> Iterator[Check]:
    """Decided on the ARN of an application without a name, as recorded from AWS."""
    yield Check(action=f"sns:{asked.operation}", resource=_arn(asked.scope, "app/"), account=asked.scope.account)
    yield from _pass_roles(asked)


def _of_application(member: str) -> Rule:
    """Decided on the application, also what is asked of an endpoint of it, as recorded from AWS."""

    def checks(asked: Asked) -> Iterator[Check]:
        found = _OF_APPLICATION.fullmatch(needed(asked.members, member))
        if found is None or (found[1], found[2]) != (asked.scope.partition, asked.scope.region):
            raise invalid(f"Invalid parameter: {member}")
        arn = f"{ARN}{found[1]}:sns:{found[2]}:{found[3]}:app/{found[4]}"
        yield Check(action=f"sns:{asked.operation}", resource=arn, account=found[3])
        yield from _pass_roles(asked)

    return checks


def _pass_roles(asked: Asked) -> Iterator[Check]:
    """The roles in the attributes."""
    attributes = structure(asked.members, "Attributes")
    for name in attributes:
        if name.endswith(_ROLES):
            yield from passed_role(asked, text(attributes, name))


def _with_attributes(asked: Asked) -> Iterator[Check]:
    yield from from_table(asked, HAND)
    yield from _pass_roles(asked)


def _set_one(asked: Asked) -> Iterator[Check]:
    """An attribute of a topic or a subscription."""
    yield from from_table(asked, HAND)
    if needed(asked.members, "AttributeName").endswith(_ROLES):
        yield from passed_role(asked, text(asked.members, "AttributeValue"))


HAND = Hand(
    operations={
        "CreatePlatformApplication": _create_application,
        **dict.fromkeys(_ON_APPLICATIONS, _of_application("PlatformApplicationArn")),
        **dict.fromkeys(_ON_ENDPOINTS, _of_application("EndpointArn")),
        "CreateTopic": _create_topic,
        "Publish": _publish,
        "SetSubscriptionAttributes": _set_one,
        "SetTopicAttributes": _set_one,
        "Subscribe": _with_attributes,
    },
    arns={TOPIC: _topic},
    keys={"sns:Endpoint": member("Endpoint"), "sns:Protocol": member("Protocol")},
    invalid="InvalidParameter",
    on_nothing=_on_nothing,
)
