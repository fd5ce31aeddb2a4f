"""Amazon CloudWatch Logs: in all operations but those on tags, the ARN of a log group goes on behind its name.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from carnet.catalog.operations import ResourceRule
from carnet.gateway.check import Scope, invalid
from carnet.gateway.hand import Hand
from carnet.gateway.naming import ARN, Named

_NAME = r"[A-Za-z0-9_./#-]{1,512}"
_GROUP_NAME = re.compile(_NAME, re.ASCII)
_GROUP_ARN = re.compile(rf"arn:([a-z-]+):logs:([a-z0-9-]+):([0-9]{{12}}):log-group:({_NAME})(?::\*)?", re.ASCII)
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


HAND = Hand(names={"log-group": _group})
