"""Amazon CloudWatch Logs: in all operations but those on tags, the ARN of a log group goes on behind its name.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carnet.base.arns import Arn, parse_arn
from carnet.catalog import actions
from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Asked, Check, Scope, invalid, not_decided
from carnet.gateway.checks.hand import Hand
from carnet.gateway.checks.members import needed
from carnet.gateway.checks.naming import ARN, Named
from carnet.gateway.checks.table import from_table

_NAME = r"[A-Za-z0-9_./#-]{1,512}"
_GROUP_NAME = re.compile(_NAME, re.ASCII)
_GROUP_ARN = re.compile(rf"arn:([a-z-]+):logs:([a-z0-9-]+):([0-9]{{12}}):log-group:({_NAME})(?::\*)?", re.ASCII)
_WILD = re.compile(r"[*?]")
_DELIVERY = "AllowVendedLogDeliveryForResource"
_REST = ":log-stream:"
"""What policies match with `:*`, as AWS tells them to end."""


def _group(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named:
    """A log group by its name or ARN."""
    given = next(iter(values.values()))
    if _GROUP_NAME.fullmatch(given):
        given = f"{ARN}{scope.partition}:logs:{scope.region}:{scope.account}:log-group:{given}"
    return _group_by_arn(rule, given, scope)


def _group_by_arn(rule: ResourceRule, arn: str, scope: Scope) -> Named:
    found = _GROUP_ARN.fullmatch(arn)
    if found is None or (found[1], found[2]) != (scope.partition, scope.region):
        raise invalid("The log group's name or ARN is not valid.")
    return Named(type=rule.type, resource=arn.removesuffix(":*") + _REST, account=found[3])


def _delivery_source(asked: Asked) -> Iterator[Check]:
    """The service whose logs are delivered asks for its own action on what they are of.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-CloudWatchLogs.html
    """
    yield from from_table(asked, HAND)
    arn = needed(asked.members, "resourceArn")
    parts = parse_arn(arn)
    found = actions.action(f"{parts.service}:{_DELIVERY}") if parts is not None else None
    if parts is None or found is None:
        raise not_decided(asked, "which permission the delivery of these logs needs is not known")
    if not _is_of(parts, asked.scope) or _WILD.search(arn):
        raise invalid("resourceArn is not valid.")
    yield Check(action=str(found), resource=arn, account=parts.account or asked.scope.account)


def _is_of(arn: Arn, scope: Scope) -> bool:
    """Some services have no Region or no account in their ARNs."""
    is_account = not arn.account or re.fullmatch("[0-9]{12}", arn.account, re.ASCII) is not None
    return arn.partition == scope.partition and arn.region in ("", scope.region) and is_account


HAND = Hand(operations={"PutDeliverySource": _delivery_source}, names={"log-group": _group})
