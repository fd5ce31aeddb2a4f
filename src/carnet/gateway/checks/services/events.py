"""Amazon EventBridge: event buses by name or ARN, and the default one, whose rules have ARNs of their own form.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Scope, invalid
from carnet.gateway.checks.hand import Hand
from carnet.gateway.checks.naming import Named, by_name, filled_in

_DEFAULT = "default"
_BUS_ARN = re.compile(r"arn:([a-z-]+):events:([a-z0-9-]+):([0-9]{12}):event-bus/([A-Za-z0-9/_.-]{1,256})", re.ASCII)


def _custom_rule(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named | None:
    """A rule on an event bus of any account; None if it is on the default one of the caller's."""
    bus, account = values["EventBusName"], scope.account
    if found := _BUS_ARN.fullmatch(bus):
        if (found[1], found[2]) != (scope.partition, scope.region):
            raise invalid("The event bus is in another Region.")
        bus, account = found[4], found[3]
    if bus == _DEFAULT:
        if account != scope.account:
            raise invalid("The default event bus of another account has no rules of this one.")
        return None
    there = Scope(partition=scope.partition, region=scope.region, account=account)
    return by_name(rule, {**values, "EventBusName": bus}, there)


def _bus(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named | None:
    given = values["EventBusName"]
    if found := _BUS_ARN.fullmatch(given):
        if (found[1], found[2]) != (scope.partition, scope.region):
            raise invalid("The event bus is in another Region.")
        return Named(type=rule.type, resource=given, account=found[3])
    if given.startswith("arn:"):
        return None
    return Named(type=rule.type, resource=filled_in(rule.arn, values, scope), account=scope.account)


HAND = Hand(
    names={"rule-on-custom-event-bus": _custom_rule, "event-bus": _bus},
    defaults={"EventBusName": _DEFAULT},
)
